"""Text as it is written, cut into sentences of words as they are heard: lower case, numbers as words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from assistant.language.numbers import digits_to_words
from assistant.language.spoken import sentences_of, speakable

_WORD: Final = re.compile(r"(?<![^\W\d_])[a-z]+(?:'[a-z]+)*(?![^\W\d_])")
"""A word with letters that English hasn't is dropped whole, not cut at them."""
_SIGNS: Final = str.maketrans({"’": "'", "‘": "'", "&": " and ", "%": " percent ", "°": " degrees "})
_DIGIT: Final = re.compile(r"\d")
_LETTERS_APART: Final = re.compile(r"\b(?:[A-Z]\.){2,}")
"""Abbreviations such as "U.S.": their points end no sentence, and each letter is spoken."""
LONGEST: Final = 60
"""Words. A longer sentence is cut: it is a list or broken text, and teaches no word order at its far end."""


def heard_words(sentence: str) -> list[str]:
    """Return the words of one sentence as a listener would write them down; letters other than a-z lose marks."""
    text = sentence.translate(_SIGNS)
    if _DIGIT.search(text):
        text = digits_to_words(speakable(text))
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _WORD.findall(text.lower())


def heard_sentences(texts: Iterable[str]) -> list[list[str]]:
    """Return all sentences of ``texts`` as lists of words; none is empty or longer than `LONGEST`."""
    found: list[list[str]] = []
    for text in texts:
        whole = _LETTERS_APART.sub(lambda letters: letters.group().replace(".", " "), text)
        for sentence in sentences_of(whole):
            words = heard_words(sentence)
            found.extend(words[begin : begin + LONGEST] for begin in range(0, len(words), LONGEST))
    return found
