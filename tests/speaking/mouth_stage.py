"""A mouth on a stage: with a voice that is made up, a speaker that is silent, and all that it tells."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np

from assistant.sound.speaker import Output, SilentSpeaker
from assistant.speaking.mouth import Mouth, MouthEvent, SentenceBegan, SpeakingEnded
from assistant.speaking.voice import Speech, SpokenWord, VoiceSettings

VOICE: Final = VoiceSettings()
RATE: Final = 22_050
WORD: Final = 0.1
"""Seconds that a word lasts in the made-up voice."""
SOON: Final = 0.15
"""Seconds, far above the milliseconds that it takes: the machine may be busy."""

Event = TypeVar("Event")


class MadeUpVoice:
    """Says any word in 0.1 s; fails on sentences with "fail"."""

    version = "made up"

    def __init__(self) -> None:
        self.asked: list[tuple[str, VoiceSettings]] = []
        self.slow = 0.0

    def synthesise(self, text: str, settings: VoiceSettings) -> Speech:
        self.asked.append((text, settings))
        time.sleep(self.slow)
        if "fail" in text:
            raise RuntimeError("no voice for that")
        words = tuple(SpokenWord(w, n * WORD, (n + 1) * WORD) for n, w in enumerate(text.split()))
        return Speech(text, np.full(int(len(words) * WORD * RATE), 1000, dtype=np.int16), RATE, words)

    def voices(self) -> list[str]:
        return ["made up"]

    def close(self) -> None:
        pass


class Stage:
    """A mouth, and all it tells."""

    def __init__(self, speed: float = 1.0, output: Output | None = None) -> None:
        self.events: list[MouthEvent] = []
        self.times: list[float] = []
        self.changed = threading.Condition()
        self.react: Callable[[MouthEvent], None] = lambda _: None
        self.voice = MadeUpVoice()
        self.output = output or SilentSpeaker(speed)
        self.mouth = Mouth(self.voice, self.output, self.keep)

    def keep(self, event: MouthEvent) -> None:
        with self.changed:
            self.events.append(event)
            self.times.append(time.monotonic())
            self.changed.notify_all()
        self.react(event)

    def say(self, utterance_id: str, *sentences: str, settings: VoiceSettings = VOICE) -> None:
        self.mouth.say(utterance_id, sentences, settings)

    def wait(self, found: Callable[[], object], seconds: float = 5.0) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: bool(found()), seconds), self.events

    def of(self, kind: type[Event], utterance_id: str | None = None) -> list[Event]:
        found = [event for event in list(self.events) if isinstance(event, kind)]
        return [event for event in found if utterance_id in (None, getattr(event, "utterance_id", None))]

    def began(self, utterance_id: str, index: int = 0) -> None:
        self.wait(lambda: SentenceBegan(utterance_id, index) in self.events)

    def end(self, utterance_id: str) -> SpeakingEnded:
        self.wait(lambda: self.of(SpeakingEnded, utterance_id))
        return self.of(SpeakingEnded, utterance_id)[0]

    def close(self) -> None:
        self.mouth.close()
        self.output.close()
