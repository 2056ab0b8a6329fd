"""Writes the results as Markdown, and puts them into a document between two marks.

The results are a tree of mappings and lists: ``systems`` (by role: "before", "model", "yardstick"), a list of rows for
each `models.recipe.check_plan.Measure` (``group``, ``condition``, ``clips``, ``figures`` by role), and ``speed`` by
role.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from assistant.errors import WrongInputError
from models.recipe.check_plan import READ, THEIR_COMMANDS, VOICES_KEPT_APART

BEGIN: Final = "<!-- results: made by python -m models.recipe check; changes here are overwritten -->"
END: Final = "<!-- end of results -->"
CLEAN: Final = "clean"
_ROLES: Final = {"before": "first model", "model": "this model", "yardstick": "Whisper tiny.en"}
_NAMES: Final = {
    "librispeech_test_other": "LibriSpeech test-other",
    "an4": "AN4: spelling, numbers, single words",
    "harvard_osr": "Harvard sentences",
    "cmu_arctic": "CMU Arctic",
    "speech_to_phrase": "Speech-to-Phrase tests",
    "rhasspy": "Rhasspy tests",
    "speechbrain_asr": "SpeechBrain samples",
    "google_samples": "Google samples",
}
GOAL_VOICES, GOAL_READ, GOAL_COMMANDS, GOAL_ACCEPTS = 6.0, 12.0, 98.0, 1.0
GOAL_OPEN, GOAL_GRAMMAR, GOAL_MEMORY, GOAL_DISK, GOAL_LOAD = 0.15, 0.10, 200.0, 20.0, 0.5
Row = dict[str, Any]


class MissingMarksError(WrongInputError):
    """A document without the place for the results."""


def report(results: Row) -> str:
    """Return the results as Markdown: what was reached, and tables of word errors, noise, commands and speed."""
    roles = [role for role in _ROLES if role in results["systems"]]
    parts = [
        _goals(results),
        "**Word errors in per cent** (smaller is better; in brackets the interval that holds the rate with 95 % "
        "confidence, by bootstrap over the clips)",
        _errors(results, roles),
        "**The same in noise and in rooms** (word errors in per cent, "
        f"{' / '.join(_ROLES[role] for role in roles)}; of each set a part)",
        _noise(results, roles),
        f"**Commands and single words** (per cent, {' / '.join(_ROLES[role] for role in roles)}; Whisper listens "
        "without a grammar: what it writes has to be the command)",
        _commands(results, roles),
        "**Words heard that nobody said, an hour**",
        _false_words(results, [role for role in roles if role != "yardstick"]),
        "**Speed and size** (one core; delays are seconds of sound, half of the words sooner / nine in ten sooner)",
        _speed(results["speed"]),
    ]
    if results.get("quick"):
        parts.insert(0, "*A quick look at a few clips of each kind: these figures say little.*")
    return "\n\n".join(part for part in parts if part)


def put_into(document: Path, text: str) -> None:
    """Replace what stands between the two marks of ``document`` by ``text``.

    Raises:
        MissingMarksError: The document lacks one of the marks, or has them the wrong way round.
    """
    old = document.read_text(encoding="utf-8")
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise MissingMarksError(f"{document} lacks the two lines between which the results go:\n{BEGIN}\n{END}")
    document.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _beside(row: Row, roles: Sequence[str], figure: str, digits: int = 1) -> str:
    """Return a figure of all systems, in their order."""
    return " / ".join(_number(row["figures"].get(role, {}).get(figure), digits) for role in roles)


def _find(rows: Sequence[Row], group: str, condition: str = CLEAN) -> Row | None:
    return next((row for row in rows if row["group"] == group and row["condition"] == condition), None)


def _goals(results: Row) -> str:
    """Return a table of the goals set and of what was reached; only goals that were measured."""

    def errors(group: str) -> float | None:
        row = _find(results["errors"], group)
        return None if row is None else row["figures"]["model"]["rate"]

    nine = _find(results["commands"], "nine commands, single words")
    command = {} if nine is None else nine["figures"]["model"]
    speed = results["speed"].get("model", {})
    goals = [
        ("word errors, synthetic voices kept apart", "%", GOAL_VOICES, errors(VOICES_KEPT_APART), 1),
        ("word errors, people reading", "%", GOAL_READ, errors(READ), 1),
        ("commands of a grammar heard, single words by people", "%", -GOAL_COMMANDS, command.get("accuracy"), 1),
        ("other words taken for one", "%", GOAL_ACCEPTS, command.get("false_accepts"), 1),
        ("computing time for a second, whole vocabulary", "s", GOAL_OPEN, speed.get("open_factor"), 3),
        ("computing time for a second, grammar", "s", GOAL_GRAMMAR, speed.get("grammar_factor"), 3),
        ("memory", "MB", GOAL_MEMORY, speed.get("memory"), 0),
        ("disk", "MB", GOAL_DISK, speed.get("disk"), 1),
        ("loading", "s", GOAL_LOAD, speed.get("load"), 2),
    ]
    rows = []
    for name, unit, goal, value, digits in goals:
        if value is None:
            continue
        # A negative goal is one to be passed upwards.
        reached = value <= goal if goal > 0 else value >= -goal
        bound = f"at most {goal:g}" if goal > 0 else f"at least {-goal:g}"
        rows.append([name, f"{bound} {unit}", f"{_number(value, digits)} {unit}", "yes" if reached else "no"])
    return table(["goal", "wanted", "measured", "reached"], rows)


def _errors(results: Row, roles: Sequence[str]) -> str:
    rows = []
    for row in results["errors"]:
        if row["condition"] != CLEAN:
            continue
        model = row["figures"]["model"]
        cells = [_NAMES.get(row["group"], row["group"]), str(model["clips"]), str(model["words"])]
        cells.append(_number(row.get("unknown", {}).get("model")))
        for role in roles:
            figures = row["figures"][role]
            interval = f" ({_number(figures['low'])} to {_number(figures['high'])})"
            rate = _number(figures["rate"])
            cells.append((f"**{rate}**" if role == "model" else rate) + interval)
        cells.append(_beside(row, roles, "exact", 0))
        rows.append(cells)
    head = ["speech", "clips", "words", "unknown words", *(_ROLES[role] for role in roles), "clips without an error"]
    return table(head, rows)


def _conditions(rows: Sequence[Row]) -> list[str]:
    return [name for name in dict.fromkeys(row["condition"] for row in rows) if name != CLEAN]


def _noise(results: Row, roles: Sequence[str]) -> str:
    conditions = _conditions(results["errors"])
    if not conditions:
        return ""
    rows = []
    for group in dict.fromkeys(row["group"] for row in results["errors"]):
        found = [_find(results["errors"], group, condition) for condition in conditions]
        there = [row for row in found if row is not None]
        if group == THEIR_COMMANDS or not there:
            continue
        cells = [_NAMES.get(group, group), str(there[0]["clips"])]
        rows.append(cells + ["-" if row is None else _beside(row, roles, "rate", 0) for row in found])
    return table(["speech", "clips", *conditions], rows)


def _commands(results: Row, roles: Sequence[str]) -> str:
    rows = []
    for row in results["commands"]:
        model = row["figures"]["model"]
        where = "" if row["condition"] == CLEAN else f"; {row['condition']}"
        accepted = _beside(row, roles, "false_accepts") if model["others"] else "-"
        right = _beside(row, roles, "accuracy") if model["said"] else "-"
        rows.append([row["group"] + where, str(model["said"]), right, str(model["others"]), accepted])
    rows += [[row["group"], str(row["clips"]), _beside(row, roles, "accuracy"), "-", "-"] for row in results["words"]]
    return table(["what is listened for", "said", "right", "other words", "taken for a command"], rows)


def _false_words(results: Row, roles: Sequence[str]) -> str:
    rows = [
        [row["group"], _number(row["minutes"])]
        + [
            f"{_number(row['figures'][role]['per_hour'], 0)} ({row['figures'][role]['count']})"
            if role in row["figures"]
            else "-"
            for role in roles
        ]
        for row in results["false words"]
    ]
    return table(
        ["what is listened for; what is heard", "minutes", *(f"{_ROLES[role]} (words)" for role in roles)], rows
    )


def _speed(speed: dict[str, Row]) -> str:
    if not speed:
        return ""

    def delay(figures: Row, name: str) -> str:
        return f"{_number(figures[name]['median'], 2)} / {_number(figures[name]['late'], 2)}"

    rows = [
        ["from the end of a word to a partial result with it (s)", *(delay(s, "from_word") for s in speed.values())],
        ["from the end of the speech to the whole text (s)", *(delay(s, "from_speech") for s in speed.values())],
    ]
    for name, field, digits in (
        ("computing when a chunk falls due (s)", "computing", 3),
        ("computing for a second of sound, whole vocabulary (s)", "open_factor", 3),
        ("computing for a second of sound, nine commands (s)", "grammar_factor", 3),
        ("loading, files in the cache (s)", "load", 2),
        ("memory of the process at the most (MB)", "memory", 0),
        ("of this, before the model was loaded (MB)", "memory_before", 0),
        ("on the disk (MB)", "disk", 1),
    ):
        rows.append([name, *(_number(figures[field], digits) for figures in speed.values())])
    return table(["", *(_ROLES[role] for role in speed)], rows)
