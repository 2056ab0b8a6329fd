from __future__ import annotations

import itertools

import jax
import numpy as np
import pytest
from small_models import small_network

from assistant.hearing.language_part.phone_set import BASE_INDEX, PDF_COUNT
from models.recipe.align import NothingToAlignError, best_path, cepstra_of, flat_start, realign
from models.recipe.batches import Clip, with_silences
from models.recipe.features import dct_with_lifter
from models.recipe.lfmmi import SILENCE, numerator_log_sum

PHONES = tuple(BASE_INDEX[phone] for phone in ("S", "T", "AA", "P", "IY", "M"))


def all_paths(frames: int, words: list[list[int]]) -> set[tuple[int, ...]]:
    """Return every alignment, by trying out all durations of all readings with and without silences."""
    paths = set()
    for pauses in itertools.product((0, 1), repeat=len(words) + 1):
        sequence = [SILENCE] * pauses[0]
        for word, pause in zip(words, pauses[1:], strict=True):
            sequence += word + [SILENCE] * pause
        for cuts in itertools.combinations(range(1, frames), len(sequence) - 1):
            edges = (0, *cuts, frames)
            states: list[int] = []
            for phone, begin, end in zip(sequence, edges, edges[1:], strict=False):
                states += [2 * phone, *([2 * phone + 1] * (end - begin - 1))]
            paths.add(tuple(states))
    return paths


@pytest.mark.parametrize("words", [[[3]], [[3, 4], [5]], [[3, 3], [3]]])
@pytest.mark.parametrize("seed", range(4))
def test_the_best_path_is_the_best_of_all(words: list[list[int]], seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(7, 12))
    best = max(all_paths(7, words), key=lambda path: scores[np.arange(7), list(path)].sum())
    found = best_path(scores, with_silences(words))
    assert tuple(found.states) == best
    assert found.score == pytest.approx(scores[np.arange(7), list(best)].mean())


def test_the_best_path_dominates_the_sum_over_all() -> None:
    words = [[3, 4], [5]]
    scores = np.random.default_rng(0).normal(size=(7, 12)) * 300
    sequence = with_silences(words)
    skippable = np.array([[False, False, *(phone == SILENCE for phone in sequence[1:-1])]])
    arrays = (scores[None], np.array([7]), np.array([sequence]), np.array([len(sequence)]), skippable)
    total = jax.jit(numerator_log_sum)(*arrays)
    assert 7 * best_path(scores, sequence).score == pytest.approx(float(total[0]), rel=1e-4)


def test_more_phones_than_frames_do_not_fit() -> None:
    assert list(best_path(np.zeros((3, 12)), with_silences([[3, 4, 5]])).states) == [6, 8, 10]
    with pytest.raises(NothingToAlignError, match="into 2 frames"):
        best_path(np.zeros((2, 12)), with_silences([[3, 4, 5]]))


def test_noise_without_words_is_silence() -> None:
    assert list(best_path(np.zeros((4, 12)), with_silences([])).states) == [0, 1, 1, 1]


def test_level_and_colour_of_a_recording_do_not_matter() -> None:
    energies = np.random.default_rng(1).normal(8, 2, size=(90, 80))
    cepstra = cepstra_of(energies)
    assert cepstra.shape == (30, 26)
    tilt = np.linspace(-1, 1, 80) + 3
    assert np.abs(cepstra_of(energies + tilt) - cepstra).max() < 0.2 * np.abs(cepstra).std()


def made_clips(count: int) -> tuple[list[Clip], list[np.ndarray]]:
    """Return clips in which every phone sounds always the same but for noise, and the phone of each frame of 30 ms."""
    random = np.random.default_rng(5)
    cepstra = np.zeros((PDF_COUNT // 2, 80))
    cepstra[:, 1:8] = random.normal(0, 12, size=(PDF_COUNT // 2, 7))
    sounds = 12 + cepstra @ np.linalg.inv(dct_with_lifter())
    sounds[SILENCE] = 3
    clips, truths = [], []
    for _ in range(count):
        words = [list(random.choice(PHONES, random.integers(2, 5))) for _ in range(random.integers(1, 3))]
        sequence = with_silences(words)
        durations = [
            int(random.integers(2, 6)) if phone == SILENCE else int(random.integers(3, 8)) for phone in sequence
        ]
        truth = np.repeat(sequence, durations)
        noise = random.normal(0, 0.7, size=(3 * len(truth), 80))
        clips.append(Clip(features=(np.repeat(sounds[truth], 3, axis=0) + noise).astype(np.float16), words=words))
        truths.append(truth)
    return clips, truths


def test_phones_are_found_from_nothing() -> None:
    clips, truths = made_clips(120)
    told: list[str] = []
    alignments, gaussians = flat_start(clips, iterations=6, report=told.append)
    right = []
    for alignment, truth in zip(alignments, truths, strict=True):
        assert alignment is not None
        assert len(alignment.states) == len(truth)
        right.append(alignment.states // 2 == truth)
    assert np.concatenate(right).mean() > 0.9
    assert len(told) == 6
    assert gaussians.means.shape == (PDF_COUNT, 26)
    assert np.isfinite(gaussians.means).all()


def test_there_must_be_something_to_align() -> None:
    noise = Clip(features=np.zeros((100, 80), np.float16))
    with pytest.raises(NothingToAlignError, match="flat start"):
        flat_start([noise])


def test_a_trained_network_aligns_by_its_scores() -> None:
    config, params = small_network()
    clips, _ = made_clips(3)
    clips += [
        Clip(features=clips[0].features[:6], words=[list(PHONES)]),
        Clip(features=np.zeros((2400, 80), np.float16)),
    ]
    arrays = {name: jax.numpy.asarray(value) for name, value in params.items()}
    found = realign(config, arrays, clips)
    assert found[3] is None
    assert found[4] is None
    for clip, alignment in zip(clips[:3], found, strict=False):
        assert alignment is not None
        assert len(alignment.states) == len(clip.features) // 3
        entered = [state // 2 for state in alignment.states if state % 2 == 0 and state // 2 != SILENCE]
        assert entered == [phone for word in clip.words for phone in word]


def test_labels_come_at_the_networks_rate() -> None:
    config, params = small_network(stride=2)
    with pytest.raises(ValueError, match="every 3 input frames"):
        realign(config, params, [])
