"""Numbers in words and in digits, and the figures that a text states."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from num2words import num2words
from text_to_num import alpha2digit

_DIGITS: Final = re.compile(r"\d+(?:\.\d+)?")
_SPELLED: Final = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<ordinal>(?:st|nd|rd|th)\b)?", re.IGNORECASE)
_ORDINAL: Final = re.compile(r"\d+(?:st|nd|rd|th)\b", re.IGNORECASE)
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_FRACTION: Final = re.compile(r"(?:(\d+)\s*)?([¼½¾])")
_SPOKEN_DIGITS: Final = 12
"""Longer numbers are read digit by digit: nobody follows a number of billions, and none of a guide is that long."""
_NO_MORE_THAN_WORDS: Final[frozenset[str]] = frozenset({"one", "second", "first", "third"})
"""Words that are numbers only sometimes ("no one", "one second", "first, lie down")."""


def words_to_digits(text: str) -> str:
    """Return ``text`` with its number words as digits: "fifteen to twenty" becomes "15 to 20"."""
    whole = text.encode("utf-8", "replace").decode("utf-8")  # the converter refuses half characters
    return str(alpha2digit(whole, "en", threshold=0))


def digits_to_words(text: str) -> str:
    """Return ``text`` with its digits as words, as a person says them; "1st" becomes "first"."""
    plain = _THOUSANDS.sub("", text)
    return _SPELLED.sub(lambda found: _apart(found, _as_words(found)), plain)


def _as_words(found: re.Match[str]) -> str:
    digits = found.group("number")
    whole = digits.partition(".")[0]
    if len(whole) > _SPOKEN_DIGITS:
        return " ".join(num2words(int(digit)) if digit != "." else "point" for digit in digits)
    kind = "ordinal" if found.group("ordinal") and "." not in digits else "cardinal"
    value = float(digits) if "." in digits else int(digits)
    return str(num2words(value, to=kind)).replace("-", " ").replace(",", "")


def _apart(found: re.Match[str], words: str) -> str:
    """Keep letters that touch a figure apart from its words: "5mins" is "five mins"."""
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return f"{' ' if before.isalnum() else ''}{words}{' ' if after.isalnum() else ''}"


def fractions_to_decimals(text: str) -> str:
    """Return ``text`` with its fraction signs as decimals: "2½" becomes "2.5"."""
    return _FRACTION.sub(lambda f: f"{int(f.group(1) or 0) + unicodedata.numeric(f.group(2)):g}", text)


def figures_in(text: str) -> frozenset[float]:
    """Return the numbers that ``text`` states, in digits or words.

    "one" and ordinals do not count: they are seldom figures ("one side", "first the hot pad").
    """
    plain = _THOUSANDS.sub("", fractions_to_decimals(text))
    kept = " ".join("_" if _bare(word) in _NO_MORE_THAN_WORDS else word for word in plain.split())
    stated = _ORDINAL.sub("_", words_to_digits(kept))
    return frozenset(float(found) for found in _DIGITS.findall(stated))


def _bare(word: str) -> str:
    return word.lower().strip(".,;:!?()\"'")
