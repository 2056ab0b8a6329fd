"""Text made fit to be spoken, and cut into what one breath can carry."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from assistant.language.normal_form import words_of
from assistant.language.numbers import digits_to_words

_RANGE: Final = re.compile(r"(?<=\d)\s*[–—-]\s*(?=\d)")
_DASH: Final = re.compile(r"\s*[–—]\s*")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])")
_SPACES: Final = re.compile(r"\s+")


def speakable(text: str) -> str:
    """Return ``text`` without what a voice stumbles over.

    Ranges become "15 to 20", dashes commas, control characters and mark-up signs go, ellipses end.
    """
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c if c.isprintable() else " " for c in text)
    text = _DASH.sub(", ", _RANGE.sub(" to ", text))
    text = re.sub(r"\.{2,}|…", ".", text)
    text = re.sub(r"[<>\[\]{}|\\^~*_#]", " ", text)
    return _SPACES.sub(" ", text).strip()


def sentences_of(text: str) -> list[str]:
    """Return the sentences of ``text`` in order, each with its end mark; never an empty one."""
    return [part.strip() for part in _SENTENCE_END.split(text.strip()) if part.strip()]


def word_runs(text: str, length: int) -> set[tuple[str, ...]]:
    """Return every run of ``length`` words in a row of ``text`` (numbers as words), to find copies."""
    words = words_of(digits_to_words(text.replace("-", " ").replace("–", " to ")))
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
