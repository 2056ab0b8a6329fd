"""What the original encoder makes of every recording, 50 times a second: kept on disk for the network to learn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from models.recipe.array_store import ArrayStore
from models.recipe.corpus import Recording
from models.recipe.encoder import encode, scaled, whisper_log_mel
from models.recipe.features import MEL_BINS
from models.recipe.sounds import UnreadableSoundError, read_sound
from models.recipe.weights import WIDTH, Weights

OUTPUT_SAMPLES: Final = 320
"""Samples from one output to the next: 20 ms."""
SILENCE_BEHIND: Final = 50
"""Outputs of silence behind a recording, at least: the encoder was trained on windows of 30 s that end in silence, and
with this much of it gives nearly the same (cosine 0.96)."""
SHAPES: Final = (150, 250, 400, 600, 900, 1300)
"""Outputs of the batches; each is compiled once. The last holds 25 s."""
BATCH_OUTPUTS: Final = 3600
"""Outputs of a batch. More at once is hardly quicker, and attention over long ones takes much memory."""
SHARD_OUTPUTS: Final = 60_000
"""Outputs of a shard: 20 minutes of sound, 46 MB; an interrupted run loses at most this."""

Progress = Callable[[int, int], None]
"""Told the number of recordings done and of all to do."""


class _Job(NamedTuple):
    key: str
    outputs: int
    features: npt.NDArray[np.float32]


def open_outputs(folder: Path) -> ArrayStore:
    """Open the store of outputs: keys are recordings' keys, rows are outputs of 20 ms, 384 wide."""
    return ArrayStore(folder, WIDTH)


def teach(
    store: ArrayStore,
    recordings: Sequence[Recording],
    weights: Weights,
    *,
    threads: int = 1,
    progress: Progress | None = None,
) -> list[str]:
    """Compute the outputs that are not there yet; return messages about recordings left out.

    Args:
        store: Where they are kept, see `open_outputs`.
        recordings: What should be in it.
        weights: The encoder's.
        threads: How many read recordings while the encoder works.
        progress: Told how far it is, now and then.
    """
    missing = [recording for recording in recordings if recording.key not in store]
    on_device = {name: jnp.asarray(value) for name, value in weights.items()}
    complaints: list[str] = []
    waiting: dict[int, list[_Job]] = {shape: [] for shape in SHAPES}
    done: list[tuple[str, npt.NDArray[np.float16]]] = []
    with ThreadPoolExecutor(threads) as pool:
        for number, found in enumerate(pool.map(_prepared, missing), start=1):
            if isinstance(found, str):
                complaints.append(found)
                continue
            shape = next(shape for shape in SHAPES if len(found.features) <= 2 * (shape - SILENCE_BEHIND))
            waiting[shape].append(found)
            if len(waiting[shape]) == _batch_size(shape):
                done += _outputs(waiting[shape], shape, on_device)
                waiting[shape] = []
            if sum(len(outputs) for _, outputs in done) >= SHARD_OUTPUTS:
                store.add(done)
                done = []
                if progress is not None:
                    progress(number, len(missing))
    for shape, jobs in waiting.items():
        done += _outputs(jobs, shape, on_device)
    store.add(done)
    if progress is not None:
        progress(len(missing), len(missing))
    return complaints


def _batch_size(shape: int) -> int:
    return BATCH_OUTPUTS // shape


def _prepared(recording: Recording) -> _Job | str:
    """Return a recording's features for the encoder, or why it is left out."""
    try:
        sound = read_sound(recording.path)
    except UnreadableSoundError as fault:
        return str(fault)
    outputs = len(sound) // OUTPUT_SAMPLES
    if not outputs:
        return f"{recording.path} is too short for the teacher."
    if outputs + SILENCE_BEHIND + 1 > SHAPES[-1]:
        return f"{recording.path} is too long for the teacher."
    return _Job(recording.key, outputs, scaled(whisper_log_mel(sound)))


def _outputs(
    jobs: Sequence[_Job], shape: int, weights: Mapping[str, object]
) -> list[tuple[str, npt.NDArray[np.float16]]]:
    if not jobs:
        return []
    features = np.zeros((_batch_size(shape), 2 * shape, MEL_BINS), np.float32)
    for row, job in zip(features, jobs, strict=False):
        row[: len(job.features)] = job.features
        row[len(job.features) :] = job.features.min()  # silence lies on the clip's floor
    outputs = np.asarray(encode(weights, features))
    return [(job.key, found[: job.outputs].astype(np.float16)) for job, found in zip(jobs, outputs, strict=False)]
