from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from assistant.sound.wav import (
    CannotWriteError,
    EmptyRecordingError,
    NoSuchRecordingError,
    NotARecordingError,
    RecordingTooLongError,
    read_recording,
    write_wav,
)


def tone(rate: int, seconds: float = 1.0, pitch: float = 440.0) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * pitch * np.arange(int(rate * seconds)) / rate)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize(("form", "subtype"), [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_24")])
def test_every_rate_becomes_16_khz(tmp_path: Path, rate: int, form: str, subtype: str) -> None:
    path = tmp_path / "a.snd"
    soundfile.write(path, tone(rate), rate, format=form, subtype=subtype)
    sound = read_recording(path)
    assert abs(len(sound) - 16_000) <= 2
    assert np.corrcoef(sound[1000:15_000], tone(16_000)[1000:15_000])[0, 1] > 0.999


def test_ogg_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    soundfile.write(path, tone(44_100), 44_100, format="OGG", subtype="VORBIS")
    assert np.corrcoef(read_recording(path)[1000:15_000], tone(16_000)[1000:15_000])[0, 1] > 0.99


def test_channels_are_mixed(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    left = (8000 * tone(16_000)).astype(np.int16)
    soundfile.write(path, np.stack([left, np.zeros_like(left)], axis=1), 16_000)
    assert np.abs(read_recording(path).astype(int) - left.astype(int) // 2).max() <= 1


def test_16_khz_samples_come_back_unchanged(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).integers(-32768, 32768, 200_000).astype(np.int16)
    write_wav(tmp_path / "a.wav", samples, 16_000)
    assert np.array_equal(read_recording(tmp_path / "a.wav"), samples)


def test_broken_floats_become_sound_within_range(tmp_path: Path) -> None:
    values = np.array([np.nan, np.inf, -np.inf, 3.0, -3.0, 0.25] * 100, dtype=np.float32)
    soundfile.write(tmp_path / "a.wav", values, 16_000, subtype="FLOAT")
    sound = read_recording(tmp_path / "a.wav")
    assert sound[:6].tolist() == [0, 0, 0, 32767, -32768, 8192]


def test_a_truncated_wav_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = (16000 * tone(16_000)).astype(np.int16)
    write_wav(tmp_path / "a.wav", whole, 16_000)
    data = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "b.wav").write_bytes(data[: len(data) // 2])
    sound = read_recording(tmp_path / "b.wav")
    assert 7_900 < len(sound) <= 8_000
    assert np.array_equal(sound, whole[: len(sound)])


@pytest.mark.parametrize(
    "content", [b"These are words, not sound. " * 40, b"RIFF", b"RIFF\x24\x00\x00\x00WAVEfmt ", b"\x00" * 500]
)
def test_what_is_no_recording_is_called_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(NotARecordingError, match=r"a\.wav"):
        read_recording(tmp_path / "a.wav")


def test_an_absurd_rate_is_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.ones(100, dtype=np.int16), 16_000)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[24:28] = struct.pack("<I", 2_000_000_000)
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(NotARecordingError, match="2000000000 Hz"):
        read_recording(tmp_path / "a.wav")


def test_nothing_is_called_nothing(tmp_path: Path) -> None:
    with pytest.raises(NoSuchRecordingError):
        read_recording(tmp_path / "none.wav")
    (tmp_path / "empty.wav").write_bytes(b"")
    with pytest.raises(EmptyRecordingError):
        read_recording(tmp_path / "empty.wav")
    write_wav(tmp_path / "silent.wav", np.zeros(0, dtype=np.int16), 16_000)
    with pytest.raises(EmptyRecordingError):
        read_recording(tmp_path / "silent.wav")
    with pytest.raises(NotARecordingError, match="folder"):
        read_recording(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on this system")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(NotARecordingError, match="pipe"):
        read_recording(tmp_path / "pipe.wav")


def test_too_long_a_recording_is_refused_by_its_header(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.zeros(16_000 * 3, dtype=np.int16), 16_000)
    with pytest.raises(RecordingTooLongError, match="3 s; at most 2 s"):
        read_recording(tmp_path / "a.wav", max_seconds=2)
    assert len(read_recording(tmp_path / "a.wav", max_seconds=3)) == 48_000


def test_a_written_file_can_be_read_by_the_usual_people(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_wav(tmp_path / "a.wav", np.ones(10, dtype=np.int16), 22_050)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.wav").stat().st_mode) == 0o644
    assert soundfile.info(tmp_path / "a.wav").samplerate == 22_050


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real.wav").write_bytes(b"old")
    (tmp_path / "link.wav").symlink_to(tmp_path / "real.wav")
    write_wav(tmp_path / "link.wav", np.ones(10, dtype=np.int16), 16_000)
    assert (tmp_path / "link.wav").is_symlink()
    assert soundfile.info(tmp_path / "real.wav").frames == 10


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    samples = np.ones(10, dtype=np.int16)
    with pytest.raises(CannotWriteError, match="No such file or directory"):
        write_wav(tmp_path / "none" / "a.wav", samples, 16_000)
    with pytest.raises(CannotWriteError, match="directory"):
        write_wav(tmp_path, samples, 16_000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full on this system")
def test_a_full_disk_is_told_and_the_device_stays(tmp_path: Path) -> None:
    with pytest.raises(CannotWriteError, match="No space left"):
        write_wav(Path("/dev/full"), np.ones(100_000, dtype=np.int16), 16_000)
    assert Path("/dev/full").is_char_device()


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wav(tmp_path / "a.wav", np.ones(10, dtype=np.int16), 16_000)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWriteError, match="No space left"):
        write_wav(tmp_path / "a.wav", np.ones(99, dtype=np.int16), 16_000)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert soundfile.info(tmp_path / "a.wav").frames == 10
