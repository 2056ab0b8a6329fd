"""A time in big digits made of blocks, to be read from the floor."""

from __future__ import annotations

import math
from typing import Final

ROWS: Final = 5
"""Lines of a time at its usual size."""
LARGEST: Final = 4
"""Times the usual size at most: beyond that nothing is gained, even across a room."""
_NARROW: Final = {
    "0": "███ █ █ █ █ █ █ ███",
    "1": " █  ██   █   █  ███",
    "2": "███   █ ███ █   ███",
    "3": "███   █ ███   █ ███",
    "4": "█ █ █ █ ███   █   █",
    "5": "███ █   ███   █ ███",
    "6": "███ █   ███ █ █ ███",
    "7": "███   █   █   █   █",
    "8": "███ █ █ ███ █ █ ███",
    "9": "███ █ █ ███   █ ███",
    ":": "  █   █  ",
}
"""Five rows of three columns (the colon: of one), a space between them."""


def clock_time(seconds: float) -> str:
    """Return whole seconds as "0:05", "15:00" or "1:00:00"; never below "0:00"."""
    whole = max(0, math.floor(seconds))
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def big_time(text: str, columns: int, lines: int) -> list[str]:
    """Return ``text`` (digits and colons) in blocks, as large as fits; as it is where not even the smallest fits."""
    size = max((s for s in range(1, LARGEST + 1) if _width(text, 2 * s) <= columns and ROWS * s <= lines), default=0)
    if size:
        return _drawn(text, 2 * size, size)
    if _width(text, 1) <= columns and lines >= ROWS:
        return _drawn(text, 1, 1)
    return [text]


def _rows(letter: str) -> list[str]:
    width = 1 if letter == ":" else 3
    drawing = _NARROW[letter]
    return [drawing[row * (width + 1) : row * (width + 1) + width] for row in range(ROWS)]


def _width(text: str, wide: int) -> int:
    gap = max(1, wide // 2)
    return sum(gap if letter == ":" else 3 * wide for letter in text) + gap * (len(text) - 1)


def _drawn(text: str, wide: int, high: int) -> list[str]:
    """Return the drawing with each of its cells ``wide`` columns (the colon: half of that) and ``high`` lines."""
    gap = max(1, wide // 2)
    letters = [(_rows(letter), gap if letter == ":" else wide) for letter in text]
    lines = [
        (" " * gap).join("".join(cell * each for cell in rows[row]) for rows, each in letters) for row in range(ROWS)
    ]
    return [line for line in lines for _ in range(high)]
