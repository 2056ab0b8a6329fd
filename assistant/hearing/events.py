"""What hearing tells: values only. Times are seconds of sound since the stream began."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One reading of an utterance; ``weight`` is its share among the readings (they sum to 1)."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word with its time in the stream (s) and the recogniser's confidence (0 to 1)."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """Somebody began to speak at ``at``."""

    at: float
    goes_on: bool = False
    """So soon after the last turn that it may be the rest of it; see `Heard.goes_on`."""


@dataclass(frozen=True, slots=True)
class HeardSoFar:
    """The partial result of a turn that goes on."""

    text: str
    at: float


@dataclass(frozen=True, slots=True)
class CommandSpotted:
    """A command that the grammar recogniser holds for said, taken before the turn has ended."""

    text: str
    at: float
    began: float
    """When the sound of the turn began: own speech between ``began`` and ``at`` may explain it."""
    said: str = ""
    """What the open recogniser made of the turn so far."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Where the time went after the last sound of a turn, in seconds."""

    endpointing: float
    """Sound needed after the end of speech to decide that the turn has ended."""
    final_result: float
    """Wall time of the final decoding."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A whole turn: its readings, best first (none: speech-like sound without words)."""

    hypotheses: tuple[Hypothesis, ...]
    began: float
    ended: float
    spotted: str | None = None
    """The command already taken from this turn, or None."""
    grammar: str | None = None
    """What the grammar recogniser made of the turn, where that is a whole command and nothing else."""
    stages: Stages = Stages(0.0, 0.0)
    words: tuple[Word, ...] = ()
    """The words of the best reading, with their times."""
    goes_on: bool = False
    """Whether the turn began so soon after the one before, in which words were heard, that it may be the rest of it:
    a person stopped for breath where the sentence could have ended. It may also be the assistant's own voice."""

    @property
    def text(self) -> str:
        """The best reading."""
        return self.hypotheses[0].text if self.hypotheses else ""


@dataclass(frozen=True, slots=True)
class HearingFailed:
    """The recognisers failed in the middle of a turn, and were replaced; what was said is lost."""

    reason: str


HearingEvent = HearingFailed | SpeechBegan | HeardSoFar | CommandSpotted | Heard
