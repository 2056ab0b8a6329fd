"""A back-off trigram model: the probability of a word after the two before it.

Where the three words were seen together, their probability is listed; otherwise the history is shortened by its
first word, at a cost (the back-off weight) that keeps all probabilities after one history at a sum of one
(Katz 1987; Jurafsky & Martin, "Speech and Language Processing", chapter 3). All probabilities and weights are
natural logarithms, in float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.hearing.language_part.counting import (
    BEGIN,
    Keys,
    Vocabulary,
    group_starts,
    positions,
)

Logs = NDArray[np.float64]
NO_WORD: Final = -1
"""Stands for the word before a sentence's beginning."""
_LEAST: Final = 1e-9
"""Least probability mass left for unseen words, against rounding."""


@dataclass(frozen=True)
class NGramModel:
    """The model in columns. Keys are sorted; ``unigram_*`` are indexed by word number.

    Every trigram's first two words are listed as a bigram, whose back-off weight is the history's.
    """

    vocabulary: Vocabulary
    unigrams: Logs
    unigram_backoffs: Logs
    bigram_keys: Keys
    bigrams: Logs
    bigram_backoffs: Logs
    trigram_keys: Keys
    trigrams: Logs

    @property
    def size(self) -> int:
        """The number of bigrams and trigrams."""
        return len(self.bigram_keys) + len(self.trigram_keys)

    def after_one(self, history: NDArray[np.int64], word: NDArray[np.int64]) -> Logs:
        """Return log P(word | history) for arrays of word numbers of one length."""
        place = positions(self.bigram_keys, history * len(self.vocabulary) + word)
        listed = self.bigrams[place] if len(self.bigrams) else np.zeros(len(place))
        return np.where(place >= 0, listed, self.unigram_backoffs[history] + self.unigrams[word])

    def after_two(self, first: NDArray[np.int64], second: NDArray[np.int64], word: NDArray[np.int64]) -> Logs:
        """Return log P(word | first second); where ``first`` is `NO_WORD`, log P(word | second)."""
        size = len(self.vocabulary)
        result = self.after_one(second, word)
        history = first * size + second
        context = np.where(first == NO_WORD, -1, positions(self.bigram_keys, history))
        result += np.where(context >= 0, self.bigram_backoffs[context] if len(self.bigrams) else 0.0, 0.0)
        place = np.where(first == NO_WORD, -1, positions(self.trigram_keys, history * size + word))
        known = place >= 0
        result[known] = self.trigrams[place[known]]
        return result

    def scores(self, encoded: NDArray[np.int32]) -> Logs:
        """Return log P of each word of `Vocabulary.encoded` text, and of each sentence's end, given its history."""
        numbers = encoded.astype(np.int64)
        first = np.r_[NO_WORD, NO_WORD, numbers[:-2]][: len(numbers)]
        second = np.r_[NO_WORD, numbers[:-1]][: len(numbers)]
        chosen = encoded != BEGIN
        first = np.where(second == BEGIN, NO_WORD, first)
        return self.after_two(first[chosen], second[chosen], numbers[chosen])

    def perplexity(self, encoded: NDArray[np.int32]) -> float:
        """Return the perplexity of encoded text; unknown words count as the class of other words."""
        return math.exp(-float(np.mean(self.scores(encoded))))


def with_backoffs(
    vocabulary: Vocabulary,
    unigrams: Logs,
    bigram_keys: Keys,
    bigrams: Logs,
    trigram_keys: Keys,
    trigrams: Logs,
) -> NGramModel:
    """Return the model of these probabilities, with the back-off weights that make them sum to one.

    Raises:
        ValueError: a trigram's first two words are no listed bigram.
    """
    size = len(vocabulary)
    unigram_backoffs = np.zeros(size)
    histories, starts = group_starts(bigram_keys, size)
    unigram_backoffs[histories] = left_over(bigrams, unigrams[bigram_keys % size], starts)
    half = NGramModel(
        vocabulary,
        unigrams,
        unigram_backoffs,
        bigram_keys,
        bigrams,
        np.zeros(len(bigrams)),
        np.zeros(0, np.int64),
        np.zeros(0),
    )
    histories, starts = group_starts(trigram_keys, size)
    places = positions(bigram_keys, histories)
    if np.any(places < 0):
        raise ValueError("a trigram's history is no listed bigram")
    lower = half.after_one(trigram_keys // size % size, trigram_keys % size)
    bigram_backoffs = np.zeros(len(bigrams))
    bigram_backoffs[places] = left_over(trigrams, lower, starts)
    return NGramModel(
        vocabulary,
        unigrams,
        unigram_backoffs,
        bigram_keys,
        bigrams,
        bigram_backoffs,
        trigram_keys,
        trigrams,
    )


def left_over(listed: Logs, lower: Logs, starts: NDArray[np.intp]) -> Logs:
    """Return each history's back-off weight: mass left by its listed words, over what they have one word shorter.

    ``listed`` and ``lower``: log probabilities of the listed n-grams, with and without the history's first word.
    """
    if not len(starts):
        return np.zeros(0)
    left = 1 - np.add.reduceat(np.exp(listed), starts)
    below = 1 - np.add.reduceat(np.exp(lower), starts)
    return np.asarray(np.log(np.maximum(left, _LEAST) / np.maximum(below, _LEAST)), np.float64)
