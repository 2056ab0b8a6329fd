"""What tests of the doctor share: nothing of this machine's settings or caches, and a sound to judge."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.settings import Settings

NOISE: Final[NDArray[np.int16]] = np.random.default_rng(3).normal(0, 3000, 16_000).astype(np.int16)
"""A second of sound at 16 kHz that a working microphone might give."""


def settle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point data, cache and settings at an empty folder."""
    monkeypatch.setenv("MARIGOLD_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("VOSK_MODEL_PATH", *(f"MARIGOLD_{key.upper()}" for key in Settings.model_fields)):
        monkeypatch.delenv(name, raising=False)
