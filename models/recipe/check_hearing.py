"""Lets recognisers hear clips: one task after another on several processes, each answer kept so that it's made once."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from models.recipe.check_noise import CLEAN, Condition, heard_in
from models.recipe.check_sets import SAMPLE_RATE, Clip, MissingDataError, Samples, load

UNKNOWN: Final = "[unk]"
CHUNK: Final = SAMPLE_RATE // 4
"""Samples handed over at once; what is heard hardly depends on it, and large pieces are quicker."""
SILENCE_AFTER: Final = 0.3
"""Seconds of silence after each clip: in a microphone sound never ends with the last word."""
_SAVE_EVERY: Final = 25
_KEY_DIGITS: Final = 16

Grammar = tuple[str, ...]
"""Phrases that a recogniser is limited to; empty for its whole vocabulary."""
Progress = Callable[[int, int], None]


class Decoder(Protocol):
    """Something that writes down what it hears."""

    def hear(self, samples: Samples, grammar: Grammar) -> str:
        """Return the words heard in 16 kHz mono samples."""
        ...


@dataclass(frozen=True, slots=True)
class System:
    """A recogniser under test: its name, a digest of its files, and how a process gets one."""

    name: str
    digest: str
    make: Callable[[], Decoder]
    grammars: bool = True
    """Whether it can be limited to a grammar."""


@dataclass(frozen=True, slots=True)
class Task:
    """A clip to be heard under a condition."""

    clip: Clip
    condition: Condition = CLEAN
    grammar: Grammar = ()


class VoskDecoder:
    """A model folder in Vosk's format."""

    def __init__(self, folder: Path) -> None:
        """Load the model."""
        import vosk

        vosk.SetLogLevel(-2)
        self._make: Any = vosk.KaldiRecognizer
        self.model: Any = vosk.Model(str(folder))

    def hear(self, samples: Samples, grammar: Grammar) -> str:
        """Return the words heard, all segments joined; ``[unk]`` stands for what a grammar lacks."""
        limits = (json.dumps(grammar),) if grammar else ()
        recogniser = self._make(self.model, float(SAMPLE_RATE), *limits)
        sound = np.concatenate([samples, np.zeros(int(SILENCE_AFTER * SAMPLE_RATE), np.int16)])
        heard = [
            json.loads(recogniser.Result())["text"]
            for start in range(0, len(sound), CHUNK)
            if recogniser.AcceptWaveform(sound[start : start + CHUNK].tobytes())
        ]
        heard.append(json.loads(recogniser.FinalResult())["text"])
        return " ".join(text for text in heard if text)


@dataclass(frozen=True, slots=True)
class _MakeVosk:
    """Loads the model in the process that uses it: a loaded one can't be sent there."""

    folder: Path

    def __call__(self) -> Decoder:
        return VoskDecoder(self.folder)


def vosk_system(folder: Path) -> System:
    """Return the system of a model folder.

    Raises:
        MissingDataError: The folder holds no model.
    """
    if not (folder / "am" / "final.mdl").is_file():
        raise MissingDataError(f"{folder} has no am/final.mdl.\nGive the folder of a model in Vosk's format.")
    return System(folder.name, folder_digest(folder), _MakeVosk(folder))


def folder_digest(folder: Path) -> str:
    """Return a digest of the names and bytes of all files that make a model hear (am, conf, graph, ivector)."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".md":
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@dataclass(slots=True)
class Cache:
    """What systems heard, kept in a JSON file by digests of system, sound and grammar."""

    path: Path | None = None
    texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, path: Path) -> Cache:
        """Return the cache kept in ``path``; an empty one where there's none, or a damaged one."""
        try:
            texts = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            texts = {}
        return cls(path, {str(key): str(text) for key, text in texts.items()} if isinstance(texts, dict) else {})

    def save(self) -> None:
        """Write the file, whole or not at all."""
        if self.path is None:
            return
        beside = self.path.with_suffix(".new")
        beside.write_text(json.dumps(self.texts, ensure_ascii=False, indent=0, sort_keys=True), encoding="utf-8")
        beside.replace(self.path)


def key_of(system: System, samples: Samples, grammar: Grammar) -> str:
    """Return the key under which the cache keeps what ``system`` hears."""
    sound = hashlib.sha256(samples.tobytes()).hexdigest()
    by = hashlib.sha256(system.digest.encode()).hexdigest()
    limits = hashlib.sha256(json.dumps(grammar).encode()).hexdigest() if grammar else ""
    return f"{by[:_KEY_DIGITS]}:{sound[: 2 * _KEY_DIGITS]}:{limits[:_KEY_DIGITS]}"


class _Listener:
    """Hears tasks with one decoder, made when the first task is not in the cache."""

    def __init__(self, system: System, known: dict[str, str]) -> None:
        self._system = system
        self._known = known
        self._decoder: Decoder | None = None

    def __call__(self, numbered: tuple[int, Task]) -> tuple[int, str, str]:
        """Return the task's number, its key and the words heard."""
        number, task = numbered
        samples = heard_in(task.condition, load(task.clip.path))
        key = key_of(self._system, samples, task.grammar)
        text = self._known.get(key)
        if text is None:
            self._decoder = self._decoder or self._system.make()
            text = self._decoder.hear(samples, task.grammar)
        return number, key, text


_listener: _Listener | None = None
"""The one of a worker process."""


def _start_worker(system: System, known: dict[str, str]) -> None:
    global _listener
    _listener = _Listener(system, known)


def _work(numbered: tuple[int, Task]) -> tuple[int, str, str]:
    assert _listener is not None
    return _listener(numbered)


def hear_all(
    system: System, tasks: Sequence[Task], cache: Cache, *, jobs: int = 1, progress: Progress | None = None
) -> list[str]:
    """Return what ``system`` hears in each task, with ``jobs`` processes (1: in this one).

    New answers go into the cache, which is saved now and then, so that a run that was broken off goes on.
    """
    texts = [""] * len(tasks)
    try:
        for done, (number, key, text) in enumerate(_answers(system, tasks, cache.texts, jobs), start=1):
            texts[number] = cache.texts[key] = text
            if done % _SAVE_EVERY == 0:
                cache.save()
            if progress is not None:
                progress(done, len(tasks))
    finally:
        cache.save()
    return texts


def _answers(system: System, tasks: Sequence[Task], known: dict[str, str], jobs: int) -> Iterator[tuple[int, str, str]]:
    if jobs == 1:
        yield from map(_Listener(system, known), enumerate(tasks))
        return
    # Fresh processes: a fork of one that has run threads (BLAS, progress bars) can hang.
    with multiprocessing.get_context("spawn").Pool(jobs, _start_worker, (system, dict(known))) as pool:
        yield from pool.imap_unordered(_work, enumerate(tasks))
