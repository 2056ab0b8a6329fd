from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_models import spoken

from models.recipe.encoder import whisper_log_mel
from models.recipe.features import FULL_SCALE, Sound, log_mel
from models.recipe.mel_map import TooLittleSpeechError, fit_mel_map, paired_frames

SENTENCES = (
    "lie on your back with your knees bent and breathe slowly",
    "place a tennis ball under the muscle and lean on it gently",
    "hold the stretch for thirty seconds and then let it go",
    "tell me when the pain becomes stronger than it was before",
)


def rustling(text: str, seed: int) -> Sound:
    """Return a sentence in a noisy room: espeak's pauses and high bands are digitally silent."""
    sound = spoken(text).astype(np.float32) / np.float32(FULL_SCALE)
    return np.asarray(sound + np.random.default_rng(seed).normal(0, 0.003, len(sound)), np.float32)


def test_whispers_energies_can_be_told_from_kaldis(tmp_path: Path) -> None:
    fitted = fit_mel_map([rustling(text, seed) for seed, text in enumerate(SENTENCES)])
    assert np.median(fitted.r_squared) > 0.9
    assert f"{np.median(fitted.r_squared):.3f}" in str(fitted)
    fitted.save(tmp_path / "map.npz")
    with np.load(tmp_path / "map.npz") as file:
        assert file["A"].shape == (80, 80)
        assert file["c"].shape == (80,)
    other = rustling("how long should i hold the stretch", 9)
    kaldi, whisper = paired_frames(other)
    assert np.sqrt(np.square(kaldi @ fitted.matrix + fitted.offset - whisper).mean()) < 0.3


def test_frames_are_paired_with_those_at_the_same_time() -> None:
    sound = rustling(SENTENCES[0], 0)
    kaldi, whisper = log_mel(sound).mean(axis=1), whisper_log_mel(sound).mean(axis=1)

    def likeness(shift: int) -> float:
        count = min(len(kaldi), len(whisper) - shift)
        return float(np.corrcoef(kaldi[:count], whisper[shift : shift + count])[0, 1])

    assert max(range(5), key=likeness) == 1


def test_too_little_speech_is_told() -> None:
    with pytest.raises(TooLittleSpeechError, match="more clips"):
        fit_mel_map([rustling("stop", 0)])
    with pytest.raises(TooLittleSpeechError, match="more clips"):
        fit_mel_map([])
