"""Reads an n-gram model in the ARPA text form, as a further source of general language.

The form (Doug Paul's, for the ARPA speech tasks of the 1990s) lists unigrams, bigrams and trigrams in turn, each on
a line: log10 of its probability, its words, and log10 of its back-off weight where it has one.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.hearing.language_part.counting import BEGIN, END, OTHER, Keys, Vocabulary
from assistant.hearing.language_part.ngram import Logs, NGramModel, with_backoffs

_NAMES: Final = {"<s>": BEGIN, "</s>": END, "<unk>": OTHER, "<UNK>": OTHER, "[unk]": OTHER}
_UNSEEN: Final = 1e-9
"""Probability of words that the model lacks: each; the rest of what it lacks goes to other words."""
_ORDERS: Final = {"\\1-grams:": 1, "\\2-grams:": 2, "\\3-grams:": 3}


class NotAnArpaModelError(ValueError):
    """A file that has no unigrams in the ARPA form."""


def read_arpa(path: Path, vocabulary: Vocabulary) -> NGramModel:
    """Return the model over ``vocabulary``: n-grams with other words are left out, their unigrams lumped.

    Back-off weights are made anew, since leaving out n-grams changes them.

    Raises:
        NotAnArpaModelError: see there.
        OSError: the file can't be read.
    """
    find = dict(vocabulary.index) | _NAMES
    size = len(vocabulary)
    keys: dict[int, list[int]] = {1: [], 2: [], 3: []}
    values: dict[int, list[float]] = {1: [], 2: [], 3: []}
    order, lost = 0, 0.0
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            fields = line.split()
            if not fields or len(fields) == 1:
                order = _ORDERS.get(line.strip(), order)
                continue
            if not order:
                continue
            numbers = [find.get(word, -1) for word in fields[1 : order + 1]]
            if min(numbers) < 0:
                lost += 10 ** float(fields[0]) if order == 1 else 0.0
                continue
            key = 0
            for number in numbers:
                key = key * size + number
            keys[order].append(key)
            values[order].append(float(fields[0]))
    if not keys[1]:
        raise NotAnArpaModelError(f"{path} is no n-gram model in the ARPA form.")
    chances = np.full(size, _UNSEEN)
    chances[np.array(keys[1])] = np.power(10.0, values[1])
    chances[BEGIN] = 1e-30  # never a next word
    chances[OTHER] += lost
    bigram_keys, bigrams = _in_order(keys[2], values[2])
    trigram_keys, trigrams = _in_order(keys[3], values[3])
    unigrams = np.log(chances / chances.sum())
    return with_backoffs(vocabulary, unigrams, bigram_keys, bigrams, trigram_keys, trigrams)


def arpa_words(path: Path) -> dict[str, float]:
    """Return the words of a model and their probabilities.

    Raises:
        OSError: the file can't be read.
    """
    found: dict[str, float] = {}
    order = 0
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            fields = line.split()
            if len(fields) == 1:
                order = _ORDERS.get(fields[0], order)
            elif order == 1 and fields:
                found[fields[1]] = 10 ** float(fields[0])
            if order > 1:
                break
    return {word: chance for word, chance in found.items() if word not in _NAMES}


def _in_order(keys: list[int], values: list[float]) -> tuple[Keys, Logs]:
    """Return sorted keys and natural logarithms."""
    numbers: NDArray[np.int64] = np.array(keys, np.int64)
    order = np.argsort(numbers, kind="stable")
    return numbers[order], np.array(values, np.float64)[order] * math.log(10)
