"""Lint of facts and figures: none lost on the way to what is spoken, none invented."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from assistant.guide.lint_finding import Finding, error
from assistant.guide.lint_places import (
    FACTS,
    Spoken,
    entry_file,
    routine_file,
    spoken_by,
    spoken_of_routine,
)
from assistant.guide.model import Entry, Fact, Guide, Layer, Routine, Sentence
from assistant.language import figures_in, words_of, words_to_digits

_UNITS: Final[dict[str, float]] = {
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86_400.0,
    "week": 604_800.0,
    "month": 2_592_000.0,
    "year": 31_536_000.0,
}
_MEASURE: Final = re.compile(
    r"(\d+(?:\.\d+)?)(?:\s*(?:to|or|and|-|–)\s*(\d+(?:\.\d+)?))?[\s-]+(second|minute|hour|day|week|month|year)s?\b"
)
_NO_FIGURES: Final = re.compile(r"\b(?:ones|tens)\b", re.IGNORECASE)
"""Words that only look like numbers: "the tight ones", and the TENS machine."""
_AMOUNT_WORDS: Final = re.compile(r"\b(half|quarter|twice|thrice|dozen|couple|double)\b")
"""Figures without a number in them, which `figures_in` doesn't see."""


def measures_in(text: str) -> frozenset[tuple[float, str]]:
    """Return each number of ``text`` that has a unit of time: "15 to 20 minutes" gives (15, minute), (20, minute)."""
    # The unit would be taken for an ordinal: "a thirty second hold" for the thirty-second one.
    plain = re.sub(r"\bsecond\b", "seconds", text.lower().replace("-", " "))
    found = _MEASURE.findall(words_to_digits(plain))
    return frozenset((float(number), unit) for *numbers, unit in found for number in numbers if number)


def numbers_in(text: str) -> frozenset[float]:
    """Return the numbers that ``text`` states."""
    return figures_in(_NO_FIGURES.sub("_", text))


def seconds_in(texts: Iterable[str]) -> frozenset[float]:
    """Return the lengths of time that ``texts`` state, in seconds."""
    return frozenset(number * _UNITS[unit] for text in texts for number, unit in measures_in(text))


def check_facts(guide: Guide) -> Iterator[Finding]:
    """Find facts that are lost, half said, or tagged wrongly, and figures that no fact has.

    A pack without facts and routines, as an import makes it, has nothing to compare with.
    """
    tagged = any(sentence.facts for entry in guide.entries.values() for sentence in (*entry.answer, *entry.more))
    if not (guide.facts or guide.routines or tagged):
        return
    for fact in guide.facts.values():
        yield from _at_home(fact, guide)
    for entry in guide.entries.values():
        yield from _tags_of_entry(entry, guide)
    for routine in guide.routines.values():
        yield from _tags_of_routine(routine, guide)
    for spoken in spoken_by(guide):
        if spoken.layer is Layer.GUIDE:
            yield from _invented_figures(spoken, guide)


def has_word(text: str, wanted: str) -> bool:
    """Return whether ``text`` has a word or phrase as whole words, numbers in words or digits.

    "n't" is looked for at the end of words.
    """
    for words, sought in (
        (words_of(text.replace("-", " ")), wanted.replace("-", " ").lower()),
        (words_of(words_to_digits(text.replace("-", " "))), words_to_digits(wanted.replace("-", " ").lower())),
    ):
        start = "" if sought.startswith("n't") else " "
        if f"{start}{sought} " in f" {' '.join(words)} ":
            return True
    return False


def _at_home(fact: Fact, guide: Guide) -> Iterator[Finding]:
    entry = guide.entries.get(fact.entry)
    if entry is None:
        yield error("fact-without-entry", FACTS, fact.id, f"belongs to '{fact.entry}', and there is no such entry")
        return
    carrying = _sentences_with(fact.id, entry)
    if not carrying:
        elsewhere = [
            *(entry_file(name) for name, other in guide.entries.items() if _sentences_with(fact.id, other)),
            *(routine_file(name) for name, routine in guide.routines.items() if fact.id in routine.facts),
        ]
        also = f", only in {', '.join(elsewhere)}" if elsewhere else ""
        yield error("fact-not-carried", FACTS, fact.id, f"no sentence of {entry_file(fact.entry)} carries it{also}")
        return
    text = " ".join(sentence.text for sentence in carrying)
    for group in fact.must:
        if not any(has_word(text, word) for word in group):
            yield error(
                "fact-half-said",
                entry_file(entry.id),
                fact.id,
                f"its sentences don't say {_any_of(group)}",
            )


def _tags_of_entry(entry: Entry, guide: Guide) -> Iterator[Finding]:
    file = entry_file(entry.id)
    for part, sentences in (("answer", entry.answer), ("more", entry.more)):
        for number, sentence in enumerate(sentences, start=1):
            place = f"{part} {number}"
            if sentence.layer is Layer.GUIDE and not sentence.facts:
                yield error("no-fact", file, place, "is said to be the guide's and names no fact")
            yield from _tags(sentence.facts, sentence.text, file, place, guide)
    for name in sorted({name for sentence in (*entry.answer, *entry.more) for name in sentence.facts}):
        if name in guide.facts:
            text = " ".join(sentence.text for sentence in _sentences_with(name, entry))
            yield from _figures_said(guide.facts[name], text, file, name)


def _tags_of_routine(routine: Routine, guide: Guide) -> Iterator[Finding]:
    file = routine_file(routine.id)
    whole = " ".join(s.text for s in spoken_of_routine(routine, guide) if s.layer is Layer.GUIDE)
    yield from _tags(routine.facts, whole, file, "facts", guide)
    for name in routine.facts:
        if name in guide.facts:
            yield from _figures_said(guide.facts[name], whole, file, name)
    for step in routine.steps:
        place = f"step {step.id}"
        # Some facts of a step are in what it says only together with the routine's other steps: "hot first".
        yield from _tags(step.facts, whole, file, place, guide)
        for name in step.facts:
            if name not in routine.facts:
                yield error("fact-not-of-routine", file, place, f"carries {name}, which the routine's facts don't list")


def _tags(names: Iterable[str], text: str, file: str, place: str, guide: Guide) -> Iterator[Finding]:
    """Find tags of no fact, and tags whose fact the text has no word of.

    That much is asked of every text. Only in its own entry a fact must be said in full, by all that is tagged with
    it: routines are short commands, and other entries only point at it.
    """
    for name in names:
        fact = guide.facts.get(name)
        if fact is None:
            yield error("unknown-fact", file, place, f"names {name}, and facts.yaml has no such fact")
        elif fact.must and not (_has_a_word(text, fact) or _has_figures(text, fact)):
            yield error("wrong-fact", file, place, f"is tagged {name} and has not one of its words ({fact.says})")


def _has_a_word(text: str, fact: Fact) -> bool:
    return any(has_word(text, word) for group in fact.must for word in group)


def _has_figures(text: str, fact: Fact) -> bool:
    return bool(fact.figures) and numbers_in(" . ".join(fact.figures)) <= numbers_in(text)


def _figures_said(fact: Fact, text: str, file: str, place: str) -> Iterator[Finding]:
    numbers, measures = numbers_in(text), measures_in(text)
    units = {unit for _, unit in measures}
    for figure in fact.figures:
        wanted = measures_in(figure)
        lacks_number = not numbers_in(figure) <= numbers
        lacks_unit = not {unit for _, unit in wanted} <= units
        if lacks_number or lacks_unit:
            yield error("figure-lost", file, place, f"the figure of {fact.id} isn't said: {figure}")


def _invented_figures(spoken: Spoken, guide: Guide) -> Iterator[Finding]:
    known = " . ".join(figure for name in spoken.facts if name in guide.facts for figure in guide.facts[name].figures)
    numbers = numbers_in(spoken.text) - numbers_in(known)
    measures = {(n, unit) for n, unit in measures_in(spoken.text) - measures_in(known) if n not in numbers}
    said = [
        *(f"{number:g}" for number in sorted(numbers)),
        *(f"{number:g} {unit}s" for number, unit in sorted(measures)),
        *(word for word in _AMOUNT_WORDS.findall(spoken.text.lower()) if word not in known),
    ]
    if said:
        yield error(
            "figure-invented",
            spoken.file,
            spoken.place,
            f"says {', '.join(said)}, which its facts don't have: {spoken.text}",
        )


def _sentences_with(name: str, entry: Entry) -> list[Sentence]:
    return [sentence for sentence in (*entry.answer, *entry.more) if name in sentence.facts]


def _any_of(group: Iterable[str]) -> str:
    return " or ".join(f"'{word}'" for word in group)
