"""The way from Kaldi's log-mel energies to Whisper's: one matrix, fitted by ridge regression on real recordings.

Both take 80 bins, but Kaldi's filters, window length for the transform, and offset removal are others. A linear map of
the logarithms is close enough for a start (R2 0.97 in the median bin); training moves it further.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from assistant.errors import WrongInputError
from models.recipe.encoder import whisper_log_mel
from models.recipe.features import MEL_BINS, Sound, log_mel

Pair = tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]

FRAME_SHIFT: Final = 1
"""Kaldi's frame i is centred on sample 160 i + 200, Whisper's on 160 i: the nearest to Kaldi's i is Whisper's i + 1."""
AUDIBLE_RANGE: Final = 7.0
"""Bins further below a clip's maximum (in log10 of power) are lifted to Whisper's floor anyhow, or nearly."""
AUDIBLE_SHARE: Final = 0.8
"""Share of audible bins in a frame that is fitted on."""
RIDGE: Final = 10.0
"""Weight of the squared map beside the squared errors: neighbouring bins say nearly the same."""
HELD_OUT_SHARE: Final = 0.25
FEWEST_FRAMES: Final = 10 * MEL_BINS


class TooLittleSpeechError(WrongInputError):
    """Not enough audible frames to fit a map on."""


@dataclass(frozen=True)
class MelMap:
    """``whisper = kaldi @ matrix + offset``, and how well it fits recordings that it wasn't fitted on."""

    matrix: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]
    r_squared: npt.NDArray[np.float64]
    """Of each bin: the share of the variance that is explained."""

    def __str__(self) -> str:
        return f"R2 of a bin: {np.median(self.r_squared):.3f} in the median, {self.r_squared.min():.3f} at the worst"

    def save(self, path: Path) -> None:
        """Write the map as npz: ``A`` (80, 80), ``c`` (80,) and ``r_squared`` (80,)."""
        np.savez(path, A=self.matrix, c=self.offset, r_squared=self.r_squared)


def paired_frames(sound: Sound) -> Pair:
    """Return the audible frames of a recording, in Kaldi's and in Whisper's features."""
    kaldi, whisper = log_mel(sound), whisper_log_mel(sound)[FRAME_SHIFT:]
    count = min(len(kaldi), len(whisper))
    kaldi, whisper = kaldi[:count], whisper[:count]
    if not count:
        return kaldi, whisper
    audible = (whisper > whisper.max() - AUDIBLE_RANGE).mean(axis=1) > AUDIBLE_SHARE
    return kaldi[audible], whisper[audible]


def fit_mel_map(sounds: Iterable[Sound]) -> MelMap:
    """Fit the map on three quarters of the recordings, and measure it on the others; every fourth is held out.

    Raises:
        TooLittleSpeechError: The recordings hold fewer audible frames than the map has to learn from.
    """
    pairs = [paired_frames(sound) for sound in sounds]
    every = round(1 / HELD_OUT_SHARE)
    held_out, fitted = pairs[::every], [pair for index, pair in enumerate(pairs) if index % every]
    if sum(len(pair[0]) for pair in fitted) < FEWEST_FRAMES or not any(len(pair[0]) for pair in held_out):
        raise TooLittleSpeechError("There is too little speech to fit the map between the features: give more clips.")
    kaldi, whisper = _stacked(fitted)
    kaldi_mean, whisper_mean = kaldi.mean(axis=0), whisper.mean(axis=0)
    centred = kaldi - kaldi_mean
    matrix = np.linalg.solve(centred.T @ centred + RIDGE * np.eye(MEL_BINS), centred.T @ (whisper - whisper_mean))
    offset = whisper_mean - kaldi_mean @ matrix
    kaldi, whisper = _stacked(held_out)
    errors = np.square(kaldi @ matrix + offset - whisper).sum(axis=0)
    spread = np.square(whisper - whisper.mean(axis=0)).sum(axis=0)
    return MelMap(matrix, offset, 1 - errors / spread)


def _stacked(pairs: list[Pair]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    return (
        np.concatenate([kaldi for kaldi, _ in pairs]).astype(np.float64),
        np.concatenate([whisper for _, whisper in pairs]),
    )
