"""Synthetic training speech: many speakers, blended from the styles of a synthetic voice, say many sentences.

What is made can be read while it grows: a clip is written before its row of the manifest, a row at a time, so that
whatever stops the run costs one clip. A later run with the same sentences goes on where the last one ended.
"""

from __future__ import annotations

import csv
import functools
import json
import multiprocessing
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from assistant.errors import WrongInputError
from models.recipe.corpus import COLUMNS
from models.recipe.features import SAMPLE_RATE
from models.recipe.kokoro import UnspeakableTextError, blend_name, load_kokoro, read_styles
from models.recipe.reserved import KOKORO_VOICES
from models.recipe.sentences import Line, make_lines

RESERVED_VOICES: Final = frozenset(KOKORO_VOICES)
SPEAKERS: Final = 120
LINES: Final = 9000
"""Some six hours; with another number of them the lines are others."""
SLOWEST, FASTEST = 0.75, 1.3
"""Speeds, as people differ: someone in pain speaks slowly, someone afraid fast."""
KEPT_SILENCE: Final = 0.25
"""Seconds before and after the words. More would teach that people pause for a second around every sentence."""
SHORTEST_SECONDS, LONGEST_SECONDS = 0.25, 15.0
_SILENT: Final = 0.01
"""Of the loudest 10 ms: what is quieter at the ends counts as silence (40 dB below)."""
_STEP: Final = SAMPLE_RATE // 100
_QUIETEST, _LOUDEST = 0.25, 0.95
"""Peaks between which clips lie (full scale 1)."""
_FOREIGN_MOST: Final = 0.45
"""Share of a style of another language in a blend: it adds a timbre and a touch of accent, but must not take over."""
_FOREIGN_LEAST: Final = 0.2
_BRITISH_SHARE: Final = 0.3
_SOURCE: Final = "kokoro"
_LICENCE: Final = "Apache-2.0 (Kokoro-82M weights); text as listed in the table of texts"
_ACCENTS: Final = {"a": "american", "b": "british"}
"""By the first letter of a style's name; the others speak other languages."""

Wave = npt.NDArray[np.float32]
Synthesiser = Callable[[str, Mapping[str, float], str, float], tuple[Wave, int]]
"""Says a text with a blend of styles, in an accent, at a speed; gives samples (full scale 1) and their rate."""


class ReservedVoiceError(WrongInputError):
    """A voice that measures was to speak training sentences."""


class TooFewVoicesError(WrongInputError):
    """There are not enough styles to blend."""


class OtherSpeechError(WrongInputError):
    """The folder holds the speech of other sentences."""


@dataclass(frozen=True)
class Speaker:
    """A blend of styles: their weights, which add up to 1."""

    name: str
    blend: Mapping[str, float]
    accent: str


@dataclass(frozen=True)
class Task:
    """A line, who says it and how, and where it goes (relative to the folder of all)."""

    path: str
    line: Line
    speaker: Speaker
    speed: float
    peak: float


@dataclass(frozen=True)
class Made:
    """What a run leaves in its folder, clips of earlier runs among it."""

    clips: int
    seconds: float
    skipped: int
    """Lines of this run that came out too short, too long, or not at all."""


def refuse_reserved(names: Iterable[str]) -> None:
    """Raise `ReservedVoiceError` if a voice kept for measuring is among ``names``."""
    if reserved := sorted(RESERVED_VOICES.intersection(names)):
        raise ReservedVoiceError(
            f"Voices kept for measuring must not be trained on, not even in a blend: {', '.join(reserved)}."
        )


def make_speakers(voices: Iterable[str], count: int = SPEAKERS, seed: int = 2026) -> list[Speaker]:
    """Return ``count`` speakers blended at random from ``voices`` (names of styles); the same for the same seed.

    Two or three styles of one accent make a speaker; every second one takes a style of another language too.

    Raises:
        ReservedVoiceError: A voice that measures is among ``voices``.
        TooFewVoicesError: There are less than two styles of an accent.
    """
    names = sorted(voices)
    refuse_reserved(names)
    by_accent = {accent: [name for name in names if name[0] == letter] for letter, accent in _ACCENTS.items()}
    foreign = [name for name in names if name[0] not in _ACCENTS]
    for accent, styles in by_accent.items():
        if len(styles) < 2:
            raise TooFewVoicesError(f"Blends need two {accent} styles at least; there are {len(styles)}.")
    chance = random.Random(seed)
    speakers = []
    for number in range(count):
        accent = "british" if chance.random() < _BRITISH_SHARE else "american"
        styles = by_accent[accent]
        chosen = chance.sample(styles, min(chance.choice((2, 2, 3)), len(styles)))
        weights = [chance.uniform(0.25, 1) for _ in chosen]
        if number % 2 and foreign:
            share = chance.uniform(_FOREIGN_LEAST, _FOREIGN_MOST)
            chosen[-1] = chance.choice(foreign)
            weights[-1] = sum(weights[:-1]) * share / (1 - share)
        total = sum(weights)
        blend = {name: round(weight / total, 3) for name, weight in zip(chosen, weights, strict=True)}
        speakers.append(Speaker(blend_name(blend), blend, accent))
    return speakers


def make_tasks(lines: Sequence[Line], speakers: Sequence[Speaker], seed: int = 2026) -> list[Task]:
    """Return who says each line and how. A line's task depends on its place, the line and the seed alone."""
    tasks = []
    for place, line in enumerate(lines):
        chance = random.Random(f"{seed} {place} {line.spoken}")
        tasks.append(
            Task(
                path=f"{place // 1000:02d}/{place:05d}.opus",
                line=line,
                speaker=chance.choice(speakers),
                speed=round(chance.triangular(SLOWEST, FASTEST, 1.0), 3),
                peak=round(float(np.geomspace(_QUIETEST, _LOUDEST, 101)[chance.randrange(101)]), 3),
            )
        )
    return tasks


def trim(wave: Wave, keep: float = KEPT_SILENCE) -> Wave:
    """Return ``wave`` (16 kHz) with at most ``keep`` seconds of silence at each end; nothing of nothing but silence."""
    steps = len(wave) // _STEP
    loudness = np.sqrt(np.square(wave[: steps * _STEP].reshape(steps, _STEP)).mean(axis=1))
    if not steps or loudness.max() == 0:
        return wave[:0]
    sounding = np.flatnonzero(loudness > _SILENT * loudness.max())
    margin = int(keep * SAMPLE_RATE)
    begin, end = int(sounding[0]) * _STEP - margin, (int(sounding[-1]) + 1) * _STEP + margin
    return wave[max(0, begin) : end]


def speak(
    lines: Sequence[Line],
    speakers: Sequence[Speaker],
    out: Path,
    make_synthesiser: Callable[[], Synthesiser],
    *,
    minutes: float | None = None,
    workers: int = 1,
    seed: int = 2026,
) -> Made:
    """Let ``speakers`` say ``lines`` until there are ``minutes`` of speech in ``out``, or all is said.

    Writes Ogg Opus files (16 kHz, mono), ``manifest.tsv`` (see `models.recipe.corpus`) and ``speakers.json``. What
    the manifest lists already is not said again. With more than one worker each has a process and a synthesiser of
    its own, and ``make_synthesiser`` must be a function that can be sent to it.

    Raises:
        ReservedVoiceError: A voice that measures is in a blend.
        OtherSpeechError: ``out`` holds the speech of other lines or speakers.
    """
    refuse_reserved(name for speaker in speakers for name in speaker.blend)
    out.mkdir(parents=True, exist_ok=True)
    manifest = out / "manifest.tsv"
    tasks = make_tasks(lines, speakers, seed)
    done = _said_before(manifest, tasks)
    table = {speaker.name: asdict(speaker) for speaker in speakers}
    (out / "speakers.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    seconds, clips, skipped = sum(done.values()), len(done), 0
    goal = float("inf") if minutes is None else minutes * 60
    left = [task for task in tasks if task.path not in done]
    columns = (TextColumn("Speaking"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, TimeRemainingColumn()) as progress, manifest.open("a", encoding="utf-8") as file:
        if not file.tell():
            file.write("\t".join(COLUMNS) + "\n")
        bar = progress.add_task("", total=len(tasks), completed=clips, said="")
        with _said(left if seconds < goal else [], out, make_synthesiser, workers) as results:
            for task, length in results:
                if length is None:
                    skipped += 1
                else:
                    file.write("\t".join(_row(task, length)) + "\n")
                    file.flush()
                    clips, seconds = clips + 1, seconds + length
                progress.update(bar, advance=1, said=f"{seconds / 60:.1f} minutes")
                if seconds >= goal:
                    break
    return Made(clips, seconds, skipped)


def make_training_speech(
    data: Path,
    voices: Path,
    out: Path,
    *,
    wordings: Iterable[str] = (),
    without: Iterable[str] = (),
    minutes: float | None = None,
    workers: int = 1,
    count: int = LINES,
    make_synthesiser: Callable[[], Synthesiser] | None = None,
) -> Made:
    """Make training speech in ``out`` from the folder of the recipe's data and the folder of Kokoro's styles.

    ``wordings`` (a guide's own) and ``without`` (what measures) are as for `make_lines`, the rest as for `speak`.
    The reserved voices among the styles are passed over.

    Raises:
        FileNotFoundError: ``data`` lacks ``training/domain.tsv`` or ``text``.
        MissingVoicePartsError: Something of Kokoro is missing.
        OtherSpeechError: ``out`` holds the speech of other lines or speakers.
    """
    speakers = make_speakers(set(read_styles(voices)) - RESERVED_VOICES)
    lines = make_lines(data, wordings, without, count=count)
    make = make_synthesiser or functools.partial(load_kokoro, voices)
    return speak(lines, speakers, out, make, minutes=minutes, workers=workers)


def _said_before(manifest: Path, tasks: Sequence[Task]) -> dict[str, float]:
    """Return seconds by path of what the manifest lists; cut off a row that was being written at the end."""
    if not manifest.exists():
        return {}
    content = manifest.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        with manifest.open("r+b") as file:
            file.truncate(len(whole))
    planned = {task.path: (task.line.words, task.speaker.name) for task in tasks}
    done = {}
    for row in csv.DictReader(whole.decode("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        if planned.get(row["path"]) != (row["text"], row["speaker"]):
            raise OtherSpeechError(
                f"{manifest.parent} holds speech of other sentences or speakers, such as {row['path']}.\n"
                "Choose an empty folder."
            )
        done[row["path"]] = float(row["seconds"])
    return done


def _row(task: Task, seconds: float) -> tuple[str, ...]:
    return (task.path, task.line.words, task.speaker.name, _SOURCE, "given", f"{seconds:.2f}", _LICENCE)


@contextmanager
def _said(
    tasks: Sequence[Task], out: Path, make_synthesiser: Callable[[], Synthesiser], workers: int
) -> Iterator[Iterator[tuple[Task, float | None]]]:
    """Give the tasks with the seconds of their clips (None: no clip), as they get done."""
    if not tasks:
        yield iter(())
    elif workers == 1:
        synthesiser = make_synthesiser()
        yield ((task, make_clip(task, out, synthesiser)) for task in tasks)
    else:
        # New processes instead of copies of this one: ONNX Runtime's and the bar's threads don't survive copying.
        with multiprocessing.get_context("spawn").Pool(workers, _start_worker, (make_synthesiser, out)) as pool:
            yield pool.imap_unordered(_work, tasks)


_worker: list[tuple[Synthesiser, Path]] = []
"""The synthesiser and folder of a worker process."""


def _start_worker(make_synthesiser: Callable[[], Synthesiser], out: Path) -> None:
    _worker.append((make_synthesiser(), out))


def _work(task: Task) -> tuple[Task, float | None]:
    synthesiser, out = _worker[0]
    return task, make_clip(task, out, synthesiser)


def make_clip(task: Task, out: Path, synthesiser: Synthesiser) -> float | None:
    """Write the clip of a task, whole or not at all; return its seconds, or None if it is of no use."""
    try:
        wave, rate = synthesiser(task.line.spoken, task.speaker.blend, task.speaker.accent, task.speed)
    except UnspeakableTextError:
        return None
    if rate != SAMPLE_RATE:
        wave = soxr.resample(wave, rate, SAMPLE_RATE)
    wave = trim(np.asarray(wave, np.float32))
    seconds = len(wave) / SAMPLE_RATE
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        return None
    path = out / task.path
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}")
    soundfile.write(beside, wave * (task.peak / np.abs(wave).max()), SAMPLE_RATE, format="OGG", subtype="OPUS")
    beside.replace(path)
    return seconds
