"""One run of the assistant on this machine: devices, model and voice joined to the conversation."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from assistant.app import Assistant, Typed
from assistant.clock import Clock
from assistant.content import Content
from assistant.dialogue.events import Begin
from assistant.errors import MarigoldError, MissingPartError
from assistant.hearing.ear import Ear
from assistant.hearing.endpointing import EndpointingSettings
from assistant.hearing.listening import Listening
from assistant.hearing.recogniser import SpeechModel
from assistant.kept_devices import KeptDevices
from assistant.loading import load_speech_model
from assistant.memory.memory import Memory
from assistant.remembering import Remembering
from assistant.routines.run import Phase
from assistant.screen import Screen
from assistant.settings import Settings, voice_settings
from assistant.sound.samples import Block
from assistant.sound.speaker import Output, SilentSpeaker
from assistant.speaking.cache import CachedSynthesiser
from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.voices import Voices

ENDING_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class NothingToTalkWithError(MissingPartError):
    """Neither a microphone nor a keyboard."""

    def __init__(self) -> None:
        super().__init__(
            "There is no microphone, and no question was typed.\n"
            'Ask like this: marigold ask "does heat help"; see what is missing: marigold doctor'
        )


@dataclass(frozen=True, slots=True)
class Trial:
    """A routine to lead, for trying it out: from which step, how many times faster, and whether without a sound."""

    begin: Begin
    speed: float = 1.0
    silent: bool = False


class Talk:
    """Builds the assistant on this machine's devices, and talks until it is ended."""

    def __init__(
        self, settings: Settings, content: Content, screen: Screen, *, typed: bool, trial: Trial | None = None
    ) -> None:
        self._settings = settings
        self._content = content
        self._screen = screen
        self._typed = typed
        self._trial = trial
        self._ear: Ear | None = None
        self._voices: Voices | None = None
        self._hears = False
        self._questions = 0

    async def run(self) -> None:
        """Talk until Ctrl-C, or until typed input ends.

        Raises:
            MissingPartError: no voice, no model, or nothing to talk with.
        """
        with contextlib.closing(CachedSynthesiser(SupervisedSynthesiser())) as voice:
            voice.start()
            model = None if self._typed else load_speech_model(self._settings.model)
            await self._with_devices(voice, model)

    async def _with_devices(self, voice: CachedSynthesiser, model: SpeechModel | None) -> None:
        devices = KeptDevices(
            self._settings,
            on_block=self._hear,
            on_event=lambda event: assistant.hand_over(event),
            use_output=self._use_output,
            is_silent=lambda: assistant.state.speaking is None,
            notice=self._screen.notice,
        )
        trial = self._trial
        with contextlib.closing(devices):
            silent = trial is not None and trial.silent
            output = SilentSpeaker(trial.speed) if trial is not None and silent else devices.open_speaker()

            def make_voices(on_event: Callable[[object], None], clock: Clock) -> Voices:
                speed = trial.speed if trial is not None and silent else 1.0
                self._voices = Voices(voice, output, clock, on_event, sound_speed=speed)
                return self._voices

            assistant = Assistant(
                self._content,
                self._settings,
                make_voices,
                self._screen,
                listen=self._listen,
                clock=Clock(trial.speed) if trial is not None else Clock(),
                # A routine that is tried faster than time is no state to come back to.
                remembering=Remembering(
                    Memory() if trial is None or trial.speed == 1.0 else None, also_forget=forget_first_use
                ),
            )
            self._screen.watch(assistant.views)
            try:
                if model is not None:
                    self._start_hearing(assistant, model, devices)
                await self._talk(assistant, voice)
            finally:
                self._end(assistant)

    async def _talk(self, assistant: Assistant, voice: CachedSynthesiser) -> None:
        self._start_typing(assistant)
        self._warm(voice)
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        if sys.platform != "win32":  # there Ctrl-C comes as KeyboardInterrupt
            for number in ENDING_SIGNALS:
                loop.add_signal_handler(number, task.cancel)
        try:
            if self._trial is None:
                await assistant.run(typed=not self._hears, first_use=first_use())
            else:
                nobody = not self._hears and not self._typed and not self._has_keyboard()
                if nobody or self._trial.speed != 1.0:
                    self._screen.notice("Nobody is waited for: I go on by myself.")
                    assistant.answer_itself()
                await assistant.run(typed=not self._hears, first_use=False, greet=False, begin=self._trial.begin)
                return
        except asyncio.CancelledError:
            for view in assistant.views():
                if view.pad and view.phase in (Phase.RUNNING, Phase.OVER):
                    self._screen.notice(f"{view.title}: take it off, or start Marigold again to go on.")
            return
        if not self._hears and self._questions == 0 and not (sys.stdin is not None and sys.stdin.isatty()):
            raise NothingToTalkWithError

    def _start_hearing(self, assistant: Assistant, model: SpeechModel, devices: KeptDevices) -> None:
        pauses = EndpointingSettings(short_pause=self._settings.short_pause, long_pause=self._settings.long_pause)
        self._ear = Ear(
            model,
            assistant.hand_over,
            pause_needed=assistant.pause_needed,
            is_own=assistant.is_own,
            settings=pauses,
        )
        self._hears = devices.open_microphone()
        if self._hears:
            self._ear.start()
        else:
            self._ear = None

    def _hear(self, block: Block) -> None:
        if self._ear is not None:
            self._ear.put(block)

    def _listen(self, listening: Listening) -> None:
        if self._ear is not None:
            self._ear.listen(listening)

    def _use_output(self, output: Output) -> None:
        if self._voices is not None:
            self._voices.use(output)

    @staticmethod
    def _has_keyboard() -> bool:
        return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()

    def _ends_with_input(self) -> bool:
        """Return whether the end of the keyboard's input is the end; a trial that nobody answers has an end itself."""
        return not self._hears and (self._trial is None or (self._typed and self._trial.speed == 1.0))

    def _start_typing(self, assistant: Assistant) -> None:
        """Read typed questions from a thread; without a microphone the end of input is the end."""
        stdin = sys.stdin
        if stdin is None or stdin.closed:
            if self._ends_with_input():
                assistant.hand_over(Typed(None))
            return
        if self._hears and not stdin.isatty():
            return

        def read() -> None:
            with contextlib.suppress(ValueError, OSError):
                for line in stdin:
                    if line.strip():
                        self._questions += 1
                        assistant.hand_over(Typed(line.strip()))
            if self._ends_with_input():
                assistant.hand_over(Typed(None))

        threading.Thread(target=read, name="keyboard", daemon=True).start()

    def _warm(self, voice: CachedSynthesiser) -> None:
        """Make the first sentences of all answers ahead, so that an answer begins at once."""
        settings = voice_settings(self._settings)
        texts = [entry.answer[0].text for entry in self._content.guide.entries.values()]

        def work() -> None:
            with contextlib.suppress(MarigoldError):
                voice.warm(texts, settings)

        threading.Thread(target=work, name="warming", daemon=True).start()

    def _end(self, assistant: Assistant) -> None:
        ear, self._ear = self._ear, None
        if ear is not None:
            ear.close()
        assistant.close()


def first_use() -> bool:
    """Return whether this is the first run for this person, and remember that there was one."""
    mark = _introduced()
    if mark.exists():
        return False
    with contextlib.suppress(OSError):  # a full or read-only disk: the introduction is heard once more
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    return True


def forget_first_use() -> None:
    """Forget that there was a run; the next one is the first again."""
    with contextlib.suppress(OSError):
        _introduced().unlink(missing_ok=True)


def _introduced() -> Path:
    return Path(platformdirs.user_state_dir("marigold")) / "introduced"
