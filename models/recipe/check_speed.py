"""How quick and how large a model is: delay of partial results, computing time, loading, memory, disk."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.recipe.check_hearing import SILENCE_AFTER, Decoder, VoskDecoder
from models.recipe.check_noise import active_level
from models.recipe.check_sets import SAMPLE_RATE, Samples, load

BLOCK: Final = SAMPLE_RATE // 50
"""20 ms: the blocks in which a microphone's sound comes."""
_VOSK_FRAME: Final = 0.03
"""Seconds that libvosk counts for an output frame, whatever its length."""
_KALDI_FRAME: Final = 0.01
_AFTER: Final = 1.0
"""Seconds of silence fed after a clip, in which late words may still come."""
_LOADS: Final = 3
_SPEECH_WITHIN: Final = 30.0
"""dB below the active level, down to which a block counts as the end of the speech."""
_COSTLY: Final = 95
"""Percentile of the costs of blocks that stands for those that a chunk falls due in."""
_MEGABYTE: Final = 1e6


@dataclass(frozen=True, slots=True)
class Delay:
    """Seconds until a partial result shows a word."""

    median: float
    late: float
    """Nine in ten come sooner."""
    words: int


@dataclass(frozen=True, slots=True)
class Speed:
    """Figures of one model, on one core."""

    from_word: Delay
    """From the end of a word, by the recogniser's own word times."""
    from_speech: Delay
    """From the end of the speech to the whole final text: compares models whose word times differ."""
    computing: float
    """Processor seconds of the costlier blocks: sound is heard in chunks, and one block in ten or so pays for all."""
    open_factor: float
    """Processor seconds for a second of speech with the whole vocabulary."""
    grammar_factor: float
    load: float
    """Processor seconds, the quickest of three: the files are in the system's cache."""
    memory: float
    """MB at the most, interpreter included."""
    memory_before: float
    """MB of the interpreter and its libraries before the model is loaded."""
    disk: float
    """MB of all files."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Times (s, of the sound) at which words of a clip were first shown, with what it cost."""

    from_word: list[float]
    from_speech: float | None
    costs: list[float]


def time_scale(folder: Path) -> float:
    """Return by what libvosk's word times must be multiplied: it takes every output frame for 30 ms."""
    conf = folder / "conf" / "model.conf"
    found = re.search(r"--frame-subsampling-factor=(\d+)", conf.read_text() if conf.is_file() else "")
    return int(found[1]) * _KALDI_FRAME / _VOSK_FRAME if found else 1.0


def end_of_speech(samples: Samples) -> float:
    """Return when (s) the speech of a clip ends, by its level."""
    whole = len(samples) // BLOCK * BLOCK
    blocks = samples[:whole].reshape(-1, BLOCK).astype(np.float64)
    loud = np.flatnonzero(
        np.sqrt(np.mean(np.square(blocks), axis=1)) > active_level(samples) * 10 ** (-_SPEECH_WITHIN / 20)
    )
    return float((loud[-1] + 1) * BLOCK / SAMPLE_RATE) if len(loud) else 0.0


def watch(recogniser: Any, samples: Samples, scale: float) -> Shown:  # noqa: ANN401 - vosk has no types
    """Feed ``samples`` block by block, and note when each word is first in a partial result."""
    recogniser.SetWords(True)  # noqa: FBT003 - vosk's interface
    sound = np.concatenate([samples, np.zeros(int(_AFTER * SAMPLE_RATE), np.int16)])
    first_shown: dict[tuple[int, str], float] = {}
    texts: list[tuple[float, tuple[str, ...]]] = []
    words: list[dict[str, Any]] = []
    costs = []
    for start in range(0, len(sound), BLOCK):
        began = time.process_time()
        closed = recogniser.AcceptWaveform(sound[start : start + BLOCK].tobytes())
        told = json.loads(recogniser.Result() if closed else recogniser.PartialResult())
        costs.append(time.process_time() - began)
        now = (start + BLOCK) / SAMPLE_RATE
        so_far = tuple(word["word"] for word in words)
        if closed:
            words += told.get("result", [])
            shown = tuple(word["word"] for word in words)
        else:
            shown = (*so_far, *told["partial"].split())
        for place in range(len(so_far), len(shown)):
            first_shown.setdefault((place, shown[place]), now)
        texts.append((now, shown))
    words += json.loads(recogniser.FinalResult()).get("result", [])
    final = tuple(word["word"] for word in words)
    delays = [
        first_shown[place, word["word"]] - word["end"] * scale
        for place, word in enumerate(words)
        if (place, word["word"]) in first_shown
    ]
    whole = next((now for now, text in texts if text == final), None) if final else None
    return Shown(delays, None if whole is None else whole - end_of_speech(samples), costs)


def _delay(seconds: Sequence[float]) -> Delay:
    if not seconds:
        return Delay(float("nan"), float("nan"), 0)
    return Delay(float(np.median(seconds)), float(np.percentile(seconds, 90)), len(seconds))


def real_time_factor(decoder: Decoder, clips: Sequence[Samples], grammar: tuple[str, ...]) -> float:
    """Return the processor seconds that a second of sound takes."""
    began = time.process_time()
    for samples in clips:
        decoder.hear(samples, grammar)
    seconds = sum(len(samples) / SAMPLE_RATE + SILENCE_AFTER for samples in clips)
    return (time.process_time() - began) / seconds


def memory(field: str) -> float:
    """Return ``VmRSS`` or ``VmHWM`` (the most so far) of this process in MB; nan where the system doesn't tell."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return float("nan")
    found = re.search(rf"^{field}:\s*(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 / _MEGABYTE if found else float("nan")


def _measure(job: tuple[Path, tuple[Path, ...], tuple[Path, ...], tuple[str, ...]]) -> Speed:
    folder, clips, watched, grammar = job
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    import vosk  # before the memory is read: its library is not the model's

    vosk.SetLogLevel(-2)
    sound: list[Samples] = [load(path) for path in clips]
    before = memory("VmRSS")
    decoder, quickest = _timed_load(folder)
    open_factor = real_time_factor(decoder, sound, ())
    grammar_factor = real_time_factor(decoder, sound, grammar)
    scale = time_scale(folder)
    shown = [watch(vosk.KaldiRecognizer(decoder.model, float(SAMPLE_RATE)), load(path), scale) for path in watched]
    most = memory("VmHWM")
    del decoder  # or two models would be in memory
    quickest = min(quickest, *(_timed_load(folder)[1] for _ in range(_LOADS - 1)))
    return Speed(
        from_word=_delay([delay for clip in shown for delay in clip.from_word]),
        from_speech=_delay([clip.from_speech for clip in shown if clip.from_speech is not None]),
        computing=float(np.percentile([cost for clip in shown for cost in clip.costs], _COSTLY)),
        open_factor=open_factor,
        grammar_factor=grammar_factor,
        load=quickest,
        memory=most,
        memory_before=before,
        disk=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / _MEGABYTE,
    )


def _timed_load(folder: Path) -> tuple[VoskDecoder, float]:
    began = time.process_time()
    return VoskDecoder(folder), time.process_time() - began


def measure_speed(folder: Path, clips: Sequence[Path], watched: Sequence[Path], grammar: tuple[str, ...]) -> Speed:
    """Return the figures of the model in ``folder``, from a fresh process that keeps to one core.

    ``clips`` are timed, ``watched`` fed block by block; ``grammar`` is that of the second recogniser. Times are
    processor times, so that other work on the machine hardly matters.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, ((folder, tuple(clips), tuple(watched), grammar),))
