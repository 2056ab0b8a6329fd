"""Checks a model's files before libvosk sees them: a damaged model can crash the process that loads it."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assistant.errors import MissingPartError
from assistant.hearing.models.catalogue import CatalogueEntry, ModelFile
from assistant.hearing.models.manifest import file_sha256, read_manifest

_NEWER: Final = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/phones/word_boundary.int")
_NEWER_GRAPHS: Final = (
    ("graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int"),
    ("graph/HCLG.fst",),
)
_NEWER_WORDS: Final = "graph/words.txt"
_OLDER: Final = ("final.mdl", "mfcc.conf", "word_boundary.int")
_OLDER_GRAPHS: Final = (("HCLr.fst", "Gr.fst", "disambig_tid.int"), ("HCLG.fst",))
_OLDER_WORDS: Final = "words.txt"
_IVECTOR: Final = (
    "final.dubm",
    "final.ie",
    "final.mat",
    "global_cmvn.stats",
    "online_cmvn.conf",
    "splice.conf",
)
"""All of them are read when there is an i-vector folder; libvosk aborts the process over some."""
_TABLES: Final = frozenset({"words.txt", "disambig_tid.int", "word_boundary.int"})
"""Text tables, a row each line: one that doesn't end with a line's end was cut off. libvosk reads as far as it gets."""
_MAY_BE_EMPTY: Final = frozenset({"ivector/online_cmvn.conf"})
"""Holds options, and some models need none."""
_FST_MAGIC: Final = 2125659606
"""The first four bytes of every OpenFst file, little-endian."""
_FST_HAS_OUTPUT_SYMBOLS: Final = 2
"""Bit of the flags in an OpenFst header: the words are inside the graph."""
_FST_HEADER_BYTES: Final = 256
_LONGEST_FST_TYPE: Final = 64


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one file."""

    file: str
    what: str

    def __str__(self) -> str:
        return f"{self.file} {self.what}"


class DamagedModelError(MissingPartError):
    """A model that must not be loaded."""

    def __init__(self, folder: Path, problems: Sequence[Problem]) -> None:
        first = str(problems[0]) if problems else "it crashes the recogniser"
        rest = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        super().__init__(
            f"The speech model in {folder} is damaged: {first}{rest}.\n"
            "Get it again (marigold models get), or choose another with --model."
        )
        self.folder = folder
        self.problems = tuple(problems)


def verify_files(folder: Path, entry: CatalogueEntry | None, *, hashes: bool = False) -> list[Problem]:
    """Return what is wrong with the model in ``folder``; empty where nothing is.

    Files that the catalogue or the list written at installation names are compared with it: names and sizes
    always (under a millisecond), contents with ``hashes`` (a tenth of a second for 20 MB). Of models whose
    files the catalogue doesn't name, the layout is checked: what libvosk needs is there, not empty, of its
    kind.
    """
    if not folder.is_dir():
        return [Problem(str(folder), "is no folder")]
    listed = entry.files if entry is not None and entry.files else read_manifest(folder)
    try:
        problems = [] if entry is not None and entry.files else _layout_problems(folder)
        known = {problem.file for problem in problems}
        return problems + [
            problem
            for file in listed
            if file.path not in known and (problem := _compared(folder, file, hashes=hashes)) is not None
        ]
    except OSError as fault:
        return [Problem(str(fault.filename or folder), f"can't be read ({fault.strerror})")]


def _compared(folder: Path, file: ModelFile, *, hashes: bool) -> Problem | None:
    path = folder / file.path
    if not path.is_file():
        return Problem(file.path, "is missing")
    there = path.stat().st_size
    if there != file.size:
        return Problem(file.path, f"has {there} bytes and should have {file.size}")
    if hashes and file_sha256(path) != file.sha256:
        return Problem(file.path, "has other contents than it should (SHA-256)")
    return None


def _layout_problems(folder: Path) -> list[Problem]:
    newer = any((folder / part).is_dir() for part in ("am", "graph", "conf"))
    graphs = _NEWER_GRAPHS if newer else _OLDER_GRAPHS
    # libvosk takes the static graph where there is one, and looks for the other only then.
    graph = graphs[1] if (folder / graphs[1][0]).exists() else graphs[0]
    needed = [*(_NEWER if newer else _OLDER), *graph]
    if (folder / "ivector").is_dir():
        needed += [f"ivector/{name}" for name in _IVECTOR]
    problems = [problem for name in needed if (problem := _present(folder, name)) is not None]
    bad = {problem.file for problem in problems}
    problems += [
        Problem(name, "is no graph (OpenFst)")
        for name in graph
        if name.endswith(".fst") and name not in bad and _fst_flags(folder / name) is None
    ]
    words = _NEWER_WORDS if newer else _OLDER_WORDS
    spoken = next(name for name in reversed(graph) if name.endswith(".fst"))
    if (folder / words).exists() or not (_fst_flags(folder / spoken) or 0) & _FST_HAS_OUTPUT_SYMBOLS:
        problem = _present(folder, words)
        problems += [problem] if problem is not None else []
    return problems


def _present(folder: Path, name: str) -> Problem | None:
    path = folder / name
    if not path.is_file():
        return Problem(name, "is missing")
    size = path.stat().st_size
    if size == 0:
        return None if name in _MAY_BE_EMPTY else Problem(name, "is empty")
    if path.name in _TABLES:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                return Problem(name, "is cut off")
    return None


def _fst_flags(path: Path) -> int | None:
    """Return the flags of an OpenFst file's header, or None where it is no such file.

    The header: magic number, type of graph and of weight (each a length and letters), version, flags.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_FST_HEADER_BYTES)
        magic, length = struct.unpack_from("<ii", head)
        at = 8
        for _ in range(2):
            if magic != _FST_MAGIC or not 0 < length < _LONGEST_FST_TYPE:
                return None
            at += length
            (length,) = struct.unpack_from("<i", head, at)
            at += 4
        return int(struct.unpack_from("<i", head, at)[0])
    except (OSError, struct.error):
        return None
