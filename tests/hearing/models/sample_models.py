"""Models for tests: a tiny one of the right layout, useless to libvosk, and copies of the one that ships."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

from assistant.hearing.models.catalogue import CatalogueEntry
from assistant.hearing.models.locate import shipped_models

EMBEDDED = shipped_models() / "marigold-en"


def fst(*, output_symbols: bool) -> bytes:
    """The header of an OpenFst file, and a few bytes."""
    head = struct.pack("<ii", 2125659606, 5) + b"const" + struct.pack("<i", 8) + b"standard"
    return head + struct.pack("<ii", 2, 2 if output_symbols else 0) + bytes(40)


TINY: Mapping[str, bytes] = {
    "am/final.mdl": b"<TransitionModel>",
    "conf/mfcc.conf": b"--sample-frequency=16000\n",
    "conf/model.conf": b"--frame-subsampling-factor=3\n",
    "graph/Gr.fst": fst(output_symbols=True),
    "graph/HCLr.fst": fst(output_symbols=False),
    "graph/disambig_tid.int": b"1\n",
    "graph/phones/word_boundary.int": b"1 singleton\n",
    "ivector/final.dubm": b"x",
    "ivector/final.ie": b"x",
    "ivector/final.mat": b"x",
    "ivector/global_cmvn.stats": b"x",
    "ivector/online_cmvn.conf": b"",
    "ivector/splice.conf": b"--left-context=3\n",
}
OLDER: Mapping[str, bytes] = {
    "final.mdl": b"<TransitionModel>",
    "mfcc.conf": b"--sample-frequency=16000\n",
    "HCLG.fst": fst(output_symbols=False),
    "words.txt": b"<eps> 0\n",
    "word_boundary.int": b"1 singleton\n",
}


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def copy_of_embedded(folder: Path) -> Path:
    """A copy of the model that ships, without its licence."""
    files = {
        path.relative_to(EMBEDDED).as_posix(): path.read_bytes()
        for path in EMBEDDED.rglob("*")
        if path.is_file() and path.suffix != ".md"
    }
    return write_files(folder, files)


def zipped(files: Mapping[str, bytes], top: str = "a-model/") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in files.items():
            archive.writestr(top + name, data)
    return buffer.getvalue()


def entry_for(archive: bytes, *sources: str, **other: object) -> CatalogueEntry:
    """A catalogue's entry for an archive, with its size and checksum unless ``other`` says otherwise."""
    values: dict[str, object] = {
        "name": "a-model",
        "languages": ["en"],
        "licence": "none",
        "kind": "download",
        "when": "In a test.",
        "size": len(archive),
        "sha256": hashlib.sha256(archive).hexdigest(),
        "sources": sources or ("http://127.0.0.1:9/nothing.zip",),
    }
    return CatalogueEntry.model_validate(values | other)
