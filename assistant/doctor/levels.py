"""How loud a sound is. Pure; levels are in dBFS: 0 is the loudest that 16 bits hold."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

FULL_SCALE: Final = 32_768
FLOOR_DBFS: Final = -99.0
"""Given for digital silence; one bit is -90."""


def dbfs(amplitude: float) -> float:
    """Return an amplitude (0 to 32768) in dBFS."""
    return max(FLOOR_DBFS, 20 * math.log10(amplitude / FULL_SCALE)) if amplitude > 0 else FLOOR_DBFS


def peak_dbfs(samples: NDArray[np.int16]) -> float:
    """Return the level of the loudest sample."""
    return dbfs(float(np.abs(samples.astype(np.int32)).max(initial=0)))


def rms_dbfs(samples: NDArray[np.int16]) -> float:
    """Return the level of the root mean square."""
    return dbfs(float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))) if samples.size else FLOOR_DBFS


def clipped(samples: NDArray[np.int16]) -> int:
    """Return how many samples are as loud as they can be."""
    return int(np.count_nonzero((samples >= FULL_SCALE - 1) | (samples <= -FULL_SCALE)))


def meter(level: float, width: int = 30) -> str:
    """Return a bar for a level: empty at -60 dBFS and below, full at 0."""
    filled = round(width * min(1.0, max(0.0, 1 + level / 60)))
    return "#" * filled + "." * (width - filled)
