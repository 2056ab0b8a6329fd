"""Puts noise under speech at a given level, and speech into rooms, the same way on every run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from models.recipe.check_sets import SAMPLE_RATE, MissingDataError, Samples, load

_FRAME: Final = SAMPLE_RATE // 50
_ACTIVE_WITHIN: Final = 20.0
"""dB below the loud frames (their 95th percentile) down to which a frame counts as speech. ITU-T P.56 takes 15.9 dB
below the mean level of the active speech, which lies some 4 dB below the loud frames."""
_LOUD: Final = 95
_LONGEST_TAIL: Final = SAMPLE_RATE // 2
"""Samples of echo kept after the end of the speech."""
_FULL_SCALE: Final = 32767.0
Wave = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Condition:
    """Where the speech is heard: quiet, with a noise, or in a room."""

    name: str = "clean"
    noise: Path | None = None
    snr: float = 0.0
    """Level of the speech over the noise (dB)."""
    room: Path | None = None
    seed: int = 0
    """Chooses which part of the noise is heard."""


CLEAN: Final = Condition()


def active_level(samples: npt.NDArray[np.generic]) -> float:
    """Return the root mean square of the frames (20 ms) in which somebody speaks; 0 for silence.

    An approximation of the active speech level of ITU-T P.56: pauses don't make speech count as softer.
    """
    wave = samples.astype(np.float64)
    whole = len(wave) // _FRAME * _FRAME
    if not whole:
        return float(np.sqrt(np.mean(np.square(wave)))) if len(wave) else 0.0
    powers = np.mean(np.square(wave[:whole].reshape(-1, _FRAME)), axis=1)
    threshold = np.percentile(powers, _LOUD) * 10 ** (-_ACTIVE_WITHIN / 10)
    return float(np.sqrt(np.mean(powers[powers >= threshold])))


def add_noise(speech: Samples, noise: Samples, snr: float, seed: int) -> Samples:
    """Return ``speech`` with a part of ``noise`` under it, ``snr`` dB softer than the active speech.

    A noise that is too short is repeated. Where the sum would be clipped, all of it is made softer.
    """
    start = int(np.random.default_rng(seed).integers(0, len(noise)))
    under = np.resize(np.roll(noise, -start), len(speech)).astype(np.float64)
    level = float(np.sqrt(np.mean(np.square(under))))
    if level > 0.0:
        under *= active_level(speech) * 10 ** (-snr / 20) / level
    return _fit(speech + under)


def put_in_room(speech: Samples, response: Wave) -> Samples:
    """Return ``speech`` as heard in the room of the impulse ``response``, as loud as before.

    What comes before the direct sound is cut off, so that the speech isn't shifted.
    """
    response = response[int(np.argmax(np.abs(response))) :]
    length = len(speech) + len(response) - 1
    size = 1 << (length - 1).bit_length()
    spectrum = np.fft.rfft(speech.astype(np.float64), size) * np.fft.rfft(response, size)
    heard = np.fft.irfft(spectrum, size)[: min(length, len(speech) + _LONGEST_TAIL)]
    level = active_level(heard)
    return _fit(heard * (active_level(speech) / level if level else 1.0))


def load_room(path: Path) -> Wave:
    """Return an impulse response (16 kHz; of several channels the first).

    Raises:
        MissingDataError: The file can't be read, or has another rate.
    """
    try:
        response, rate = soundfile.read(path, dtype="float64", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as fault:
        raise MissingDataError(f"{path} can't be read: {fault}") from fault
    if rate != SAMPLE_RATE or not len(response):
        raise MissingDataError(f"{path} is no impulse response at {SAMPLE_RATE} samples a second.")
    return np.ascontiguousarray(response[:, 0])


def heard_in(condition: Condition, speech: Samples) -> Samples:
    """Return ``speech`` under ``condition``."""
    if condition.room is not None:
        speech = put_in_room(speech, load_room(condition.room))
    if condition.noise is not None:
        speech = add_noise(speech, load(condition.noise), condition.snr, condition.seed)
    return speech


def _fit(wave: Wave) -> Samples:
    peak = float(np.max(np.abs(wave), initial=0.0))
    return np.round(wave * min(1.0, _FULL_SCALE / peak) if peak else wave).astype(np.int16)
