"""Owns the child process that speaks: where it hangs or dies it is replaced, and the sentence said again."""

from __future__ import annotations

import difflib
import re
import textwrap
import threading
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from assistant.language import sentences_of, speakable
from assistant.speaking.voice import (
    NoVoiceError,
    Speech,
    SpokenWord,
    UnknownVoiceError,
    VoiceFailedError,
    VoiceSettings,
)
from assistant.speaking.worker_process import WorkerProcess

START_TIMEOUT: Final = 20.0
"""Seconds for the child to start: a slow card in a small computer, cold."""
BASE_TIMEOUT: Final = 1.0
"""Seconds for a short text; it takes some milliseconds."""
TIMEOUT_PER_LETTER: Final = 0.005
"""espeak takes 0.04 ms a letter here; a small computer under load some ten times that."""
TRIES: Final = 3
MAX_LETTERS: Final = 2000
"""Longer texts are cut at sentence ends."""
RECEIVING: Final = 2.0
"""Seconds that a reply may take once it has begun to come; a megabyte takes some milliseconds."""
SILENT_SHARE: Final = 0.002
"""Samples below this share of the loudest are silence: espeak's pauses are zeros, its last sounds fade."""
TAIL_SECONDS: Final = 0.08
LONGEST_LAST_WORD: Final = 1.0
"""Seconds: what follows the last word is no longer the word."""
_WORD: Final = re.compile(r"\w+(?:[.,'’-]\w+)*")


class SupervisedSynthesiser:
    """A synthesiser in a child process. Safe for several threads; one text at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._version = ""
        self._closed = False
        self.restarts = 0
        """How often the worker had to be replaced."""

    @property
    def worker(self) -> int | None:
        """The worker's process id, or None before the first text."""
        return self._worker.pid if self._worker is not None else None

    @property
    def version(self) -> str:
        """The library's name and version; starts the worker where it isn't known yet.

        Raises:
            NoVoiceError: there is no synthesiser on this machine.
        """
        if not self._version:
            self.start()
        return self._version

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
            UnknownVoiceError: no such voice. NoVoiceError: no synthesiser, or closed.
            VoiceFailedError: it failed three times.
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
        """End the worker, also in the middle of a text."""
        self._closed = True
        worker = self._worker
        if worker is not None:
            worker.kill()
        with self._lock:
            self._end()

    def _part(self, text: str, settings: VoiceSettings) -> Speech:
        request = (text, settings.rate, settings.volume, settings.pitch, settings.voice)
        reply = self._ask(request, BASE_TIMEOUT + TIMEOUT_PER_LETTER * len(text))
        if reply[0] == "unknown voice":
            near = difflib.get_close_matches(settings.voice.lower(), reply[1], n=4, cutoff=0.3)
            raise UnknownVoiceError(settings.voice, near)
        samples = np.frombuffer(reply[1], dtype=np.int16)
        return _speech(text, samples, int(reply[2]), reply[3])

    def _ask(self, request: object, timeout: float) -> Any:  # noqa: ANN401 - a reply of the protocol
        why = ""
        for attempt in range(TRIES):
            worker = self._ready()
            try:
                worker.pipe.send(request)
                if worker.pipe.poll(timeout):
                    reply = worker.receive(RECEIVING)
                    if reply[0] != "failed":
                        return reply
                    why = str(reply[1])
                else:
                    why = "it hung"
            except (EOFError, OSError) as fault:
                why = f"it ended ({type(fault).__name__})"
            self._end()
            if attempt < TRIES - 1 and not self._closed:
                self.restarts += 1
        raise VoiceFailedError(f"The voice failed {TRIES} times ({why}). Run: marigold doctor")

    def _ready(self) -> WorkerProcess:
        if self._closed:
            raise NoVoiceError("The voice has been closed.")
        if self._worker is not None and self._worker.alive:
            return self._worker
        self._end()
        try:
            self._worker = worker = WorkerProcess()
        except OSError as fault:
            raise NoVoiceError(f"The voice can't start: {fault.strerror}") from fault
        try:
            started = worker.pipe.poll(START_TIMEOUT)
            reply = worker.receive(RECEIVING) if started else ("no voice", "it did not start in time")
        except (EOFError, OSError):
            reply = ("no voice", "it ended while it started")
        if reply[0] != "ready":
            self._end()
            raise NoVoiceError(f"The voice can't start: {reply[1]}")
        self._version = str(reply[1])
        return worker

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()


def _pieces(text: str) -> list[str]:
    if len(text) <= MAX_LETTERS:
        return [text]
    pieces: list[str] = []
    for sentence in sentences_of(text):
        for part in textwrap.wrap(sentence, MAX_LETTERS):
            if pieces and len(pieces[-1]) + len(part) < MAX_LETTERS:
                pieces[-1] = f"{pieces[-1]} {part}"
            else:
                pieces.append(part)
    return pieces


def _speech(text: str, samples: NDArray[np.int16], rate: int, marks: list[tuple[int, int, float]]) -> Speech:
    level = np.abs(samples.astype(np.int32))
    peak = int(level.max(initial=0))
    # At volume 0 all is silent, and lasts as long as the words would.
    loud = np.flatnonzero(level > peak * SILENT_SHARE) if peak else np.arange(len(samples))
    end = int(loud[-1]) + 1 if loud.size else 0
    trimmed = samples[: min(len(samples), end + int(TAIL_SECONDS * rate))]
    return Speech(text, trimmed, rate, _words(text, marks, end / rate))


def _words(text: str, marks: list[tuple[int, int, float]], end: float) -> tuple[SpokenWord, ...]:
    """Return all words of ``text`` with their times.

    espeak marks a figure once for each word that it says for it, and some pairs ("of the", "to be") only once:
    words without a mark share the time of the marked one before them, by their letters.
    """
    groups: list[tuple[float, list[str]]] = []
    left = list(marks)
    for word in _WORD.finditer(text):
        mine = []
        while left and left[0][0] < word.end():
            first, length, at = left.pop(0)
            if first + length > word.start():
                mine.append(at)
        if mine or not groups:
            groups.append((mine[0] if mine else 0.0, []))
        groups[-1][1].append(word.group())
    spoken: list[SpokenWord] = []
    for number, (start, words) in enumerate(groups):
        is_last = number == len(groups) - 1
        until = min(end, start + LONGEST_LAST_WORD * len(words)) if is_last else groups[number + 1][0]
        each = max(0.0, until - start) / sum(len(word) for word in words)
        for word_text in words:
            spoken.append(SpokenWord(word_text, start, start + each * len(word_text)))
            start = spoken[-1].end
    return tuple(spoken)


def _joined(text: str, parts: list[Speech]) -> Speech:
    if len(parts) == 1:
        return parts[0]
    words: list[SpokenWord] = []
    offset = 0.0
    for part in parts:
        words += [SpokenWord(w.text, w.start + offset, w.end + offset) for w in part.words]
        offset += part.seconds
    return Speech(text, np.concatenate([part.samples for part in parts]), parts[0].rate, tuple(words))
