"""Put a finished model into the checkout: its files, and their sizes and hashes in the catalogue."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

from assistant.errors import WrongInputError
from assistant.hearing.language_part.adapt import GENERAL_FILE
from assistant.hearing.models.manifest import file_sha256

PARTS: Final = ("am", "conf", "graph", GENERAL_FILE)
MOST_BYTES: Final = 20_000_000
"""What the model may take on the disk of a home device, and in the package."""
SECONDS_A_FRAME: Final = 0.01
_FILES: Final = re.compile(r"files = \[\n.*?\n?\]\n", re.DOTALL)
_SUBSAMPLING: Final = re.compile(r"--frame-subsampling-factor=(\d+)")


class UnfinishedModelError(WrongInputError):
    """A part of the model is missing, or it is too large to ship."""


class UnknownEntryError(WrongInputError):
    """The catalogue has no such embedded model."""


def ship(model: Path, home: Path, catalogue: Path) -> int:
    """Copy ``model`` to the folder ``home``, whose other files stay, and bring its entry in ``catalogue`` up to date.

    The entry is the one named like ``home``. Returns the bytes of the model's files.

    Raises:
        UnfinishedModelError: A part is missing, or all together are more than `MOST_BYTES`.
        UnknownEntryError: The catalogue doesn't list it with its files.
    """
    if missing := [part for part in PARTS if not (model / part).exists()]:
        raise UnfinishedModelError(f"{model} lacks {', '.join(missing)}. Run the steps export and graph first.")
    files = [
        path for part in PARTS for path in ([model / part] if (model / part).is_file() else (model / part).rglob("*"))
    ]
    sizes = {path.relative_to(model).as_posix(): path.stat().st_size for path in files if path.is_file()}
    total = sum(sizes.values())
    if total > MOST_BYTES:
        raise UnfinishedModelError(f"{model} takes {total / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB may ship.")
    lines = [
        f'  {{ path = "{name}", size = {size}, sha256 = "{file_sha256(model / name)}" }},\n'
        for name, size in sorted(sizes.items())
    ]
    factor = _SUBSAMPLING.search((model / "conf" / "model.conf").read_text(encoding="utf-8"))
    seconds = (int(factor[1]) if factor else 1) * SECONDS_A_FRAME
    text = _updated(catalogue.read_text(encoding="utf-8"), home.name, "".join(lines), total, seconds)
    for part in PARTS:
        if (home / part).is_dir():
            shutil.rmtree(home / part)
    for name in sizes:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(model / name, home / name)
    catalogue.write_text(text, encoding="utf-8")
    return total


def _updated(catalogue: str, name: str, files: str, total: int, seconds: float) -> str:
    """Return the catalogue's text with new figures in one entry; everything else, comments too, stays as it is."""
    entries = catalogue.split("[[models]]\n")
    for place, entry in enumerate(entries):
        if f'name = "{name}"\n' in entry and "files = [\n" in entry:
            entry = re.sub(
                r"files = \[\n.*?\n?\]\n", lambda _: f"files = [\n{files}]\n", entry, count=1, flags=re.DOTALL
            )
            entry = re.sub(r"unpacked = \d+", f"unpacked = {total}", entry)
            entries[place] = re.sub(r"frame_seconds = [\d.]+", f"frame_seconds = {seconds:.2f}", entry)
            return "[[models]]\n".join(entries)
    raise UnknownEntryError(f"The catalogue has no entry {name} with its files.")
