"""``marigold`` without a subcommand: talk. With a microphone by voice, without one by typed questions."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click
import platformdirs

from assistant.app import Assistant, Screen, Timing, Typed
from assistant.cli.options import Options
from assistant.cli.say import voice_settings
from assistant.content import Content, load_content
from assistant.dialogue.events import PartBack, PartLost
from assistant.errors import MarigoldError, MissingPartError
from assistant.hearing.ear import Ear, Listening
from assistant.hearing.endpointing import EndpointingSettings
from assistant.hearing.recogniser import SpeechModel
from assistant.loading import load_speech_model
from assistant.settings import Settings
from assistant.sound.devices import refresh_devices
from assistant.sound.microphone import Microphone
from assistant.sound.speaker import Output, SilentSpeaker, Speaker
from assistant.speaking.cache import CachedSynthesiser
from assistant.speaking.mouth import Mouth
from assistant.speaking.supervised import SupervisedSynthesiser

RETRY_SECONDS: Final = 1.0
"""Between two attempts to find a lost device again."""
UNSEEN_SPEED: Final = 1000.0
"""Without a speaker nothing is waited for: the text on the screen is the answer."""


class NothingToTalkWithError(MissingPartError):
    """Neither a microphone nor a keyboard."""


class Terminal(Screen):
    """Prints the conversation, one line a turn; control characters never reach the terminal."""

    def __init__(self, *, timings: bool) -> None:
        self._timings = timings
        self._live = sys.stdout.isatty()

    def heard_so_far(self, text: str) -> None:
        """Show a partial result in place, on a terminal only."""
        if self._live:
            print(f"\r\033[K  ... {_clean(text)[-100:]}", end="", flush=True)

    def heard(self, text: str) -> None:
        """Show what was heard."""
        self._line(f"You:      {_clean(text)}")

    def ignored(self, text: str) -> None:
        """Show what was not taken as meant for the assistant."""
        self._line(f"(not for me: {_clean(text)})")

    def says(self, text: str) -> None:
        """Show what is being said."""
        self._line(f"Marigold: {_clean(text)}")

    def notice(self, text: str) -> None:
        """Show a message about the assistant itself."""
        self._line(f"[{_clean(text)}]")

    def timing(self, timing: Timing) -> None:
        """Show how long an answer took to begin, where that was asked for."""
        if self._timings:
            self._line(
                f"[first sound {timing.total:.3f} s after the end of speech: end-pointing "
                f"{timing.endpointing:.3f}, final result {timing.final_result:.3f}, understanding "
                f"{timing.understanding:.3f}, voice and output {timing.speaking:.3f}]"
            )

    def _line(self, text: str) -> None:
        clear = "\r\033[K" if self._live else ""
        print(clear + text, flush=True)


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


class Talk:
    """One run of the assistant on this machine's devices."""

    def __init__(self, settings: Settings, content: Content, screen: Screen, *, typed: bool) -> None:
        self._settings = settings
        self._content = content
        self._screen = screen
        self._typed = typed
        self._ear: Ear | None = None
        self._microphone: Microphone | None = None
        self._output: Output = SilentSpeaker(UNSEEN_SPEED)
        self._hears = False
        self._questions = 0

    async def run(self) -> None:
        """Talk until Ctrl-C, or until typed input ends."""
        loop = asyncio.get_running_loop()
        synthesiser = SupervisedSynthesiser()
        warmed = CachedSynthesiser(synthesiser)
        try:
            synthesiser.start()
            model = None if self._typed else self._load_model()
            self._open_speaker()
            assistant = Assistant(
                self._content,
                self._settings,
                lambda on_event: Mouth(warmed, self._output, on_event),
                self._screen,
                listen=self._listen,
            )
            try:
                await self._talk(loop, assistant, model, warmed)
            finally:
                self._close(assistant)
        finally:
            warmed.close()

    async def _talk(
        self,
        loop: asyncio.AbstractEventLoop,
        assistant: Assistant,
        model: SpeechModel | None,
        voice: CachedSynthesiser,
    ) -> None:
        if model is not None:
            self._start_hearing(loop, assistant, model)
        self._start_typing(assistant)
        self._warm(voice)
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(number, task.cancel)
        try:
            await assistant.run(typed=not self._hears, first_use=first_use())
        except asyncio.CancelledError:
            return
        if not self._hears and self._questions == 0 and not (sys.stdin is not None and sys.stdin.isatty()):
            raise NothingToTalkWithError(
                "There is no microphone, and no question was typed.\n"
                'Ask like this: marigold ask "does heat help"; see what is missing: marigold doctor'
            )

    def _load_model(self) -> SpeechModel | None:
        """Return the speech model; a missing one that was not asked for by name leaves typed questions."""
        return load_speech_model(self._settings.model)

    def _open_speaker(self) -> None:
        try:
            self._output = Speaker(self._settings.speaker)
        except MissingPartError as fault:
            self._screen.notice(f"{fault} Answers are shown here.")

    def _start_hearing(self, loop: asyncio.AbstractEventLoop, assistant: Assistant, model: SpeechModel) -> None:
        self._ear = Ear(
            model,
            assistant.hand_over,
            pause_needed=assistant.pause_needed,
            settings=EndpointingSettings(short_pause=self._settings.short_pause, long_pause=self._settings.long_pause),
        )

        def lost(reason: str) -> None:
            assistant.hand_over(PartLost("microphone"))
            self._screen.notice(f"The microphone is gone: {reason}. Looking for it.")
            threading.Thread(target=find_again, name="microphone search", daemon=True).start()

        def find_again() -> None:
            while not loop.is_closed() and self._ear is not None:
                threading.Event().wait(RETRY_SECONDS)
                if self._open_microphone(lost) is None:
                    assistant.hand_over(PartBack("microphone"))
                    return

        fault = self._open_microphone(lost)
        if fault is not None:
            self._ear = None
            self._screen.notice(f"{fault} Type your question and press Enter.")
            return
        self._hears = True
        self._ear.start()

    def _open_microphone(self, lost: Callable[[str], None]) -> MissingPartError | None:
        ear = self._ear
        assert ear is not None
        if self._microphone is not None:
            self._microphone.close()
            if not self._output.check():
                refresh_devices()
        microphone = Microphone(self._settings.microphone, ear.put, lost)
        try:
            microphone.start()
        except MissingPartError as fault:
            return fault
        self._microphone = microphone
        return None

    def _listen(self, listening: Listening) -> None:
        if self._ear is not None:
            self._ear.listen(listening)

    def _start_typing(self, assistant: Assistant) -> None:
        """Read typed questions from a thread; without a microphone the end of input is the end."""
        stdin = sys.stdin
        if stdin is None or stdin.closed:
            if not self._hears:
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
            if not self._hears:
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

    def _close(self, assistant: Assistant) -> None:
        if self._microphone is not None:
            self._microphone.close()
        ear, self._ear = self._ear, None
        if ear is not None:
            ear.close()
        assistant.close()
        self._output.close()


def first_use() -> bool:
    """Return whether this is the first run for this person, and remember that there was one."""
    mark = Path(platformdirs.user_state_dir("marigold")) / "introduced"
    if mark.exists():
        return False
    with contextlib.suppress(OSError):  # a full or read-only disk: the introduction is heard once more
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    return True


def run_talk(options: Options, *, timings: bool = False) -> None:
    """Talk on this machine's devices.

    Raises:
        MissingPartError: there is neither a microphone nor a keyboard, or no model, or no voice.
    """
    settings = options.settings()
    screen = Terminal(timings=timings)
    talk_ = Talk(settings, load_content(settings.content), screen, typed=options.typed)
    asyncio.run(talk_.run())


@click.command()
@click.option("--timings", is_flag=True, help="Show how long each answer took to begin, by stage.")
@click.pass_obj
def talk(options: Options, *, timings: bool) -> None:
    """Ask aloud, hear the answer (what marigold does without a subcommand)."""
    run_talk(options, timings=timings)
