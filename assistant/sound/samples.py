"""Blocks of sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: Final = 16_000
"""Samples a second for hearing: what the speech models and the voice detector take."""


@dataclass(frozen=True, slots=True)
class Block:
    """Mono 16-bit samples at 16 kHz; ``first`` counts the samples before them since the stream began."""

    samples: NDArray[np.int16]
    first: int
