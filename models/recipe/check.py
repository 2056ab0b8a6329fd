"""Measures how well a model hears, beside another one and beside the whole Whisper tiny.en."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import yaml

from models.recipe.check_commands import NINE, accuracy, false_words, score_commands
from models.recipe.check_hearing import UNKNOWN, Cache, System, Task, hear_all, vosk_system
from models.recipe.check_plan import FULL, QUICK, Entry, Measure, make_plan, seconds_of
from models.recipe.check_report import put_into, report
from models.recipe.check_sets import reserved, spread
from models.recipe.check_speed import measure_speed
from models.recipe.check_text import score, unknown_share
from models.recipe.yardstick import whisper_system

CACHE: Final = "check-cache.json"
JOBS: Final = 2
"""Processes, each with the model of its own."""
TIMED_CLIPS, WATCHED_CLIPS = 60, 40
"""Of the synthetic voices: for the computing time, and for the delay of partial results."""
QUICK_CLIPS: Final = 10

Results = dict[str, Any]
"""What JSON can hold; `models.recipe.check_report` tells how it is laid out."""
Stage = Callable[[str, int, int], None]
"""Told how far the work is: what is being done, how many of how many."""


def check(
    model: Path,
    data: Path,
    *,
    against: Path | None = None,
    yardstick: bool = False,
    whisper: Path | None = None,
    quick: bool = False,
    jobs: int = JOBS,
    out: Path | None = None,
    readme: Path | None = None,
    phrases: Path | None = None,
    progress: Stage | None = None,
) -> Results:
    """Measure ``model`` (a folder in Vosk's format) on ``data``; return the results, and write them where asked.

    Args:
        model: The model that is measured.
        data: The folder with ``corpus`` and ``reserved``; a cache of what was heard is kept in it.
        against: An earlier model to show beside it.
        yardstick: Whether Whisper tiny.en hears everything too.
        whisper: Its folder, where the package that brings it is not installed.
        quick: Hear a few clips of everything: says whether all works, not how well.
        jobs: Processes.
        out: A JSON file for the results.
        readme: A document into which the table is put, between its two marks.
        phrases: A YAML file with the assistant's command phrases under ``spotted``.
        progress: Told how far it is.

    Raises:
        MissingDataError: A model's folder holds none, or there is nothing to measure on.
        MissingYardstickError: Whisper or what runs it isn't installed.
        MissingMarksError: ``readme`` lacks the marks between which the table goes.
    """
    systems = {"model": vosk_system(model)}
    if against is not None:
        systems = {"before": vosk_system(against), **systems}
    if yardstick:
        systems["yardstick"] = whisper_system(whisper)
    plan = make_plan(data, QUICK if quick else FULL, spotted(phrases) if phrases is not None else ())
    results = measure(systems, plan, Cache.at(data / CACHE), jobs=jobs, progress=progress)
    folders = {role: folder for role, folder in (("before", against), ("model", model)) if folder is not None}
    add_vocabulary(results, plan, folders)
    results["quick"] = quick
    results["speed"] = {}
    said = [clip for clip in reserved(data) if clip.kind != "word"]
    timed = [clip.path for clip in spread(said, QUICK_CLIPS if quick else TIMED_CLIPS)]
    for done, (role, folder) in enumerate(folders.items()):
        if progress is not None:
            progress("speed", done, len(folders))
        watched = timed[: QUICK_CLIPS if quick else WATCHED_CLIPS]
        results["speed"][role] = asdict(measure_speed(folder, timed, watched, (*NINE, UNKNOWN)))
    if out is not None:
        out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if readme is not None:
        put_into(readme, report(results))
    return results


def spotted(phrases: Path) -> tuple[str, ...]:
    """Return the phrases that the assistant's grammar listens for, from its file of phrases."""
    return tuple(sorted(str(phrase) for phrase in yaml.safe_load(phrases.read_text(encoding="utf-8"))["spotted"]))


def vocabulary(folder: Path) -> set[str]:
    """Return the words that a model can write.

    Raises:
        FileNotFoundError: The model has no list of words.
    """
    lines = (folder / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines if line.strip()}


def measure(
    systems: dict[str, System],
    plan: Sequence[Entry],
    cache: Cache,
    *,
    jobs: int = JOBS,
    progress: Stage | None = None,
) -> Results:
    """Return the figures of all entries of ``plan`` for all ``systems`` (by role)."""
    results: Results = {
        "systems": {role: {"name": system.name, "digest": system.digest[:16]} for role, system in systems.items()},
        **{measure.value: [] for measure in Measure},
    }
    heard = {role: _hear(role, system, plan, cache, jobs, progress) for role, system in systems.items()}
    for entry in plan:
        figures = {
            role: _figures(entry, heard[role], limited=system.grammars)
            for role, system in systems.items()
            if _can(system, entry)
        }
        row = {
            "group": entry.group,
            "condition": entry.condition,
            "clips": len(entry.tasks),
            "figures": figures,
        }
        if entry.measure is Measure.FALSE_WORDS:
            row["minutes"] = seconds_of(entry) / 60
        results[entry.measure.value].append(row)
    return results


def add_vocabulary(results: Results, plan: Sequence[Entry], folders: dict[str, Path]) -> None:
    """Put into the rows of word errors which share of the words said each model can't write."""
    words = {role: vocabulary(folder) for role, folder in folders.items()}
    entries = [entry for entry in plan if entry.measure is Measure.ERRORS]
    for entry, row in zip(entries, results[Measure.ERRORS.value], strict=True):
        texts = [task.clip.text for task in entry.tasks]
        row["unknown"] = {role: unknown_share(texts, known) for role, known in words.items()}


def _can(system: System, entry: Entry) -> bool:
    """Tell whether a figure makes sense: of a system without grammars only what it hears of commands and words."""
    return system.grammars or entry.open or entry.measure is Measure.COMMANDS


def _as_heard(system: System, entry: Entry) -> Iterator[Task]:
    """Yield the tasks of an entry as ``system`` can do them."""
    for task in entry.tasks:
        yield task if system.grammars else Task(task.clip, task.condition)


def _hear(
    role: str, system: System, plan: Sequence[Entry], cache: Cache, jobs: int, progress: Stage | None
) -> dict[Task, str]:
    """Return what is heard in each task of ``plan``; what several entries share is heard once."""
    tasks = list(dict.fromkeys(task for entry in plan if _can(system, entry) for task in _as_heard(system, entry)))
    # The longest first, or one process would be left with them at the end.
    tasks.sort(key=lambda task: -task.clip.path.stat().st_size)

    def tell(done: int, total: int) -> None:
        if progress is not None:
            progress(role, done, total)

    return dict(zip(tasks, hear_all(system, tasks, cache, jobs=jobs, progress=tell), strict=True))


def _figures(entry: Entry, heard: dict[Task, str], *, limited: bool) -> dict[str, Any]:
    texts = [heard[task if limited else Task(task.clip, task.condition)] for task in entry.tasks]
    pairs = [(task.clip.text, text) for task, text in zip(entry.tasks, texts, strict=True)]
    if entry.measure is Measure.ERRORS:
        return asdict(score(pairs))
    if entry.measure is Measure.COMMANDS:
        found = score_commands(pairs, entry.commands, limited=limited)
        return {**asdict(found), "accuracy": found.accuracy, "false_accepts": found.false_accepts}
    if entry.measure is Measure.WORDS:
        return {"accuracy": accuracy(pairs)}
    extra = false_words(pairs, seconds_of(entry))
    return {**asdict(extra), "per_hour": extra.per_hour}
