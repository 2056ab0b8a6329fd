"""Text made fit to be spoken, and cut into what one breath can carry."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from assistant.language.normal_form import words_of
from assistant.language.numbers import digits_to_words, fractions_to_decimals

_RANGE: Final = re.compile(r"(?<=\d)\s*[-‐−–—]\s*(?=\d)")
_DASH: Final = re.compile(r"(?:\s*[–—])+\s*")
_MARKS: Final = re.compile(r"[<>\[\]{}|\\^~*_#]")
_ELLIPSIS: Final = re.compile(r"\.(?:\s*\.)+")
_SPACES: Final = re.compile(r"\s+")
_DIALLED: Final = re.compile(r"(?<![\d.,])(?:999|112|911|111|988)(?![\d]|[.,]\d)")
"""Numbers to call. A voice reads "999" as nine hundred and ninety-nine, which nobody dials."""
_SENTENCE_END: Final = re.compile(r"[.!?][\"”'’)\]]*\s+(?=[\"“'‘(\[]?[A-Z0-9])")
_ABBREVIATION: Final = re.compile(r"\b(?:e\.g|i\.e|mr|mrs|ms|dr|prof|vs|approx|st|fig|cf)\.\s+$", re.IGNORECASE)
"""A point after these ends no sentence. "min." and "etc." are left out: they often stand at a sentence's end."""
_NUMBER_OF: Final = re.compile(r"\b[Nn]o\.\s+$")


def speakable(text: str) -> str:
    """Return ``text`` without what a voice stumbles over.

    Ranges become "15 to 20", dashes commas, numbers to call single digits, fraction signs decimals; control
    characters and mark-up signs go, ellipses end.
    """
    text = unicodedata.normalize("NFKC", fractions_to_decimals(text))
    text = _MARKS.sub(" ", "".join(c if c.isprintable() else " " for c in text))
    text = _DASH.sub(", ", _RANGE.sub(" to ", text)).lstrip(", ")
    text = _DIALLED.sub(lambda number: " ".join(number.group()), _ELLIPSIS.sub(".", text))
    return _SPACES.sub(" ", text).strip()


def sentences_of(text: str) -> list[str]:
    """Return the sentences of ``text`` in order, each with its end marks; never an empty one."""
    sentences = []
    begin = 0
    for end in _SENTENCE_END.finditer(text):
        if _goes_on(text[begin : end.end()], text[end.end() :]):
            continue
        sentences.append(text[begin : end.end()].strip())
        begin = end.end()
    return [sentence for sentence in (*sentences, text[begin:].strip()) if sentence]


def _goes_on(so_far: str, rest: str) -> bool:
    """Return whether the point at the end of ``so_far`` belongs to an abbreviation ("e.g.", "No. 5")."""
    if _ABBREVIATION.search(so_far):
        return True
    return rest[:1].isdigit() and bool(_NUMBER_OF.search(so_far))


def word_runs(text: str, length: int) -> set[tuple[str, ...]]:
    """Return every run of ``length`` words in a row of ``text`` (numbers as words), to find copies."""
    words = words_of(digits_to_words(text.replace("-", " ").replace("–", " to ")))
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
