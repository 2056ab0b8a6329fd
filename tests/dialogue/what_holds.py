"""What holds in every simulated conversation."""

from __future__ import annotations

import itertools
import pickle

from simulated import NUMBERS, Machine

from assistant.guide.model import Pad
from assistant.routines.run import Phase


def numbers_are_right(machine: Machine) -> None:
    """A number is said exactly when so many seconds are left."""
    for cue in machine.sounded:
        if not cue.planned or cue.left is None:
            continue
        word = cue.text.rstrip(".")
        if word in NUMBERS:
            assert abs(cue.left - NUMBERS[word]) < 0.03, cue


def none_is_late(machine: Machine) -> None:
    """No cue is given out after its time, unless it is essential."""
    for given, cue in machine.given:
        assert cue.essential or cue.at >= given - 1e-6, cue


def none_overlap(machine: Machine) -> None:
    """No two cues of the clocks are said at once."""
    heard = sorted((c for c in machine.sounded if c.planned and not c.cut and c.at > c.given), key=lambda cue: cue.at)
    for first, second in itertools.pairwise(heard):
        if first.rate == second.rate:
            assert first.until <= second.at + 0.02, (first, second)


def none_is_said_twice(machine: Machine) -> None:
    """Each cue comes once at each reading of its clock, unless the clock went back."""
    seen: dict[str, list[tuple[float, str]]] = {}
    highest: dict[str, float] = {}
    for cue in machine.sounded:
        if not cue.planned or cue.reads is None:
            continue
        step = cue.cue.rsplit("/", 1)[0]
        anew = " begin-" in f" {cue.cue.rsplit('/', 1)[-1]}"
        if anew or cue.reads < highest.get(step, -1.0) - 0.5:
            seen[step] = []
        highest[step] = cue.reads
        times = seen.setdefault(step, [])
        assert not any(abs(cue.reads - at) < 0.1 and text == cue.text for at, text in times), cue
        times.append((cue.reads, cue.text))


def wakes_are_few(machine: Machine) -> None:
    """Ticks don't flood, and while a clock runs one is under way."""
    assert len(machine.ticks) <= 3 * machine.lasted + 3 * machine.events, (len(machine.ticks), machine.lasted)
    if any(run.phase is Phase.RUNNING for run in machine.state.runs):
        assert machine.next_tick() <= machine.now + 6.0


def worn_together(machine: Machine, pad: Pad, rest: float = 1200.0) -> float:
    """Return the longest time that a pad's clock ran without ``rest`` seconds between."""
    longest = total = 0.0
    ended = float("-inf")
    for each in sorted((w for w in machine.worn if w.pad is pad), key=lambda w: w.begin):
        if each.begin - ended >= rest - 1.0:
            total = 0.0
        total += each.end - each.begin
        ended = max(ended, each.end)
        longest = max(longest, total)
    return longest


def can_be_kept(machine: Machine) -> None:
    """The state can be pickled and printed whole."""
    assert pickle.loads(pickle.dumps(machine.state)) == machine.state
    assert repr(machine.state)
    hash(machine.state)
