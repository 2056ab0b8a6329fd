"""LF-MMI sums against the sums written out, and the phone trigram."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import numpy as np
import pytest

from models.recipe.batches import with_silences
from models.recipe.lfmmi import denominator_log_sum, numerator_log_sum, phone_trigram

PHONES = 3


def _scores(frames: int, seed: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).standard_normal((1, frames, 2 * PHONES)).astype(np.float32)


def _runs(frames: int) -> list[list[int]]:
    """Every way to cut ``frames`` frames into runs, as lists of lengths."""
    cuts = range(1, frames)
    ways = itertools.chain.from_iterable(itertools.combinations(cuts, n) for n in range(frames))
    return [list(np.diff([0, *way, frames])) for way in ways]


def _path_score(scores: np.ndarray[Any, Any], phones: list[int], lengths: list[int]) -> float:
    total, time = 0.0, 0
    for phone, length in zip(phones, lengths, strict=True):
        total += scores[time, 2 * phone] + scores[time + 1 : time + length, 2 * phone + 1].sum()
        time += length
    return float(total)


@pytest.mark.parametrize("words", [[[1]], [[1, 2]], [[1], [2]]])
def test_numerator_sums_over_every_alignment(words: list[list[int]]) -> None:
    frames = 5
    scores = _scores(frames, 3)
    sequence = with_silences(words)
    # Every choice of silences kept, every cut of the frames.
    silent = [i for i, phone in enumerate(sequence) if phone == 0]
    paths = []
    for kept in itertools.product([True, False], repeat=len(silent)):
        left_out = {i for i, keep in zip(silent, kept, strict=True) if not keep}
        phones = [phone for i, phone in enumerate(sequence) if i not in left_out]
        paths += [_path_score(scores[0], phones, runs) for runs in _runs(frames) if len(runs) == len(phones)]
    wanted = np.logaddexp.reduce(paths)
    positions = np.array([sequence])
    skippable = np.array([[i >= 2 and sequence[i - 1] == 0 for i in range(len(sequence))]])
    got = numerator_log_sum(scores, np.array([frames]), positions, np.array([len(sequence)]), skippable)
    assert float(got[0]) == pytest.approx(wanted, abs=1e-4)


def test_denominator_sums_over_every_phone_sequence() -> None:
    frames = 4
    scores = _scores(frames, 4)
    trigram = phone_trigram([[[1, 2], [2]], [[1]]], PHONES)
    total = []
    for runs in _runs(frames):
        for phones in itertools.product(range(PHONES), repeat=len(runs)):
            padded = [PHONES, PHONES, *phones, PHONES]
            log_p = sum(np.log(trigram[a, b, c]) for a, b, c in zip(padded, padded[1:], padded[2:], strict=False))
            total.append(_path_score(scores[0], list(phones), runs) + log_p)
    got = denominator_log_sum(scores, np.array([frames]), trigram)
    assert float(got[0]) == pytest.approx(np.logaddexp.reduce(total), abs=1e-3)


def test_frames_after_the_end_of_a_clip_count_for_nothing() -> None:
    scores = np.concatenate([_scores(4, 5), _scores(3, 6) * 50], 1)
    trigram = phone_trigram([[[1, 2]]], PHONES)
    cut, whole = denominator_log_sum(scores[:, :4], np.array([4]), trigram), None
    whole = denominator_log_sum(scores, np.array([4]), trigram)
    assert float(cut[0]) == pytest.approx(float(whole[0]), abs=1e-4)


def test_gradients_of_numerator_and_denominator_are_state_probabilities() -> None:
    frames = 6
    scores = _scores(frames, 7)
    trigram = phone_trigram([[[1, 2]]], PHONES)
    gradient = jax.grad(lambda x: denominator_log_sum(x, np.array([frames]), trigram).sum())(scores)
    assert np.allclose(np.asarray(gradient).sum(-1), 1, atol=1e-3)
    assert (np.asarray(gradient) > -1e-5).all()


def test_trigram_is_a_distribution_after_every_history_and_prefers_what_it_saw() -> None:
    trigram = phone_trigram([[[1, 2]]] * 20, PHONES, silence_at_edges=0.0, silence_between=0.0)
    assert np.allclose(trigram.sum(-1), 1, atol=1e-5)
    assert trigram[3, 1, 2] > 0.9
    assert trigram[3, 1, 1] < 0.05
