"""Measures how well questions are understood: on batches left out of training, and on questions kept apart.

    python tests/measure_matching.py [--left-out] [--show]

Without ``--left-out`` the questions of ``tests/data/questions`` are asked, which no threshold may be chosen on. With
it each author batch of the ways of asking is asked of a guide without that batch: these are for choosing.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from assistant.content import load_commands, load_content, load_off_topic, load_off_topic_batches, load_red_flags
from assistant.guide.model import Guide
from assistant.understanding.interpret import Interpreter
from assistant.understanding.meaning import Context, Kind, Meaning

QUESTIONS = Path(__file__).parent / "data" / "questions"


@dataclass
class Tally:
    """Counts of outcomes for one set of questions."""

    right: int = 0
    asked_back: int = 0
    refused: int = 0
    wrong: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many were asked."""
        return self.right + self.asked_back + self.refused + self.wrong

    def count(self, outcome: str, text: str, meaning: Meaning) -> None:
        """Count one outcome."""
        setattr(self, outcome, getattr(self, outcome) + 1)
        if outcome != "right":
            found = meaning.id or "/".join(meaning.choices)
            self.misses.append(f"{outcome:10} {meaning.kind.value:8} {found:28} {meaning.score:.2f}  {text}")

    def line(self, name: str) -> str:
        """Return the table's line."""
        share = 100.0 * self.right / max(1, self.total)
        return f"{name:34}{self.total:6}{share:8.1f} %{self.asked_back:8}{self.refused:8}{self.wrong:8}"


def read(name: str) -> Any:  # noqa: ANN401 - YAML
    """Return a set of questions."""
    return yaml.safe_load((QUESTIONS / f"{name}.yaml").read_text(encoding="utf-8"))


def judge_entry(meaning: Meaning, wanted: str) -> str:
    """Return the outcome where one entry is the right answer."""
    if meaning.kind is Kind.ANSWER and meaning.id == wanted:
        return "right"
    if meaning.kind is Kind.CLARIFY and wanted in meaning.choices:
        return "asked_back"
    return "refused" if meaning.kind is Kind.UNKNOWN else "wrong"


def on_kept_apart(interpreter: Interpreter) -> dict[str, Tally]:
    """Return the outcomes on the questions that were kept apart."""
    found: dict[str, Tally] = {}
    for batch, entries in read("dev_test").items():
        tally = found[f"questions: {batch}"] = Tally()
        for wanted, lines in entries.items():
            for text in lines:
                meaning = interpreter.interpret([text])
                tally.count(judge_entry(meaning, wanted), text, meaning)
    found |= {"either of two": _either(interpreter), "off topic": _off_topic(interpreter)}
    found |= {"the guide doesn't say": _unanswered(interpreter), "commands": _commands(interpreter)}
    return found | _flags(interpreter)


def _either(interpreter: Interpreter) -> Tally:
    tally = Tally()
    for item in read("dev_ambiguous"):
        meaning = interpreter.interpret([item["text"]])
        good = meaning.id in item["either"] or bool(set(meaning.choices) & set(item["either"]))
        refused = meaning.kind is Kind.UNKNOWN
        tally.count("right" if good else "refused" if refused else "wrong", item["text"], meaning)
    return tally


def _off_topic(interpreter: Interpreter) -> Tally:
    tally = Tally()
    for lines in read("dev_off_topic").values():
        for text in lines:
            meaning = interpreter.interpret([text])
            refused = meaning.kind in (Kind.UNKNOWN, Kind.SILENCE)
            tally.count("right" if refused else "wrong", text, meaning)
    return tally


def _unanswered(interpreter: Interpreter) -> Tally:
    tally = Tally()
    for topic, lines in read("dev_unanswered").items():
        for text in lines:
            meaning = interpreter.interpret([text])
            if meaning.kind is Kind.UNKNOWN:
                outcome = "right" if meaning.id == topic else "refused"
            else:
                outcome = "asked_back" if meaning.kind in (Kind.CLARIFY, Kind.RED_FLAG) else "wrong"
            tally.count(outcome, text, meaning)
    return tally


def _commands(interpreter: Interpreter) -> Tally:
    tally = Tally()
    for command, items in read("dev_commands").items():
        for item in items:
            meaning = interpreter.interpret([item["text"]], Context(item["context"]))
            right = meaning.kind is Kind.COMMAND and meaning.id == command
            refused = meaning.kind is Kind.UNKNOWN
            tally.count("right" if right else "refused" if refused else "wrong", item["text"], meaning)
    return tally


def _flags(interpreter: Interpreter) -> dict[str, Tally]:
    flagged, none = Tally(), Tally()
    for flag, lines in read("dev_red_flags").items():
        for text in lines:
            meaning = interpreter.interpret([text])
            raised = meaning.kind is Kind.RED_FLAG
            if flag == "none":
                none.count("wrong" if raised else "right", text, meaning)
            elif raised:
                flagged.count("right", text, meaning)
            else:
                flagged.count("wrong", f"{flag} {text}", meaning)
    return {"red flags (any is raised)": flagged, "near misses of red flags": none}


def left_out(guide: Guide) -> Iterator[tuple[str, Tally]]:
    """Yield for each author batch the outcomes of asking it of a guide without that batch."""
    commands, flags, off_topic = load_commands(), load_red_flags(), load_off_topic()
    batches = Counter(batch for entry in guide.entries.values() for batch in entry.asks)
    for batch in batches:
        entries = {name: e.model_copy(update={"asks": _without(e.asks, batch)}) for name, e in guide.entries.items()}
        interpreter = Interpreter(guide.model_copy(update={"entries": entries}), commands, flags, off_topic)
        tally = Tally()
        for wanted, entry in guide.entries.items():
            for text in entry.asks.get(batch, ()):
                meaning = interpreter.interpret([text])
                tally.count(judge_entry(meaning, wanted), text, meaning)
        yield batch, tally
    groups = load_off_topic_batches() | {"of this guide": guide.off_topic}
    for batch, lines in groups.items():
        others = [line for name, group in groups.items() if name != batch for line in group]
        interpreter = Interpreter(guide.model_copy(update={"off_topic": ()}), commands, flags, others)
        tally = Tally()
        for text in lines:
            meaning = interpreter.interpret([text])
            tally.count("right" if meaning.kind is Kind.UNKNOWN else "wrong", text, meaning)
        yield f"off topic: {batch}", tally


def _without(asks: Mapping[str, Sequence[str]], batch: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(lines) for name, lines in asks.items() if name != batch}


def main() -> None:
    """Run the measurement."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--left-out", action="store_true", help="leave one author batch out at a time")
    arguments.add_argument("--show", action="store_true", help="show every question that was not understood")
    given = arguments.parse_args()
    content = load_content()
    found = dict(left_out(content.guide)) if given.left_out else on_kept_apart(content.interpreter)
    print(f"{'':34}{'asked':>6}{'right':>10}{'asked back':>10}{'refused':>8}{'wrong':>8}")
    for name, tally in found.items():
        print(tally.line(name))
        if given.show:
            print(*(f"    {miss}" for miss in tally.misses), sep="\n")


if __name__ == "__main__":
    main()
