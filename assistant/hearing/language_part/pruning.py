"""Fewer n-grams with the least loss: relative-entropy pruning (Stolcke 1998).

For each n-gram it is reckoned how far the model's distribution would move (Kullback-Leibler divergence, weighted
by how often its history occurs) if the n-gram were left to the lower order; those that move it least go.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.hearing.language_part.counting import BEGIN, END, Keys, group_starts, positions
from assistant.hearing.language_part.ngram import Logs, NGramModel, with_backoffs

_LEAST: Final = 1e-9


def pruned(model: NGramModel, target: int) -> NGramModel:
    """Return the model with about ``target`` bigrams and trigrams, never more; itself if it has no more.

    Raises:
        ValueError: a negative target.
    """
    if target < 0:
        raise ValueError("there can't be fewer than no n-grams")
    if model.size <= target:
        return model
    pair_loss, triple_loss = losses(model)
    size = len(model.vocabulary)
    contexts = positions(model.bigram_keys, model.trigram_keys // size)

    def kept(threshold: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        triples = triple_loss > threshold
        pairs = pair_loss > threshold
        pairs[contexts[triples]] = True  # a trigram needs its history
        return pairs, triples

    # All losses in order; the threshold between them is found by halving.
    steps = np.unique(np.concatenate([pair_loss, triple_loss]))
    low, high = 0, len(steps) - 1
    while low < high:
        middle = (low + high) // 2
        pairs, triples = kept(float(steps[middle]))
        if int(pairs.sum() + triples.sum()) <= target:
            high = middle
        else:
            low = middle + 1
    pairs, triples = kept(float(steps[low]))
    return with_backoffs(
        model.vocabulary,
        model.unigrams,
        model.bigram_keys[pairs],
        model.bigrams[pairs],
        model.trigram_keys[triples],
        model.trigrams[triples],
    )


def losses(model: NGramModel) -> tuple[Logs, Logs]:
    """Return the loss of leaving out each bigram, and each trigram."""
    size = len(model.vocabulary)
    pair_histories, pair_words = model.bigram_keys // size, model.bigram_keys % size
    # How often a word is met; a sentence begins as often as one ends.
    met = np.exp(model.unigrams)
    met[BEGIN] = met[END]
    before, _ = group_starts(model.bigram_keys, size)
    pair_loss = _loss(model.bigram_keys, size, model.bigrams, model.unigrams[pair_words], met[before])
    histories, _ = group_starts(model.trigram_keys, size)
    places = positions(model.bigram_keys, histories)
    met_pairs = met[pair_histories] * np.exp(model.bigrams)
    lower = model.after_one(model.trigram_keys // size % size, model.trigram_keys % size)
    return pair_loss, _loss(model.trigram_keys, size, model.trigrams, lower, met_pairs[places])


def _loss(keys: Keys, size: int, listed: Logs, lower: Logs, met: Logs) -> Logs:
    """Return the divergence for each n-gram; ``met`` has a value for each history."""
    if not len(keys):
        return np.zeros(0)
    _, starts = group_starts(keys, size)
    lengths = np.diff(np.r_[starts, len(keys)])
    left = np.maximum(1 - np.add.reduceat(np.exp(listed), starts), _LEAST)
    below = np.maximum(1 - np.add.reduceat(np.exp(lower), starts), _LEAST)
    old = np.repeat(np.log(left / below), lengths)
    left_each, below_each = np.repeat(left, lengths), np.repeat(below, lengths)
    new = np.log((left_each + np.exp(listed)) / (below_each + np.exp(lower)))
    moved = np.exp(listed) * (lower + new - listed) + left_each * (new - old)
    return np.asarray(-np.repeat(met, lengths) * moved, np.float64)
