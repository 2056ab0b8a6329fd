"""Tells the assistant's own voice, heard by its microphone, from a person's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from rapidfuzz import fuzz, process

from assistant.language import normal_form, stems

ECHO_DELAY: Final = 0.4
"""Seconds by which a room, a sound server and end-pointing may delay an echo."""
ALONE_WORDS: Final = 2
BESIDE_WORDS: Final = 2
BESIDE: Final = 0.6
"""Words, and seconds around them: a sentence has two more words within 0.6 s of any of its own."""
SHARE: Final = 0.6
"""Share of the heard words that own words must explain: recognisers get some words of an echo wrong, while a
person's question shares only its small words with the answer."""
COMMAND_WINDOW: Final = 1.3
"""Seconds before a spotted command in which the same own word explains it: a command is spotted about half a
second after it was said."""
LAST_WORDS: Final = 3
"""Words of the open recogniser that must be own ones. With 2 more commands are missed, without it more are heard
that nobody said: see docs/architecture.md."""
VOICE_WINDOW: Final = 2.5
"""Seconds by which the open recogniser's words may lie back: its look-ahead, an echo's way, and two looks."""
ALIKE: Final = 72.0
"""rapidfuzz ratio from which a heard word counts as an own one: an echo loses sounds ("strange" for "strained"
is 80)."""


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

    def embeds(self, heard: str, began: float, ended: float) -> bool:
        """Return whether so few words were said inside a longer sentence of the assistant's own, at that time.

        An echo would have brought the words beside them too: "or say next, to rub". A person who answers quickly says
        "next" alone.
        """
        said = normal_form(heard, keep_fillers=True).split()
        near = self._words_played((began - ECHO_DELAY - BESIDE, ended + BESIDE))
        return len(said) <= ALONE_WORDS and len(near) >= len(said) + BESIDE_WORDS

    def explain_command(self, command: str, at: float) -> bool:
        """Return whether a command spotted at ``at`` was a word of the assistant's own."""
        said = Counter(stems(normal_form(command, keep_fillers=True)))
        return said <= self._stems(at - COMMAND_WINDOW, at)

    def explain_voice(self, heard: str, at: float) -> bool:
        """Return whether the last words of ``heard`` are nothing but the assistant's own voice, up to ``at``.

        Then a grammar that hears a command there has taken the voice for it ("spine" for "stop"): a person who
        speaks over it would most often leave a trace in the words.
        """
        last = normal_form(heard, keep_fillers=True).split()[-LAST_WORDS:]
        played = " ".join(word.text for word in self._words_played((at - VOICE_WINDOW, at)))
        own = normal_form(played, keep_fillers=True).split()
        return len(last) == LAST_WORDS and all(
            process.extractOne(word, own, scorer=fuzz.ratio, score_cutoff=ALIKE) is not None for word in last
        )

    def _stems(self, began: float, ended: float) -> Counter[str]:
        words = " ".join(word.text for word in self._words_played((began, ended)))
        return Counter(stems(normal_form(words, keep_fillers=True)))
