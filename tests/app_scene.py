"""Scenes for tests of the joined assistant: a plain voice, a silent speaker, and a screen that keeps what it saw."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

from assistant.app import Assistant
from assistant.content import Content
from assistant.hearing.events import Heard, Hypothesis, Stages
from assistant.hearing.listening import Listening
from assistant.remembering import Remembering
from assistant.screen import Screen, Timing
from assistant.settings import Settings
from assistant.sound.speaker import SilentSpeaker
from assistant.speaking.voice import Speech, SpokenWord, VoiceSettings
from assistant.voices import Voices

RATE = 22_050
WORD_SECONDS = 0.3


class PlainVoice:
    """Speaks every word in 0.3 s of sound, and remembers what it was asked for."""

    version = "plain"

    def __init__(self) -> None:
        self.asked: list[tuple[str, VoiceSettings]] = []

    def synthesise(self, text: str, settings: VoiceSettings) -> Speech:
        self.asked.append((text, settings))
        words = text.split()
        spoken = tuple(SpokenWord(w, i * WORD_SECONDS, (i + 1) * WORD_SECONDS) for i, w in enumerate(words))
        return Speech(text, np.full(int(len(words) * WORD_SECONDS * RATE), 900, np.int16), RATE, spoken)

    def voices(self) -> list[str]:
        return ["plain"]

    def close(self) -> None:
        return


@dataclass
class Seen(Screen):
    """Keeps what an onlooker would see."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)

    def heard(self, text: str) -> None:
        self.lines.append(("heard", text))

    def ignored(self, text: str) -> None:
        self.lines.append(("ignored", text))

    def says(self, text: str) -> None:
        self.lines.append(("says", text))

    def notice(self, text: str) -> None:
        self.lines.append(("notice", text))

    def timing(self, timing: Timing) -> None:
        self.timings.append(timing)

    def counts(self, text: str, moment: float | None) -> None:
        self.lines.append(("counts", text))

    def last(self, kind: str) -> str:
        """Return the newest line of that kind."""
        return next((text for what, text in reversed(self.lines) if what == kind), "")


@dataclass
class Run:
    """A running assistant in a test."""

    assistant: Assistant
    screen: Seen
    voice: PlainVoice
    listening: list[Listening]

    async def hears(self, *readings: str, spotted: str | None = None, goes_on: bool = False) -> None:
        share = 1.0 / max(1, len(readings))
        hypotheses = tuple(Hypothesis(text, share) for text in readings)
        await self.gives(Heard(hypotheses, 0.0, 1.0, spotted=spotted, stages=Stages(0.2, 0.05), goes_on=goes_on))

    async def gives(self, event: object) -> None:
        self.assistant.hand_over(event)
        await asyncio.sleep(0.06)

    async def silence(self) -> None:
        for _ in range(300):
            await asyncio.sleep(0.01)
            if self.assistant.state.speaking is None:
                return
        raise AssertionError("it never fell silent")


def run(
    content: Content,
    scene: Callable[[Run], Awaitable[None]],
    *,
    speed: float = 1.0,
    settings: Settings | None = None,
    remembering: Remembering | None = None,
) -> Run:
    """Play a scene; the speaker is ``speed`` times faster than real time."""

    async def play() -> Run:
        screen, voice, listening = Seen(), PlainVoice(), list[Listening]()
        speaker = SilentSpeaker(speed)
        assistant = Assistant(
            content,
            settings or Settings(),
            lambda on_event, clock: Voices(voice, speaker, clock, on_event),
            screen,
            listen=listening.append,
            remembering=remembering,
        )
        task = asyncio.create_task(assistant.run(typed=False, first_use=False, greet=False))
        running = Run(assistant, screen, voice, listening)
        try:
            await asyncio.sleep(0.02)
            await scene(running)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assistant.close()
            speaker.close()
        return running

    return asyncio.run(play())
