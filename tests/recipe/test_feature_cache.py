from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.recipe.corpus import Recording
from models.recipe.feature_cache import ECHO, fill_cache, open_cache
from models.recipe.features import log_mel
from models.recipe.sounds import NoRoomsError, UnreadableSoundError, read_rooms, read_sound, reverberate, room_for

NOISE = np.random.default_rng(3).normal(0, 0.1, 16_000).astype(np.float32)


def recording(folder: Path, name: str, *, missing: bool = False) -> Recording:
    path = folder / f"{name}.wav"
    if not missing:
        soundfile.write(path, NOISE[: 4000 + 1000 * len(name)], 16_000, subtype="FLOAT")
    return Recording(f"home/{name}", path, "stop", "anna", "home", "given", 1.0, "CC0")


def room(seconds: float = 0.3) -> np.ndarray:
    response = np.random.default_rng(4).normal(0, 1, int(seconds * 16_000)) * np.exp(-np.arange(seconds * 16_000) / 800)
    response[0] = 5
    return np.asarray(response / np.sqrt(np.square(response).sum()), np.float32)


@pytest.mark.parametrize("processes", [1, 2])
def test_every_recording_gets_features_and_a_copy_in_a_room(tmp_path: Path, processes: int) -> None:
    recordings = [recording(tmp_path, "a"), recording(tmp_path, "bb"), recording(tmp_path, "gone", missing=True)]
    recordings.append(recording(tmp_path, "click"))
    soundfile.write(recordings[-1].path, NOISE[:399], 16_000)
    store = open_cache(tmp_path / "cache")
    complaints = fill_cache(store, recordings, [room()], processes=processes)
    assert store.keys() == ["home/a", "home/a" + ECHO, "home/bb", "home/bb" + ECHO]
    assert ["gone.wav" in complaint for complaint in complaints] == [True, False]
    assert "click.wav is shorter than one frame" in complaints[1]
    sound = read_sound(recordings[1].path)
    np.testing.assert_allclose(store["home/bb"], log_mel(sound), atol=0.02)
    np.testing.assert_allclose(store["home/bb" + ECHO], log_mel(reverberate(sound, room())), atol=0.02)


def test_only_new_recordings_are_computed(tmp_path: Path) -> None:
    first = recording(tmp_path, "a")
    fill_cache(open_cache(tmp_path / "cache"), [first], [])
    first.path.unlink()
    seen: list[tuple[int, int]] = []
    store = open_cache(tmp_path / "cache")
    complaints = fill_cache(
        store,
        [first, recording(tmp_path, "b")],
        [],
        progress=lambda done, all_of_them: seen.append((done, all_of_them)),
    )
    assert complaints == []
    assert store.keys() == ["home/a", "home/b"]
    assert seen == [(1, 1)]


def test_sound_is_made_mono_at_16_khz(tmp_path: Path) -> None:
    time = np.arange(48_000) / 48_000
    tone = np.sin(2 * np.pi * 440 * time)
    soundfile.write(tmp_path / "stereo.wav", np.stack([tone, 0 * tone], axis=1), 48_000)
    sound = read_sound(tmp_path / "stereo.wav")
    assert sound.dtype == np.float32
    assert len(sound) == 16_000
    assert np.abs(np.fft.rfft(sound)).argmax() == 440
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.02)


def test_what_is_no_sound_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound", encoding="utf-8")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16_000)
    for name in ("text.wav", "empty.wav", "none.wav"):
        with pytest.raises(UnreadableSoundError, match=name):
            read_sound(tmp_path / name)


def test_a_room_keeps_loudness_and_adds_an_echo() -> None:
    click = np.zeros(8000, np.float32)
    click[1000] = 1
    heard = reverberate(click, room())
    assert len(heard) == 8000 + 1600
    assert np.square(heard).mean() == pytest.approx(np.square(click).mean(), rel=1e-3)
    assert np.abs(heard[:999]).max() < 1e-5
    assert np.abs(heard[2000:3000]).max() > 1e-3
    np.testing.assert_array_equal(reverberate(0 * click, room()), np.zeros(9600))


def test_rooms_begin_just_before_the_direct_sound(tmp_path: Path) -> None:
    late = np.concatenate([np.zeros(500), room(1.0)])
    soundfile.write(tmp_path / "hall.wav", late * 0.5, 16_000, subtype="FLOAT")
    rooms = read_rooms(tmp_path)
    assert len(rooms) == 1
    assert np.abs(rooms[0]).argmax() == 16
    assert len(rooms[0]) == 8000
    assert np.square(rooms[0]).sum() == pytest.approx(1, rel=1e-4)


def test_a_folder_without_rooms_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoRoomsError, match="no room responses"):
        read_rooms(tmp_path)


def test_a_recording_keeps_its_room() -> None:
    rooms = [np.full(1, value, np.float32) for value in range(5)]
    drawn = [float(room_for(f"home/{number}", rooms)[0]) for number in range(100)]
    assert set(drawn) == {0, 1, 2, 3, 4}
    assert drawn == [float(room_for(f"home/{number}", rooms)[0]) for number in range(100)]
