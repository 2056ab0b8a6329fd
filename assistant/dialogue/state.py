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
class Spoken:
    """Something that is being said or was said last."""

    utterance: str
    sentences: tuple[str, ...]
    source: Layer
    entry: str | None = None
    more: bool = False
    """True when this was the "more" part of the entry."""
    urgent: bool = False
    """A safety script: read to the end unless the person says stop."""


@dataclass(frozen=True, slots=True)
class ClarifyQuestion:
    """Waits for an answer to a question between two entries."""

    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfferQuestion:
    """A yes or no is waited for: an entry, a routine's steps, or more of the last answer is offered."""

    entry: str | None = None
    routine: str | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class SafetyQuestion:
    """A question of the safety layer waits for an answer."""

    flag: str
    script: str


Question = ClarifyQuestion | OfferQuestion | SafetyQuestion


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
    """The last thing worth repeating."""
    question: Question | None = None
    rate: int = START_RATE
    volume: int = START_VOLUME
    turns: int = 0
    """Counts utterances: names them and picks among variants of a phrase."""
    misses: int = 0
    """Turns in a row that were not understood."""
    flagged: str | None = None
    """A red flag of this session after which routines are not offered."""

    def context(self) -> Context:
        """Return what the assistant is doing, for understanding."""
        if self.speaking is not None and not self.held:
            return Context.SPEAKING
        return Context.QUESTION if self.question is not None else Context.IDLE

    def attentive(self, now: float) -> bool:
        """Return whether words without the wake phrase are meant for the assistant."""
        return self.always_listening or self.speaking is not None or now < self.attentive_until
