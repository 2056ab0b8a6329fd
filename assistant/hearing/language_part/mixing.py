"""Several n-gram models made one: the weighted mean of their probabilities, with weights chosen on a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.hearing.language_part.counting import BEGIN, Vocabulary
from assistant.hearing.language_part.ngram import Logs, NGramModel, with_backoffs

_ROUNDS: Final = 60
_NEW_WORD_SHARE: Final = 1e-3
"""What a word new to a model gets of the probability that it gave to all words it doesn't know."""


def best_weights(models: Sequence[NGramModel], encoded: NDArray[np.int32]) -> list[float]:
    """Return the weights, summing to one, under which the mixture explains a text best.

    Expectation maximisation: each round gives a model the share of the words that it explains. The text must be
    none that a model was estimated from, or that model takes all.
    """
    chances = np.exp(np.stack([model.scores(encoded) for model in models]))
    weights = np.full(len(models), 1 / len(models))
    for _ in range(_ROUNDS):
        shares = weights[:, None] * chances
        weights = (shares / shares.sum(0)).mean(1)
    return [float(weight) for weight in weights]


def mixed(models: Sequence[NGramModel], weights: Sequence[float]) -> NGramModel:
    """Return the mixture as one model that lists every n-gram of any of them.

    Raises:
        ValueError: not a weight for each model, no model, or different vocabularies.
    """
    if not models or len(models) != len(weights):
        raise ValueError("as many weights as models are needed, and at least one")
    vocabulary = models[0].vocabulary
    if any(model.vocabulary != vocabulary for model in models[1:]):
        raise ValueError("the models must have one vocabulary")
    shares = np.log(np.maximum(np.asarray(weights, np.float64) / sum(weights), 1e-30))
    size = len(vocabulary)
    unigrams = _mean(shares, [model.unigrams for model in models])
    pairs = np.unique(np.concatenate([model.bigram_keys for model in models]))
    bigrams = _mean(shares, [model.after_one(pairs // size, pairs % size) for model in models])
    triples = np.unique(np.concatenate([model.trigram_keys for model in models]))
    first, second, third = triples // (size * size), triples // size % size, triples % size
    trigrams = _mean(shares, [model.after_two(first, second, third) for model in models])
    return with_backoffs(vocabulary, unigrams, pairs, bigrams, triples, trigrams)


def _mean(shares: Logs, columns: Sequence[Logs]) -> Logs:
    total: Logs = columns[0] + shares[0]
    for share, column in zip(shares[1:], columns[1:], strict=True):
        total = np.logaddexp(total, column + share)
    return total


def with_vocabulary(model: NGramModel, vocabulary: Vocabulary) -> NGramModel:
    """Return the model over another vocabulary; words that it loses become other words, new ones get little.

    N-grams with a lost word are dropped, and the back-off weights made anew.
    """
    if model.vocabulary == vocabulary:
        return model
    old, new = len(model.vocabulary), len(vocabulary)
    shift = np.array([BEGIN, 1, 2, *(vocabulary.index.get(word, -1) for word in model.vocabulary.words)], np.int64)
    chances = np.zeros(new)
    kept = shift >= 0
    chances[shift[kept]] = np.exp(model.unigrams[kept])
    chances[2] += np.exp(model.unigrams[~kept]).sum()
    fresh = np.setdiff1d(np.arange(new), shift[kept])
    if len(fresh):
        chances[fresh] = chances[2] * min(_NEW_WORD_SHARE, 0.5 / len(fresh))
        chances[2] -= chances[fresh].sum()
    a, b = shift[model.bigram_keys // old], shift[model.bigram_keys % old]
    pairs, bigrams = _in_order((a * new + b), (a >= 0) & (b >= 0), model.bigrams)
    a = shift[model.trigram_keys // (old * old)]
    b, c = shift[model.trigram_keys // old % old], shift[model.trigram_keys % old]
    triples, trigrams = _in_order((a * new + b) * new + c, (a >= 0) & (b >= 0) & (c >= 0), model.trigrams)
    return with_backoffs(vocabulary, np.log(np.maximum(chances, 1e-30)), pairs, bigrams, triples, trigrams)


def _in_order(keys: NDArray[np.int64], kept: NDArray[np.bool_], values: Logs) -> tuple[NDArray[np.int64], Logs]:
    order = np.argsort(keys[kept], kind="stable")
    return keys[kept][order], values[kept][order]
