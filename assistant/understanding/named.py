"""Names of routines within what is said while they run: "pause **the pad**", "the pressing one". Pure.

Which routine a name belongs to is decided here; whether it runs is known to the dialogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.language import normal_form, stems
from assistant.understanding.word_set import word_set

_ARTICLES: Final = frozenset({"the", "my", "that", "this", "your", "our", "his", "her", "their", "both"})
_TAILS: Final = frozenset({"timer", "timers", "one", "countdown", "clock", "thing", "time"})
"""What may stand after a name and says nothing: "the heat **timer**"."""
_PARTS: Final = frozenset({"step", "part", "bit"})
"""Keep their article where the name before them is left out: "repeat the pad step", "repeat the step"."""
_LINKS: Final = frozenset({"with", "on", "of", "for", "to", "at", "from", "in", "doing"})
_NOT_BEFORE: Final = frozenset({"a", "an", "in", "on", "to", "i", "we", "you"})
_NOT_AFTER: Final = word_set(
    "on up down out it that this the your my a still there me him her them one for while till until"
)
"""A verb has these around it: "hold on", "press it", "i need a break", "in position"."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a name is among the words: its first word, the word after it, and whose it is."""

    begin: int
    end: int
    routines: tuple[str, ...]


class RoutineNames:
    """What routines are called while they run. Built once, immutable."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        """Take the names by the routines' ids, with an article or without it."""
        self._owners: dict[tuple[str, ...], list[str]] = {}
        self._bare: set[str] = set()
        for routine, lines in names.items():
            for line in lines:
                words = normal_form(line).split()
                kept = _without_articles(words)
                if kept == words:
                    self._bare.update(words if len(words) == 1 else ())
                key = tuple(stems(" ".join(kept)))
                owners = self._owners.setdefault(key, []) if key else []
                if routine not in owners:
                    owners.append(routine)
        self._longest = max((len(key) for key in self._owners), default=0)

    def named(self, heard: str) -> tuple[str, ...]:
        """Return the ids of the routines whose names occur, in the order of the words, each once."""
        places = self._places(normal_form(heard).split())
        return tuple(dict.fromkeys(routine for place in places for routine in place.routines))

    def stems_of(self, routine: str) -> frozenset[str]:
        """Return the stems of all words of a routine's names."""
        return frozenset(stem for key, owners in self._owners.items() if routine in owners for stem in key)

    def without(self, form: str) -> Iterator[str]:
        """Yield words in normal form with "it" for the names in them, and with the names left out; nothing if none.

        "pause the heat timer" gives "pause it" and "pause"; "carry on with the pressing" "carry on with it" and
        "carry on".
        """
        words = form.split()
        places = self._places(words)
        if places:
            yield from dict.fromkeys((self._replaced(words, places, "it"), self._replaced(words, places, "")))

    def _places(self, words: Sequence[str]) -> list[_Place]:
        """Return where names are, the longest first at each word."""
        read = [stems(word)[0] for word in words]
        found: list[_Place] = []
        at = 0
        while at < len(words):
            for length in range(min(self._longest, len(words) - at), 0, -1):
                owners = self._owners.get(tuple(read[at : at + length]))
                if owners and (length > 1 or self._is_noun(words, at)):
                    found.append(_Place(at, at + length, tuple(owners)))
                    at += length
                    break
            else:
                at += 1
        return found

    def _is_noun(self, words: Sequence[str], at: int) -> bool:
        """Return whether one word is a name here and no verb: it is where people call it so without an article."""
        before = words[at - 1] if at else ""
        if words[at] in self._bare or before in _ARTICLES:
            return before not in ("a", "an")
        after = words[at + 1] if at + 1 < len(words) else ""
        return before not in _NOT_BEFORE and after not in _NOT_AFTER

    def _replaced(self, words: Sequence[str], places: Sequence[_Place], instead: str) -> str:
        out: list[str] = []
        done = 0
        for place in places:
            out += words[done : place.begin]
            done = place.end
            while out and out[-1] in _ARTICLES:
                out.pop()
            while done < len(words) and words[done] in _TAILS:
                done += 1
            following = words[done] if done < len(words) else ""
            if following in _PARTS:
                out.append("the")
            elif out[-2:] == ["it", "and"] and instead == "it":
                out.pop()  # "the pad and the ice"
            elif instead:
                out.append("they" if following == "are" else instead)
            elif out and out[-1] in _LINKS:
                out.pop()
        return " ".join([*out, *words[done:]])


def named_routines(heard: str, names: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the ids of the routines whose ``names`` occur in ``heard``, in the order of the words, each once.

    Words count by their stems, and the longest name at each place: "the heat pad" is no "pad". A name that several
    have gives all of them. "Both" names none.
    """
    return RoutineNames(names).named(heard)


def _without_articles(words: Sequence[str]) -> list[str]:
    kept = list(words)
    while kept and kept[0] in _ARTICLES | {"a", "an"}:
        kept.pop(0)
    return kept
