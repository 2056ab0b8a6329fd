"""Commands said in full: a lexicon of whole phrases, and the length of time that a command names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from assistant.language import duration_seconds, normal_form
from assistant.understanding.meaning import Context

COMMANDS: Final = [
    "stop",
    "pause",
    "resume",
    "next",
    "back",
    "repeat",
    "restart",
    "remaining",
    "extend",
    "louder",
    "quieter",
    "slower",
    "faster",
    "help",
    "yes",
    "no",
    "more",
]
"""The commands' ids; those that start a routine are ``start:<routine>``. All but ``more`` are fixed wire names."""

_QUESTION_FIRST: Final = frozenset({"yes", "no"})
"""In answer to a question these win over whatever else the same words may mean."""
MAX_LEXICON_WORDS: Final = 8
"""Longer phrases are matched by likeness: nobody repeats eight words exactly."""


class CommandLexicon:
    """Whole command phrases by their normal form."""

    def __init__(self, phrases: Mapping[str, Iterable[str]]) -> None:
        """Take the ways of saying each command, the surest wording of a clash first."""
        self._by_form: dict[str, list[str]] = {}
        for command, lines in phrases.items():
            for line in lines:
                form = normal_form(line)
                if len(form.split()) <= MAX_LEXICON_WORDS:
                    owners = self._by_form.setdefault(form, [])
                    if command not in owners:
                        owners.append(command)

    def find(self, text: str, context: Context) -> str | None:
        """Return the command that ``text`` is, as a whole, or None."""
        for form in (normal_form(text, keep_fillers=True), normal_form(text)):
            owners = self._by_form.get(form, [])
            if context is Context.QUESTION:
                owners = sorted(owners, key=lambda command: command not in _QUESTION_FIRST)
            if owners:
                return owners[0]
        return None

    def clashes(self) -> dict[str, list[str]]:
        """Return the phrases that stand for more than one command."""
        return {form: owners for form, owners in self._by_form.items() if len(owners) > 1}


def command_seconds(text: str) -> float | None:
    """Return the length of time that a command names, in seconds."""
    return duration_seconds(text)
