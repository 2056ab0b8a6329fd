"""What can happen in a conversation. Values only; times are passed beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assistant.dialogue.kept import Kept
from assistant.understanding.meaning import Meaning


@dataclass(frozen=True, slots=True)
class Started:
    """The assistant is ready. ``typed``: there is no microphone, questions come by keyboard."""

    typed: bool = False
    first_use: bool = True


@dataclass(frozen=True, slots=True)
class Understood:
    """Somebody said something and this is what it means."""

    meaning: Meaning
    typed: bool = False
    """Typed words are always meant for the assistant."""


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The voice has ended an utterance: all of it (``finished``) or not."""

    utterance: str
    finished: bool
    sentences_done: int = 0


@dataclass(frozen=True, slots=True)
class PartLost:
    """A part stopped working: ``microphone``, ``speaker``, ``voice`` or ``recogniser``."""

    part: str


@dataclass(frozen=True, slots=True)
class PartBack:
    """A part works again."""

    part: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; sent when a `WakeAt` asked for it."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Somebody chose a routine by hand; it begins at step number ``step`` (from 0)."""

    routine: str
    step: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """Texts were said in silence with a voice of ``rate`` words a minute: how long they take, in seconds."""

    rate: int
    voice: str | None
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Slept:
    """The machine slept for so many seconds that the clock of the events did not count."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Returned:
    """The assistant runs again after it was ended in the midst of routines.

    ``away``: for how many seconds, None where nobody knows (the clock was set back meanwhile).
    """

    kept: Kept
    away: float | None


Event = Started | Understood | SpeechEnded | PartLost | PartBack | Tick | Begin | Measured | Slept | Returned
