"""Room on the disk, and writing that survives a power cut."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import IO, Final

from assistant.errors import MissingPartError

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class NotEnoughDiskError(MissingPartError):
    """The disk is full, or would be."""

    def __init__(self, place: Path, missing: int | None = None) -> None:
        why = f"{megabytes(missing)} more are needed" if missing is not None else "it is full"
        super().__init__(
            f"There is not enough room on the disk of {place}: {why}.\n"
            "Free some, or set MARIGOLD_DATA to a folder on another disk."
        )


class UnwritableFolderError(MissingPartError):
    """The folder for models can't be written to."""


def disk_error(fault: OSError, place: Path) -> MissingPartError:
    """Return what to tell the person of a fault that was met while writing to ``place``."""
    if fault.errno in _FULL:
        return NotEnoughDiskError(place)
    return UnwritableFolderError(f"The speech model can't be saved in {place} ({fault.strerror or fault}).")


def require_room(place: Path, needed: int) -> None:
    """Check that ``needed`` bytes fit on the disk that ``place`` is on, or will be on.

    Raises:
        NotEnoughDiskError: they don't.
    """
    there = next(folder for folder in (place, *place.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise NotEnoughDiskError(place, needed - free)


def flush_to_disk(file: IO[bytes]) -> None:
    """Return only when the file's bytes are on the disk: renamed files could be empty after a power cut."""
    file.flush()
    os.fsync(file.fileno())


def megabytes(size: int) -> str:
    """Return a number of bytes for reading, such as "41 MB"."""
    return f"{size / 1e6:.0f} MB" if size >= 10_000_000 else f"{size / 1e6:.1f} MB"
