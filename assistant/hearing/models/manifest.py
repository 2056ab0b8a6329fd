"""The list of files that is written into a model when it is installed, so that later damage is found."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from assistant.hearing.models.catalogue import ModelFile

MANIFEST: Final = "marigold-files.json"
"""libvosk opens only the files that it knows; one more in the folder doesn't disturb it."""
_CHUNK: Final = 1 << 20
_FILES: Final = TypeAdapter(tuple[ModelFile, ...])


def write_manifest(folder: Path) -> None:
    """List every file of ``folder``, with size and SHA-256, in the folder itself."""
    files = tuple(
        ModelFile(path=path.relative_to(folder).as_posix(), size=path.stat().st_size, sha256=file_sha256(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    )
    (folder / MANIFEST).write_bytes(_FILES.dump_json(files, indent=1))


def read_manifest(folder: Path) -> tuple[ModelFile, ...]:
    """Return what was listed when the model was installed; empty where there is no list that can be read."""
    try:
        return _FILES.validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        return ()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
