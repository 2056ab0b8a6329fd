"""Red flags: words that must not be answered with self-care. Looked for before anything else.

A flag is raised by concepts that stand near each other (numb + where), not by a list of sentences. The concepts are
patterns in ``content/safety/red_flags.yaml``. What is negated, said of an animal or an acquaintance, or asked in
general ("what are the warning signs") raises none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from assistant.errors import WrongInputError
from assistant.language import normal_form

URGENCY: Final = ("E", "M", "STOP", "U", "ASK", "D")
"""Tiers, the most urgent first: where several flags are raised the first of these is taken."""
DEFAULT_WINDOW: Final = 8
"""Words that a place and its change may lie apart: one clause, with some room to stammer."""
LATER_CONFIDENCE: Final = 0.7
"""A flag found only in a lesser reading of the recogniser: still raised, for a miss costs more than a question."""
MAX_WORDS: Final = 120
"""Longer talk is looked at from its end: the last thing said matters most, and time stays bounded."""


class BrokenRedFlagsError(WrongInputError):
    """The definition of the red flags can't be used."""


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A red flag that was raised."""

    id: str
    tier: str
    script: str
    evidence: tuple[str, ...]
    """The words that raised it."""
    confidence: float


@dataclass(frozen=True, slots=True)
class _Rule:
    flag: str
    tier: str
    script: str
    all: tuple[str, ...]
    none: tuple[str, ...]
    within: int


@dataclass(frozen=True, slots=True)
class _Found:
    words: str
    first: int
    last: int


class RedFlags:
    """Finds red flags. Pure: built from the parsed definition."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        """Compile the definition.

        Raises:
            BrokenRedFlagsError: a pattern or a name in it can't be used.
        """
        try:
            self._concepts = {str(name): _compiled(patterns) for name, patterns in definition["concepts"].items()}
            self._negation = re.compile(rf"\b(?:{definition['negation']})\s*$")
            self._general = re.compile(str(definition["general-question"]))
            self._topics = re.compile(str(definition["general-topics"]))
            self._rules = [rule for flag in definition["flags"] for rule in _rules(flag)]
        except (KeyError, TypeError, re.error) as fault:
            raise BrokenRedFlagsError(f"content/safety/red_flags.yaml: {fault!r}.") from fault
        used = {name for rule in self._rules for name in (*rule.all, *rule.none)}
        unknown = used - self._concepts.keys()
        if unknown:
            raise BrokenRedFlagsError(f"content/safety/red_flags.yaml: no concept {', '.join(sorted(unknown))}.")

    @property
    def ids(self) -> frozenset[str]:
        """The flags that can be raised."""
        return frozenset(rule.flag for rule in self._rules)

    def find(self, hypotheses: Sequence[str], *, context: str = "idle") -> RedFlag | None:
        """Return the most urgent flag in any of the readings of an utterance (best first), or None.

        In a ``routine`` harm by the routine (tier STOP) comes before all but emergencies of its own words.
        """
        found: list[RedFlag] = []
        for rank, hypothesis in enumerate(hypotheses):
            for flag in self._in(hypothesis):
                confidence = 1.0 if rank == 0 else LATER_CONFIDENCE
                found.append(RedFlag(flag.id, flag.tier, flag.script, flag.evidence, confidence))
        if not found:
            return None
        return min(found, key=lambda flag: (-flag.confidence, _urgency(flag.tier, context)))

    def _in(self, hypothesis: str) -> Iterable[RedFlag]:
        words = normal_form(hypothesis, keep_fillers=True).split()[-MAX_WORDS:]
        text = " ".join(words)
        if not text or self._general.search(text) or self._topics.search(text):
            return
        cache: dict[str, list[_Found]] = {}
        for rule in self._rules:
            if any(self._concepts[name].search(text) for name in rule.none):
                continue
            places = [self._found(name, text, cache) for name in rule.all]
            near = _near(places, rule.within)
            if near is not None:
                yield RedFlag(rule.flag, rule.tier, rule.script, near, 1.0)

    def _found(self, name: str, text: str, cache: dict[str, list[_Found]]) -> list[_Found]:
        known = cache.get(name)
        if known is None:
            known = cache[name] = [
                _Found(hit.group(), _word_at(text, hit.start()), _word_at(text, max(hit.start(), hit.end() - 1)))
                for hit in self._concepts[name].finditer(text)
                if hit.group().strip() and not self._denied(text, hit)
            ]
        return known

    def _denied(self, text: str, hit: re.Match[str]) -> bool:
        """Return whether a negation stands right before; phrases that hold their own ("can not feel") aren't."""
        return bool(self._negation.search(text[: hit.start()]))


def _compiled(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b(?:{pattern})(?!\w)" for pattern in patterns))


def _rules(flag: Mapping[str, Any]) -> list[_Rule]:
    if flag["tier"] not in URGENCY:
        raise KeyError(f"tier {flag['tier']} of {flag['id']}")
    return [
        _Rule(
            flag=str(flag["id"]),
            tier=str(flag["tier"]),
            script=str(flag["script"]),
            all=tuple(rule["all"]),
            none=tuple(rule.get("none", ())),
            within=int(rule.get("within", DEFAULT_WINDOW)),
        )
        for rule in flag["rules"]
    ]


def _urgency(tier: str, context: str) -> int:
    if context == "routine" and tier == "STOP":
        return URGENCY.index("M")
    return URGENCY.index(tier)


def _word_at(text: str, position: int) -> int:
    return text.count(" ", 0, position)


def _near(places: Sequence[Sequence[_Found]], within: int) -> tuple[str, ...] | None:
    """Return one finding of each concept such that all lie within so many words, or None."""
    if not all(places):
        return None
    for anchor in places[0]:
        chosen = [anchor]
        for others in places[1:]:
            close = [
                other for other in others if max(other.last, anchor.last) - min(other.first, anchor.first) <= within
            ]
            if not close:
                break
            chosen.append(close[0])
        else:
            return tuple(found.words for found in chosen)
    return None
