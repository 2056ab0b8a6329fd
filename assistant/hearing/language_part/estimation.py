"""From counts to probabilities: interpolated absolute discounting with three discounts an order.

Each count gives up a discount; what is given up is spread by the next lower order's probabilities. The
discounts, one for counts of one, two, and three or more, are those of modified Kneser-Ney smoothing (Chen &
Goodman 1999). With ``continuations`` the lower orders count different histories instead of occurrences, as
Kneser and Ney have it; that is best for a model used whole, but worse once it is pruned to a small part
(Chelba et al. 2010), hence the choice.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.hearing.language_part.counting import (
    BEGIN,
    Counts,
    Keys,
    group_starts,
    positions,
)
from assistant.hearing.language_part.ngram import Logs, NGramModel

_FEW: Final = 0.5
"""Discount where a text is too small to tell: counts of counts are missing."""
_LEAST: Final = 0.1
"""No discount is less, or a history would leave nothing to words that it wasn't seen with."""
_MOST: Final = 0.95
"""No discount is more than this share of the count."""


def estimate(counts: Counts, *, continuations: bool = False) -> NGramModel:
    """Return the trigram model of ``counts``. No n-gram is left out."""
    size = len(counts.vocabulary)
    unigram_counts, bigram_counts = counts.unigrams, counts.bigram_counts
    if continuations:
        unigram_counts, bigram_counts = _continuations(counts)
    unigrams = _unigrams(unigram_counts)

    lower = np.exp(unigrams)[counts.bigrams % size]
    bigrams, histories, weights = _discounted(counts.bigrams, bigram_counts, lower, size)
    unigram_backoffs = np.zeros(size)
    unigram_backoffs[histories] = np.log(weights)

    shorter = positions(counts.bigrams, counts.trigrams % (size * size))
    trigrams, histories, weights = _discounted(counts.trigrams, counts.trigram_counts, bigrams[shorter], size)
    bigram_backoffs = np.zeros(len(bigrams))
    bigram_backoffs[positions(counts.bigrams, histories)] = np.log(weights)
    return NGramModel(
        counts.vocabulary,
        unigrams,
        unigram_backoffs,
        counts.bigrams,
        np.log(bigrams),
        bigram_backoffs,
        counts.trigrams,
        np.log(trigrams),
    )


def _unigrams(counts: NDArray[np.int64]) -> Logs:
    """Return log probabilities of all words but `BEGIN`, mixed with the even distribution."""
    taken = _discounts(counts)[np.minimum(counts, 3)]
    total = max(int(counts.sum()), 1)
    freed = taken.sum() / total if counts.any() else 1.0
    probabilities = (counts - taken) / total + freed / (len(counts) - 1)
    probabilities[BEGIN] = 1e-30  # never a next word
    return np.asarray(np.log(probabilities), np.float64)


def _discounted(keys: Keys, counts: NDArray[np.int64], lower: Logs, size: int) -> tuple[Logs, Keys, Logs]:
    """Return each n-gram's probability; the histories; the mass that each has for the lower order."""
    histories, starts = group_starts(keys, size)
    if not len(keys):
        return np.zeros(0), histories, np.zeros(0)
    taken = _discounts(counts)[np.minimum(counts, 3)]
    lengths = np.diff(np.r_[starts, len(keys)])
    totals = np.add.reduceat(counts, starts)
    freed = np.add.reduceat(taken, starts) / totals
    probabilities = (counts - taken) / np.repeat(totals, lengths) + np.repeat(freed, lengths) * lower
    return np.asarray(probabilities, np.float64), histories, np.asarray(freed, np.float64)


def _discounts(counts: NDArray[np.int64]) -> Logs:
    """Return what a count of 0, 1, 2, 3 or more gives up (Chen & Goodman 1999, modified Kneser-Ney)."""
    one, two, three, four = (int(np.count_nonzero(counts == times)) for times in (1, 2, 3, 4))
    if not (one and two and three and four):
        return np.array([0.0, _FEW, _FEW, _FEW])
    share = one / (one + 2 * two)
    found = (1 - 2 * share * two / one, 2 - 3 * share * three / two, 3 - 4 * share * four / three)
    return np.array([0.0, *(min(max(value, _LEAST), _MOST * times) for times, value in enumerate(found, 1))])


def _continuations(counts: Counts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, for words and bigrams, the number of different words seen before them."""
    size = len(counts.vocabulary)
    unigrams = np.bincount(counts.bigrams % size, minlength=size).astype(np.int64)
    before = positions(counts.bigrams, counts.trigrams % (size * size))
    bigrams = np.bincount(before, minlength=len(counts.bigrams)).astype(np.int64)
    # Nothing stands before a sentence's beginning: its bigrams keep their counts.
    return unigrams, np.where(bigrams > 0, bigrams, counts.bigram_counts)
