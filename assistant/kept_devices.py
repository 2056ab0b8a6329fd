"""The microphone and the speaker of one run. One that goes away is looked for until it is back."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Final

from assistant.dialogue.events import PartBack, PartLost
from assistant.errors import MarigoldError, MissingPartError
from assistant.settings import Settings
from assistant.sound.devices import refresh_devices
from assistant.sound.microphone import Microphone
from assistant.sound.samples import Block
from assistant.sound.speaker import Output, SilentSpeaker, Speaker

RETRY_SECONDS: Final = 1.0
"""Between two attempts to find a lost device again."""
REFRESH_EVERY: Final = 5
"""Attempts after which PortAudio is made to look for devices anew although the other device still works. That
stops the other one for a moment, so it is done only in silence."""
UNSEEN_SPEED: Final = 1000.0
"""Without a speaker nothing is waited for: the text on the screen is the answer."""
MICROPHONE: Final = "microphone"
SPEAKER: Final = "speaker"


class KeptDevices:
    """Opens the devices, and opens them again. `on_event` and `use_output` are called from threads of its own."""

    def __init__(
        self,
        settings: Settings,
        *,
        on_block: Callable[[Block], None],
        on_event: Callable[[PartLost | PartBack], None],
        use_output: Callable[[Output], None],
        is_silent: Callable[[], bool],
        notice: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._on_block = on_block
        self._on_event = on_event
        self._use_output = use_output
        self._is_silent = is_silent
        self._notice = notice
        self._microphone: Microphone | None = None
        self._speaker: Speaker | None = None
        self._missing: set[str] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._search: threading.Thread | None = None

    def open_speaker(self) -> Output:
        """Return the speaker, or silence where there is none (told by a notice).

        Raises:
            UnknownDeviceError: a speaker was named that isn't there.
        """
        try:
            self._speaker = Speaker(self._settings.speaker, lambda reason: self._lost(SPEAKER, reason))
        except MissingPartError as fault:
            self._notice(f"{fault} Answers are shown here.")
            return SilentSpeaker(UNSEEN_SPEED)
        return self._speaker

    def open_microphone(self) -> bool:
        """Open the microphone; return False where there is none (told by a notice).

        Raises:
            UnknownDeviceError: a microphone was named that isn't there.
        """
        try:
            self._start_microphone()
        except MissingPartError as fault:
            self._notice(f"{fault} Type your question and press Enter.")
            return False
        return True

    def close(self) -> None:
        """Give the devices back."""
        self._closed.set()
        with self._lock:
            self._close_microphone()
            self._close_speaker()

    # From the devices' threads -------------------------------------------------------------------------

    def _lost(self, part: str, reason: str) -> None:
        if self._closed.is_set():
            return
        self._notice(f"The {part} is gone: {reason}. Looking for it.")
        if part == SPEAKER:
            self._use_output(SilentSpeaker(UNSEEN_SPEED))
        self._on_event(PartLost(part))
        with self._lock:
            self._missing.add(part)
            if self._search is None or not self._search.is_alive():
                self._search = threading.Thread(target=self._find_again, name="device search", daemon=True)
                self._search.start()

    def _find_again(self) -> None:
        attempt = 0
        while not self._closed.wait(RETRY_SECONDS):
            attempt += 1
            with self._lock:
                back = self._attempt(attempt)
                done = not self._missing
                if done:
                    self._search = None
            for part in back:
                self._notice(f"The {part} is back.")
                self._on_event(PartBack(part))
            if done:
                return

    def _attempt(self, attempt: int) -> list[str]:
        """Try to open what is missing; with the lock held. Return what is back."""
        wanted = set(self._missing)
        if MICROPHONE in wanted:
            self._close_microphone()
        if SPEAKER in wanted:
            self._close_speaker()
        alive = {MICROPHONE: self._microphone, SPEAKER: self._speaker}
        others = [part for part, device in alive.items() if device is not None]
        if not others:
            refresh_devices()
        elif attempt % REFRESH_EVERY == 0 and self._is_silent():
            self._close_microphone()
            self._close_speaker()
            refresh_devices()
            wanted |= set(others)
        for part in sorted(wanted):
            with contextlib.suppress(MarigoldError):
                self._open_again(part)
                wanted.discard(part)
        back = self._missing - wanted
        self._missing = wanted
        return sorted(back)

    def _open_again(self, part: str) -> None:
        if part == MICROPHONE:
            self._start_microphone()
            return
        self._speaker = Speaker(self._settings.speaker, lambda reason: self._lost(SPEAKER, reason))
        self._use_output(self._speaker)

    def _start_microphone(self) -> None:
        name = self._settings.microphone
        microphone = Microphone(name, self._on_block, lambda reason: self._lost(MICROPHONE, reason))
        microphone.start()
        self._microphone = microphone

    def _close_microphone(self) -> None:
        microphone, self._microphone = self._microphone, None
        if microphone is not None:
            microphone.close()

    def _close_speaker(self) -> None:
        speaker, self._speaker = self._speaker, None
        if speaker is not None:
            speaker.close()
