"""Recordings: any WAV, FLAC or OGG in, 16 kHz mono out; WAV files written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from assistant.errors import WrongInputError
from assistant.sound.samples import SAMPLE_RATE

CHUNK_SECONDS: Final = 10
MAX_CHANNELS: Final = 64


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
    if path.is_dir():
        raise NotARecordingError(f"{path} is a folder, not a recording.")
    if not path.exists():
        raise NoSuchRecordingError(f"There is no file {path}.")
    try:
        size = path.stat().st_size
        if path.is_file() and size == 0:
            raise EmptyRecordingError(f"{path} is empty.")
        with soundfile.SoundFile(str(path)) as file:
            return _read(path, file, max_seconds)
    except (soundfile.LibsndfileError, RuntimeError, TypeError, ValueError) as fault:
        raise NotARecordingError(f"{path} is no recording that can be read (WAV, FLAC or OGG).") from fault
    except OSError as fault:
        raise NotARecordingError(f"{path} can't be read: {fault.strerror}.") from fault


def _read(path: Path, file: soundfile.SoundFile, max_seconds: float) -> NDArray[np.int16]:
    rate = int(file.samplerate)
    if rate <= 0 or file.channels > MAX_CHANNELS:
        raise NotARecordingError(f"{path} claims {rate} Hz and {file.channels} channels.")
    if file.frames > max_seconds * rate:
        raise RecordingTooLongError(
            f"{path} lasts {file.frames / rate:.0f} s; at most {max_seconds:.0f} s are taken."
        )
    parts: list[NDArray[np.float32]] = []
    while True:
        block = file.read(CHUNK_SECONDS * rate, dtype="float32", always_2d=True)
        if len(block) == 0:
            break
        parts.append(block.mean(axis=1))
    if not parts:
        raise EmptyRecordingError(f"{path} holds no sound.")
    sound = np.nan_to_num(np.concatenate(parts), nan=0.0, posinf=0.0, neginf=0.0)
    if rate != SAMPLE_RATE:
        sound = soxr.resample(sound, rate, SAMPLE_RATE)
    if sound.size == 0:
        raise EmptyRecordingError(f"{path} holds no sound.")
    samples: NDArray[np.int16] = (np.clip(sound, -1.0, 1.0) * 32767.0).astype(np.int16)
    return samples


def write_wav(path: Path, samples: NDArray[np.int16], rate: int) -> None:
    """Write mono 16-bit ``samples`` to ``path``; nothing half-written is left behind.

    Raises:
        CannotWriteError: no such folder, no right, no room.
    """
    path = Path(path)
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            soundfile.write(file, samples, rate, format="WAV", subtype="PCM_16")
        Path(temporary).replace(path)
    except (OSError, soundfile.LibsndfileError) as fault:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        reason = fault.strerror if isinstance(fault, OSError) else str(fault)
        raise CannotWriteError(f"{path} can't be written: {reason}.") from fault
