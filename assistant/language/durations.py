"""Durations as people say them: "two and a half minutes", "a couple more minutes", "half an hour"."""

from __future__ import annotations

import re
from typing import Final

from assistant.language.numbers import fractions_to_decimals, words_to_digits

LONGEST: Final = 86_400.0
"""A day, in seconds. Whoever says more doesn't mean a timer, and a misheard figure mustn't become one."""
_UNITS: Final[dict[str, float]] = {
    "second": 1.0,
    "sec": 1.0,
    "minute": 60.0,
    "min": 60.0,
    "hour": 3600.0,
    "hr": 3600.0,
}
_SMALLER: Final[dict[str, float]] = {"minute": 1.0, "min": 1.0, "hour": 60.0, "hr": 60.0}
"""What a bare number right after a whole unit counts: "two minutes thirty", "an hour twenty"."""
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
    "few": "3",
}
"""What a vague amount counts as. "A few" as three is the product's reading; nothing hangs on it, for every
routine has the guide's own limit."""
_PART: Final = re.compile(
    r"(?:(?P<half>half)\s+(?:an?\s+)?"
    r"|(?P<quarter>(?:a\s+)?quarter\s+(?:of\s+)?(?:an?\s+)?)"
    r"|(?P<three>(?:three|3)\s+quarters\s+(?:of\s+)?(?:an?\s+)?)"
    r"|(?P<figures>\d+(?:\.\d+)?)\s*(?P<joined>and\s+a\s+(?:half|quarter)\s+)?"
    r"|\b(?P<vague>a couple|couple|a few|few|another|one|an|a)\s+)" + _FILL + _UNIT + r"\b"
    r"(?P<tail>\s+and\s+a\s+(?:half|quarter))?"
    r"(?:\s+(?:and\s+)?(?P<bare>\d{1,2})(?!\s*[\d.%]|\s+\w*\s*(?:sec|min|hour|hr|to\b|or\b|and\b)))?"
)
_TAIL: Final[dict[str, float]] = {"half": 0.5, "quarter": 0.25}
_RANGE_SIGN: Final = re.compile(r"(?<=\d)\s*[-‐‑–—]\s*(?=\d)|\s[–—]\s")
_BETWEEN: Final = re.compile(r"\bbetween\s+(\d+(?:\.\d+)?)\s+and(?=\s+\d)")
_UPPER_END: Final = re.compile(
    r"(\d+(?:\.\d+)?)\s+(?:to|or|up to)\s+\d+(?:\.\d+)?(?:\s+and\s+a\s+(?:half|quarter))?"
    r"(?=\s+(?:\w+\s+)?(?:sec|min|hour|hr))"
)
_OR_ELSE: Final = re.compile(r"\s*(?:to|or|up to|till|until)\s*")


def _fraction(text: str | None) -> float:
    return next((value for word, value in _TAIL.items() if text and word in text), 0.0)


def duration_seconds(text: str) -> float | None:
    """Return the length of time that ``text`` states, in seconds, or None where it states none (or over a day).

    Several parts add up ("one minute and thirty seconds"); of a range only the lower end counts ("15 to 20
    minutes" is 900 s, "thirty seconds to a minute" 30 s): the careful reading.
    """
    total = 0.0
    end: int | None = None
    plain = _plain(text)
    for part in _PART.finditer(plain):
        if end is not None and _OR_ELSE.fullmatch(plain[end : part.start()]):
            end = part.end()
            continue
        end = part.end()
        total += _seconds(part)
    return total if end is not None and total <= LONGEST else None


def _plain(text: str) -> str:
    """Return ``text`` with figures for number words and "to" for every sign of a range."""
    plain = _RANGE_SIGN.sub(" to ", fractions_to_decimals(text.lower())).replace("-", " ")
    # The singular unit would be taken for the ordinal: "a thirty second hold" for a thirty-second one.
    plain = words_to_digits(re.sub(r"\bsecond\b", "seconds", plain))
    return _UPPER_END.sub(r"\1", _BETWEEN.sub(r"\1 to", plain))


def _seconds(part: re.Match[str]) -> float:
    unit = part.group("unit")
    if part.group("half"):
        amount = 0.5
    elif part.group("quarter"):
        amount = 0.25
    elif part.group("three"):
        amount = 0.75
    else:
        vague = part.group("vague")
        amount = float(_VAGUE[vague] if vague else part.group("figures"))
    amount += _fraction(part.group("joined")) + _fraction(part.group("tail"))
    return amount * _UNITS[unit] + float(part.group("bare") or 0) * _SMALLER.get(unit, 0.0)


def spoken_duration(seconds: float) -> str:
    """Return ``seconds`` as a person says it: 90 becomes "1 minute and 30 seconds"."""
    whole = max(0, round(seconds))
    parts = []
    for name, size in (("hour", 3600), ("minute", 60), ("second", 1)):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    if len(parts) > 2:
        return f"{', '.join(parts[:-1])} and {parts[-1]}"
    return " and ".join(parts) or "0 seconds"
