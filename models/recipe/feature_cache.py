"""The log-mel features of all recordings, dry and in a room, computed once and kept on disk."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from models.recipe.array_store import ArrayStore
from models.recipe.corpus import Recording
from models.recipe.features import MEL_BINS, Sound, log_mel
from models.recipe.sounds import UnreadableSoundError, read_sound, reverberate, room_for

SHARD_RECORDINGS: Final = 500
"""Recordings in a shard: what an interrupted run loses is at most these, a minute's work."""
ECHO: Final = "#echo"
"""Ends the key of a recording's copy in a room."""
_CHUNK: Final = 16

Energies = npt.NDArray[np.float16]
Progress = Callable[[int, int], None]
"""Told the number of recordings done and of all to do."""


def open_cache(folder: Path) -> ArrayStore:
    """Open the cache: keys are recordings' keys, for the copy in a room with `ECHO` behind; rows are frames."""
    return ArrayStore(folder, MEL_BINS)


def fill_cache(
    store: ArrayStore,
    recordings: Sequence[Recording],
    rooms: Sequence[Sound],
    *,
    processes: int = 1,
    progress: Progress | None = None,
) -> list[str]:
    """Compute what is not there yet; return messages about recordings that can't be used.

    Args:
        store: The cache, see `open_cache`.
        recordings: What should be in it.
        rooms: Room responses; each recording gets a copy in one of them. None: no copies.
        processes: How many to compute with.
        progress: Told how far it is, now and then.
    """
    missing = [recording for recording in recordings if recording.key not in store]
    complaints: list[str] = []
    for start in range(0, len(missing), SHARD_RECORDINGS):
        part = missing[start : start + SHARD_RECORDINGS]
        arrays: list[tuple[str, Energies]] = []
        for found in _computed(part, rooms, processes):
            if isinstance(found, str):
                complaints.append(found)
            else:
                arrays += found
        store.add(arrays)
        if progress is not None:
            progress(start + len(part), len(missing))
    return complaints


Found = list[tuple[str, Energies]] | str


def _computed(recordings: Sequence[Recording], rooms: Sequence[Sound], processes: int) -> Iterator[Found]:
    jobs = [(recording, room_for(recording.key, rooms) if rooms else None) for recording in recordings]
    if processes == 1:
        yield from map(_features_of, jobs)
        return
    # Not forked: JAX's threads would be left behind in the middle of what they do.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_features_of, jobs, chunksize=_CHUNK)


def _features_of(job: tuple[Recording, Sound | None]) -> Found:
    """Return the features of a recording and of its copy in a room, or why there are none."""
    recording, room = job
    try:
        sound = read_sound(recording.path)
    except UnreadableSoundError as fault:
        return str(fault)
    energies = log_mel(sound)
    if not len(energies):
        return f"{recording.path} is shorter than one frame."
    arrays = [(recording.key, energies.astype(np.float16))]
    if room is not None:
        arrays.append((recording.key + ECHO, log_mel(reverberate(sound, room)).astype(np.float16)))
    return arrays
