"""Owns the child process that speaks: a worker that hangs or dies is replaced, and the sentence said again."""

from __future__ import annotations

import difflib
import multiprocessing
import threading
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from assistant.language import sentences_of, speakable
from assistant.speaking.espeak_worker import serve
from assistant.speaking.voice import (
    NoVoiceError,
    Speech,
    SpokenWord,
    UnknownVoiceError,
    VoiceFailedError,
    VoiceSettings,
)

START_TIMEOUT: Final = 20.0
"""Seconds for the child to start: a slow card in a small computer, cold."""
BASE_TIMEOUT: Final = 1.0
"""Seconds for a short text; it takes some milliseconds."""
TIMEOUT_PER_LETTER: Final = 0.005
"""espeak takes 0.04 ms a letter here; a small computer under load some ten times that."""
TRIES: Final = 3
MAX_LETTERS: Final = 2000
"""Longer texts are cut at sentence ends."""
SILENT_LEVEL: Final = 40
"""Samples below this (of 32767) are silence: espeak's own pauses are exact zeros."""
TAIL_SECONDS: Final = 0.08
LONGEST_LAST_WORD: Final = 1.0


class SupervisedSynthesiser:
    """A synthesiser in a child process. Safe for several threads; one text at a time."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._lock = threading.Lock()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self.restarts = 0
        """How often the worker had to be replaced."""

    @property
    def worker(self) -> int | None:
        """The worker's process id, or None before the first text."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the worker ahead of the first text.

        Raises:
            NoVoiceError: there is no synthesiser on this machine.
        """
        with self._lock:
            self._ready()

    def synthesise(self, text: str, settings: VoiceSettings) -> Speech:
        """Return ``text`` as speech.

        Raises:
            UnknownVoiceError: no such voice. NoVoiceError: no synthesiser. VoiceFailedError: it failed three times.
        """
        plain = speakable(text)
        with self._lock:
            parts = [self._part(part, settings) for part in _pieces(plain)]
        return _joined(plain, parts)

    def voices(self) -> list[str]:
        """Return the names of the voices that there are."""
        with self._lock:
            reply = self._ask("voices", START_TIMEOUT)
        return [str(name) for name in reply[1]]

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            self._end()

    def _part(self, text: str, settings: VoiceSettings) -> Speech:
        request = (text, settings.rate, settings.volume, settings.pitch, settings.voice)
        reply = self._ask(request, BASE_TIMEOUT + TIMEOUT_PER_LETTER * len(text))
        if reply[0] == "unknown voice":
            raise UnknownVoiceError(settings.voice, difflib.get_close_matches(settings.voice, reply[1], n=4, cutoff=0.3))
        samples = np.frombuffer(reply[1], dtype=np.int16)
        return _speech(text, samples, int(reply[2]), reply[3])

    def _ask(self, request: object, timeout: float) -> Any:  # noqa: ANN401 - a reply of the protocol
        why = ""
        for attempt in range(TRIES):
            pipe = self._ready()
            try:
                pipe.send(request)
                if pipe.poll(timeout):
                    reply = pipe.recv()
                    if reply[0] != "failed":
                        return reply
                    why = str(reply[1])
                else:
                    why = "it hung"
            except (EOFError, OSError) as fault:
                why = f"it ended ({type(fault).__name__})"
            self._end()
            if attempt < TRIES - 1:
                self.restarts += 1
        raise VoiceFailedError(f"The voice failed {TRIES} times ({why}). Run: marigold doctor")

    def _ready(self) -> Connection:
        if self._pipe is not None and self._process is not None and self._process.is_alive():
            return self._pipe
        self._end()
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=serve, args=(theirs,), name="marigold-voice", daemon=True)
        process.start()
        theirs.close()
        self._process, self._pipe = process, ours
        try:
            reply = ours.recv() if ours.poll(START_TIMEOUT) else ("no voice", "it did not start in time")
        except (EOFError, OSError):
            reply = ("no voice", "it ended while it started")
        if reply[0] != "ready":
            self._end()
            raise NoVoiceError(f"The voice can't start: {reply[1]}")
        return ours

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is not None:
            self._process.kill()
            self._process.join(2.0)
            self._process = None


def _pieces(text: str) -> list[str]:
    if len(text) <= MAX_LETTERS:
        return [text]
    pieces: list[str] = [""]
    for sentence in sentences_of(text):
        for start in range(0, len(sentence), MAX_LETTERS):
            part = sentence[start : start + MAX_LETTERS]
            if len(pieces[-1]) + len(part) + 1 <= MAX_LETTERS:
                pieces[-1] = f"{pieces[-1]} {part}".strip()
            else:
                pieces.append(part)
    return [piece for piece in pieces if piece]


def _speech(text: str, samples: NDArray[np.int16], rate: int, marks: list[tuple[int, int, float]]) -> Speech:
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > SILENT_LEVEL)
    end = int(loud[-1]) + 1 if loud.size else 0
    trimmed = samples[: min(len(samples), end + int(TAIL_SECONDS * rate))]
    starts = [at for _, _, at in marks]
    ends = [*starts[1:], min(end / rate, starts[-1] + LONGEST_LAST_WORD)] if starts else []
    words = tuple(
        SpokenWord(text[first : first + length], at, max(at, until))
        for (first, length, at), until in zip(marks, ends, strict=True)
    )
    return Speech(text, trimmed, rate, words)


def _joined(text: str, parts: list[Speech]) -> Speech:
    if len(parts) == 1:
        return parts[0]
    words: list[SpokenWord] = []
    offset = 0.0
    for part in parts:
        words += [SpokenWord(w.text, w.start + offset, w.end + offset) for w in part.words]
        offset += part.seconds
    return Speech(text, np.concatenate([part.samples for part in parts]), parts[0].rate, tuple(words))
