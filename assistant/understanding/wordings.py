"""What people say that a pattern finds: some wordings of a regular expression, each of its words at least once.

The warning signs are written as patterns. Whoever teaches the ears words needs them as people say them. All that a
pattern can find would be millions of wordings; so alternatives are gone through side by side, not each with each.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Final

PART_DEPTH: Final = 5
"""Parts may be made of parts, as where they are looked for."""
SHORTEST_STEM: Final = 3
"""Letters that a word must begin with to be completed: fewer begin too many."""
ENDINGS: Final = frozenset(["", "d", "e", "ed", "er", "es", "ing", "ly", "ness", "s", "y"])
"""What a stem is completed with where that gives a known word: "drag" to "drags" and not to "dragon"."""
OTHER_ENDINGS: Final = 4
"""Words taken of a stem that has none of these endings, such as "osteopor"; the shortest."""

_ANY: Final = "\x01"
"""Stands for one or more letters that the pattern leaves open."""
_MAYBE: Final = "\x02"
"""Stands for letters that may be left out as well."""
_OPEN: Final = re.compile(f"[{_ANY}{_MAYBE}]")
_OPEN_WORD: Final = re.compile(f"(?<![a-z'{_ANY}{_MAYBE}])[{_ANY}{_MAYBE}]")
_BEGIN: Final = "\x03"
_END: Final = "\x04"
"""The edges of a bracket."""
_EDGE: Final = re.compile(f"[{_BEGIN}{_END}]")
_GLUED: Final = re.compile(f"([a-z0-9])[{_BEGIN}{_END}]*{_END}{_BEGIN}[{_BEGIN}{_END}]*(?=[a-z0-9])")
"""Two brackets without a space between: patterns are free with spaces, and "needsthe" is no word."""
_PART: Final = re.compile(r"<([a-z][a-z0-9-]*)>")
_REPEAT: Final = re.compile(r"(?:[*+?]|\{(\d+)(?:,\d*)?\})\??")
_SHORT_FORMS: Final = tuple(
    (re.compile(rf"\b{long}\b"), short)
    for long, short in (
        ("can not", "can't"),
        ("will not", "won't"),
        ("(is|are|was|were|do|does|did|has|have|had|would|could|should) not", r"\1n't"),
        ("i am", "i'm"),
        ("(he|she|it|that) is", r"\1's"),
        ("(we|they|you) are", r"\1're"),
        ("(i|we|they|you) have(?= (?:been|got|had|lost|gone))", r"\1've"),
    )
)
"""Patterns are written for long forms. Aloud people say the short ones."""


class Wordings:
    """Makes wordings of patterns. Pure; built once for many patterns."""

    def __init__(self, parts: Mapping[str, str], known: Sequence[Collection[str]]) -> None:
        r"""Take what fills the ``<names>`` in patterns, and lists of words, the most trusted first.

        Open ends of words (``tingl\w+``) are completed from the first list that has any.
        """
        self._parts = parts
        self._known = [sorted(words) for words in known]
        self._completions: dict[str, tuple[str, ...]] = {}

    def of(self, patterns: Iterable[str]) -> list[str]:
        """Return wordings that ``patterns`` find, as people say them, each once.

        Raises:
            KeyError: a pattern names a part that isn't there, or that holds itself.
            ValueError: a pattern has what isn't read here.
        """
        found: dict[str, None] = {}
        for pattern in patterns:
            whole = _expanded(pattern, self._parts)
            read = _Reader(whole).read()
            finds = re.compile(rf"(?<!\w)(?:{whole})(?!\w)")
            for raw in read:
                for wording in self._completed(_EDGE.sub("", _GLUED.sub(r"\1 ", raw))):
                    # What must not stand around a wording isn't read by the reader; here it counts.
                    if wording and finds.search(wording):
                        found[_spoken(wording)] = None
        return list(found)

    def _completed(self, raw: str) -> list[str]:
        """Return the wording with the open ends of its words completed; none where that can't be done."""
        found = [""]
        for word in raw.split():
            if word not in self._completions:
                self._completions[word] = tuple(self._whole_words(word)) if _OPEN.search(word) else (word,)
            found = side_by_side(found, [f"{option} " for option in self._completions[word]])
        return [wording.strip() for wording in found]

    def _whole_words(self, word: str) -> Iterator[str]:
        stem = _OPEN.split(word, maxsplit=1)[0]
        if len(stem) < SHORTEST_STEM:
            return
        fits = re.compile(word.replace(_ANY, "[a-z]+").replace(_MAYBE, "[a-z]*"))
        for words in self._known:
            begin = bisect_left(words, stem)
            beginning = takewhile(lambda other: other.startswith(stem), (words[at] for at in range(begin, len(words))))
            fitting = [other for other in beginning if fits.fullmatch(other)]
            if fitting:
                usual = [other for other in fitting if other[len(stem) :] in ENDINGS]
                yield from usual or sorted(fitting, key=len)[:OTHER_ENDINGS]
                return


def _expanded(pattern: str, parts: Mapping[str, str]) -> str:
    for _ in range(PART_DEPTH):
        if not _PART.search(pattern):
            return pattern
        pattern = _PART.sub(lambda hit: f"(?:{parts[hit[1]]})", pattern)
    raise KeyError(pattern)


class _Reader:
    """Reads a pattern from left to right into its wordings, open ends of words marked."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def read(self) -> list[str]:
        found = self._alternatives()
        if self._at < len(self._pattern):
            raise ValueError(f"a bracket too many in {self._pattern!r}")
        return found

    def _alternatives(self) -> list[str]:
        found = self._sequence()
        while self._next("|"):
            found += self._sequence()
        return found

    def _sequence(self) -> list[str]:
        found = [""]
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            found = side_by_side(found, self._repeated(self._atom()))
        return found

    def _atom(self) -> list[str]:
        sign = self._pattern[self._at]
        self._at += 1
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._one_of()
        if sign == "\\":
            return self._escaped()
        if sign in "^$":
            return [""]
        if sign in ".*+?{":
            raise ValueError(f"{sign!r} isn't read here: {self._pattern!r}")
        return [sign]

    def _group(self) -> list[str]:
        looks_around = any(self._next(sign) for sign in ("?=", "?!", "?<=", "?<!"))
        if not looks_around:
            self._next("?:")
        found = self._alternatives()
        if not self._next(")"):
            raise ValueError(f"a bracket is missing in {self._pattern!r}")
        return [""] if looks_around else [f"{_BEGIN}{option}{_END}" for option in found]

    def _one_of(self) -> list[str]:
        signs, _, rest = self._pattern[self._at :].partition("]")
        self._at = len(self._pattern) - len(rest)
        if len(signs) == 3 and signs[1] == "-":
            return [chr(code) for code in range(ord(signs[0]), ord(signs[2]) + 1)]
        return list(signs)

    def _escaped(self) -> list[str]:
        sign = self._pattern[self._at]
        self._at += 1
        if sign == "w":
            return [_MAYBE if self._next("*") else _ANY] if not self._next("+") else [_ANY]
        if sign == "d":
            self._next("+")
            return ["2"]
        if sign == "b":
            return [""]
        raise ValueError(f"'\\{sign}' isn't read here: {self._pattern!r}")

    def _repeated(self, options: list[str]) -> list[str]:
        repeat = _REPEAT.match(self._pattern, self._at)
        if repeat is None:
            return options
        self._at = repeat.end()
        times = 1 if repeat.group().startswith("+") else int(repeat[1] or 0)
        if times:
            once = options
            for _ in range(times - 1):
                options = side_by_side(options, once)
            return options
        # A word that can be any word is better left out.
        return [*(option for option in options if not _OPEN_WORD.search(option)), ""]

    def _next(self, sign: str) -> bool:
        if not self._pattern.startswith(sign, self._at):
            return False
        self._at += len(sign)
        return True


def side_by_side(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Return joined strings in which every one of both occurs: as many as the longer has."""
    count = max(len(first), len(second)) if first and second else 0
    return [first[nth % len(first)] + second[nth % len(second)] for nth in range(count)]


def _spoken(wording: str) -> str:
    for long, short in _SHORT_FORMS:
        wording = long.sub(short, wording)
    return wording
