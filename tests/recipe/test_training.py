"""Batches and training: a small network learns to tell three sounds apart, and a stopped training goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_network import SMALL, random_params

from models.recipe.augment import NoiseStore
from models.recipe.batches import SHAPES, Clip, epoch, make_batch, shape_of, with_silences
from models.recipe.lfmmi import phone_trigram
from models.recipe.network import load_network
from models.recipe.train import Progress, TrainingPlan, learning_rate, train

PHONES = SMALL.outputs // 2
GARBAGE = PHONES - 1


def _tone(phone: int, frames: int, random: np.random.Generator) -> np.ndarray[Any, Any]:
    """Each phone is a band of its own."""
    x = random.normal(0, 0.3, (frames, 80))
    x[:, phone * 12 : phone * 12 + 12] += 8
    return x


def _clip(random: np.random.Generator) -> Clip:
    phones = [int(p) for p in random.integers(1, 5, 4)]
    parts = [_tone(0, 12, random)] + [_tone(p, 15, random) for p in phones] + [_tone(0, 12, random)]
    features = np.concatenate(parts).astype(np.float16)
    states = np.repeat([0, *phones, 0], [4, 5, 5, 5, 5, 4]).astype(np.int16) * 2
    return Clip(features, [phones[:2], phones[2:]], states=states, speaker="a", source="tones")


def _clips(count: int, seed: int = 0) -> list[Clip]:
    random = np.random.default_rng(seed)
    return [_clip(random) for _ in range(count)]


def _noises() -> NoiseStore:
    return NoiseStore([np.random.default_rng(1).normal(0, 0.3, (200, 80)).astype(np.float32)])


def test_a_batch_without_augmentation_holds_the_clip_as_it_is() -> None:
    clip = _clips(1)[0]
    shape = shape_of(clip, SMALL, training=False)
    assert shape == SHAPES[0]
    batch = make_batch([clip], shape, SMALL, _noises(), None)
    length = -(-len(clip.features) // 3)
    assert batch.lengths.tolist() == [length]
    assert np.array_equal(batch.features[0, 2 : 2 + len(clip.features)], clip.features.astype(np.float32))
    sequence = with_silences(clip.words)
    assert batch.positions[0, : batch.counts[0]].tolist() == sequence
    assert [i for i in range(len(sequence)) if batch.skippable[0, i]] == [
        i for i in range(2, len(sequence)) if sequence[i - 1] == 0
    ]
    # First frames of a phone are even outputs, further frames odd ones.
    assert batch.states[0, 0] == 0
    assert batch.states[0, 1] == 1
    assert batch.states[0, 4] == 2 * clip.words[0][0]
    assert (batch.states[0, length:] == -1).all()


def test_the_teacher_is_read_at_the_same_moment() -> None:
    clip = _clips(1)[0]
    ramp = np.arange(len(clip.features) // 2, dtype=np.float16)[:, None] + np.zeros((1, SMALL.width), np.float16)
    taught = Clip(clip.features, clip.words, teacher=ramp)
    batch = make_batch([taught], SHAPES[0], SMALL, _noises(), None)
    # Output t stands at 30 t ms; teacher i at 20 i - 10 ms.
    assert np.allclose(batch.teacher[0, 4], (3 * 4 + 1) / 2, atol=0.02)
    assert batch.taught[0].sum() == batch.lengths[0]


def test_added_silence_and_noise_alone_are_surely_quiet() -> None:
    clip, noise = _clips(1)[0], Clip(np.zeros((90, 80), np.float16))
    batch = make_batch([clip, noise], SHAPES[0], SMALL, _noises(), None)
    assert batch.quiet[0].sum() == 0
    assert batch.quiet[1].sum() == batch.lengths[1] == 30
    shares = []
    for seed in range(20):
        batch = make_batch([clip], SHAPES[1], SMALL, _noises(), np.random.default_rng(seed))
        quiet = batch.quiet[0, : batch.lengths[0]]
        inside = np.flatnonzero(quiet == 0)
        # Quiet only before and after the clip.
        assert (quiet[inside[0] : inside[-1] + 1] == 0).all()
        shares.append(quiet.mean())
    assert 0.05 < np.mean(shares) < 0.5


def test_a_clip_too_long_or_too_dense_for_every_shape_is_left_out() -> None:
    long = Clip(np.zeros((SHAPES[-1] * 4, 80), np.float16), [[1]])
    dense = Clip(np.zeros((30, 80), np.float16), [[1]] * 400)
    assert shape_of(long, SMALL, training=False) is None
    assert shape_of(dense, SMALL, training=False) is None
    assert epoch([long, dense], SMALL, 10, np.random.default_rng(0), training=False) == []


def test_every_batch_of_a_shape_has_one_size() -> None:
    groups = epoch(_clips(23), SMALL, 10, np.random.default_rng(0), training=True)
    assert len({(shape, len(group)) for shape, group in groups}) == len({shape for shape, _ in groups})


def test_the_rate_rises_stays_and_falls() -> None:
    plan = TrainingPlan(minutes=1, rate=1.0, warm_up_steps=10)
    rates = [learning_rate(plan, share, 100) for share in (0.0, 0.05, 0.3, 0.7, 1.0)]
    assert learning_rate(plan, 0.0, 0) == 0.1
    assert rates[0] == rates[1] == 1.0
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0.02


@pytest.mark.timeout(600)
def test_a_small_network_learns_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    clips = _clips(60)
    trigram = phone_trigram([clip.words for clip in clips], PHONES)
    scale = (np.ones(SMALL.width, np.float32), np.zeros(SMALL.width, np.float32))
    seen: list[Progress] = []

    def run(steps: int) -> None:
        plan = TrainingPlan(
            minutes=60, steps=steps, rate=3e-3, warm_up_steps=5, alignment_steps=15, seconds_a_batch=12, drop=0.0
        )
        train(
            SMALL, random_params(SMALL), clips, _clips(12, seed=9), _noises(), trigram, scale, plan, tmp_path,
            garbage=GARBAGE, report=lambda progress, _figures: seen.append(progress),
        )  # fmt: skip

    run(25)
    first = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    steps = seen[-1].steps
    run(75)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines[: len(first)] == first
    assert (steps, lines[-1]["step"]) == (25, 75)
    assert lines[-1]["seconds"] > first[-1]["seconds"]
    # The objective is the log-probability of the transcript, a frame: it rises towards 0.
    assert lines[-1]["validation"] > first[-1]["validation"] or lines[-1]["validation"] > -0.1
    config, params = load_network(tmp_path / "network.npz")
    assert config == SMALL
    assert all(np.isfinite(value).all() for value in params.values())
