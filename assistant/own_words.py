"""Tells the assistant's own voice, heard by its microphone, from a person's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from assistant.language import normal_form, stems

ECHO_DELAY: Final = 0.4
"""Seconds by which a room, a sound server and end-pointing may delay an echo."""
SHARE: Final = 0.6
"""Share of the heard words that own words must explain: recognisers get some words of an echo wrong, while a
person's question shares only its small words with the answer."""
COMMAND_WINDOW: Final = 1.3
"""Seconds before a spotted command in which the same own word explains it: a command is spotted about half a
second after it was said."""


class PlayedWord(Protocol):
    """A word with its own text."""

    @property
    def text(self) -> str:
        """The word."""


class OwnWords:
    """Compares what was heard with what was played at that time."""

    def __init__(self, words_played: Callable[[tuple[float, float]], Sequence[PlayedWord]]) -> None:
        """Take a function that gives the words played between two times on the monotonic clock (s)."""
        self._words_played = words_played

    def explain(self, heard: str, began: float, ended: float) -> bool:
        """Return whether ``heard``, between ``began`` and ``ended``, was the assistant itself."""
        said = stems(normal_form(heard, keep_fillers=True))
        if not said:
            return False
        played = self._stems(began - ECHO_DELAY, ended)
        shared = Counter(said) & played
        return sum(shared.values()) >= SHARE * len(said)

    def explain_command(self, command: str, at: float) -> bool:
        """Return whether a command spotted at ``at`` was a word of the assistant's own."""
        said = Counter(stems(normal_form(command, keep_fillers=True)))
        return said <= self._stems(at - COMMAND_WINDOW, at)

    def _stems(self, began: float, ended: float) -> Counter[str]:
        words = " ".join(word.text for word in self._words_played((began, ended)))
        return Counter(stems(normal_form(words, keep_fillers=True)))
