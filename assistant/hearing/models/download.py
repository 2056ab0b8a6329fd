"""Downloads a model's archive from the first source that has it, and names it only when it is whole."""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from assistant.errors import MissingPartError, WrongInputError
from assistant.hearing.models.catalogue import CatalogueEntry
from assistant.hearing.models.disk import disk_error, require_room
from assistant.hearing.models.transfer import (
    DownloadDamagedError,
    NoNetworkError,
    NotOfferedError,
    ReportProgress,
    Transfer,
    report_nothing,
)

UNPACKED_RATIO: Final = 2.5
"""Room for unpacking, per byte of an archive of unknown unpacked size; models shrink to a half."""


class DownloadRunningError(WrongInputError):
    """Another process is downloading the same model."""


def download_archive(
    entry: CatalogueEntry,
    folder: Path,
    *,
    report: ReportProgress = report_nothing,
    wait: Callable[[float], None] = time.sleep,
) -> Path:
    """Return the path of the model's archive in ``folder``, downloaded.

    An interrupted download is resumed, also by a later call: its bytes stay in ``NAME.zip.part``.

    Raises:
        NoNetworkError: no source can be reached. NotOfferedError: none has it. DownloadDamagedError: size or
            checksum differ from the catalogue's. NotEnoughDiskError: no room for archive and model.
            DownloadRunningError: another process is at it. UnwritableFolderError: ``folder`` is read-only.
    """
    target = folder / f"{entry.name}.zip"
    part = folder / f"{entry.name}.zip.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(part):
            if entry.size is not None:
                unpacked = entry.unpacked or int(entry.size * UNPACKED_RATIO)
                require_room(folder, max(0, entry.size - part.stat().st_size) + unpacked)
            used = _from_any_source(entry, part, report, wait)
            part.replace(target)
            used.note.unlink(missing_ok=True)
    except OSError as fault:
        raise disk_error(fault, folder) from fault
    return target


def archive_fault(entry: CatalogueEntry, archive: Path) -> str | None:
    """Return in what an archive differs from what the catalogue says of it, or None where it doesn't."""
    size = archive.stat().st_size
    if entry.size is not None and size != entry.size:
        return f"has {size} bytes and should have {entry.size}"
    for kind, expected in (("sha256", entry.sha256), ("md5", entry.md5)):
        if expected is not None and _checksum(archive, kind) != expected:
            return f"has a wrong checksum ({kind})"
    return None


def _checksum(archive: Path, kind: str) -> str:
    with archive.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    """Hold a lock on ``part``, which the system lets go of however the process ends."""
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise DownloadRunningError(f"Another Marigold is getting {part.stem} just now.") from fault
        yield


def _from_any_source(
    entry: CatalogueEntry, part: Path, report: ReportProgress, wait: Callable[[float], None]
) -> Transfer:
    faults: list[MissingPartError] = []
    for url in entry.sources:
        transfer = Transfer(url, part, entry.size, report, wait)
        try:
            _whole(entry, transfer)
        except (NoNetworkError, NotOfferedError, DownloadDamagedError) as fault:
            faults.append(fault)
            continue
        return transfer
    # Damage says more than silence, where several sources failed in different ways.
    raise next((fault for fault in faults if isinstance(fault, DownloadDamagedError)), faults[0])


def _whole(entry: CatalogueEntry, transfer: Transfer) -> None:
    resumed = transfer.here > 0
    transfer.fetch()
    fault = archive_fault(entry, transfer.part)
    if fault is not None and resumed:
        # Old bytes and new ones may be of two versions: once more, from the first byte.
        transfer.start_over()
        transfer.fetch()
        fault = archive_fault(entry, transfer.part)
    if fault is not None:
        transfer.start_over()
        raise DownloadDamagedError(
            f"The archive from {transfer.host} {fault}; it was thrown away.\n"
            "Repeat the command; if it happens again, the server's copy is damaged."
        )
