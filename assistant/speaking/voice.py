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
MAX_NAME: Final = 60
"""Letters of a voice's name; espeak copies names into short buffers of its own."""


class WrongVoiceSettingError(WrongInputError):
    """A rate, volume or pitch out of range."""


class UnknownVoiceError(WrongInputError):
    """A voice that isn't installed."""

    def __init__(self, name: str, close: Sequence[str] = ()) -> None:
        near = f" Near to it: {', '.join(close)}." if close else ""
        super().__init__(f"There is no voice called '{name[:MAX_NAME]}'.{near}")


class NoVoiceError(MissingPartError):
    """The speech synthesiser isn't there."""


class VoiceFailedError(MissingPartError):
    """The synthesiser failed again and again on a text."""


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """How to speak: words a minute (80 to 450), volume and pitch (0 to 100), and the voice's name.

    Raises:
        WrongVoiceSettingError: a number out of its range. UnknownVoiceError: a name that can't be one.
    """

    rate: int = 165
    volume: int = 100
    pitch: int = 50
    voice: str = "en-gb"

    def __post_init__(self) -> None:
        for key, (low, high) in RANGES.items():
            value = getattr(self, key)
            if not isinstance(value, int) or not low <= value <= high:
                raise WrongVoiceSettingError(f"Setting {key}: {value} can't be used; it goes from {low} to {high}.")
        if not self.voice or len(self.voice) > MAX_NAME or not self.voice.isprintable():
            raise UnknownVoiceError(self.voice)


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

    @property
    def version(self) -> str:
        """What makes the speech; with another version the same text sounds different."""

    def synthesise(self, text: str, settings: VoiceSettings) -> Speech:
        """Return ``text`` as speech."""

    def voices(self) -> list[str]:
        """Return the names of the voices that there are."""

    def close(self) -> None:
        """End it."""
