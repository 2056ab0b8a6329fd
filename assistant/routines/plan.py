"""What is said on the clock of a step, and when. Pure: a plan follows from lengths, texts and a cadence alone.

A spoken number begins on its second. What would overlap is dropped, never delayed; the more important cue stays.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

LONG_STEP: Final = 120.0
"""Seconds from which a step is a wait: it speaks rarely, and counts its last ten seconds one by one."""
GAP: Final = 0.1
"""Seconds of silence that are left between two cues at least: they would sound like one word."""
LAST_SECONDS: Final = 5
"""A short step counts its last seconds from here, as a person would with a hand on the sore spot."""
LONG_LAST_SECONDS: Final = 10
ROUND: Final = (300.0, 60.0)
"""Seconds left that are told in a wait."""
SHORT_ROUND: Final = (30.0, 10.0)
OFTEN: Final = 10.0
SKIN_CHECK_BEFORE_END: Final = 20.0
"""Seconds before the end from which the skin is not checked any more: the pad comes off and is looked at anyway."""
LETTER_SECONDS: Final = 0.075
"""Seconds a letter takes at `RATE`, rounded up (espeak needs 0.05 to 0.07), for texts not measured yet."""
TEXT_SECONDS: Final = 0.3
RATE: Final = 165


class Cadence(StrEnum):
    """How much is counted aloud."""

    QUIET = "quiet"
    NORMAL = "normal"
    OFTEN = "often"
    """Every ten seconds."""


class CueKind(StrEnum):
    """What a cue is for; `RANK` says which of two stays where both can't."""

    BEGIN = "begin"
    HALF = "half"
    LEFT = "left"
    """Time left, in a round figure."""
    EVERY_TEN = "every-ten"
    COUNT = "count"
    """The last seconds, one by one."""
    SKIN_CHECK = "skin-check"
    CHECK_IN = "check-in"
    DONE = "done"


RANK: Final = {
    CueKind.DONE: 7,
    CueKind.SKIN_CHECK: 6,
    CueKind.BEGIN: 5,
    CueKind.COUNT: 4,
    CueKind.LEFT: 3,
    CueKind.CHECK_IN: 2,
    CueKind.HALF: 1,
    CueKind.EVERY_TEN: 0,
}
ESSENTIAL: Final = frozenset({CueKind.DONE, CueKind.SKIN_CHECK, CueKind.BEGIN})
"""These are said late rather than not at all."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Say ``text`` when the step's clock reads ``at`` (s)."""

    at: float
    text: str
    kind: CueKind


@dataclass(frozen=True, eq=False)
class Lengths:
    """How long texts take to say in the voice of now, in seconds: measured where they were, else estimated.

    Compared by identity, so that plans can be kept by it.
    """

    measured: Mapping[str, float] = field(default_factory=dict)
    rate: int = RATE

    def __call__(self, text: str) -> float:
        """Return the seconds that ``text`` takes."""
        known = self.measured.get(text)
        return known if known is not None else (TEXT_SECONDS + LETTER_SECONDS * len(text)) * RATE / self.rate


@dataclass(frozen=True, slots=True)
class CueTexts:
    """The words of a step's cues."""

    left: Callable[[float], str]
    """Seconds left to "5 minutes left."."""
    count: Callable[[int], str]
    """7 to "Seven."."""
    begin: str | None = None
    half: str | None = None
    done: str | None = None
    skin_check: str | None = None
    check_in: tuple[str, ...] = ()
    """In turn, again and again."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is to be counted: a step of ``length`` seconds (None: without an end), with its checks."""

    length: float | None
    skin_checks: tuple[float, ...] = ()
    check_in: float | None = None


@lru_cache(maxsize=64)
def plan(timeline: Timeline, texts: CueTexts, cadence: Cadence, lengths: Lengths) -> tuple[Cue, ...]:
    """Return the cues of a step in order of time, none of them overlapping another.

    A step without an end has only its begin here; `check_ins` gives the rest.
    """
    return without_overlaps(_wanted(timeline, texts, cadence), lengths)


def check_ins(timeline: Timeline, texts: CueTexts, after: float, until: float) -> Iterator[Cue]:
    """Yield the check-ins of a step without an end, later than ``after`` and up to ``until`` (s on its clock)."""
    every = timeline.check_in
    if every is None or not texts.check_in:
        return
    number = max(1, int(after // every) + 1)
    while number * every <= until:
        if number * every > after:
            yield Cue(number * every, texts.check_in[(number - 1) % len(texts.check_in)], CueKind.CHECK_IN)
        number += 1


def without_overlaps(wanted: list[Cue], lengths: Callable[[str], float]) -> tuple[Cue, ...]:
    """Return the cues of ``wanted`` that can be said whole, the most important first choice; of equal ones the later.

    The later, because what is near the end matters more: of a count too quick for the voice, "one" stays.
    """
    kept: list[Cue] = []
    begins: list[float] = []
    for cue in sorted(wanted, key=lambda c: (-RANK[c.kind], -c.at)):
        place = bisect_left(begins, cue.at)
        before = kept[place - 1] if place else None
        after = kept[place] if place < len(kept) else None
        if before is not None and before.at + lengths(before.text) + GAP > cue.at:
            continue
        if after is not None and cue.at + lengths(cue.text) + GAP > after.at:
            continue
        kept.insert(place, cue)
        begins.insert(place, cue.at)
    return tuple(kept)


def _wanted(timeline: Timeline, texts: CueTexts, cadence: Cadence) -> list[Cue]:
    found = [Cue(0.0, texts.begin, CueKind.BEGIN)] if texts.begin else []
    length = timeline.length
    if length is None:
        return found
    if texts.skin_check:
        last = length - SKIN_CHECK_BEFORE_END
        found += [Cue(at, texts.skin_check, CueKind.SKIN_CHECK) for at in timeline.skin_checks if 0 < at <= last]
    if texts.done:
        found.append(Cue(length, texts.done, CueKind.DONE))
    found += [Cue(length - left, text, kind) for left, text, kind in _counted(length, texts, cadence) if left < length]
    return found


def _counted(length: float, texts: CueTexts, cadence: Cadence) -> Iterator[tuple[float, str, CueKind]]:
    """Yield the seconds left, the text and the kind of all that counts."""
    long = length >= LONG_STEP
    if cadence is Cadence.QUIET:
        left = ROUND[-1] if long else SHORT_ROUND[-1]
        yield left, texts.left(left), CueKind.LEFT
        return
    last = LONG_LAST_SECONDS if long else LAST_SECONDS
    for number in range(1, last + 1):
        yield float(number), texts.count(number), CueKind.COUNT
    for left in ROUND if long else SHORT_ROUND:
        yield left, texts.left(left) if left > LONG_LAST_SECONDS else texts.count(round(left)), CueKind.LEFT
    if texts.half:
        yield length / 2, texts.half, CueKind.HALF
    if cadence is Cadence.OFTEN:
        left = OFTEN
        while left < length:
            text = texts.left(left) if left > LONG_LAST_SECONDS else texts.count(round(left))
            yield left, text, CueKind.EVERY_TEN
            left += OFTEN
