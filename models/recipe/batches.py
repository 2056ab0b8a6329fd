"""Training clips into padded batches of similar length, augmented, in a thread of their own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.recipe.augment import NoiseStore, augment, mask_stretches
from models.recipe.lfmmi import SILENCE
from models.recipe.network import FEATURES, NetworkConfig, input_frames

Random = np.random.Generator

# Output frames (30 ms) of the batch shapes: each shape is compiled once.
SHAPES = (80, 140, 220, 340, 535)
# Slots for phones and optional silences, as a share of the frames: faster talk than this isn't trained on.
SLOTS_PER_FRAME = 0.62
FEWEST_SLOTS = 48
# Words of a transcript that become the garbage phone, which then means "some other word".
GARBAGE_SHARE = 0.08
# Of the copies of a clip with a room's echo, the share left out of an epoch.
ECHO_LEFT_OUT = 0.5
# Longest stretch by tempo and added silence, to choose a shape before augmenting.
STRETCH, ADDED_FRAMES = 1.22, 80
QUEUED_BATCHES = 6


@dataclass(frozen=True)
class Clip:
    """One recording, ready to train on.

    ``features`` (frames at 100 Hz, 80) log-mel; ``words`` a list of phones for each word, empty for noise; ``teacher``
    (frames at 50 Hz, width) the original encoder's output for the clean clip; ``states`` (frames at 33.3 Hz) aligned
    outputs ``2 * phone`` or ``2 * phone + 1``; ``echo`` whether it is a copy with a room's echo.
    """

    features: NDArray[np.float16]
    words: list[list[int]] = field(default_factory=list)
    teacher: NDArray[np.float16] | None = None
    states: NDArray[np.int16] | None = None
    speaker: str = ""
    source: str = ""
    echo: bool = False


class Batch(NamedTuple):
    """Arrays of one batch of B clips, T output frames and J phone slots."""

    features: NDArray[np.float32]  # (B, input frames, 80)
    lengths: NDArray[np.int32]  # (B,) output frames
    positions: NDArray[np.int32]  # (B, J) phones and optional silences
    counts: NDArray[np.int32]  # (B,) used slots
    skippable: NDArray[np.bool_]  # (B, J)
    states: NDArray[np.int32]  # (B, T) aligned outputs, -1 unknown
    teacher: NDArray[np.float16]  # (B, T, width)
    taught: NDArray[np.float32]  # (B, T) 1 where the teacher speaks
    quiet: NDArray[np.float32]  # (B, T) 1 where there is surely no speech


def slots(frames: int) -> int:
    """Phone slots of a batch shape of ``frames`` output frames."""
    return max(FEWEST_SLOTS, int(frames * SLOTS_PER_FRAME))


def with_silences(words: Sequence[Sequence[int]]) -> list[int]:
    """Phones in order with an optional silence before, between and after the words."""
    sequence = [SILENCE]
    for word in words:
        sequence += [*word, SILENCE]
    return sequence


def shape_of(clip: Clip, config: NetworkConfig, *, training: bool) -> int | None:
    """Output frames of the smallest batch shape that holds the clip, or None where none does."""
    frames = len(clip.features) * (STRETCH if training else 1.0) + (ADDED_FRAMES if training else 0)
    needed = len(with_silences(clip.words))
    return next((s for s in SHAPES if frames / config.stride + 1 <= s and needed <= slots(s)), None)


def make_batch(
    clips: Sequence[Clip],
    frames: int,
    config: NetworkConfig,
    noises: NoiseStore,
    random: Random | None,
    *,
    garbage: int | None = None,
) -> Batch:
    """Pad ``clips`` to ``frames`` output frames; with ``random`` they are augmented.

    ``garbage`` is the phone that stands for any other word; None replaces no words.
    """
    size, width = len(clips), config.width
    batch = Batch(
        np.zeros((size, input_frames(config, frames), FEATURES), np.float32),
        np.zeros(size, np.int32),
        np.zeros((size, slots(frames)), np.int32),
        np.zeros(size, np.int32),
        np.zeros((size, slots(frames)), bool),
        np.full((size, frames), -1, np.int32),
        np.zeros((size, frames, width), np.float16),
        np.zeros((size, frames), np.float32),
        np.zeros((size, frames), np.float32),
    )
    for row, clip in enumerate(clips):
        features, origin = _features(clip, noises, random)
        features, origin = features[: config.stride * frames], origin[: config.stride * frames]
        length = (len(features) - 1) // config.stride + 1
        batch.lengths[row] = length
        centres = origin[:: config.stride][:length]
        _fill_targets(batch, row, clip, centres)
        words = clip.words
        if random is not None and garbage is not None:
            words = [[garbage] if random.random() < GARBAGE_SHARE else word for word in words]
        sequence = np.array(with_silences(words)[: slots(frames)])
        batch.positions[row, : len(sequence)], batch.counts[row] = sequence, len(sequence)
        batch.skippable[row, 2 : len(sequence)] = sequence[1:-1] == SILENCE
        masked = mask_stretches(features, random) if random is not None else features
        here = batch.features[row]
        stop = min(2 + len(masked), len(here))
        here[:2], here[2:stop], here[stop:] = masked[0], masked[: stop - 2], masked[-1]
    return batch


def _features(clip: Clip, noises: NoiseStore, random: Random | None) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    if random is None:
        return clip.features.astype(np.float32), np.arange(len(clip.features))
    return augment(clip.features.astype(np.float32), noises, random)


def _fill_targets(batch: Batch, row: int, clip: Clip, centres: NDArray[np.int64]) -> None:
    length, known = len(centres), centres >= 0
    batch.quiet[row, :length] = ~known if clip.words else 1
    if clip.states is not None:
        index = np.clip(centres // 3, 0, len(clip.states) - 1)
        phones = np.where(known, clip.states[index].astype(int) // 2, SILENCE)
        enters = np.concatenate([[True], phones[1:] != phones[:-1]])
        batch.states[row, :length] = 2 * phones + 1 - enters
    if clip.teacher is not None and len(clip.teacher) > 1:
        # Whisper's output i stands at its input frame 2 i, which is Kaldi frame 2 i - 1.
        place = np.clip((np.maximum(centres, 0) + 1) / 2, 0, len(clip.teacher) - 1.001)
        low = place.astype(int)
        share = (place - low)[:, None].astype(np.float32)
        batch.teacher[row, :length] = clip.teacher[low] * (1 - share) + clip.teacher[low + 1] * share
        batch.taught[row, :length] = known


def epoch(
    clips: Sequence[Clip], config: NetworkConfig, seconds: float, random: Random, *, training: bool
) -> list[tuple[int, list[Clip]]]:
    """Clips in random order in groups of ``seconds`` seconds of sound: (output frames, clips)."""
    by_shape: dict[int, list[Clip]] = {}
    for clip in clips:
        if training and clip.echo and random.random() < ECHO_LEFT_OUT:
            continue
        shape = shape_of(clip, config, training=training)
        if shape is not None:
            by_shape.setdefault(shape, []).append(clip)
    groups = []
    for shape, members in by_shape.items():
        size = max(3, int(seconds * 100 / config.stride / shape))
        order = random.permutation(len(members))
        for start in range(0, len(members), size):
            group = [members[i] for i in order[start : start + size]]
            if training and len(group) < size // 2:
                continue
            # Every batch of a shape has the same size, or it would be compiled anew.
            group += [members[i] for i in random.integers(0, len(members), size - len(group))]
            groups.append((shape, group))
    return [groups[i] for i in random.permutation(len(groups))]


class BatchFeed:
    """Endless augmented batches, prepared in a thread while the network works."""

    def __init__(
        self,
        clips: Sequence[Clip],
        config: NetworkConfig,
        noises: NoiseStore,
        *,
        seconds: float,
        garbage: int,
        seed: int,
    ) -> None:
        self._clips, self._config, self._noises = clips, config, noises
        self._seconds, self._garbage = seconds, garbage
        self._random = np.random.default_rng(seed)
        self._queue: queue.Queue[tuple[int, Batch]] = queue.Queue(QUEUED_BATCHES)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="batches", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[tuple[int, Batch]]:
        """Yield (epoch number, batch) without end."""
        while True:
            yield self._queue.get()

    def close(self) -> None:
        """Stop the thread."""
        self._stopping.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.1)
            except queue.Empty:
                continue

    def _run(self) -> None:
        number = 0
        while True:
            for frames, group in epoch(self._clips, self._config, self._seconds, self._random, training=True):
                batch = make_batch(group, frames, self._config, self._noises, self._random, garbage=self._garbage)
                if self._stopping.is_set():
                    return
                self._queue.put((number, batch))
            number += 1


def silence_clips(noises: NoiseStore, count: int, seed: int = 5) -> list[Clip]:
    """Clips of noise alone, with nothing to hear in them."""
    random = np.random.default_rng(seed)
    stretches = [noises.draw(int(random.integers(60, 400)), random) for _ in range(count)]
    return [Clip(stretch.astype(np.float16), speaker="noise", source="noise") for stretch in stretches]


def as_arrays(batch: Batch) -> tuple[Any, ...]:
    """Return the batch as a plain tuple, the form that a compiled function takes."""
    return tuple(batch)
