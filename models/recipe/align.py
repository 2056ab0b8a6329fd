"""Which phone is said in which frame: from nothing (flat start), or with a network that is already trained.

Flat start: every network output gets one Gaussian over cepstra, first from the phones spread evenly over the clip, then
by expectation maximisation (Rabiner, "A tutorial on hidden Markov models", 1989). The expected counts are the gradient
of the log-sum over all alignments with respect to the scores, so that the same recursion as in training serves.
The frames are labelled by the single best path (Viterbi).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jax
import numpy as np
import numpy.typing as npt

from assistant.errors import WrongInputError
from assistant.hearing.language_part.phone_set import PDF_COUNT
from models.recipe.augment import NoiseStore
from models.recipe.batches import SHAPES, Clip, make_batch, shape_of, slots, with_silences
from models.recipe.features import dct_with_lifter
from models.recipe.lfmmi import SILENCE, numerator_log_sum
from models.recipe.network import NetworkConfig, Params, forward

Floats = npt.NDArray[np.float32]
States = npt.NDArray[np.int16]
Report = Callable[[str], None]

STRIDE: Final = 3
"""Input frames of a label: labels come at the network's output rate."""
CEPSTRA: Final = 13
DIMENSIONS: Final = 2 * CEPSTRA
"""Cepstra and their differences over time."""
DYNAMIC_RANGE: Final = 14.0
"""Energies further below a clip's 90th percentile (natural logarithm) are lifted: digital silence is like other."""
ITERATIONS: Final = 14
"""After these the likelihood hardly rises."""
EM_CLIPS: Final = 3000
"""A Gaussian a state has few parameters: more clips don't change it."""
EM_FRAMES: Final = 240
"""Longest clip for the estimation: 7 s. Short ones are hard to align wrongly."""
SCORE_SCALE: Final = 0.3
"""Frames aren't independent, as the Gaussians take them to be: their log-likelihoods are scaled down."""
SMALLEST_VARIANCE: Final = 0.05
"""Share of the variance of everything below which no Gaussian narrows."""
FEWEST_FRAMES: Final = 20
"""A state seen in fewer frames keeps the Gaussian of everything."""
BATCH_CLIPS: Final = 24
IMPOSSIBLE: Final = -1e30


class NothingToAlignError(WrongInputError):
    """No clip is fit for the flat start."""


@dataclass(frozen=True)
class Alignment:
    """The network output of every frame of 30 ms, and the mean score of a frame on the best path.

    A score far below that of other clips tells of a wrong transcript.
    """

    states: States
    score: float


@dataclass(frozen=True)
class Gaussians:
    """One with a diagonal covariance for every network output: means and variances, shape (outputs, 26)."""

    means: Floats
    variances: Floats

    @property
    def polynomial(self) -> tuple[Floats, Floats, Floats]:
        """The scaled log-likelihood as a polynomial of the cepstra: factors of squares, of values, and constants."""
        precision = 1 / self.variances
        constants = (self.means**2 * precision + np.log(self.variances)).sum(axis=1)
        scale = -0.5 * SCORE_SCALE
        parts = scale * precision.T, scale * -2 * (self.means * precision).T, scale * constants
        squares, values, constants = (np.asarray(part, np.float32) for part in parts)
        return squares, values, constants

    def scores(self, cepstra: Floats) -> Floats:
        """Return scaled log-likelihoods, shape (frames, outputs), of cepstra (frames, 26)."""
        squares, values, constants = self.polynomial
        return cepstra**2 @ squares + cepstra @ values + constants


class _Statistics:
    """How often each output was seen, and the sums of the cepstra and of their squares."""

    def __init__(self) -> None:
        self.count = np.zeros(PDF_COUNT)
        self.sum = np.zeros((PDF_COUNT, DIMENSIONS))
        self.squares = np.zeros((PDF_COUNT, DIMENSIONS))

    def add(self, shares: npt.NDArray[np.floating], cepstra: Floats) -> None:
        """Add frames (frames, 26), each with its share in every output (frames, outputs)."""
        self.count += shares.sum(axis=0)
        self.sum += shares.T @ cepstra
        self.squares += shares.T @ np.square(cepstra)

    def gaussians(self) -> Gaussians:
        """Return the most likely Gaussians."""
        mean = self.sum.sum(axis=0) / self.count.sum()
        spread = self.squares.sum(axis=0) / self.count.sum() - mean**2
        count = np.maximum(self.count, 1)[:, None]
        means = self.sum / count
        variances = np.maximum(self.squares / count - means**2, SMALLEST_VARIANCE * spread)
        seldom = self.count < FEWEST_FRAMES
        means[seldom], variances[seldom] = mean, spread
        return Gaussians(means.astype(np.float32), variances.astype(np.float32))


def cepstra_of(features: npt.NDArray[np.floating]) -> Floats:
    """Return cepstra and differences at the label rate: log-mel (frames, 80) to (frames / 3, 26).

    The loudness is counted from the clip's loudest frames, the other cepstra from their mean: recordings differ in
    level and colour.
    """
    energies = np.asarray(features, np.float32)
    energies = np.maximum(energies, np.percentile(energies, 90) - DYNAMIC_RANGE)
    cepstra = energies @ dct_with_lifter()[:, :CEPSTRA].astype(np.float32)
    cepstra -= cepstra.mean(axis=0)
    cepstra[:, 0] -= np.percentile(cepstra[:, 0], 95)
    centres = np.arange((len(energies) + STRIDE - 1) // STRIDE) * STRIDE

    def at(offset: int) -> Floats:
        return cepstra[np.clip(centres + offset, 0, len(cepstra) - 1)]

    return np.concatenate([(at(-1) + at(0) + at(1)) / 3, at(STRIDE) - at(-STRIDE)], axis=1)


def best_path(scores: npt.NDArray[np.floating], sequence: Sequence[int]) -> Alignment:
    """Return the best alignment of a phone sequence with a silence around every word, each of which may be left out.

    Args:
        scores: Of the network's outputs, shape (frames, outputs).
        sequence: The phones, as `models.recipe.batches.with_silences` gives them.

    Raises:
        NothingToAlignError: There are more phones than frames.
    """
    phones = np.asarray(sequence)
    frames, slots_used = len(scores), len(phones)
    if frames < np.count_nonzero(phones != SILENCE):
        raise NothingToAlignError(f"{slots_used} phones don't fit into {frames} frames.")
    first, further = scores[:, 2 * phones], scores[:, 2 * phones + 1]
    passed = np.zeros(slots_used, bool)
    passed[2:] = phones[1:-1] == SILENCE
    reached = np.full(slots_used, IMPOSSIBLE)
    reached[:2] = first[0, :2]
    came_from = np.zeros((frames, slots_used), np.int8)
    ways = np.full((3, slots_used), IMPOSSIBLE)
    for frame in range(1, frames):
        ways[0] = reached + further[frame]
        ways[1, 1:] = reached[:-1] + first[frame, 1:]
        ways[2, 2:] = np.where(passed[2:], reached[:-2] + first[frame, 2:], IMPOSSIBLE)
        came_from[frame] = ways.argmax(axis=0)
        reached = ways.max(axis=0)
    slot = slots_used - 1
    if slots_used > 1 and reached[-2] > reached[-1]:
        slot -= 1
    score = float(reached[slot]) / frames
    states = np.zeros(frames, np.int16)
    for frame in range(frames - 1, -1, -1):
        step = int(came_from[frame, slot]) if frame else 1
        states[frame] = 2 * phones[slot] + (step == 0)
        slot -= step
    return Alignment(states, score)


def flat_start(
    clips: Sequence[Clip], *, iterations: int = ITERATIONS, seed: int = 0, report: Report | None = None
) -> tuple[list[Alignment | None], Gaussians]:
    """Align clips from nothing but their phones.

    Returns:
        An alignment for every clip, None where its phones don't fit into it; and the Gaussians.

    Raises:
        NothingToAlignError: No clip is short enough, with words in it.
    """
    cepstra = [cepstra_of(clip.features) for clip in clips]
    sequences = [with_silences(clip.words) for clip in clips]
    usable = [
        index
        for index, (clip, found) in enumerate(zip(clips, cepstra, strict=True))
        if clip.words and len(found) <= EM_FRAMES and 2 * sum(map(len, clip.words)) <= len(found)
    ]
    if not usable:
        raise NothingToAlignError("No clip is fit for the flat start: they are too long, too short, or without words.")
    chosen = np.random.default_rng(seed).permutation(usable)[:EM_CLIPS]
    statistics = _Statistics()
    for index in chosen:
        labels = _spread_evenly(clips[index].words, cepstra[index])
        statistics.add(np.eye(PDF_COUNT)[labels], cepstra[index])
    gaussians = statistics.gaussians()
    for iteration in range(iterations):
        statistics, log_sum = _Statistics(), 0.0
        for part in _of_one_shape(chosen, cepstra, sequences):
            batch = _padded([cepstra[index] for index in part], [sequences[index] for index in part])
            sums, shares = _expected(batch, gaussians.polynomial)
            log_sum += float(np.asarray(sums)[: len(part)].sum())
            for row, index in zip(np.asarray(shares), part, strict=False):
                statistics.add(row[: len(cepstra[index])], cepstra[index])
        gaussians = statistics.gaussians()
        if report is not None:
            silence = statistics.count[: 2 * SILENCE + 2].sum() / statistics.count.sum()
            mean = log_sum / statistics.count.sum()
            report(f"{iteration + 1} of {iterations}: log-likelihood {mean:.3f} a frame, {silence:.0%} silence")
    return [
        _try_path(gaussians.scores(found), sequence) for found, sequence in zip(cepstra, sequences, strict=True)
    ], gaussians


def _try_path(scores: npt.NDArray[np.floating], sequence: Sequence[int]) -> Alignment | None:
    try:
        return best_path(scores, sequence)
    except NothingToAlignError:
        return None


def _spread_evenly(words: Sequence[Sequence[int]], cepstra: Floats) -> npt.NDArray[np.int64]:
    """Return labels in which the phones share the loud part of a clip evenly, with silence around it."""
    loudness = cepstra[:, 0]
    threshold = (np.percentile(loudness, 20) + np.percentile(loudness, 95)) / 2
    loud = np.flatnonzero(loudness >= threshold)
    begin, end = int(loud[0]), int(loud[-1]) + 1
    phones = np.array([phone for word in words for phone in word])
    place = (np.arange(end - begin) * len(phones)) // (end - begin)
    labels = np.full(len(cepstra), 2 * SILENCE + 1)
    labels[0] = 2 * SILENCE
    entered = np.concatenate([[True], place[1:] != place[:-1]])
    labels[begin:end] = 2 * phones[place] + ~entered
    return labels


def _of_one_shape(
    chosen: npt.NDArray[np.int64], cepstra: Sequence[Floats], sequences: Sequence[Sequence[int]]
) -> Iterator[list[int]]:
    """Yield groups of clips that fit into one batch shape, so that few shapes are compiled."""
    by_shape: dict[int, list[int]] = {}
    for index in chosen:
        shape = _shape(len(cepstra[index]), len(sequences[index]))
        by_shape.setdefault(shape, []).append(int(index))
    for members in by_shape.values():
        yield from (members[at : at + BATCH_CLIPS] for at in range(0, len(members), BATCH_CLIPS))


def _shape(frames: int, phones: int) -> int:
    return next((shape for shape in SHAPES if frames <= shape and phones <= slots(shape)), max(frames, 2 * phones))


def _padded(cepstra: Sequence[Floats], sequences: Sequence[Sequence[int]]) -> tuple[Any, ...]:
    """Return cepstra, lengths, phones, their numbers, and which silences may be passed over, as one batch."""
    frames = max(_shape(len(found), len(sequence)) for found, sequence in zip(cepstra, sequences, strict=True))
    values = np.zeros((BATCH_CLIPS, frames, DIMENSIONS), np.float32)
    lengths, counts = np.ones(BATCH_CLIPS, np.int32), np.ones(BATCH_CLIPS, np.int32)
    phones = np.zeros((BATCH_CLIPS, slots(frames)), np.int32)
    skippable = np.zeros(phones.shape, bool)
    for row, (found, sequence) in enumerate(zip(cepstra, sequences, strict=True)):
        values[row, : len(found)], lengths[row] = found, len(found)
        phones[row, : len(sequence)], counts[row] = sequence, len(sequence)
        skippable[row, 2 : len(sequence)] = phones[row, 1 : len(sequence) - 1] == SILENCE
    return values, lengths, phones, counts, skippable


@jax.jit
def _expected(batch: tuple[Any, ...], polynomial: tuple[Any, ...]) -> tuple[Any, Any]:
    """Return each clip's log-sum, and the share that each output has in each frame."""
    cepstra, *rest = batch
    squares, values, constants = polynomial
    scores = cepstra**2 @ squares + cepstra @ values + constants

    def log_sums(scores: Any) -> tuple[Any, Any]:  # noqa: ANN401 - JAX's arrays
        sums = numerator_log_sum(scores, *rest)
        return sums.sum(), sums

    (_, sums), shares = jax.value_and_grad(log_sums, has_aux=True)(scores)
    return sums, shares


def realign(
    config: NetworkConfig, params: Params, clips: Sequence[Clip], *, report: Report | None = None
) -> list[Alignment | None]:
    """Align clips with a trained network; None for a clip that fits no batch shape, or has more phones than frames.

    Raises:
        ValueError: The network's stride isn't that of the labels.
    """
    if config.stride != STRIDE:
        raise ValueError(f"labels come every {STRIDE} input frames, the network's outputs every {config.stride}")
    scores_of = jax.jit(lambda features, valid: forward(config, params, features, valid)[0])
    by_shape: dict[int, list[int]] = {}
    for index, clip in enumerate(clips):
        if (shape := shape_of(clip, config, training=False)) is not None:
            by_shape.setdefault(shape, []).append(index)
    found: list[Alignment | None] = [None] * len(clips)
    done = 0
    for shape, members in by_shape.items():
        for start in range(0, len(members), BATCH_CLIPS):
            part = members[start : start + BATCH_CLIPS]
            filled = part + [part[0]] * (BATCH_CLIPS - len(part))  # one size of batch: compiled once
            batch = make_batch([clips[index] for index in filled], shape, config, NoiseStore([]), None)
            valid = (np.arange(shape) < batch.lengths[:, None]).astype(np.float32)
            scores = np.asarray(scores_of(batch.features, valid))
            for row, index in enumerate(part):
                found[index] = _try_path(scores[row, : batch.lengths[row]], with_silences(clips[index].words))
            done += len(part)
            if report is not None:
                report(f"{done} of {len(clips)} clips aligned")
    return found
