"""Which of the offered answers was picked: "the second one", "neither", or a word of its title. Pure."""

from __future__ import annotations

from enum import Enum
from typing import Final

from assistant.dialogue.phrases import Phrases
from assistant.guide.model import Guide
from assistant.language import normal_form, stems
from assistant.understanding.meaning import Kind, Meaning
from assistant.understanding.wake import split_wake

_PLACES: Final = ("choose_first", "choose_second", "choose_third")
SHORT_WORDS: Final = 4
"""So few words pick by a word of the title ("the massage one"); more are a question of their own."""
LIKELY: Final = 0.15
"""Share of the vote that an offered entry needs to be taken as picked. Words on something else leave it less."""
TITLE_LETTERS: Final = 4
"""Shorter words of a title ("for", "in", "the") say nothing of it."""


class Chosen(Enum):
    """Answers to "did you mean A or B" that pick none of them alone."""

    BOTH = "both"
    NEITHER = "neither"


def words_without_wake(meaning: Meaning) -> str:
    """Return what was heard, without the wake phrase."""
    return split_wake(meaning.heard)[1]


def is_one_of(phrases: Phrases, key: str, text: str) -> bool:
    """Return whether ``text`` is, as a whole, one of the phrases under ``key``."""
    forms = {normal_form(text), normal_form(text, keep_fillers=True)} - {""}
    return any(normal_form(line) in forms for line in phrases.variants(key))


def chosen_of(choices: tuple[str, ...], meaning: Meaning, guide: Guide, phrases: Phrases) -> str | Chosen | None:
    """Return the entry of ``choices`` that was picked, both or neither of them, or None where that isn't clear."""
    heard = words_without_wake(meaning)
    for place, key in enumerate(_PLACES[: len(choices)]):
        if is_one_of(phrases, key, heard):
            return choices[place]
    if is_one_of(phrases, "choose_last", heard):
        return choices[-1]
    if is_one_of(phrases, "choose_both", heard):
        return Chosen.BOTH
    if is_one_of(phrases, "choose_neither", heard):
        return Chosen.NEITHER
    if meaning.kind is Kind.COMMAND:
        led = [choice for choice in choices if meaning.id == f"start:{guide.entries[choice].routine}"]
        if len(led) == 1:
            return led[0]  # "the heating pad one"
        # "Yes" to "A or B?" picks the likelier: an answer helps more than being asked once more.
        return choices[0] if meaning.id == "yes" else Chosen.NEITHER if meaning.id == "no" else None
    if meaning.kind is Kind.ANSWER and meaning.id in choices:
        return meaning.id
    return _by_title(choices, heard, guide) or _by_likeness(choices, meaning)


def _by_title(choices: tuple[str, ...], heard: str, guide: Guide) -> str | None:
    said = normal_form(heard).split()
    if len(said) > SHORT_WORDS:
        return None
    titles = {choice: _title_stems(guide.entries[choice].title) for choice in choices}
    spoken = set(stems(" ".join(said)))
    named = [
        choice
        for choice, words in titles.items()
        if spoken & words.difference(*(other for key, other in titles.items() if key != choice))
    ]
    return named[0] if len(named) == 1 else None


def _title_stems(title: str) -> set[str]:
    return set(stems(" ".join(word for word in normal_form(title).split() if len(word) >= TITLE_LETTERS)))


def _by_likeness(choices: tuple[str, ...], meaning: Meaning) -> str | None:
    if meaning.kind not in (Kind.CLARIFY, Kind.UNKNOWN):
        return None
    offered = {f"entry:{choice}": choice for choice in choices}
    return next((offered[r.label] for r in meaning.reasons if r.label in offered and r.score >= LIKELY), None)
