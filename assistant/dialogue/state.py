"""The state of a conversation: one frozen value, whole and printable."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from assistant.guide.model import Layer
from assistant.routines.plan import LONG_STEP, Cadence, Lengths
from assistant.routines.run import Exposure, Phase, Run
from assistant.understanding.meaning import Context

START_RATE: Final = 165
"""Words a minute; slower than espeak's 175, for a listener in pain."""
START_VOLUME: Final = 100
_ATTENDED: Final = frozenset({Phase.WAITING, Phase.ANNOUNCED, Phase.GOING, Phase.OVER})
"""Here the person acts or answers."""


@dataclass(frozen=True, slots=True)
class ClarifyQuestion:
    """Waits for an answer to a question between two entries."""

    choices: tuple[str, ...]
    asked: int = 1
    """How often it has been asked."""


@dataclass(frozen=True, slots=True)
class OfferQuestion:
    """A yes or no is waited for: an entry, a routine's steps, or more of the last answer is offered."""

    entry: str | None = None
    routine: str | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class SafetyQuestion:
    """A question of the safety layer waits for a plain yes or no."""

    flag: str
    script: str
    heard: str = ""
    """What the person said that made it be asked."""
    asked: int = 1
    """How often it has been asked."""
    deadline: float | None = None
    """When silence counts as no answer; None while it is being asked."""


@dataclass(frozen=True, slots=True)
class SwitchQuestion:
    """Another routine was asked for while one runs: a yes or no is waited for."""

    routine: str
    beside: bool
    """Whether it would run beside the others; otherwise it takes their place."""


@dataclass(frozen=True, slots=True)
class WhichQuestion:
    """A command was said that may be meant for either of two routines."""

    command: str
    seconds: float | None = None
    asked: int = 1
    """How often it has been asked."""


@dataclass(frozen=True, slots=True)
class GoOnQuestion:
    """After a return: shall the routines go on? A yes or no is waited for."""


Question = ClarifyQuestion | OfferQuestion | SafetyQuestion | SwitchQuestion | WhichQuestion | GoOnQuestion


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something that is being said or was said last."""

    utterance: str
    sentences: tuple[str, ...]
    source: Layer
    layers: tuple[Layer, ...] = ()
    """Who says each sentence; as long as ``sentences``, or empty where ``source`` says all of them."""
    entry: str | None = None
    more: bool = False
    """True when this was the "more" part of the entry."""
    urgent: bool = False
    """A safety script: read to the end unless the person says stop."""
    tier: str | None = None
    """How urgent the red flag is that the script is read for."""
    asks: Question | None = None
    """What it asks at its end; said again, it asks it again."""
    routine: str | None = None
    """The routine that it leads; None for an answer or anything else."""
    intro: bool = False
    """It tells what the routine is and what to heed, before its first step."""


@dataclass(frozen=True, slots=True)
class State:
    """All that the dialogue remembers. Times are on the caller's clock, in seconds."""

    always_listening: bool = False
    attentive_until: float = float("-inf")
    """Until then words count as said to the assistant without the wake phrase."""
    speaking: Spoken | None = None
    held: bool = False
    """What is being said is paused."""
    last: Spoken | None = None
    """The last thing worth repeating, whole."""
    said: int = 0
    """How many sentences of ``last`` have come out: "go on" begins after them. Below 0 where others go before."""
    question: Question | None = None
    rate: int = START_RATE
    volume: int = START_VOLUME
    turns: int = 0
    """Counts utterances: names them and picks among variants of a phrase."""
    misses: int = 0
    """Turns in a row that were not understood."""
    flagged: str | None = None
    """A red flag of this session after which routines are not offered."""
    unscreened: SafetyQuestion | None = None
    """A safety question that got no clear answer: no routine before it got one."""

    runs: tuple[Run, ...] = ()
    """The routines under way, the one that spoke last at the end."""
    exposures: tuple[Exposure, ...] = ()
    """Pads that were on the skin lately."""
    cadence: Cadence = Cadence.NORMAL
    tick: bool = False
    """Whether each second of a clock ticks softly."""
    voice: str | None = None
    """The voice that was chosen by voice; None for the one that was set up."""
    last_routine: str | None = None
    lengths: Lengths = field(default_factory=Lengths, repr=False, compare=False)
    sounding: tuple[tuple[float, float], ...] = ()
    """Begin and end of the cues that were given out and are not over (s)."""
    woken_at: float = float("inf")
    """The earliest time for which a tick was asked and has not come."""

    def context(self) -> Context:
        """Return what the assistant is doing, for understanding."""
        if self.speaking is not None and not self.held:
            return Context.SPEAKING
        if self.question is not None:
            return Context.QUESTION
        return Context.ROUTINE if self.runs else Context.IDLE

    def attentive(self, now: float) -> bool:
        """Return whether words without the wake phrase are meant for the assistant."""
        return self.always_listening or self.speaking is not None or now < self.attentive_until

    @property
    def waits_for_person(self) -> bool:
        """Whether a routine goes on only when the person says or does something."""
        return any(run.phase in _ATTENDED for run in self.runs)

    @property
    def in_long_wait(self) -> bool:
        """Whether every routine under way is in a wait of minutes."""
        long = [run.phase not in _ATTENDED and (run.clock.length or 0.0) >= LONG_STEP for run in self.runs]
        return bool(long) and all(long)

    def run(self, routine: str) -> Run | None:
        """Return the routine of that name as it is under way, or None."""
        return next((run for run in self.runs if run.routine == routine), None)

    def with_run(self, run: Run) -> State:
        """Return the state with ``run`` in its place, or as a new one at the end."""
        if self.run(run.routine) is None:
            return replace(self, runs=(*self.runs, run))
        return replace(self, runs=tuple(run if each.routine == run.routine else each for each in self.runs))

    def without_run(self, routine: str) -> State:
        """Return the state without a routine."""
        return replace(self, runs=tuple(run for run in self.runs if run.routine != routine))

    @property
    def may_lead(self) -> bool:
        """Whether a routine may be offered or led: nothing that was said speaks against it."""
        return self.flagged is None and self.unscreened is None
