"""Lengths of time in commands: to be added or taken off, to be waited, or the whole that is wanted."""

from __future__ import annotations

import re
from typing import Final

from assistant.language import duration_seconds, normal_form
from assistant.understanding.word_set import word_set

ADDS: Final = frozenset({"add", "more", "another", "extra", "longer", "extend", "further", "additional"})
TAKES: Final = word_set("cut fewer less minus off reduce remove shorten shorter subtract")
WAITS: Final = frozenset({"wait", "pause", "hang", "give", "need"})
_PUTS: Final = re.compile(
    r"^(?:(?:can|could|would|will) you )?(?:put|stick|bung|pop|whack|tack)\b(?! (?:it|that|this|them)\b).*\bon\b"
)
"""Puts time on, and no pad: "put it on for ten minutes"."""
NEW_TIMER: Final = re.compile(
    r"\b(?:an?|another|new|[a-z0-9]+ (?:second|minute|hour)) (?:timer|countdown|alarm|clock)\b"
    r"|\bset (?:up )?(?:an?|the) (?:timer|countdown|alarm|clock)\b"
)
"""Asks for a timer beside what is led: "i need a ten minute timer" doesn't ask to wait."""
_ASKS_LENGTH: Final = re.compile(r"^(?:is|was|did|do i|have i|would|should|will)\b")
_NUMBERS: Final = """
    a an half quarter couple few one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty thirty forty forty-five fifty sixty ninety"""
_LENGTH_WORDS: Final = word_set(f"{_NUMBERS} and of second seconds minute minutes hour hours")
_AROUND_LENGTH: Final = word_set("""
    add more another extra longer extend further additional put stick bung pop whack tack on off less fewer
    shorter shorten subtract minus remove cut reduce take knock shave wait pause hang hold give me us it the
    timer clock time by for to from need want make keep going go carry on let do have get can i could you would
    may we that this of is up only just please then now up with""")
"""All that may stand around a length of time that is to be added or taken off."""
_LENGTH: Final = rf"(?:(?:{'|'.join(_NUMBERS.split())}|\d+|and|of) )+(?:seconds?|minutes?|hours?)"
_UP_TO: Final = re.compile(rf"(?:^|(?P<before>\w+) )(?:to|until|till) {_LENGTH}\b")
_IN_ALL: Final = re.compile(rf"\b{_LENGTH} (?:in all|in total|altogether|all told|total|instead|tops|at most)\b")
_WHOLE: Final = re.compile(
    rf"^(?:(?:no )?(?:only|make (?:it|that|this)|set (?:it|the \w+) (?:for|at)|put (?:it|that|this|them) on for"
    rf"|do|let us do|(?:just )?(?:do|leave|keep) it (?:on )?for|for) )*{_LENGTH}(?: only| (?:is|will be) enough)?$"
)
"""A length that nothing is said of but that it is wanted: "make it ten minutes"."""


def sets_length(normal: str) -> bool:
    """Return whether words in normal form say how long something is to be as a whole: "make it ten minutes"."""
    if _IN_ALL.search(normal):
        return True
    to = _UP_TO.search(normal)
    if to is not None:
        before = to["before"] or ""
        return not (before in _LENGTH_WORDS or before.isdigit())  # "one to two minutes" is a range
    return not set(normal.split()) & (ADDS | TAKES) and _WHOLE.search(normal) is not None


def whole_length(text: str) -> float | None:
    """Return the length in seconds that ``text`` wants a step to have as a whole, or None.

    "Make it ten minutes", "only ten minutes" and "to ten minutes" want 600 s; "ten more minutes" wants no whole.
    Two lengths in one ("five, no, ten minutes") add up in ``duration_seconds``, so that they give None.
    """
    normal = normal_form(text)
    lengths = re.findall(rf"\b{_LENGTH}\b", normal)
    return duration_seconds(text) if sets_length(normal) and len(lengths) == 1 else None


def command_seconds(command: str, text: str) -> float | None:
    """Return the length of time that goes with a command, in seconds: negative where it is to be taken off."""
    if command not in ("extend", "pause"):
        return None
    seconds = duration_seconds(text)
    if seconds is None:
        return None
    normal = normal_form(text)
    words = set(normal.split())
    if command == "pause":
        return seconds if words & WAITS and not words & (ADDS | TAKES) else None
    if sets_length(normal):
        return None
    if words & TAKES and not words & ADDS:
        return -seconds
    return seconds if words & ADDS or _PUTS.search(normal) else None


def command_of_length(text: str, form: str) -> tuple[str, float] | None:
    """Return "extend" for a length of time that is to be added or taken off, "pause" for one to wait; in seconds.

    ``form`` is the part of ``text`` that is looked at, in normal form. Every word of it has to be accounted for.
    """
    around = [word for word in form.split() if word not in _LENGTH_WORDS and not word.isdigit()]
    if not set(around) <= _AROUND_LENGTH or "it off" in form or _ASKS_LENGTH.search(form) or sets_length(form):
        return None
    if NEW_TIMER.search(form):
        return None
    for command in ("extend", "pause"):
        seconds = command_seconds(command, text)
        if seconds is not None:
            return command, seconds
    return None
