from __future__ import annotations

import numpy as np
import pytest

from models.recipe.encoder import scaled, slaney_filters, whisper_log_mel


def test_filters_have_equal_areas() -> None:
    filters = slaney_filters()
    assert filters.shape == (80, 201)
    areas = filters.sum(axis=1) * 40  # a bin of the transform is 40 Hz wide
    np.testing.assert_allclose(areas[40:], 1, atol=0.1)  # the lower ones are as narrow as the bins


@pytest.mark.parametrize(("frequency", "channel"), [(400, 10), (1000, 26), (4000, 61)])
def test_a_tone_is_loudest_in_its_filter(frequency: int, channel: int) -> None:
    tone = np.sin(2 * np.pi * frequency * np.arange(16_000) / 16_000).astype(np.float32)
    energies = whisper_log_mel(tone)
    assert energies.shape == (100, 80)
    assert abs(int(energies[50].argmax()) - channel) <= 1
    assert energies[50].argmax() - energies[50].argmin() != 0


def test_ten_times_the_amplitude_is_two_more() -> None:
    noise = np.random.default_rng(0).normal(size=8000).astype(np.float32) * np.float32(0.01)
    np.testing.assert_allclose(whisper_log_mel(noise * 10) - whisper_log_mel(noise), 2, atol=1e-3)


def test_a_click_is_in_the_frame_centred_on_it() -> None:
    click = np.zeros(16_000, np.float32)
    click[160 * 30] = 1
    assert whisper_log_mel(click).sum(axis=1).argmax() == 30


def test_what_is_far_below_the_loudest_is_lifted() -> None:
    energies = np.array([[-10.0, -3.0, 1.0]])
    np.testing.assert_allclose(scaled(energies), [[(-7 + 4) / 4, 0.25, 1.25]])
