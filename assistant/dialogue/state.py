"""The state of a conversation: one frozen value, whole and printable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from assistant.guide.model import Layer
from assistant.understanding.meaning import Context

START_RATE: Final = 165
"""Words a minute; slower than espeak's 175, for a listener in pain."""
START_VOLUME: Final = 100


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


Question = ClarifyQuestion | OfferQuestion | SafetyQuestion


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

    def context(self) -> Context:
        """Return what the assistant is doing, for understanding."""
        if self.speaking is not None and not self.held:
            return Context.SPEAKING
        return Context.QUESTION if self.question is not None else Context.IDLE

    def attentive(self, now: float) -> bool:
        """Return whether words without the wake phrase are meant for the assistant."""
        return self.always_listening or self.speaking is not None or now < self.attentive_until

    @property
    def may_lead(self) -> bool:
        """Whether a routine may be offered or led: nothing that was said speaks against it."""
        return self.flagged is None and self.unscreened is None
