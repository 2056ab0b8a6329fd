"""Numbers in words and in digits, and the figures that a text states."""

from __future__ import annotations

import re
from typing import Final

from num2words import num2words
from text_to_num import alpha2digit

_DIGITS: Final = re.compile(r"\d+(?:\.\d+)?")
_NO_MORE_THAN_WORDS: Final[frozenset[str]] = frozenset({"one", "second", "first", "third"})
"""Words that are numbers only sometimes ("no one", "one second", "first, lie down")."""


def words_to_digits(text: str) -> str:
    """Return ``text`` with its number words as digits: "fifteen to twenty" becomes "15 to 20"."""
    return str(alpha2digit(text, "en", threshold=0))


def digits_to_words(text: str) -> str:
    """Return ``text`` with its digits as words, as a person says them."""
    return _DIGITS.sub(lambda found: _as_words(found.group()), text)


def _as_words(digits: str) -> str:
    value = float(digits) if "." in digits else int(digits)
    return str(num2words(value)).replace("-", " ").replace(",", "")


def figures_in(text: str) -> frozenset[float]:
    """Return the numbers that ``text`` states, in digits or words.

    "one" and ordinals do not count: they are seldom figures ("one side", "first the hot pad").
    """
    kept = " ".join("_" if word.lower() in _NO_MORE_THAN_WORDS else word for word in text.split())
    return frozenset(float(found) for found in _DIGITS.findall(words_to_digits(kept)))
