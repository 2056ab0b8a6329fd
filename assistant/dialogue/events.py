"""What can happen in a conversation. Values only; times are passed beside them."""

from __future__ import annotations

from dataclasses import dataclass

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


Event = Started | Understood | SpeechEnded | PartLost | PartBack | Tick
