"""Recordings as samples, and the same recordings as if they were made in another room."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr

from assistant.errors import WrongInputError
from models.recipe.features import SAMPLE_RATE, Sound

ROOM_ENDINGS: Final = frozenset({".wav", ".flac", ".ogg"})
BEFORE_DIRECT_SOUND: Final = 16
"""Samples of a room response kept before its loudest one, the direct sound: 1 ms of the microphone's own ringing."""
ROOM_SECONDS: Final = 0.5
"""What comes later than this in a response of a room for living in is below what a microphone's noise covers."""
ECHO_TAIL_SECONDS: Final = 0.1
"""How much of the echo after a recording's end is kept."""


class UnreadableSoundError(WrongInputError):
    """A file that isn't there, or isn't sound that libsndfile reads."""


class NoRoomsError(WrongInputError):
    """A folder without room responses."""


def read_sound(path: Path) -> Sound:
    """Read a recording as mono samples at 16 kHz, whatever its rate and number of channels.

    Raises:
        UnreadableSoundError: The file is missing, damaged, empty, or no sound.
    """
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, RuntimeError) as fault:
        raise UnreadableSoundError(f"{path} can't be read as sound: {fault}") from fault
    if not len(samples):
        raise UnreadableSoundError(f"{path} holds no sound.")
    mono = samples.mean(axis=1)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    return np.asarray(mono, np.float32)


def read_rooms(folder: Path, *, leave_out: Callable[[Path], bool] = lambda _: False) -> list[Sound]:
    """Read the room responses in ``folder``: from just before the direct sound, half a second, with energy 1.

    Files of which ``leave_out`` says so are passed over.

    Raises:
        NoRoomsError: There are none.
    """
    rooms = []
    for path in sorted(
        path for path in folder.glob("*") if path.suffix.lower() in ROOM_ENDINGS and not leave_out(path)
    ):
        response = read_sound(path)
        begin = max(0, int(np.abs(response).argmax()) - BEFORE_DIRECT_SOUND)
        response = response[begin : begin + int(ROOM_SECONDS * SAMPLE_RATE)]
        rooms.append(response / np.sqrt(np.square(response).sum()))
    if not rooms:
        raise NoRoomsError(f"{folder} holds no room responses (.wav, .flac or .ogg files).")
    return rooms


def room_for(key: str, rooms: Sequence[Sound]) -> Sound:
    """Return a room that depends on ``key`` alone, so that an interrupted run goes on as it would have."""
    return rooms[zlib.crc32(key.encode()) % len(rooms)]


def reverberate(sound: Sound, room: Sound) -> Sound:
    """Return ``sound`` as heard in a room, at the loudness it had, a tenth of a second longer."""
    full = len(sound) + len(room) - 1
    size = 1 << (full - 1).bit_length()
    echoed = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(room, size), size)
    echoed = echoed[: min(full, len(sound) + int(ECHO_TAIL_SECONDS * SAMPLE_RATE))]
    loudness = np.square(echoed).mean()
    if loudness > 0:
        echoed *= np.sqrt(np.square(sound).mean() / loudness)
    return echoed.astype(np.float32)
