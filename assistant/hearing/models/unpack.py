"""Unpacks a model's archive: nothing outside its folder, no links, bounded, and all of it or nothing."""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from assistant.errors import WrongInputError
from assistant.hearing.models.disk import disk_error, flush_to_disk, megabytes, require_room

MAX_BYTES: Final = 8_000_000_000
"""Unpacked. The largest English model that the makers offer takes about half of it."""
MAX_FILES: Final = 1_000
"""The models that are known have ten to thirty."""
MAX_RATIO: Final = 50
"""Unpacked to packed. Models shrink to a half, word lists to a quarter; zip bombs to a thousandth."""
_RATIO_MATTERS_FROM: Final = 10_000_000
"""Bytes; below, a high ratio does no harm."""
_CHUNK: Final = 1 << 20
_IGNORED: Final = frozenset({"__MACOSX"})
"""What a Mac adds to an archive."""


class UnsafeArchiveError(WrongInputError):
    """An archive that would write outside its folder, fill the disk, or hide something."""


class BrokenArchiveError(WrongInputError):
    """A file that is no zip archive, or a damaged one."""


def unpack_model(
    archive: Path, into: Path, *, max_bytes: int = MAX_BYTES, check: Callable[[Path], None] = lambda _: None
) -> None:
    """Unpack the zip file ``archive`` as the new folder ``into``; a single top folder is left out.

    It is unpacked beside ``into``, ``check`` is called with that folder, and only then it gets its name:
    whatever goes wrong, ``into`` is as it was. A folder that had the name before is replaced.

    Raises:
        BrokenArchiveError: no zip, or damaged. UnsafeArchiveError: paths that leave the folder, links,
            encrypted files, or more than ``max_bytes``, `MAX_FILES` or `MAX_RATIO`. NotEnoughDiskError: no
            room. UnwritableFolderError: read-only. And what ``check`` raises.
    """
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{into.name}-", dir=into.parent))
    except OSError as fault:
        raise disk_error(fault, into.parent) from fault
    try:
        with zipfile.ZipFile(archive) as packed:
            wanted = _checked(packed, max_bytes)
            require_room(into.parent, sum(info.file_size for _, info in wanted))
            left = max_bytes
            for path, info in wanted:
                left -= _extract(packed, info, staging / path, left)
        staging.chmod(0o755)
        check(staging)
        _take_the_name(staging, into)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as fault:
        raise BrokenArchiveError(f"{archive.name} is no whole zip archive ({fault}).") from fault
    except OSError as fault:
        raise disk_error(fault, into.parent) from fault
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _checked(packed: zipfile.ZipFile, max_bytes: int) -> list[tuple[PurePosixPath, zipfile.ZipInfo]]:
    """Return the files to unpack, with their paths; raises before anything is written."""
    found: dict[str, tuple[PurePosixPath, zipfile.ZipInfo]] = {}
    infos = packed.infolist()
    if len(infos) > MAX_FILES:
        raise UnsafeArchiveError(f"The archive has {len(infos)} files; a speech model has fewer than {MAX_FILES}.")
    for info in infos:
        path = _safe_path(info)
        if info.is_dir() or path.parts[0] in _IGNORED:
            continue
        # Two names that differ only in case are one file on some disks: the second would replace the first.
        if found.setdefault(str(path).lower(), (path, info))[1] is not info:
            raise UnsafeArchiveError(f"The archive has {info.filename!r} twice.")
    if not found:
        raise BrokenArchiveError("There is nothing in the archive.")
    size = sum(info.file_size for _, info in found.values())
    packed_size = sum(info.compress_size for _, info in found.values())
    if size > max_bytes or (size > _RATIO_MATTERS_FROM and size > MAX_RATIO * max(packed_size, 1)):
        raise UnsafeArchiveError(f"The archive would unpack to {megabytes(size)}, which is no speech model.")
    tops = {path.parts[0] for path, _ in found.values()}
    strip = len(tops) == 1 and all(len(path.parts) > 1 for path, _ in found.values())
    return [(PurePosixPath(*path.parts[1:]) if strip else path, info) for path, info in found.values()]


def _safe_path(info: zipfile.ZipInfo) -> PurePosixPath:
    # orig_filename: zipfile cuts a name at a zero byte, and what it cut must not go unseen.
    name = info.orig_filename
    path = PurePosixPath(name)
    drive = len(name) > 1 and name[1] == ":"
    if not path.parts or path.is_absolute() or ".." in path.parts or drive or "\\" in name or "\0" in name:
        raise UnsafeArchiveError(f"The archive would write outside its folder: {name!r}.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UnsafeArchiveError(f"The archive has a link or a device: {name!r}.")
    if info.flag_bits & 1:
        raise UnsafeArchiveError(f"The archive has an encrypted file: {name!r}.")
    return path


def _extract(packed: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, limit: int) -> int:
    """Write one file and return its size; what the archive says of the size is not trusted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with packed.open(info) as source, path.open("xb") as target:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > limit:
                raise UnsafeArchiveError(f"The archive unpacks to more than it says: {info.filename!r}.")
            target.write(chunk)
        flush_to_disk(target)
    return written


def _take_the_name(staging: Path, into: Path) -> None:
    """Rename ``staging`` to ``into``; what had the name goes away only afterwards."""
    if not into.exists():
        staging.rename(into)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{into.name}-old-", dir=into.parent))
    into.rename(old / into.name)
    try:
        staging.rename(into)
    except OSError:
        (old / into.name).rename(into)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
