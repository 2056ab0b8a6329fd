"""Measures how well commands are understood, by batch: ``python tests/understanding/measure_commands.py [--show]``.

A wrong command is worse than a missed one, so the two are counted apart; batches named ``held_out_…`` are only
measured, and no wording or rule is chosen on them. Batches whose names end in ``no_commands`` hold talk that is no
command: there whatever is taken for one is wrong.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import yaml

from assistant.content import load_content
from assistant.understanding.interpret import Interpreter
from assistant.understanding.meaning import Context, Kind, Meaning

BATCHES = Path(__file__).parents[1] / "data" / "commands"
NO_COMMANDS = "no_commands"
HELD_OUT = "held_out"


def read(batch: str) -> Iterator[tuple[str, Context, str]]:
    """Yield command, context and utterance of one batch of commands."""
    for command, contexts in yaml.safe_load((BATCHES / f"{batch}.yaml").read_text(encoding="utf-8")).items():
        for context, lines in contexts.items():
            for line in lines:
                yield command, Context(context), line


def batches(*, of_commands: bool) -> list[str]:
    """Return the names of the batches of commands, or of those of what is none."""
    return sorted(path.stem for path in BATCHES.glob("*.yaml") if path.stem.endswith(NO_COMMANDS) != of_commands)


def read_no_commands(batch: str = NO_COMMANDS) -> Iterator[tuple[Context, str]]:
    """Yield context and utterance of what is no command."""
    for context, lines in yaml.safe_load((BATCHES / f"{batch}.yaml").read_text(encoding="utf-8")).items():
        for line in lines:
            yield Context(context), line


def judge(meaning: Meaning, wanted: str) -> str:
    """Return ``right``, ``missed`` (taken for no command) or ``wrong`` (taken for another one)."""
    if meaning.kind is not Kind.COMMAND:
        return "missed"
    return "right" if meaning.id == wanted else "wrong"


def outcomes(interpreter: Interpreter, batch: str) -> dict[str, list[str]]:
    """Return the utterances of a batch by outcome, each with what it was taken for."""
    found: dict[str, list[str]] = {"right": [], "missed": [], "wrong": []}
    for wanted, context, text in read(batch):
        meaning = interpreter.interpret([text], context)
        found[judge(meaning, wanted)].append(f"{wanted} ({context}): {text} -> {meaning.kind.value} {meaning.id}")
    return found


def taken_for_commands(interpreter: Interpreter, batch: str = NO_COMMANDS) -> list[str]:
    """Return what is no command and was taken for one."""
    return [
        f"({context}): {text} -> {meaning.id}"
        for context, text in read_no_commands(batch)
        if (meaning := interpreter.interpret([text], context)).kind is Kind.COMMAND
    ]


def main() -> None:
    """Run the measurement."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument(
        "--show", action="store_true", help="show what was missed or wrong (not of held-out batches)"
    )
    show = arguments.parse_args().show
    interpreter = load_content().interpreter
    print(f"{'':28}{'said':>6}{'right':>8}{'missed':>8}{'wrong':>8}")
    for batch in batches(of_commands=True):
        found = outcomes(interpreter, batch)
        counts = [len(found[outcome]) for outcome in ("right", "missed", "wrong")]
        print(f"{batch:28}{sum(counts):6}{counts[0]:8}{counts[1]:8}{counts[2]:8}")
        if show and not batch.startswith(HELD_OUT):
            print(*(f"    {outcome:7} {line}" for outcome in ("wrong", "missed") for line in found[outcome]), sep="\n")
    for batch in batches(of_commands=False):
        taken = taken_for_commands(interpreter, batch)
        asked = sum(1 for _ in read_no_commands(batch))
        print(f"{batch:28}{asked:6}{asked - len(taken):8}{'':8}{len(taken):8}")
        if show and not batch.startswith(HELD_OUT):
            print(*(f"    wrong   {line}" for line in taken), sep="\n")


if __name__ == "__main__":
    main()
