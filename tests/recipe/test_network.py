"""The streaming network: windows, look-ahead, carrying over to another stride, saving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_network import SMALL, random_params

from models.recipe.network import (
    NetworkConfig,
    NotANetworkError,
    attend,
    forward,
    input_frames,
    load_network,
    resample_positions,
    save_network,
)


def _naive_attention(
    config: NetworkConfig, layer: int, parts: dict[str, Any], valid: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    batch, frames = valid.shape
    left, window, heads, width = config.left[layer], config.window(layer), config.heads, config.head_width
    out = np.zeros((batch, frames, heads, width))
    q, k, v = (np.asarray(parts[n]).reshape(batch, frames, heads, width) for n in "qkv")
    r = np.asarray(parts["r"]).reshape(batch, frames, heads, window)
    for b in range(batch):
        for t in range(frames):
            for h in range(heads):
                scores, values = [], []
                for w in range(window):
                    s = t - left + w
                    inside = 0 <= s < frames and valid[b, s] > 0
                    key = k[b, s, h] if inside else np.zeros(width)
                    scores.append(q[b, t, h] @ key * width**-0.5 + r[b, t, h, w])
                    values.append(v[b, s, h] if inside else np.zeros(width))
                weights = np.exp(np.array(scores) - max(scores))
                out[b, t, h] = (weights / weights.sum()) @ np.array(values)
    return out.reshape(batch, frames, heads * width)


@pytest.mark.parametrize("frames", [1, 7, 32, 45])
def test_block_attention_equals_attention_frame_by_frame(frames: int) -> None:
    random = np.random.default_rng(frames)
    parts = {name: random.standard_normal((2, frames, SMALL.width)).astype(np.float32) for name in "qkv"}
    parts["r"] = random.standard_normal((2, frames, SMALL.heads * SMALL.window(1))).astype(np.float32)
    valid = np.ones((2, frames), np.float32)
    valid[1, frames - frames // 3 :] = 0
    got = np.asarray(attend(SMALL, 1, parts, valid))
    assert np.abs(got - _naive_attention(SMALL, 1, parts, valid)).max() < 1e-4


def test_nothing_beyond_the_look_ahead_changes_a_frame() -> None:
    params = random_params(SMALL)
    frames, at = 30, 10
    random = np.random.default_rng(1)
    features = random.standard_normal((1, input_frames(SMALL, frames), 80)).astype(np.float32)
    valid = np.ones((1, frames), np.float32)
    before = np.asarray(forward(SMALL, params, features, valid)[0])
    # Input frame of the centre of output frame `at`, then the look-ahead in frames of 10 ms.
    last_needed = 2 + SMALL.stride * at + round(SMALL.look_ahead_seconds * 100)
    changed = features.copy()
    changed[:, last_needed + 1 :] += 5
    after = np.asarray(forward(SMALL, params, changed, valid)[0])
    assert np.abs(before[:, : at + 1] - after[:, : at + 1]).max() < 1e-5
    changed = features.copy()
    changed[:, last_needed] += 5
    touched = np.asarray(forward(SMALL, params, changed, valid)[0])
    assert np.abs(before[:, at] - touched[:, at]).max() > 1e-6


def test_padding_of_a_batch_changes_no_frame_of_a_clip() -> None:
    params = random_params(SMALL)
    random = np.random.default_rng(2)
    features = random.standard_normal((1, input_frames(SMALL, 40), 80)).astype(np.float32)
    valid = np.zeros((1, 40), np.float32)
    valid[:, :20] = 1
    long = np.asarray(forward(SMALL, params, features, valid)[0])[:, :20]
    short = np.asarray(forward(SMALL, params, features[:, : input_frames(SMALL, 20)], np.ones((1, 20), np.float32))[0])
    assert np.abs(long - short).max() < 1e-4


def test_carrying_over_to_the_same_windows_changes_nothing() -> None:
    params = random_params(SMALL)
    same = resample_positions(params, SMALL, SMALL)
    assert all(np.allclose(params[name], same[name], atol=1e-6) for name in params)


def test_position_scores_keep_their_place_in_time() -> None:
    old = NetworkConfig(width=8, heads=2, stride=2, left=(6,), right=(3,))
    new = NetworkConfig(width=8, heads=2, stride=3, left=(4,), right=(2,))
    times = (np.arange(old.window(0)) - 6) * 2.0
    params = {"l0.r.0": np.tile(times, (8, 2)), "l0.r.1": np.tile(times, 2)}
    moved = resample_positions(params, old, new)
    assert np.allclose(moved["l0.r.1"], np.tile([-12, -9, -6, -3, 0, 3, 6], 2))
    assert moved["l0.r.0"].shape == (8, 14)


def test_a_saved_network_is_read_again(tmp_path: Path) -> None:
    params = random_params(SMALL)
    save_network(tmp_path / "n.npz", SMALL, params)
    config, read = load_network(tmp_path / "n.npz")
    assert config == SMALL
    assert all(np.abs(params[name] - read[name]).max() < 2e-3 * (1 + np.abs(params[name]).max()) for name in params)


@pytest.mark.parametrize("content", [b"", b"not a network", b"PK\x03\x04"])
def test_another_file_is_named_as_such(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "n.npz").write_bytes(content)
    with pytest.raises(NotANetworkError, match="not a network"):
        load_network(tmp_path / "n.npz")
