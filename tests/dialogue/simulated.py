"""A simulated machine: carries out what the dialogue wants done, on a clock of its own, hours in milliseconds.

It speaks with a pace, wakes late where it is told to, sleeps, and is killed and comes back. Every cue that came out is
kept with what the clocks read just then, so that tests can say what must hold in every conversation.
"""

from __future__ import annotations

import heapq
import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from pydantic import TypeAdapter

from assistant.content import load_guide, load_phrases
from assistant.dialogue.actions import (
    Action,
    DropCues,
    GoOn,
    Hold,
    Say,
    SayAt,
    Silence,
    SoftTick,
    WakeAt,
)
from assistant.dialogue.advance import Dialogue
from assistant.dialogue.events import Event, Measured, Returned, Slept, SpeechEnded, Tick, Understood
from assistant.dialogue.kept import Kept, kept_of
from assistant.dialogue.state import State
from assistant.guide.model import Pad
from assistant.routines.plan import RATE
from assistant.routines.run import Phase, Run, step_of
from assistant.understanding.meaning import Kind, Meaning

PACE = 0.055
"""Seconds a letter takes at the usual rate; espeak needs about as much."""
BREAK_OFF = 0.01
"""Seconds until the voice tells that it was silenced."""
PLANNED = re.compile(r"/(begin|half|left|every-ten|count|skin-check|check-in|done)-(?P<at>[\d.e+-]+)$")
"""Names of cues that a plan has: these are on the clock."""
NUMBERS = dict(
    zip(["One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"], range(1, 11), strict=True)
)
_AT_ONCE = (Silence, Hold, DropCues)
_KEPT: TypeAdapter[Kept] = TypeAdapter(Kept)


@cache
def shipped() -> Dialogue:
    """The dialogue with the content that ships; read once."""
    guide = load_guide()
    return Dialogue(guide, load_phrases(guide))


def said(name: str, heard: str | None = None, seconds: float | None = None) -> Understood:
    """Return the event of a command."""
    meaning = Meaning(Kind.COMMAND, id=name, heard=heard or name, seconds=seconds, addressed=True)
    return Understood(meaning)


def asked(entry: str) -> Understood:
    return Understood(Meaning(Kind.ANSWER, id=entry, heard=f"about {entry}", score=1.0, addressed=True))


def flagged(name: str, tier: str) -> Understood:
    script = tier if tier in ("E", "U", "M", "D", "ASK") else "E"
    return Understood(Meaning(Kind.RED_FLAG, id=name, tier=tier, script=script, heard="my words"))


@dataclass(frozen=True, slots=True)
class Sounded:
    """A cue that came out at ``at``."""

    cue: str
    text: str
    at: float
    given: float
    """When it was given out."""
    essential: bool
    gain: float
    length: float
    reads: float | None
    """What its clock reads at ``at``; None where its routine is gone."""
    left: float | None
    """Seconds left at ``at``; None where nothing is counted."""
    planned: bool
    rate: int
    cut: bool = False

    @property
    def until(self) -> float:
        return self.at + self.length


@dataclass(frozen=True, slots=True)
class Worn:
    """A stretch of real time in which a step's clock ran: on the skin, or pressed."""

    routine: str
    step: str
    pad: Pad | None
    begin: float
    end: float
    read: float
    """What the clock read at the end."""


@dataclass
class Machine:
    """A machine that leads somebody through routines. ``late`` are the delays of its ticks, in turn."""

    dialogue: Dialogue = field(default_factory=shipped)
    state: State = field(default_factory=lambda: State(attentive_until=float("inf")))
    now: float = 100.0
    late: tuple[float, ...] = (0.0,)
    pace: float = PACE
    measures: bool = True

    says: list[tuple[float, Say]] = field(default_factory=list)
    given: list[tuple[float, SayAt]] = field(default_factory=list)
    sounded: list[Sounded] = field(default_factory=list)
    ticks: list[float] = field(default_factory=list)
    soft: list[float] = field(default_factory=list)
    worn: list[Worn] = field(default_factory=list)
    events: int = 0
    asleep: float = 0.0
    """Real seconds that the clock of the events has not counted."""

    def __post_init__(self) -> None:
        self._order = itertools.count()
        self._lateness: Iterator[float] = itertools.cycle(self.late)
        self._queue: list[tuple[float, int, Event]] = []
        self._waiting: list[tuple[float, SayAt, float, int]] = []
        self._speech: tuple[str, float, int] | None = None
        """Utterance, when it ends, sentences."""
        self._held: float | None = None
        self._measured: frozenset[str] = frozenset()
        self._rate_measured = 0
        self._saved: tuple[str, float] = ("", self.now)
        self._began = self.now

    # What a test does ----------------------------------------------------------------------------

    def does(self, name: str, heard: str | None = None, seconds: float | None = None) -> list[Action]:
        """Let the person say a command now; return what is done."""
        return self.happens(said(name, heard, seconds))

    def happens(self, event: Event) -> list[Action]:
        self.events += 1
        return self._advance(event)

    def passes(self, seconds: float) -> None:
        """Let time go by."""
        self.until(self.now + seconds)

    def until(self, time: float) -> None:
        while self._queue and self._queue[0][0] <= time:
            at, _, event = heapq.heappop(self._queue)
            self._goes_to(max(at, self.now))
            if isinstance(event, Tick):
                self.ticks.append(self.now)
            if isinstance(event, SpeechEnded) and self._speech is not None and self._speech[0] == event.utterance:
                if event.finished and (self._held is not None or self._speech[1] > self.now + 1e-9):
                    continue  # it was held meanwhile, and ends later
                self._speech = None
            self._advance(event)
        self._goes_to(time)

    def is_quiet(self) -> None:
        """Let what is being said be said to its end."""
        for _ in range(20):
            if self.state.speaking is None:
                return
            assert self._speech is not None, "the state says that something is being said, and nothing is"
            self.until(self._speech[1])

    def sleeps(self, seconds: float) -> None:
        """Let the machine sleep: its clock stands, real time goes on."""
        before = self.real
        self.asleep += seconds
        self.events += 1
        state, stays = self.state, self.now
        self._wears(state, before, stays, moved=seconds)
        self._advance(Slept(seconds))

    def is_killed(self, away: float, *, knows: bool = True) -> None:
        """Let the power fail now, and come back ``away`` seconds later."""
        text, then = self._saved
        real = self.now - then
        self._queue.clear()
        self._waiting.clear()
        self._speech, self._held = None, None
        running = self.state
        self._wears(running, self.real, self.now, moved=away)
        old = self.state
        self.now += away
        self.events += 1
        self.state = State(
            attentive_until=float("inf"), rate=old.rate, volume=old.volume, cadence=old.cadence, tick=old.tick
        )
        if not text:
            return
        kept = _KEPT.validate_json(text)
        if kept.runs or kept.exposures:
            self._advance(Returned(kept, real + away if knows else None))

    # What it finds out -------------------------------------------------------------------------------

    @property
    def real(self) -> float:
        return self.now + self.asleep

    def run(self, routine: str | None = None) -> Run:
        """Return the routine of that name, or the only one."""
        found = self.state.run(routine) if routine else self.state.runs[-1]
        assert found is not None
        return found

    def next_tick(self) -> float:
        """Return when the next tick comes; infinity where none is under way."""
        return min((at for at, _, event in self._queue if isinstance(event, Tick)), default=math.inf)

    @property
    def lasted(self) -> float:
        return self.now - self._began

    def words(self, since: float = 0.0) -> str:
        """Return all that was said since then, cues too, in order."""
        parts = [(at, say.text) for at, say in self.says if at >= since]
        parts += [(cue.at, cue.text) for cue in self.sounded if cue.at >= since]
        return " ".join(text for _, text in sorted(parts, key=lambda part: part[0]))

    def cues(self, since: float = 0.0) -> list[tuple[float, str]]:
        """Return the cues on the clock: what it read, and the text."""
        return [(round(c.reads or 0.0, 2), c.text) for c in self.sounded if c.planned and c.at >= since]

    def length(self, text: str) -> float:
        return (0.25 + self.pace * len(text)) * RATE / self.state.rate

    # Inside ------------------------------------------------------------------------------------------------

    def _goes_to(self, time: float) -> None:
        due = sorted((each for each in self._waiting if each[1].at < time), key=lambda each: each[1].at)
        for given, cue, length, rate in due:
            at = max(cue.at, given)
            if at <= time:
                self._waiting.remove((given, cue, length, rate))
                self._sounds(cue, at, given, length, rate)
        self._wears(self.state, self.real, time)
        self.now = time

    def _sounds(self, cue: SayAt, at: float, given: float, length: float, rate: int) -> None:
        run = self.state.run(cue.cue.split("/")[0])
        planned = PLANNED.search(cue.cue)
        if run is not None and not cue.cue.startswith(f"{run.routine}/{run.step}/"):
            run = None  # its step is over, and the next one has begun
        reads = run.clock.elapsed(at) if run is not None else float(planned["at"]) if planned else None
        left = run.clock.length - run.clock.elapsed(at) if run is not None and run.clock.length is not None else None
        self.sounded.append(
            Sounded(
                cue.cue, cue.text, at, given, cue.essential, cue.gain, length, reads, left, planned is not None, rate
            )
        )  # fmt: skip

    def _wears(self, state: State, real: float, until: float, *, moved: float = 0.0) -> None:
        """Write down for how long each clock runs from now to ``until``; ``moved``: and so many seconds more."""
        for run in state.runs:
            if run.phase is not Phase.RUNNING or run.clock.began is None:
                continue
            step = step_of(run, self.dialogue.guide)
            before = max(run.clock.stood_at, run.clock.elapsed(self.now))
            after = run.clock.elapsed(until) + moved
            after = after if run.clock.length is None else min(after, run.clock.length)
            if after > before:
                begin = real + before - run.clock.elapsed(self.now)
                self.worn.append(Worn(run.routine, step.id, step.pad, begin, begin + after - before, after))

    def _advance(self, event: Event) -> list[Action]:
        before = self.state
        state, actions = self.dialogue.advance(before, event, self.now)
        self.state = state
        assert repr(state)
        assert sum(isinstance(action, Say) for action in actions) <= 1, "two things are said at once"
        for action in sorted(actions, key=lambda each: not isinstance(each, _AT_ONCE)):
            self._carry_out(action)
        if (before.runs, before.exposures, before.flagged) != (state.runs, state.exposures, state.flagged):
            self._saved = (_KEPT.dump_json(kept_of(state, self.now)).decode(), self.now)
        if self.measures and state.runs:
            self._measure()
        return list(actions)

    def _measure(self) -> None:
        texts = self.dialogue.texts_to_measure(self.state)
        if texts == self._measured and self.state.rate == self._rate_measured:
            return
        self._measured, self._rate_measured = texts, self.state.rate
        told = Measured(self.state.rate, self.state.voice, {text: self.length(text) for text in texts})
        self._put(self.now + 0.3, told)

    def _put(self, at: float, event: Event) -> None:
        heapq.heappush(self._queue, (at, next(self._order), event))

    def _carry_out(self, action: Action) -> None:
        if isinstance(action, WakeAt):
            self._put(max(action.time, self.now) + next(self._lateness), Tick())
        elif isinstance(action, Say):
            assert action.sentences, "nothing is said"
            assert all(s.strip() and "{" not in s for s in action.sentences)
            self._break_off()
            self.says.append((self.now, action))
            ends = self.now + sum(self.length(s) for s in action.sentences)
            self._speech, self._held = (action.utterance, ends, len(action.sentences)), None
            self._put(ends, SpeechEnded(action.utterance, finished=True, sentences_done=len(action.sentences)))
        elif isinstance(action, Silence):
            self._break_off()
        elif isinstance(action, Hold):
            if self._speech is not None and self._held is None:
                self._held = max(0.0, self._speech[1] - self.now)
        elif isinstance(action, GoOn):
            if self._speech is not None and self._held is not None:
                utterance, _, count = self._speech
                self._speech = (utterance, self.now + self._held, count)
                self._held = None
                self._put(self._speech[1], SpeechEnded(utterance, finished=True, sentences_done=count))
        elif isinstance(action, SayAt):
            self.given.append((self.now, action))
            assert action.text.strip()
            assert "{" not in action.text
            self._waiting.append((self.now, action, self.length(action.text), self.state.rate))
        elif isinstance(action, DropCues):
            self._waiting = [each for each in self._waiting if each[1].at < self.now]
            if action.begun:
                self.sounded = [
                    replace(cue, cut=True) if cue.at <= self.now < cue.until else cue for cue in self.sounded
                ]
        elif isinstance(action, SoftTick):
            self.soft.append(action.at)

    def _break_off(self) -> None:
        if self._speech is not None:
            self._put(self.now + BREAK_OFF, SpeechEnded(self._speech[0], finished=False, sentences_done=0))
            self._speech, self._held = None, None


def led(routine: str, **how: object) -> Machine:
    """Return a machine that has introduced a routine and waits for "ready"."""
    machine = Machine(**how)  # type: ignore[arg-type]
    machine.does(f"start:{routine}")
    machine.is_quiet()
    return machine


def running(routine: str, reads: float, **how: object) -> Machine:
    """Return a machine whose routine's first clock reads ``reads``."""
    machine = led(routine, **how)
    machine.does("resume")
    machine.is_quiet()
    while not machine.run().clock.runs:
        machine.passes(0.1)
    machine.until((machine.run().clock.began or 0.0) + reads)
    return machine


def beside(first: str, reads: float, second: str) -> Machine:
    """Return a machine with two routines; the second waits for "ready"."""
    machine = running(first, reads)
    machine.does(f"start:{second}")
    machine.is_quiet()
    machine.does("yes")
    machine.is_quiet()
    return machine
