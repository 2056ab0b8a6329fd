"""Noise at a level, and rooms."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.recipe.check_noise import CLEAN, Condition, active_level, add_noise, heard_in, load_room, put_in_room
from models.recipe.check_sets import SAMPLE_RATE, MissingDataError, Samples


def tone(seconds: float, level: float = 3000.0) -> Samples:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave: Samples = (level * np.sqrt(2) * np.sin(2 * np.pi * 300 * time)).astype(np.int16)
    return wave


def hiss(seconds: float, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).normal(0, 500, int(seconds * SAMPLE_RATE)).astype(np.int16)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * SAMPLE_RATE), np.int16)


def decibels(ratio: float) -> float:
    return 20 * float(np.log10(ratio))


def test_pauses_do_not_lower_the_active_level() -> None:
    speech = tone(1.0)
    assert active_level(np.concatenate([silence(2.0), speech, silence(1.0)])) == pytest.approx(
        active_level(speech), rel=0.02
    )
    assert active_level(speech) == pytest.approx(3000, rel=0.02)
    assert active_level(silence(1.0)) == 0.0
    assert active_level(np.zeros(0, np.int16)) == 0.0


@pytest.mark.parametrize("snr", [20.0, 5.0])
def test_noise_lies_the_wanted_decibels_under_the_speech(snr: float) -> None:
    speech = np.concatenate([silence(1.0), tone(1.0)])
    mixed = add_noise(speech, hiss(0.3), snr, seed=4)
    assert len(mixed) == len(speech)
    noise = mixed.astype(float) - speech
    assert decibels(active_level(speech) / np.sqrt(np.mean(np.square(noise)))) == pytest.approx(snr, abs=0.2)


def test_the_seed_chooses_the_part_of_the_noise() -> None:
    speech, noise = tone(0.5), hiss(5.0)
    assert np.array_equal(add_noise(speech, noise, 10, 1), add_noise(speech, noise, 10, 1))
    assert not np.array_equal(add_noise(speech, noise, 10, 1), add_noise(speech, noise, 10, 2))


def test_a_loud_sum_is_made_softer_not_clipped() -> None:
    speech = tone(0.5, 22000)
    mixed = add_noise(speech, hiss(0.5), 0.0, 3)
    assert np.count_nonzero(np.abs(mixed.astype(int)) >= 32767) <= 1


def test_silent_noise_changes_nothing() -> None:
    speech = tone(0.2)
    assert np.array_equal(add_noise(speech, silence(1.0), 10, 0), speech)


def test_a_room_adds_a_tail_and_shifts_nothing() -> None:
    response = np.zeros(2000)
    response[400], response[1400] = 1.0, 0.5
    speech = np.concatenate([silence(0.1), tone(0.2)])
    heard = put_in_room(speech, response)
    assert len(heard) == len(speech) + 1599
    assert active_level(heard) == pytest.approx(active_level(speech), rel=0.01)
    start = int(0.1 * SAMPLE_RATE)
    assert np.abs(heard[: start - 1]).max() <= 1
    assert np.abs(heard[start : start + 100].astype(int)).max() > 500
    assert np.abs(heard[-700:].astype(int)).max() > 300


def test_conditions_are_applied_from_files(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "noise.flac", hiss(1.0), SAMPLE_RATE)
    soundfile.write(tmp_path / "room.wav", np.array([[1.0, 0.0], [0.5, 0.0], [0.2, 0.0]]), SAMPLE_RATE, subtype="FLOAT")
    speech = tone(0.3)
    assert np.array_equal(heard_in(CLEAN, speech), speech)
    room = Condition("room", room=tmp_path / "room.wav")
    both = Condition("both", room=room.room, noise=tmp_path / "noise.flac", snr=10.0, seed=2)
    assert not np.array_equal(heard_in(room, speech), heard_in(both, speech))
    with pytest.raises(MissingDataError, match="gone"):
        load_room(tmp_path / "gone.wav")
    soundfile.write(tmp_path / "fast.wav", np.ones(10), 48_000)
    with pytest.raises(MissingDataError, match="16000"):
        load_room(tmp_path / "fast.wav")
