from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_models import spoken

from models.recipe.features import (
    FULL_SCALE,
    MEL_BINS,
    MFCC_OPTIONS,
    BadOptionsError,
    dct_with_lifter,
    log_mel,
    mfcc,
    mfcc_difference,
    read_options,
    reference_mfcc,
)

SHIPPED = Path(__file__).parents[2] / "models" / "marigold-en" / "conf" / "mfcc.conf"


def test_mfcc_are_those_of_the_shipped_options() -> None:
    sound = spoken("lie on your back and breathe").astype(np.float32) / np.float32(FULL_SCALE)
    options = read_options(SHIPPED.read_text(encoding="utf-8"))
    assert options == dict(MFCC_OPTIONS)
    assert mfcc_difference(sound, options) <= 1e-3
    assert np.abs(reference_mfcc(sound, options)).max() > 10


def test_other_options_give_other_mfcc() -> None:
    sound = spoken("lie on your back and breathe").astype(np.float32) / np.float32(FULL_SCALE)
    assert mfcc_difference(sound, {**MFCC_OPTIONS, "preemphasis-coefficient": "0.97"}) > 1
    assert mfcc_difference(sound, {**MFCC_OPTIONS, "cepstral-lifter": "0"}) > 1


def test_energies_can_be_told_from_mfcc() -> None:
    energies = np.random.default_rng(0).normal(10, 4, size=(20, MEL_BINS)).astype(np.float32)
    np.testing.assert_allclose(mfcc(energies) @ np.linalg.inv(dct_with_lifter()), energies, atol=1e-3)


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (399, 0), (400, 1), (560, 2), (16_000, 98)])
def test_frames_end_within_the_sound(samples: int, frames: int) -> None:
    assert log_mel(np.zeros(samples, np.float32)).shape == (frames, MEL_BINS)


@pytest.mark.parametrize("text", ["num-ceps=80", "--num-ceps 80"])
def test_lines_that_are_no_options_are_refused(text: str) -> None:
    with pytest.raises(BadOptionsError, match="no option"):
        read_options(text)


def test_comments_and_empty_lines_are_passed_over() -> None:
    assert read_options("# all of it\n\n--num-ceps=80  # no less\n") == {"num-ceps": "80"}


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(BadOptionsError, match="--vtln-low"):
        reference_mfcc(np.zeros(800, np.float32), {"vtln-low": "100"})
