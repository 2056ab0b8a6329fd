"""Changes to log-mel features that make one recording stand for many: other voices, rooms, microphones and noises.

Everything works on Kaldi log-mel energies (T, 80), natural logarithm of int16-scaled power, before any normalisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]
Random = np.random.Generator

BINS = 80
# Decibels in one natural-log unit of power.
DB = 10 / np.log(10)
# Kaldi floors the energy of a bin at float epsilon: log(1.19e-7).
LOWEST = -15.94
# Far enough below to be on that floor after every change of level.
DIGITAL_SILENCE = LOWEST - 20

TEMPO_SHARE, TEMPO = 0.6, (0.82, 1.2)
# Formants by a stretched mel axis: below 1 a larger, older voice, above a child's.
WARP_SHARE, WARP = 0.65, (0.88, 1.16)
# Whispered speech has no voicing: little below some 500 Hz and a flatter spectrum.
WHISPER_SHARE = 0.04
COLOUR_STEP, COLOUR_TILT = 0.045, 0.025
BAND_LIMIT_SHARE = 0.12
LOUD_NOISE_SHARE, FAINT_NOISE_SHARE = 0.45, 0.2
LOUD_SNR, FAINT_SNR = (3.0, 35.0), (20.0, 60.0)
GAIN = (-5.5, 1.2)
FLOOR_SHARE = 0.5
LONGEST_SILENCE = 40
# Added silence that is digital: zeros, as before a stream begins or behind a gate.
DIGITAL_SHARE = 0.3
MASK_SHARE = 0.75
LONGEST_MASK = 12
MASK_EVERY = 200


class NoiseStore:
    """Log-mel of noises to draw stretches from; three coloured noises are always in it."""

    def __init__(self, recordings: Sequence[Features]) -> None:
        self._recordings = [np.asarray(recording, np.float32) for recording in recordings]

    def draw(self, frames: int, random: Random) -> Features:
        """Return a stretch of ``frames`` frames of some noise, repeated where the recording is shorter."""
        recording = self._recordings[random.integers(len(self._recordings))]
        if len(recording) < frames:
            recording = np.tile(recording, (frames // len(recording) + 1, 1))
        start = random.integers(len(recording) - frames + 1)
        return recording[start : start + frames]


def coloured_noises(seed: int = 0, seconds: float = 20.0) -> list[NDArray[np.float32]]:
    """White, pinkish and brownish noise, waveforms at 16 kHz."""
    random = np.random.default_rng(seed)
    white = random.standard_normal(int(16000 * seconds))
    pink = _without_drift(np.cumsum(white), 400)
    brown = _without_drift(np.cumsum(pink), 800)
    return [(x / np.abs(x).max() * 0.3).astype(np.float32) for x in (white, pink, brown)]


def _without_drift(x: NDArray[Any], span: int) -> NDArray[Any]:
    return np.asarray(x - np.convolve(x, np.ones(span) / span, "same"))


def warp_matrix(factor: float) -> NDArray[np.float32]:
    """Matrix (80, 80) that stretches the mel axis by ``factor`` with linear interpolation."""
    source = np.clip(np.arange(BINS) * factor, 0, BINS - 1)
    low = np.floor(source).astype(int)
    share = source - low
    matrix = np.zeros((BINS, BINS), np.float32)
    matrix[low, np.arange(BINS)] += 1 - share
    matrix[np.minimum(low + 1, BINS - 1), np.arange(BINS)] += share
    return matrix


def augment(features: Features, noises: NoiseStore, random: Random) -> tuple[Features, NDArray[np.int64]]:
    """Return changed features (T', 80), and for each new frame the old frame it stems from (-1: added silence)."""
    x, origin = _change_tempo(np.asarray(features, np.float32), random)
    if random.random() < WARP_SHARE:
        x = x @ warp_matrix(random.uniform(*WARP))
    x, origin = _pad_with_silence(x, origin, random)
    if random.random() < WHISPER_SHARE:
        x = _whispered(x, random)
    colour = random.standard_normal((1, BINS)).cumsum(1) * COLOUR_STEP
    x = x + colour.astype(np.float32)
    x += random.uniform(-COLOUR_TILT, COLOUR_TILT) * np.arange(BINS, dtype=np.float32)
    if random.random() < BAND_LIMIT_SHARE:
        x[:, random.integers(48, 76) :] -= random.uniform(4, 14)
    x = _with_noise(x, noises, random)
    x = np.maximum(x + random.uniform(*GAIN), LOWEST)
    if random.random() < FLOOR_SHARE:
        hiss = random.uniform(-2, 6) + random.standard_normal(x.shape).astype(np.float32) * 0.5
        x = np.logaddexp(x, hiss)
    return np.asarray(x, np.float32), origin


def _change_tempo(x: Features, random: Random) -> tuple[Features, NDArray[np.int64]]:
    if random.random() >= TEMPO_SHARE:
        return x, np.arange(len(x))
    times = np.linspace(0, len(x) - 1, max(2, int(len(x) / random.uniform(*TEMPO))))
    low = times.astype(np.int64)
    share = (times - low)[:, None].astype(np.float32)
    moved = x[low] * (1 - share) + x[np.minimum(low + 1, len(x) - 1)] * share
    return moved.astype(np.float32), low


def _pad_with_silence(x: Features, origin: NDArray[np.int64], random: Random) -> tuple[Features, NDArray[np.int64]]:
    before, after = int(random.integers(0, LONGEST_SILENCE)), int(random.integers(0, LONGEST_SILENCE))
    quiet = np.minimum(x[:3].mean(0), x[-3:].mean(0))

    def silence(frames: int) -> Features:
        if random.random() < DIGITAL_SHARE:
            return np.full((frames, BINS), DIGITAL_SILENCE, np.float32)
        hiss = random.standard_normal((frames, BINS)) * 0.7
        return np.asarray(quiet[None] + hiss, np.float32)

    padded = np.concatenate([silence(before), x, silence(after)]).astype(np.float32)
    return padded, np.concatenate([np.full(before, -1), origin, np.full(after, -1)])


def _whispered(x: Features, random: Random) -> Features:
    lift = np.concatenate(
        [np.linspace(-random.uniform(3, 7), 0, 24), np.linspace(0, random.uniform(0.5, 2), BINS - 24)]
    )
    breath = random.standard_normal(x.shape) * 0.4
    return np.asarray(x + lift + breath, np.float32)


def _with_noise(x: Features, noises: NoiseStore, random: Random) -> Features:
    draw = random.random()
    if draw >= LOUD_NOISE_SHARE + FAINT_NOISE_SHARE:
        return x
    snr = random.uniform(*(LOUD_SNR if draw < LOUD_NOISE_SHARE else FAINT_SNR))
    noise = noises.draw(len(x), random)
    # Levels by the 90th percentile: of loud frames, not of pauses.
    level = np.percentile(x, 90) - np.percentile(noise, 90) - snr / DB
    return np.asarray(np.logaddexp(x, noise + level))


def mask_stretches(x: Features, random: Random) -> Features:
    """SpecAugment (Park et al., 2019): some bands and some stretches of time become the mean."""
    if random.random() >= MASK_SHARE:
        return x
    x = x.copy()
    mean = x.mean()
    for _ in range(int(random.integers(0, 3))):
        width = int(random.integers(0, LONGEST_MASK))
        start = int(random.integers(0, BINS - width))
        x[:, start : start + width] = mean
    for _ in range(max(1, len(x) // MASK_EVERY)):
        width = int(random.integers(0, LONGEST_MASK))
        start = int(random.integers(0, max(1, len(x) - width)))
        x[start : start + width] = mean
    return x
