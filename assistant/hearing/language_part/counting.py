"""Sentences as numbers, and how often each run of one, two and three words occurs.

A run of words (an n-gram) is one 64-bit integer, its key: ``(first * V + second) * V + third`` with V the size of
the vocabulary. So keys sort by history first, and counting is sorting: twenty million words take seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

BEGIN, END, OTHER = 0, 1, 2
"""Numbers of the sentence's beginning, its end, and any word outside the vocabulary."""
_SPECIAL: Final = ("<s>", "</s>", "[unk]")
FIRST_WORD: Final = len(_SPECIAL)

Keys = NDArray[np.int64]
Sentence = Sequence[str]


@dataclass(frozen=True)
class Vocabulary:
    """The words that an n-gram model knows. Word number ``i`` is ``names[i]``; the first three are no words."""

    words: tuple[str, ...]
    index: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {word: number for number, word in enumerate(self.words, FIRST_WORD)})

    def __len__(self) -> int:
        return FIRST_WORD + len(self.words)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, those of the special numbers first."""
        return (*_SPECIAL, *self.words)

    def encoded(self, sentences: Iterable[Sentence]) -> NDArray[np.int32]:
        """Return all sentences in a row, each between `BEGIN` and `END`."""
        numbers: list[int] = []
        find = self.index.get
        for sentence in sentences:
            numbers.append(BEGIN)
            numbers.extend([find(word, OTHER) for word in sentence])
            numbers.append(END)
        return np.array(numbers, np.int32)


@dataclass(frozen=True)
class Counts:
    """The n-grams of a text: sorted keys, and how often each occurs. Unigrams are counted by word number."""

    vocabulary: Vocabulary
    unigrams: NDArray[np.int64]
    bigrams: Keys
    bigram_counts: NDArray[np.int64]
    trigrams: Keys
    trigram_counts: NDArray[np.int64]


def count(vocabulary: Vocabulary, encoded: NDArray[np.int32]) -> Counts:
    """Count the n-grams of `Vocabulary.encoded` text. None reaches over a sentence's end."""
    size = len(vocabulary)
    pairs, triples = bigrams_of(encoded, size), trigrams_of(encoded, size)
    bigrams, bigram_counts = np.unique(pairs, return_counts=True)
    trigrams, trigram_counts = np.unique(triples, return_counts=True)
    unigrams = np.bincount(encoded[encoded != BEGIN], minlength=size).astype(np.int64)
    return Counts(vocabulary, unigrams, bigrams, bigram_counts, trigrams, trigram_counts)


def bigrams_of(encoded: NDArray[np.int32], size: int) -> Keys:
    """Return the keys of the word pairs, in the text's order."""
    numbers = encoded.astype(np.int64)
    keys: Keys = numbers[:-1] * size + numbers[1:]
    inside = encoded[1:] != BEGIN
    return np.compress(inside, keys)


def trigrams_of(encoded: NDArray[np.int32], size: int) -> Keys:
    """Return the keys of the word triples, in the text's order."""
    numbers = encoded.astype(np.int64)
    inside = (encoded[2:] != BEGIN) & (encoded[1:-1] != BEGIN)
    keys: Keys = (numbers[:-2] * size + numbers[1:-1]) * size + numbers[2:]
    return np.compress(inside, keys)


def group_starts(keys: Keys, size: int) -> tuple[Keys, NDArray[np.intp]]:
    """Return the different histories of sorted ``keys``, and where the n-grams of each begin."""
    histories = keys // size
    starts = np.flatnonzero(np.r_[True, histories[1:] != histories[:-1]]) if len(keys) else np.zeros(0, np.intp)
    return histories[starts], starts


def positions(sorted_keys: Keys, wanted: Keys) -> NDArray[np.intp]:
    """Return where each of ``wanted`` stands in ``sorted_keys``; -1 where it doesn't."""
    if not len(sorted_keys):
        return np.full(len(wanted), -1, np.intp)
    place = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    return np.where(sorted_keys[place] == wanted, place, -1)
