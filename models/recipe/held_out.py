"""Which noises and rooms measure, and so are never trained on.

Speech that measures is kept apart by folder (``corpus/speech``) and by voice (`models.recipe.reserved`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

# By the beginning of the file's name. A kitchen, dishes being done and other people's talk are what the assistant will
# stand beside; a living room, a kitchen and one simulated room are the rooms that it will stand in.
MEASURING: Final = (
    "babble_",
    "picovoice_kitchen",
    "speech_commands_doing_the_dishes",
    "sim_kitchen",
    "sim_livingroom",
    "deepfilternet_rir",
)


def measures(path: Path) -> bool:
    """Return whether a noise or a room response is kept for measuring."""
    return path.name.startswith(MEASURING)


def for_training(paths: Iterable[Path]) -> list[Path]:
    """Return the paths that may be trained on, in order of their names."""
    return sorted((path for path in paths if not measures(path)), key=lambda path: path.name)


def for_measuring(paths: Iterable[Path]) -> list[Path]:
    """Return the paths that measure, in order of their names."""
    return sorted((path for path in paths if measures(path)), key=lambda path: path.name)
