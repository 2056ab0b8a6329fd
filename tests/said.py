"""Sentences said by our own synthesiser at the microphone's rate, and what an ear makes of them."""

from __future__ import annotations

import atexit
import functools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from assistant.hearing.ear import Ear, IsOwn, PauseNeeded, always_wait, never_own
from assistant.hearing.endpointing import LONG_PAUSE, EndpointingSettings
from assistant.hearing.events import Heard, HearingEvent
from assistant.hearing.listening import Listening
from assistant.hearing.recogniser import SpeechModel
from assistant.loading import load_speech_model
from assistant.sound.samples import SAMPLE_RATE
from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.voice import SpokenWord
from assistant.understanding.wake import WAKE_PHRASES
from conversation import LOUD, USER_VOICE, at_microphone_rate

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the espeak worker is Linux only")

BLOCK: Final = 320
"""What the microphone gives at a time: 20 ms."""
QUESTION: Final = "how long do i press"
END: Final = LONG_PAUSE + 0.35
"""Seconds of silence that end any turn."""
_PHRASES: Final = yaml.safe_load(
    (Path(__file__).parents[1] / "content" / "product" / "phrases.yaml").read_text(encoding="utf-8")
)
COMMANDS: Final = (*_PHRASES["spotted"], *WAKE_PHRASES)
"""The real ones: how often a grammar mistakes other words for its own depends on all its phrases."""
SPOTTING: Final = Listening(COMMANDS, spot=True, alone=frozenset(_PHRASES["spotted_alone"]))

Event = TypeVar("Event")


@dataclass(frozen=True)
class Said:
    """A sentence at 16 kHz, from its first sound to its last; word times count from its first sound."""

    samples: NDArray[np.int16]
    words: tuple[SpokenWord, ...]

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE


@functools.cache
def model() -> SpeechModel:
    """Return the model that ships with the assistant, loaded once."""
    return load_speech_model(None)


@functools.cache
def _synthesiser() -> SupervisedSynthesiser:
    synthesiser = SupervisedSynthesiser()
    atexit.register(synthesiser.close)
    return synthesiser


@functools.cache
def said(text: str) -> Said:
    """Return ``text`` as the tests' person says it, without the silence around it."""
    speech = _synthesiser().synthesise(text, USER_VOICE)
    samples = at_microphone_rate(speech.samples, speech.rate)
    loud = np.flatnonzero(np.abs(samples.astype(int)) > LOUD)
    first, last = int(loud[0]), int(loud[-1])
    offset = first / SAMPLE_RATE
    words = tuple(replace(w, start=w.start - offset, end=w.end - offset) for w in speech.words)
    return Said(samples[first : last + 1], words)


def silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(int(seconds * SAMPLE_RATE), dtype=np.int16)


def sound(*parts: str | float | NDArray[np.int16]) -> NDArray[np.int16]:
    """Return sentences, seconds of silence, and samples one after another."""
    made = []
    for part in parts:
        if isinstance(part, str):
            made.append(said(part).samples)
        else:
            made.append(silence(part) if isinstance(part, float) else part)
    return np.concatenate(made)


@dataclass(frozen=True)
class Told:
    """An event, and how many seconds of sound had been fed when it came."""

    event: HearingEvent
    at: float


class Listener:
    """An ear that is fed by hand; keeps what it tells."""

    def __init__(
        self,
        listening: Listening | None = None,
        *,
        pause_needed: PauseNeeded = always_wait,
        is_own: IsOwn = never_own,
        settings: EndpointingSettings | None = None,
    ) -> None:
        self.told: list[Told] = []
        self.fed = 0
        self.ear = Ear(model(), self._keep, pause_needed=pause_needed, is_own=is_own, settings=settings)
        if listening is not None:
            self.ear.listen(listening)

    def _keep(self, event: HearingEvent) -> None:
        self.told.append(Told(event, self.fed / SAMPLE_RATE))

    def hear(self, samples: NDArray[np.int16], blocks: Sequence[int] = (BLOCK,)) -> Listener:
        """Feed ``samples`` in blocks of these sizes, in turn."""
        at = number = 0
        while at < len(samples):
            block = samples[at : at + blocks[number % len(blocks)]]
            self.fed += len(block)
            self.ear.feed(block)
            at += len(block)
            number += 1
        return self

    def only(self, kind: type[Event]) -> list[Event]:
        """Return the events of a kind."""
        return [told.event for told in self.told if isinstance(told.event, kind)]

    def when(self, kind: type[HearingEvent]) -> list[float]:
        """Return when the events of a kind came, in seconds of sound fed."""
        return [told.at for told in self.told if isinstance(told.event, kind)]


def texts(listener: Listener) -> list[str]:
    """Return what was heard, turn by turn."""
    return [heard.text for heard in listener.only(Heard)]
