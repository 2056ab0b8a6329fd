"""The journal of the conversation's state: the last snapshot that was written is there after a power cut."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from assistant.memory.clocks import Anchor
from assistant.memory.database import Database

KEPT: Final = 4
"""Snapshots kept: one is read, the others are there in case a disk loses the last ones."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot and when it was written. As JSON gives it back: tuples are lists, keys are texts."""

    snapshot: Mapping[str, Any]
    anchor: Anchor


class Journal:
    """Snapshots of the state in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def problem(self) -> str | None:
        """What is wrong with the database, in one line for the person."""
        return self._database.problem

    def write(self, snapshot: Mapping[str, Any], anchor: Anchor) -> bool:
        """Write a snapshot; return whether it is on the disk. Never raises: `problem` says why it isn't."""
        moment = {"wall": anchor.wall, "steady": anchor.steady, "boot": anchor.boot}
        return self._database.append("snapshots", {"snapshot": snapshot, "anchor": moment}, KEPT)

    def read(self) -> Saved | None:
        """Return the last snapshot that is whole, or None. Never raises."""
        row = self._database.latest("snapshots") or {}
        snapshot, anchor = row.get("snapshot"), _anchor(row.get("anchor"))
        return Saved(snapshot, anchor) if isinstance(snapshot, dict) and anchor is not None else None

    def clear(self) -> bool:
        """Remove all snapshots; return whether that is on the disk."""
        return self._database.clear("snapshots")


def _anchor(found: object) -> Anchor | None:
    if not isinstance(found, dict):
        return None
    wall, steady, boot = _seconds(found.get("wall")), _seconds(found.get("steady")), found.get("boot")
    if wall is None or steady is None or not isinstance(boot, str):
        return None
    return Anchor(wall, steady, boot)


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None
