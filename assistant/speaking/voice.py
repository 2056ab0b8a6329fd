"""What a voice is given and what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.errors import MissingPartError, WrongInputError

RANGES: Final = {"rate": (80, 450), "volume": (0, 100), "pitch": (0, 100)}
"""What espeak takes: words a minute, and two scales of its own."""


class WrongVoiceSettingError(WrongInputError):
    """A rate, volume or pitch out of range."""


class UnknownVoiceError(WrongInputError):
    """A voice that isn't installed."""

    def __init__(self, name: str, close: Sequence[str] = ()) -> None:
        near = f" Near to it: {', '.join(close)}." if close else ""
        super().__init__(f"There is no voice called '{name}'.{near}")


class NoVoiceError(MissingPartError):
    """The speech synthesiser isn't there."""


class VoiceFailedError(MissingPartError):
    """The synthesiser failed again and again on a text."""


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """How to speak: words a minute, volume and pitch (0 to 100), and the voice's name."""

    rate: int = 165
    volume: int = 100
    pitch: int = 50
    voice: str = "en-gb"

    def __post_init__(self) -> None:
        for key, (low, high) in RANGES.items():
            value = getattr(self, key)
            if not low <= value <= high:
                raise WrongVoiceSettingError(f"Setting {key}: {value} can't be used; it goes from {low} to {high}.")


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word with its time in the speech, in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Speech:
    """A text as sound: mono 16-bit samples at ``rate`` Hz, and when each word comes."""

    text: str
    samples: NDArray[np.int16]
    rate: int
    words: tuple[SpokenWord, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate


class Synthesiser(Protocol):
    """Makes speech of text."""

    def synthesise(self, text: str, settings: VoiceSettings) -> Speech:
        """Return ``text`` as speech."""

    def close(self) -> None:
        """End it."""
