"""Recordings: any WAV, FLAC or OGG in, 16 kHz mono out; WAV files written whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import Final
from uuid import uuid4

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from assistant.errors import WrongInputError
from assistant.sound.samples import SAMPLE_RATE

CHUNK_FRAMES: Final = 65_536
"""Read at a time, so that a file's size doesn't matter; 16 MB at 64 channels."""
MAX_CHANNELS: Final = 64
RATES: Final = (1_000, 768_000)
"""Hz; what claims another rate is no recording of a voice but a damaged header."""


class NoSuchRecordingError(WrongInputError):
    """No file of that name."""


class EmptyRecordingError(WrongInputError):
    """A recording without sound."""


class NotARecordingError(WrongInputError):
    """A file that holds no sound that can be read."""


class RecordingTooLongError(WrongInputError):
    """A recording longer than is taken."""


class CannotWriteError(WrongInputError):
    """A file that can't be written."""


def read_recording(path: Path, max_seconds: float = 600.0) -> NDArray[np.int16]:
    """Return the sound in ``path``, mono, 16-bit, 16 kHz. What a truncated file still holds is read.

    Raises:
        NoSuchRecordingError, EmptyRecordingError, NotARecordingError, RecordingTooLongError: see there.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise NotARecordingError(f"{path} is a folder, not a recording.")
        if not path.exists():
            raise NoSuchRecordingError(f"There is no file {path}.")
        if not path.is_file():
            raise NotARecordingError(f"{path} is a device or a pipe, not a recording.")
        with path.open("rb") as raw:
            if not raw.read(1):
                raise EmptyRecordingError(f"{path} is empty.")
            raw.seek(0)
            with soundfile.SoundFile(raw) as file:
                return _read(path, file, max_seconds)
    except OSError as fault:
        raise NotARecordingError(f"{path} can't be read: {fault.strerror or fault}.") from fault
    except (soundfile.LibsndfileError, RuntimeError, TypeError, ValueError) as fault:
        raise NotARecordingError(f"{path} is no recording that can be read (WAV, FLAC or OGG).") from fault


def _read(path: Path, file: soundfile.SoundFile, max_seconds: float) -> NDArray[np.int16]:
    rate, channels = int(file.samplerate), int(file.channels)
    if not RATES[0] <= rate <= RATES[1] or not 1 <= channels <= MAX_CHANNELS:
        raise NotARecordingError(f"{path} claims {rate} Hz and {channels} channels; it is damaged.")
    if file.frames > max_seconds * rate:
        raise RecordingTooLongError(f"{path} lasts {file.frames / rate:.0f} s; at most {max_seconds:.0f} s are taken.")
    resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32") if rate != SAMPLE_RATE else None
    parts: list[NDArray[np.int16]] = []
    more = True
    while more:
        block = file.read(CHUNK_FRAMES, dtype="float32", always_2d=True)
        more = len(block) > 0
        sound = np.nan_to_num(block.mean(axis=1), nan=0.0, posinf=0.0, neginf=0.0)
        if resampler is not None:
            sound = resampler.resample_chunk(sound, last=not more)
        parts.append(np.clip(np.rint(sound * 32768.0), -32768, 32767).astype(np.int16))
    samples = np.concatenate(parts)
    if samples.size == 0:
        raise EmptyRecordingError(f"{path} holds no sound.")
    return samples


def write_wav(path: Path, samples: NDArray[np.int16], rate: int) -> None:
    """Write mono 16-bit ``samples`` at ``rate`` Hz to ``path``; nothing half-written is left behind.

    Raises:
        CannotWriteError: no such folder, no right, no room.
    """
    data = io.BytesIO()
    soundfile.write(data, samples, rate, format="WAV", subtype="PCM_16")
    path = Path(path)
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            _write_into(target, data.getbuffer())
        else:
            _put_in_place(target, data.getbuffer())
    except (OSError, RuntimeError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else str(fault)
        raise CannotWriteError(f"{path} can't be written: {reason}.") from fault


def _write_into(device: Path, data: memoryview) -> None:
    """Write into a pipe or device: putting a file in its place would destroy it."""
    with device.open("wb") as file:
        file.write(data)


def _put_in_place(target: Path, data: memoryview) -> None:
    temporary = target.with_name(f".{uuid4().hex}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
