"""The wake phrase, and what recognisers make of it."""

from __future__ import annotations

import re
from typing import Final

from rapidfuzz import fuzz

_CALLS: Final = frozenset({"hey", "hi", "hello", "ok", "okay", "hay", "a", "eh", "oi", "the", "he", "they"})
_NOISE: Final = _CALLS | {"um", "uh", "er", "erm", "oh", "ooh", "ow", "ah", "so", "right", "well", "please", ""}
_NAME: Final = "marigold"
_NAME_LIKENESS: Final = 80.0
"""rapidfuzz ratio from which one or two words count as the name: "mary gold" is 94, "marry gold" 89,
"marathon" 50."""
_NAMES: Final = frozenset({"marigold", "mary gold", "merry gold", "marry gold", "marigolds", "mari gold"})
WAKE_PHRASES: Final = ("hey marigold", "hi marigold", "okay marigold", "hello marigold", "marigold")


def split_wake(text: str) -> tuple[bool, str]:
    """Return whether ``text`` begins with the wake phrase (a few words of noise may stand before it), and the rest.

    "um hey marigold how long do I press" gives (True, "how long do I press"), and "stop it marigold" (True, "stop it").
    """
    words = text.split()
    for at in range(min(len(words), 5)):
        for length in (1, 2):
            name = re.sub(r"[^a-z ]", "", " ".join(words[at : at + length]).lower())
            if len(words[at : at + length]) == length and _is_name(name, called=_called(words, at)):
                return True, " ".join(words[at + length :]) or _before(words[:at])
    return False, text


def _before(words: list[str]) -> str:
    """Return what stands before a name that ends the utterance, without the call; empty where it is only noise."""
    bare = [re.sub(r"\W", "", word.lower()) for word in words]
    while bare and bare[-1] in _CALLS:
        bare, words = bare[:-1], words[:-1]
    return "" if set(bare) <= _NOISE else " ".join(words)


def _called(words: list[str], at: int) -> bool:
    return at > 0 and re.sub(r"\W", "", words[at - 1].lower()) in _CALLS


def _is_name(name: str, *, called: bool) -> bool:
    if name in _NAMES:
        return True
    return called and fuzz.ratio(name.replace(" ", ""), _NAME) >= _NAME_LIKENESS
