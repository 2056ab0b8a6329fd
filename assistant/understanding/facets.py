"""Which side of a question is asked: how long, how, why, in which order … Pure word patterns, most special first."""

from __future__ import annotations

import re
from typing import Final

_FACETS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (facet, re.compile(pattern))
    for facet, pattern in (
        ("order", r"\b(which|what|hot|heat|cold|ice|goes?|comes?|do i|start)\b.*\b(first|before|order)\b"),
        ("healing-time", r"\b(heal|get better|go away|clear up|over it|recover|wear off|gone by)\b"),
        (
            "how-long",
            r"\bhow (long|many (minutes|seconds|months|days|weeks))\b|\bfor how long\b|\bwhat length\b",
        ),
        (
            "does-it-hurt",
            r"\b(hurt|painful|sore|uncomfortable|agony)\b.*|\bhow hard\b|\bpain (be|is) normal\b",
        ),
        (
            "safe",
            r"\b(is it|am i|are we) (ok|okay|safe|all right|alright|allowed|bad)\b|\bsafe\b|\bmake it worse\b",
        ),
        ("why", r"\b(why|how come|what caus\w+|reason)\b"),
        ("which", r"\b(which|what (kind|type|sort)|best)\b"),
        ("what-is-it", r"\bwhat (is|are|does)\b"),
        ("how", r"\bhow (do|to|should|can|would|am)\b|\bshow me\b|\bwhat do i do\b"),
    )
)


def facet_of(normal: str) -> str | None:
    """Return the facet that a question in normal form asks for, or None."""
    return next((facet for facet, pattern in _FACETS if pattern.search(normal)), None)
