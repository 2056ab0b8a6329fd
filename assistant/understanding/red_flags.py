"""Red flags: words that must not be answered with self-care. Looked for before anything else.

A flag is raised by concepts that stand near each other (numb + where), not by a list of sentences. The concepts are
patterns in ``content/safety/red_flags.yaml``. What is negated ("no numbness or weakness"), told of an animal, an
acquaintance or long ago, or asked in general ("what are the warning signs") raises none.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from assistant.errors import WrongInputError
from assistant.language import normal_form

URGENCY: Final = ("E", "M", "STOP", "U", "ASK", "D")
"""Tiers, the most urgent first: where several flags are raised the first of these is taken."""
EMERGENCY: Final = "E"
DEFAULT_WINDOW: Final = 8
"""Words that a place and its change may lie apart: one clause, with some room to stammer."""
LATER_CONFIDENCE: Final = 0.7
"""A flag found only in a lesser reading of the recogniser: still raised, for a miss costs more than a question."""
LIST_WORDS: Final = 6
"""Words that may stand before the "or" of a negated list: "no numbness, tingling, burning or weakness"."""
ITEM_WORDS: Final = 3
"""Words of one thing in a negated list: "or trouble peeing"."""
PART_DEPTH: Final = 5
"""Parts may be made of parts, but not for ever: a part that holds itself is a mistake."""
ALONE: Final = re.compile(r"(?!)")
"""Matches nothing: what an optional key of the definition stands for where it is left out."""
_PART: Final = re.compile(r"<([a-z][a-z0-9-]*)>")
_CLAUSE: Final = re.compile(r"\b(?:but|now|today|however|yesterday)\b")
_STAMMER: Final = re.compile(r"\b(\w+ \w+(?: \w+)?)(?: \1\b)+")
"""Two or three words said again at once: "it's it's gone numb"."""
_NEGATIVE: Final = re.compile(r"(?:no|nothing|never|without)\b")
"""What begins so is a finding of its own: behind another negation it is said twice, not taken back."""
_SPEAKER: Final = re.compile(r"\b(?:i|me|my|mine|myself|we|us)\b")


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
    context: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    words: str
    first: int
    last: int
    begin: int
    """Where in the text it begins, in characters."""


@dataclass(slots=True)
class _Text:
    """An utterance and what was found in it so far."""

    words: str
    starts: list[int]
    """Where each word begins, in characters; so are all positions below."""
    denied: list[tuple[int, int]]
    """Stretches in which what begins did not happen."""
    speaker: list[int]
    """Where the speaker is named."""
    others: dict[str, list[int]]
    """Where the naming of an acquaintance or an animal ends, by kind."""
    clauses: list[int]
    hypothetical: bool
    found: dict[str, list[_Found]] = field(default_factory=dict)
    blocked: dict[str, bool] = field(default_factory=dict)


class RedFlags:
    """Finds red flags. Pure: built from the parsed definition; safe to share between threads."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        """Compile the definition.

        Raises:
            BrokenRedFlagsError: a pattern or a name in it can't be used.
        """
        try:
            parts = {str(name): str(pattern) for name, pattern in definition.get("parts", {}).items()}
            self._concepts = {
                str(name): _compiled(patterns, parts) for name, patterns in definition["concepts"].items()
            }
            self._dropped = frozenset(str(definition.get("dropped", "")).split())
            self._heard_as = _compiled(definition.get("heard-as", {}), parts)
            self._meant = [
                (re.compile(rf"\b(?:{heard})(?!\w)"), str(meant))
                for heard, meant in definition.get("heard-as", {}).items()
            ]
            self._negation = _negation(definition["negation"])
            self._general = re.compile(str(definition["general-question"]))
            self._topics = _optional(definition, "general-topics", parts)
            self._never = _optional(definition, "never-topics", parts)
            self._hypothetical = _optional(definition, "hypothetical", parts)
            self._person = _optional(definition, "person", parts)
            self._harmless = _optional(definition, "harmless-person", parts)
            self._past = _optional(definition, "past", parts)
            self._acquaintance = _optional(definition, "acquaintance", parts)
            self._acquaintance_past = _optional(definition, "acquaintance-past", parts)
            self._animal = _optional(definition, "animal", parts)
            self._places = frozenset(definition.get("places", ()))
            self._of_anyone = frozenset(definition.get("of-anyone", ()))
            self._past_counts = frozenset(definition.get("past-counts", ()))
            self._rules = [rule for flag in definition["flags"] for rule in _rules(flag)]
        except (AttributeError, KeyError, TypeError, ValueError, re.error) as fault:
            raise BrokenRedFlagsError(f"content/safety/red_flags.yaml: {fault!r}.") from fault
        used = {name for rule in self._rules for name in (*rule.all, *rule.none)}
        unknown = (used | self._places | self._of_anyone) - self._concepts.keys()
        if unknown:
            raise BrokenRedFlagsError(f"content/safety/red_flags.yaml: no concept {', '.join(sorted(unknown))}.")

    @property
    def ids(self) -> frozenset[str]:
        """The flags that can be raised."""
        return frozenset(rule.flag for rule in self._rules)

    def find(self, hypotheses: Sequence[str], *, context: str = "idle") -> RedFlag | None:
        """Return the most urgent flag in any of the readings of an utterance (best first), or None.

        Of two as urgent, the one in the better reading. In a ``routine`` harm by the routine (tier STOP) comes
        before all but emergencies of its own words.
        """
        found: list[RedFlag] = []
        for rank, hypothesis in enumerate(hypotheses):
            confidence = 1.0 if rank == 0 else LATER_CONFIDENCE
            found.extend(
                RedFlag(rule.flag, rule.tier, rule.script, evidence, confidence)
                for rule, evidence in self._in(hypothesis, context)
            )
        if not found:
            return None
        return min(found, key=lambda flag: (_urgency(flag.tier, context), -flag.confidence))

    def _in(self, hypothesis: str, context: str) -> Iterator[tuple[_Rule, tuple[str, ...]]]:
        words = self._words(hypothesis)
        if not words or self._is_general(words):
            return
        text = self._text(words)
        for rule in self._rules:
            if rule.context not in {None, context} or (text.hypothetical and rule.tier != EMERGENCY):
                continue
            near = self._raised(rule, text)
            if near is not None:
                yield rule, tuple(found.words for found in near)

    def _words(self, hypothesis: str) -> str:
        """Return the normal form without words of mere force, and with mishearings mended."""
        kept = [word for word in normal_form(hypothesis, keep_fillers=True).split() if word not in self._dropped]
        words = " ".join(kept)
        if self._heard_as.search(words):
            for heard, meant in self._meant:
                words = heard.sub(meant, words)
        return _STAMMER.sub(r"\1", words)

    def _is_general(self, words: str) -> bool:
        """Return whether it is asked of nobody in particular, or about warning signs, a film or a saddle."""
        if self._never.search(words):
            return True
        if self._topics.search(words):
            return not self._person.search(self._harmless.sub(" ", words))
        return bool(self._general.search(words)) and not self._person.search(words)

    def _text(self, words: str) -> _Text:
        """Return the utterance with what is asked of it again and again looked up once, so that time stays bounded."""
        others = {"told": self._acquaintance, "told-past": self._acquaintance_past, "animal": self._animal}
        return _Text(
            words,
            starts=[0, *(hit.end() for hit in re.finditer(" ", words))],
            # A negation covers what stands right behind it, and goes on over a list with "or".
            denied=[(hit.end("word"), hit.end() + 1) for hit in self._negation.finditer(words)],
            speaker=[hit.start() for hit in _SPEAKER.finditer(words)],
            others={kind: [hit.end() for hit in who.finditer(words)] for kind, who in others.items()},
            clauses=[0, *(hit.start() for hit in _CLAUSE.finditer(words))],
            hypothetical=bool(self._hypothetical.search(words)),
        )

    def _raised(self, rule: _Rule, text: _Text) -> Sequence[_Found] | None:
        places: list[list[_Found]] = []
        for name in rule.all:
            found = self._found(name, text)
            if not found:
                return None
            places.append(found)
        near = _near(places, rule.within)
        if near is None or any(self._is_blocked(name, text) for name in rule.none):
            return None
        if rule.flag not in self._past_counts and self._is_past(text, min(found.begin for found in near)):
            return None
        return near

    def _found(self, name: str, text: _Text) -> list[_Found]:
        known = text.found.get(name)
        if known is None:
            known = text.found[name] = [
                _Found(
                    hit.group(),
                    bisect_right(text.starts, hit.start()),
                    bisect_right(text.starts, max(hit.start(), hit.end() - 1)),
                    hit.start(),
                )
                for hit in self._concepts[name].finditer(text.words)
                if hit.group().strip() and not self._does_not_count(name, text, hit)
            ]
        return known

    def _does_not_count(self, name: str, text: _Text, hit: re.Match[str]) -> bool:
        """Return whether it did not happen, or to somebody else."""
        begin = hit.start()
        deniable = name not in self._places and not _NEGATIVE.match(hit.group())
        if deniable and _covers(text.denied, begin):
            return True
        if _SPEAKER.search(hit.group()):
            return False
        told = "told-past" if name in self._of_anyone else "told"
        return _told_of(text, told, begin) or _told_of(text, "animal", begin)

    def _is_blocked(self, name: str, text: _Text) -> bool:
        known = text.blocked.get(name)
        if known is None:
            known = text.blocked[name] = bool(self._concepts[name].search(text.words))
        return known

    def _is_past(self, text: _Text, begin: int) -> bool:
        """Return whether the clause around ``begin`` says that it was long ago."""
        nth = bisect_right(text.clauses, begin)
        last = text.clauses[nth] if nth < len(text.clauses) else len(text.words)
        return bool(self._past.search(text.words, text.clauses[nth - 1], last))


def _expanded(pattern: str, parts: Mapping[str, str]) -> str:
    """Return the pattern with its <parts> put in, and no group captured: that costs time.

    Raises:
        KeyError: there is no such part, or it holds itself.
    """
    for _ in range(PART_DEPTH):
        if not _PART.search(pattern):
            return re.sub(r"\((?!\?)", "(?:", pattern)
        pattern = _PART.sub(lambda hit: f"(?:{parts[hit[1]]})", pattern)
    raise KeyError(pattern)


def _compiled(patterns: Iterable[str], parts: Mapping[str, str]) -> re.Pattern[str]:
    alternatives = "|".join(_expanded(pattern, parts) for pattern in patterns)
    return re.compile(rf"(?:(?<!\w)|^)(?:{alternatives})(?!\w)") if alternatives else ALONE


def _optional(definition: Mapping[str, Any], key: str, parts: Mapping[str, str]) -> re.Pattern[str]:
    pattern = definition.get(key)
    return ALONE if pattern is None else _compiled([str(pattern)], parts)


def _negation(definition: Mapping[str, str]) -> re.Pattern[str]:
    """Return the pattern of a negation with the list that it covers; its own word is the group ``word``."""
    word, qualifier, item = (_expanded(str(definition[key]), {}) for key in ("words", "qualifier", "list"))
    more = rf"(?: {item}){{1,{LIST_WORDS}}}?(?: (?:or|nor)(?: {item}){{0,{ITEM_WORDS}}})+"
    return re.compile(rf"\b(?P<word>{word})\b(?: {qualifier}\b)*(?:{more})?")


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
            context=rule.get("context"),
        )
        for rule in flag["rules"]
    ]


def _urgency(tier: str, context: str) -> int:
    if context == "routine" and tier == "STOP":
        return URGENCY.index("M")
    return URGENCY.index(tier)


def _covers(stretches: Sequence[tuple[int, int]], begin: int) -> bool:
    """Return whether ``begin`` lies in one of the stretches, which stand in order."""
    nth = bisect_right(stretches, begin, key=lambda stretch: stretch[0])
    return nth > 0 and begin <= stretches[nth - 1][1]


def _told_of(text: _Text, kind: str, begin: int) -> bool:
    """Return whether what begins there is told of somebody named before, and the speaker not named since."""
    ends = text.others[kind]
    nth = bisect_left(ends, begin)
    if nth == 0:
        return False
    after = bisect_left(text.speaker, ends[nth - 1])
    return after == len(text.speaker) or text.speaker[after] >= begin


def _near(places: Sequence[Sequence[_Found]], within: int) -> tuple[_Found, ...] | None:
    """Return one finding of each concept such that all lie within so many words, or None."""
    for anchor in places[0]:
        chosen = [anchor]
        for others in places[1:]:
            close = next((other for other in others if _apart(anchor, other) <= within), None)
            if close is None:
                break
            chosen.append(close)
        else:
            return tuple(chosen)
    return None


def _apart(one: _Found, other: _Found) -> int:
    """Return how many words lie between the begin of the first and the end of the last."""
    return max(one.last, other.last) - min(one.first, other.first)
