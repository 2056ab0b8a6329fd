"""A small vocabulary, texts, and the sounds of the model that ships, for tests of the language part."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Final

import numpy as np

from assistant.hearing.language_part.counting import Vocabulary, count
from assistant.hearing.language_part.estimation import estimate
from assistant.hearing.language_part.ngram import NGramModel

SHIPPED: Final = Path(__file__).parents[3] / "models" / "marigold-en"

PRONUNCIATIONS: Final[dict[str, list[tuple[str, ...]]]] = {
    "stop": [("S", "T", "AA", "P")],
    "start": [("S", "T", "AA", "R", "T")],
    "two": [("T", "UW")],
    "to": [("T", "UW"), ("T", "AX")],
    "too": [("T", "UW")],
    "a": [("AX",), ("EY",)],
    "tomato": [("T", "AX", "M", "EY", "T", "OW"), ("T", "AX", "M", "AA", "T", "OW")],
    "potato": [("P", "AX", "T", "EY", "T", "OW")],
}
WORDS: Final = tuple(sorted(PRONUNCIATIONS))


def sentences(count_: int, seed: int = 0, words: tuple[str, ...] = WORDS) -> list[list[str]]:
    """Return random sentences in which each word prefers the next two of the list."""
    chance = random.Random(seed)
    made = []
    for _ in range(count_):
        at = chance.randrange(len(words))
        sentence = [words[at]]
        for _ in range(chance.randrange(8)):
            at = (at + chance.choice((1, 1, 1, 2, 2, chance.randrange(len(words))))) % len(words)
            sentence.append(words[at])
        made.append(sentence)
    return made


def small_model(seed: int = 0, words: tuple[str, ...] = WORDS, *, continuations: bool = False) -> NGramModel:
    """Return the trigram model of some hundred sentences."""
    vocabulary = Vocabulary(words)
    return estimate(count(vocabulary, vocabulary.encoded(sentences(300, seed, words))), continuations=continuations)


def sums(model: NGramModel) -> list[float]:
    """Return, for many histories of one and two words, the sum of the probabilities of all next words."""
    size = len(model.vocabulary)
    every = np.arange(size)
    found = [float(np.exp(model.unigrams).sum())]
    for second in range(size):
        if second == 1:
            continue  # nothing follows a sentence's end
        for first in (-1, 0, 2, 3, size - 1):
            history = np.full(size, first), np.full(size, second)
            found.append(float(np.exp(model.after_two(*history, every)).sum()))
    return found


def model_folder(folder: Path) -> Path:
    """Return ``folder`` with the sounds and settings of the model that ships, without its graph."""
    for part in ("am", "conf"):
        shutil.copytree(SHIPPED / part, folder / part)
    shutil.copyfile(SHIPPED / "LICENCE.md", folder / "LICENCE.md")
    return folder
