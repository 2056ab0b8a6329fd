"""The files of one database: SQLite's companions, the copies that were kept aside, and their end."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Final

COMPANIONS: Final = ("-wal", "-shm", "-journal")
MOST_ASIDE: Final = 5
"""Files kept aside: enough to look into what happens, and a disk that is dying can't fill itself with them."""
_ASIDE: Final = re.compile(r"\.(?:damaged|later)-(\d{1,9})(?:-wal|-shm|-journal)?")


def make_folder(folder: Path) -> None:
    """Make ``folder`` and those above it, on the disk before this returns.

    Raises:
        OSError: it can't be made.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for place in missing:
        flush_folder(place.parent)


def flush_folder(folder: Path) -> None:
    """Put new, renamed and removed names of ``folder`` on the disk, where the system can do that."""
    with contextlib.suppress(OSError):  # Windows opens no folders
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def set_aside(path: Path, why: str) -> Path:
    """Rename ``path`` and its companions, ``why`` being "damaged" or "later"; return the new path.

    Raises:
        OSError: they can't be renamed.
    """
    kept = _aside(path)
    number = max(kept, default=0) + 1
    new = path.with_name(f"{path.name}.{why}-{number}")
    # The database first: should the power go in between, SQLite doesn't take its companions for another one's.
    for end in ("", *COMPANIONS):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + end).replace(new.with_name(new.name + end))
    flush_folder(path.parent)
    for old in sorted(kept)[: max(0, len(kept) + 1 - MOST_ASIDE)]:
        for file in kept[old]:
            with contextlib.suppress(OSError):
                file.unlink()
    return new


def remove_aside(path: Path) -> bool:
    """Remove what was ever kept aside of ``path``; return whether all of it is gone."""
    return _removed([file for files in _aside(path).values() for file in files])


def remove_database(path: Path) -> bool:
    """Remove ``path`` and its companions; return whether they are gone."""
    return _removed([path.with_name(path.name + end) for end in ("", *COMPANIONS)])


def _removed(files: list[Path]) -> bool:
    for file in files:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)
    if files:
        flush_folder(files[0].parent)
    return not any(os.path.lexists(file) for file in files)


def _aside(path: Path) -> dict[int, list[Path]]:
    """Return the files kept aside by their number."""
    found: dict[int, list[Path]] = {}
    with contextlib.suppress(OSError):
        for file in path.parent.iterdir():
            match = _ASIDE.fullmatch(file.name.removeprefix(path.name)) if file.name.startswith(path.name) else None
            if match:
                found.setdefault(int(match[1]), []).append(file)
    return found
