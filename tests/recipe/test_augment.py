"""Augmentation keeps track of frames and does what its names say."""

from __future__ import annotations

import numpy as np

from models.recipe.augment import (
    DB,
    NoiseStore,
    augment,
    coloured_noises,
    mask_stretches,
    warp_matrix,
)


def _ramp(frames: int = 200) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return (np.linspace(8, 14, frames)[:, None] + np.zeros((1, 80))).astype(np.float32)


def _noises() -> NoiseStore:
    return NoiseStore([np.full((50, 80), 3.0, np.float32)])


def test_same_seed_same_result() -> None:
    one, origin_one = augment(_ramp(), _noises(), np.random.default_rng(3))
    two, origin_two = augment(_ramp(), _noises(), np.random.default_rng(3))
    other, _ = augment(_ramp(), _noises(), np.random.default_rng(4))
    assert np.array_equal(one, two)
    assert np.array_equal(origin_one, origin_two)
    assert one.shape != other.shape or not np.array_equal(one, other)


def test_origins_run_forward_over_the_whole_clip() -> None:
    for seed in range(20):
        x, origin = augment(_ramp(), _noises(), np.random.default_rng(seed))
        inside = origin[origin >= 0]
        assert len(x) == len(origin)
        assert np.isfinite(x).all()
        assert inside[0] == 0
        assert inside[-1] >= 197
        assert (np.diff(inside) >= 0).all()


def test_warp_by_one_changes_nothing_and_above_one_lowers_the_pitch_axis() -> None:
    assert np.allclose(warp_matrix(1.0), np.eye(80))
    peak = np.zeros((1, 80), np.float32)
    peak[0, 40] = 1
    assert np.argmax(peak @ warp_matrix(1.25)) == 32
    assert np.argmax(peak @ warp_matrix(0.8)) == 50


def test_short_noises_are_repeated() -> None:
    store = NoiseStore([np.arange(10, dtype=np.float32)[:, None] + np.zeros((1, 80), np.float32)])
    drawn = store.draw(35, np.random.default_rng(0))
    assert drawn.shape == (35, 80)
    assert set(np.unique(drawn)) == set(range(10))


def test_noise_fills_pauses_but_hardly_changes_loud_frames() -> None:
    quiet_then_loud = np.concatenate([np.full((100, 80), -10.0), np.full((100, 80), 12.0)]).astype(np.float32)
    lifted = []
    for seed in range(60):
        x, origin = augment(quiet_then_loud, _noises(), np.random.default_rng(seed))
        lifted.append(x[(origin >= 5) & (origin < 95)].mean() - -10.0)
    # Most copies get noise or hiss in the pause.
    assert np.mean(np.array(lifted) > 10 / DB) > 0.5


def test_masks_put_the_mean_and_leave_the_original_alone() -> None:
    x = np.random.default_rng(0).standard_normal((400, 80)).astype(np.float32)
    before = x.copy()
    changed = [mask_stretches(x, np.random.default_rng(seed)) for seed in range(20)]
    assert np.array_equal(x, before)
    touched = [(y != x).mean() for y in changed]
    assert 0 < np.mean(touched) < 0.4
    masked = next(y for y in changed if (y != x).any())
    assert np.allclose(masked[masked != x], x.mean())


def test_coloured_noises_fall_off_towards_high_frequencies() -> None:
    def slope(x: np.ndarray[tuple[int], np.dtype[np.float32]]) -> float:
        power = np.abs(np.fft.rfft(x)) ** 2
        return float(power[len(power) // 2 :].sum() / power.sum())

    white, pink, brown = (slope(x) for x in coloured_noises(seconds=2))
    assert white > 0.4
    assert white > pink > brown
