"""Arrays of many recordings on disk: written in shards as they are made, read without loading them.

A shard is ``NNNNN.npy`` (float16, shape (rows, width): the arrays of its recordings one below the other) and
``NNNNN.jsonl`` with a line for each: its key, the first row and the number of rows. The index is written last, under
another name first: a shard without one is what an interrupted run left, and is written anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.errors import WrongInputError


class DamagedStoreError(WrongInputError):
    """A folder of arrays whose files don't fit each other."""


class ArrayStore:
    """A folder of arrays with ``width`` columns, found by key."""

    def __init__(self, folder: Path, width: int) -> None:
        """Open ``folder``, made if it isn't there.

        Raises:
            DamagedStoreError: An index is damaged, or speaks of rows that the array beside it hasn't got.
        """
        self._folder, self._width = folder, width
        folder.mkdir(parents=True, exist_ok=True)
        self._places: dict[str, tuple[npt.NDArray[np.float16], int, int]] = {}
        self._next = 0
        for index in sorted(folder.glob("*.jsonl")):
            self._read(index)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __getitem__(self, key: str) -> npt.NDArray[np.float16]:
        """Return the array of ``key``, shape (rows, width); its pages are read from disk when they are used."""
        shard, first, rows = self._places[key]
        return shard[first : first + rows]

    def keys(self) -> list[str]:
        """Return all keys, in the order in which they were added."""
        return list(self._places)

    def add(self, arrays: Sequence[tuple[str, npt.NDArray[np.floating]]]) -> None:
        """Write one shard with these arrays, each under its key."""
        if not arrays:
            return
        name = self._folder / f"{self._next:05}"
        np.save(name.with_suffix(".npy"), np.concatenate([array.astype(np.float16) for _, array in arrays]))
        lines, first = [], 0
        for key, array in arrays:
            lines.append(json.dumps({"key": key, "first": first, "rows": len(array)}) + "\n")
            first += len(array)
        unfinished = name.with_suffix(".part")
        unfinished.write_text("".join(lines), encoding="utf-8")
        unfinished.replace(name.with_suffix(".jsonl"))
        self._read(name.with_suffix(".jsonl"))

    def _read(self, index: Path) -> None:
        try:
            shard = np.load(index.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
            entries = [json.loads(line) for line in index.read_text(encoding="utf-8").splitlines()]
            places = {entry["key"]: (shard, int(entry["first"]), int(entry["rows"])) for entry in entries}
            end = max(first + rows for _, first, rows in places.values())
        except (OSError, ValueError, KeyError, TypeError) as fault:
            raise DamagedStoreError(f"{index} is damaged. Delete it, and run the step again.") from fault
        if shard.ndim != 2 or shard.shape[1] != self._width or end > len(shard):
            raise DamagedStoreError(f"{index} and the array beside it don't fit. Delete both, and run the step again.")
        self._places |= places
        self._next = max(self._next, int(index.stem) + 1)
