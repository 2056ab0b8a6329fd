from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small_language import WORDS, sentences, small_model, sums

from assistant.hearing.language_part.counting import BEGIN, END, FIRST_WORD, OTHER, Vocabulary, count
from assistant.hearing.language_part.estimation import estimate
from assistant.hearing.language_part.mixing import best_weights, mixed, with_vocabulary
from assistant.hearing.language_part.ngram import NO_WORD, NGramModel, with_backoffs
from assistant.hearing.language_part.pruning import losses, pruned


def with_trigrams(model: NGramModel, kept: NDArray[Any]) -> NGramModel:
    """Return the model with some of its trigrams only."""
    return with_backoffs(
        model.vocabulary,
        model.unigrams,
        model.bigram_keys,
        model.bigrams,
        model.trigram_keys[kept],
        model.trigrams[kept],
    )


def test_counts_are_those_of_counting_by_hand() -> None:
    vocabulary = Vocabulary(WORDS)
    text = sentences(50)
    counts = count(vocabulary, vocabulary.encoded([*text, ["nonsense", "stop"]]))
    framed = [["<s>", *s, "</s>"] for s in [*text, ["[unk]", "stop"]]]
    pairs = Counter(pair for s in framed for pair in pairwise(s))
    triples = Counter(triple for s in framed for triple in zip(s, s[1:], s[2:], strict=False))
    names, size = vocabulary.names, len(vocabulary)
    found_pairs = {
        (names[key // size], names[key % size]): times
        for key, times in zip(counts.bigrams.tolist(), counts.bigram_counts.tolist(), strict=True)
    }
    found_triples = {
        (names[key // size // size], names[key // size % size], names[key % size]): times
        for key, times in zip(counts.trigrams.tolist(), counts.trigram_counts.tolist(), strict=True)
    }
    assert found_pairs == pairs
    assert found_triples == triples
    assert counts.unigrams[END] == len(framed)
    assert counts.unigrams[OTHER] == 1
    assert counts.unigrams[BEGIN] == 0


@pytest.mark.parametrize("continuations", [False, True])
def test_probabilities_sum_to_one_after_every_history(*, continuations: bool) -> None:
    assert sums(small_model(continuations=continuations)) == pytest.approx([1.0] * 51, abs=1e-9)


def test_what_was_seen_is_likelier_than_what_was_not() -> None:
    model = small_model()
    encoded = model.vocabulary.encoded(sentences(200, seed=1))
    shuffled = encoded.copy()
    words = np.flatnonzero(shuffled >= FIRST_WORD)
    shuffled[words] = np.random.default_rng(0).permutation(shuffled[words])
    assert model.perplexity(encoded) < 0.8 * model.perplexity(shuffled)
    assert model.perplexity(encoded) < len(WORDS) + 1


def test_a_listed_probability_is_the_discounted_share() -> None:
    """One history, followed five times by one word: little is left for the others."""
    vocabulary = Vocabulary(("stop", "start"))
    model = estimate(count(vocabulary, vocabulary.encoded([["stop", "start"]] * 5)))
    numbers = np.array([vocabulary.index["stop"]]), np.array([vocabulary.index["start"]])
    chance = math.exp(float(model.after_one(*numbers)[0]))
    lower = math.exp(float(model.unigrams[numbers[1]][0]))
    assert chance == pytest.approx((5 - 0.5) / 5 + 0.5 / 5 * lower)


def test_the_mixture_is_the_mean_of_its_parts() -> None:
    one, two = small_model(1), small_model(2)
    mixture = mixed([one, two], [1, 3])
    first, second, word = np.random.default_rng(0).integers(2, len(WORDS) + 3, (3, 500))
    listed = np.isin((first * 11 + second) * 11 + word, mixture.trigram_keys)
    expected = 0.25 * np.exp(one.after_two(first, second, word)) + 0.75 * np.exp(two.after_two(first, second, word))
    assert listed.sum() > 50
    assert np.exp(mixture.after_two(first, second, word))[listed] == pytest.approx(expected[listed])
    assert sums(mixture) == pytest.approx([1.0] * 51, abs=1e-6)


def test_weights_find_the_source_that_explains_a_text() -> None:
    backwards = tuple(reversed(WORDS))
    vocabulary = Vocabulary(WORDS)
    models = [
        estimate(count(vocabulary, vocabulary.encoded(sentences(300, seed, words))))
        for seed, words in ((1, WORDS), (2, backwards))
    ]
    for words, best in ((WORDS, 0), (backwards, 1)):
        weights = best_weights(models, vocabulary.encoded(sentences(200, 7, words)))
        assert sum(weights) == pytest.approx(1)
        assert weights[best] > 0.9


def test_mixing_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="weights"):
        mixed([small_model()], [0.5, 0.5])
    with pytest.raises(ValueError, match="vocabulary"):
        mixed([small_model(), small_model(words=WORDS[:-1])], [0.5, 0.5])


@pytest.mark.parametrize("target", [0, 40, 100, 250])
def test_pruning_keeps_the_target_and_the_sums(target: int) -> None:
    model = small_model()
    small = pruned(model, target)
    assert small.size <= target
    assert small.size >= 0.9 * target - 3
    assert sums(small) == pytest.approx([1.0] * 51, abs=1e-6)


def test_pruning_loses_less_than_chance() -> None:
    """The same number of trigrams left: those that matter most by the reckoning, or any."""
    model = small_model()
    encoded = model.vocabulary.encoded(sentences(300))
    _, lost = losses(model)
    count_ = len(lost) // 3
    best = with_trigrams(model, np.sort(np.argsort(-lost)[:count_]))
    for seed in range(5):
        any_ = np.sort(np.random.default_rng(seed).permutation(len(lost))[:count_])
        assert best.perplexity(encoded) < with_trigrams(model, any_).perplexity(encoded)
    assert pruned(model, model.size) is model


def test_the_divergence_is_that_of_trying_it() -> None:
    """The loss reckoned for one trigram against the one found by leaving it out."""
    model = small_model()
    _, lost = losses(model)
    size = len(model.vocabulary)
    at = int(np.argmax(lost))
    kept = np.arange(len(lost)) != at
    less = with_trigrams(model, kept)
    history = int(model.trigram_keys[at]) // size
    first, second = np.full(size, history // size), np.full(size, history % size)
    words = np.arange(size)
    before, after = model.after_two(first, second, words), less.after_two(first, second, words)
    met = model.unigrams[history // size] if history // size != BEGIN else model.unigrams[END]
    place = int(np.searchsorted(model.bigram_keys, history))
    divergence = math.exp(met + model.bigrams[place]) * float(np.sum(np.exp(before) * (before - after)))
    assert lost[at] == pytest.approx(divergence, rel=1e-3)


def test_another_vocabulary_loses_and_gains_words() -> None:
    model = small_model()
    wider = Vocabulary((*WORDS[1:], "zebra"))
    moved = with_vocabulary(model, wider)
    assert sums(moved) == pytest.approx([1.0] * 51, abs=1e-6)
    zebra, lost = wider.index["zebra"], model.vocabulary.index[WORDS[0]]
    assert 0 < math.exp(moved.unigrams[zebra]) < 1e-3
    assert math.exp(moved.unigrams[OTHER]) > 0.9 * math.exp(model.unigrams[lost])
    for word in WORDS[1:]:
        assert moved.unigrams[wider.index[word]] == pytest.approx(model.unigrams[model.vocabulary.index[word]])


def test_a_sentences_first_word_has_the_beginning_as_its_history() -> None:
    model = small_model()
    number = model.vocabulary.index["stop"]
    scores = model.scores(model.vocabulary.encoded([["stop"]]))
    assert len(scores) == 2
    begin = model.after_two(np.array([NO_WORD]), np.array([BEGIN]), np.array([number]))
    end = model.after_two(np.array([BEGIN]), np.array([number]), np.array([END]))
    assert scores == pytest.approx([begin[0], end[0]])
