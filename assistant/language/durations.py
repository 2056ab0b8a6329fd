"""Durations as people say them: "two and a half minutes", "a couple more minutes", "half an hour"."""

from __future__ import annotations

import re
from typing import Final

from assistant.language.numbers import words_to_digits

_UNITS: Final[dict[str, float]] = {
    "second": 1.0,
    "sec": 1.0,
    "minute": 60.0,
    "min": 60.0,
    "hour": 3600.0,
    "hr": 3600.0,
}
_UNIT: Final = r"(?P<unit>second|sec|minute|min|hour|hr)s?"
_FILL: Final = r"(?:(?:more|extra|another|of|further|or|so)\s+)*"
_VAGUE: Final[dict[str, str]] = {
    "a couple": "2",
    "couple": "2",
    "an": "1",
    "a": "1",
    "another": "1",
    "one": "1",
    "a few": "3",
}
"""What a vague amount counts as. "A few" as three is the product's reading; nothing hangs on it, for every
routine has the guide's own limit."""
_PART: Final = re.compile(
    r"(?:(?P<half>half)\s+(?:an?\s+)?"
    r"|(?P<quarter>(?:a\s+)?quarter\s+(?:of\s+)?(?:an\s+)?)"
    r"|(?P<three>(?:three|3)\s+quarters\s+(?:of\s+)?(?:an?\s+)?)"
    r"|(?P<count>\d+(?:\.\d+)?|a couple|couple|a few|another|one|an|a)\s+"
    r"(?P<joined>and\s+a\s+half\s+|and\s+a\s+quarter\s+)?)" + _FILL + _UNIT + r"\b"
    r"(?P<tail>\s+and\s+a\s+half|\s+and\s+a\s+quarter)?"
)
_TAIL: Final[dict[str, float]] = {"half": 0.5, "quarter": 0.25}


def _fraction(text: str | None) -> float:
    return next((value for word, value in _TAIL.items() if text and word in text), 0.0)


def duration_seconds(text: str) -> float | None:
    """Return the length of time that ``text`` states, in seconds, or None where it states none.

    Several parts add up ("one minute and thirty seconds"); a range gives its lower end's unit and its
    upper end is left out ("15 to 20 minutes" is 900 s): the careful reading.
    """
    plain = words_to_digits(text.lower().replace("-", " "))
    plain = re.sub(r"(\d+(?:\.\d+)?)\s+(?:to|or)\s+\d+(?:\.\d+)?(?=\s+\w*\s*(?:sec|min|hour|hr))", r"\1", plain)
    total = 0.0
    found = False
    for part in _PART.finditer(plain):
        found = True
        unit = _UNITS[part.group("unit")]
        if part.group("half"):
            amount = 0.5
        elif part.group("quarter"):
            amount = 0.25
        elif part.group("three"):
            amount = 0.75
        else:
            count = part.group("count")
            amount = float(_VAGUE.get(count, count))
        total += (amount + _fraction(part.group("joined")) + _fraction(part.group("tail"))) * unit
    return total if found else None


def spoken_duration(seconds: float) -> str:
    """Return ``seconds`` as a person says it: 90 becomes "1 minute and 30 seconds"."""
    whole = max(0, round(seconds))
    parts = []
    for name, size in (("hour", 3600), ("minute", 60), ("second", 1)):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " and ".join(parts) or "0 seconds"
