"""Starting a routine by name: a verb of starting and what the routine's own phrases call it, or no start at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from assistant.language import stems

START: Final = "start:"

ASKS: Final = re.compile(
    r"^(?:(?:and|but|so|or) )?(?:how|what|why|which|when|where|who|is|are|does|do i|do you|do they|did|should|will"
    r"|would it|can it|can i|could i|may i|am i|shall i)\b"
)
"""The form of a question, on a normal form: it starts nothing."""

_VERB: Final = re.compile(
    r"(?:start|begin|run|do|time|count|set up|set|lead me|take me|talk me|walk me|guide me|get me|put me|help me|let us"
    r"|lead us|take us|get going|get started)\b ?"
)
_GLUE: Final = re.compile(
    r"(?:me|us|get|set up|set|into position|going with|started with|with|through|doing|do|start|begin|one"
    r"|(?:an? |the )?timer (?:for|on)|(?:\w+ )?\w+ (?:minutes|seconds) (?:of|for)|for|to|while i|the|an?|my)\b ?"
)
"""What stands between the verb and the name: "start **a timer for the** heat pad"."""
_TAIL: Final = re.compile(r" (?:with me|for me|for us|for bed|for the night|for tonight|please|now|again|today)$")
_AS_ROUTINE: Final = re.compile(r" (?:one|routine|timer|position|session|exercise)$")
_REQUEST: Final = re.compile(
    r"\b(?:start|begin|run|do (?!i\b|you\b|we\b|not\b)|time|timer|count|set|lead|take|talk|walk|guide|coach|get|put"
    r"|help|let|go|give|try|ready|want|would|could|can you|need|show|keep|clock|play|launch|bring|with me|for me|for us"
    r"|through|together|routine|session|timed|guided|countdown)"
)
"""Words with which something is asked for: a name alone ("hot and cold") is a question about it."""


@dataclass(frozen=True, slots=True)
class _Named:
    """What is to be started, by its stems, and whether it was called a routine ("the back one", "the heat timer")."""

    stems: str
    as_routine: bool


class StartNames:
    """What routines are called in the phrases that start them, as far as a name belongs to one routine only."""

    def __init__(self, owners_by_form: Mapping[str, Iterable[str]]) -> None:
        """Take phrases in normal form with their commands; those that start nothing are passed over."""
        found: dict[str, dict[str, bool]] = {}
        for form, owners in owners_by_form.items():
            named = _named(form)
            for command in owners:
                if named is not None and command.startswith(START):
                    commands = found.setdefault(named.stems, {})
                    commands[command] = commands.get(command, True) and named.as_routine
        self._names = {name: next(iter(commands.items())) for name, commands in found.items() if len(commands) == 1}

    def find(self, form: str) -> str | None:
        """Return the command for words in normal form that begin with a verb of starting, or None.

        A name of one word that routines have only as "the back one" is not enough without "one": "do my back".
        """
        named = _named(form)
        if named is None or named.stems not in self._names:
            return None
        command, only_as_routine = self._names[named.stems]
        bare = only_as_routine and not named.as_routine and " " not in named.stems
        return None if bare else command


def asks_for_something(normal: str) -> bool:
    """Return whether words in normal form ask for something to be done, and don't only name it."""
    return bool(_REQUEST.search(normal))


def _named(form: str) -> _Named | None:
    verb = _VERB.match(form)
    if verb is None:
        return None
    rest = form[verb.end() :]
    while (glue := _GLUE.match(rest)) is not None:
        rest = rest[glue.end() :]
    while (tail := _TAIL.search(rest)) is not None:
        rest = rest[: tail.start()]
    name = _AS_ROUTINE.sub("", rest)
    return _Named(" ".join(stems(name)), name != rest) if name.strip() else None
