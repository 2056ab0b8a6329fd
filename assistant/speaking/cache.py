"""Keeps speech that was made: the same sentence in the same voice is made once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from assistant.speaking.voice import Speech, Synthesiser, VoiceSettings

MAX_BYTES: Final = 32 * 1024 * 1024
"""About twelve minutes of speech: all of a guide's answers."""


class CachedSynthesiser:
    """A synthesiser with a memory; what was used least recently goes first. Safe for several threads."""

    def __init__(self, inner: Synthesiser, max_bytes: int = MAX_BYTES) -> None:
        self._inner = inner
        self._max_bytes = max_bytes
        self._kept: OrderedDict[tuple[str, VoiceSettings, str], Speech] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self.hits = 0
        self.misses = 0

    @property
    def version(self) -> str:
        """The inner synthesiser's."""
        return self._inner.version

    @property
    def bytes_kept(self) -> int:
        """Bytes of samples kept now."""
        return self._bytes

    def synthesise(self, text: str, settings: VoiceSettings) -> Speech:
        """Return ``text`` as speech, made now or kept from before.

        Raises:
            MarigoldError: what the inner synthesiser raises; a failure is not kept.
        """
        key = (text, settings, self._inner.version)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                self.hits += 1
                return kept
        speech = self._inner.synthesise(text, settings)
        with self._lock:
            self.misses += 1
            if key not in self._kept and speech.samples.nbytes <= self._max_bytes:
                self._kept[key] = speech
                self._bytes += speech.samples.nbytes
            while self._bytes > self._max_bytes:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.samples.nbytes
        return speech

    def start(self) -> None:
        """Get ready ahead of the first text.

        Raises:
            NoVoiceError: there is no synthesiser on this machine.
        """
        _ = self._inner.version

    def warm(self, texts: Iterable[str], settings: VoiceSettings) -> None:
        """Make ``texts`` ahead of their use."""
        for text in texts:
            self.synthesise(text, settings)

    def voices(self) -> list[str]:
        """Return the names of the voices that there are."""
        return self._inner.voices()

    def close(self) -> None:
        """End the synthesiser."""
        self._inner.close()
