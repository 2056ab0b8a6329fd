from __future__ import annotations

import random
import shutil
import sqlite3
import time
from pathlib import Path

from memory_children import HOLDER, WRITER, child, first_line, killed, snapshot

from assistant.memory import Memory
from assistant.memory.clocks import anchor_now, seconds_between
from assistant.memory.opening import open_writable

CUTS = 30
SECTOR = 512


def test_no_instant_at_which_it_is_killed_loses_a_snapshot(tmp_path: Path) -> None:
    chance = random.Random(20)
    folder, copy = tmp_path / "memory", tmp_path / "copy"
    last = acknowledged = 0
    for cut in range(CUTS):
        writer = child(WRITER, folder, last + 1)
        said = b""
        if cut % 3:  # the others are killed while they start
            said = first_line(writer)
            time.sleep(chance.uniform(0, 0.06))
        else:
            time.sleep(chance.uniform(0.02, 0.2))
        said += killed(writer)
        numbers = [int(line) for line in said.splitlines(keepends=True) if line.endswith(b"\n")]
        acknowledged += len(numbers)
        if not folder.exists():
            continue
        # In a copy, so that the next writer finds what the kill left.
        shutil.copytree(folder, copy)
        memory = Memory(copy)
        saved = memory.saved()
        assert memory.problem is None
        memory.close()
        shutil.rmtree(copy)
        last = max([last, *numbers])
        if last == 0:
            continue
        assert saved is not None
        found = saved.snapshot["number"]
        assert last <= found <= last + 1  # one may be on the disk before it could say so
        assert saved.snapshot == snapshot(found)
        assert seconds_between(saved.anchor, anchor_now()) is not None
        last = found
    assert acknowledged > CUTS


def test_the_first_write_after_a_kill_follows_at_once(tmp_path: Path) -> None:
    holder = child(HOLDER, tmp_path)
    assert first_line(holder) == b"held\n"
    killed(holder)
    memory = Memory(tmp_path)
    assert memory.problem is None
    saved = memory.saved()
    assert saved is not None
    assert saved.snapshot == {"held": True}
    assert memory.save({"held": False})
    memory.close()


def test_a_commit_is_on_the_disk_before_it_returns(tmp_path: Path) -> None:
    """A kill leaves what the system has in memory; a pulled plug doesn't, so that SQLite has to be told."""
    connection = open_writable(tmp_path / "routine.db")
    found = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "fullfsync", "checkpoint_fullfsync", "locking_mode")
    }
    connection.close()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "fullfsync": 1,
        "checkpoint_fullfsync": 1,
        "locking_mode": "exclusive",
    }


def torn(old: bytes, new: bytes, share: float, chance: random.Random) -> bytes:
    """Return a file of which only a share of the last write's sectors arrived on the disk."""

    def arrived() -> bool:
        return chance.random() < share

    size = max(len(old), len(new)) if arrived() else min(len(old), len(new))
    parts = [(new if arrived() else old)[at : at + SECTOR].ljust(SECTOR, b"\0") for at in range(0, size, SECTOR)]
    return b"".join(parts)[:size]


def test_a_write_that_the_plug_tore_leaves_the_one_before(tmp_path: Path) -> None:
    """SQLite puts the log on the disk before it touches the file, and the file before the log begins anew."""
    chance = random.Random(21)
    memory = Memory(tmp_path / "whole")
    assert memory.save(snapshot(0))
    names = ("routine.db", "routine.db-wal")
    found = set()
    before = [(tmp_path / "whole" / name).read_bytes() for name in names]
    for number in range(1, 60):
        assert memory.save(snapshot(number))
        after = [(tmp_path / "whole" / name).read_bytes() for name in names]
        share = chance.choice([0.0, 0.5, 0.9, 1.0])
        left = [(before[0], torn(before[1], after[1], share, chance))]
        if after[0] != before[0]:
            left.append((torn(before[0], after[0], 0.5, chance), after[1]))
        for part, files in enumerate(left):
            cut = tmp_path / f"{number}-{part}"
            cut.mkdir()
            for name, content in zip(names, files, strict=True):
                (cut / name).write_bytes(content)
            again = Memory(cut)
            saved = again.saved()
            assert again.problem is None
            assert saved is not None
            told = saved.snapshot["number"] - number
            assert saved.snapshot == snapshot(number + told)
            assert told in ((0,) if part or share == 1 else (-1, 0))
            found.add((part, told))
            again.close()
        before = after
    memory.close()
    assert found == {(0, -1), (0, 0), (1, 0)}


def test_it_may_be_cut_while_the_file_is_begun(tmp_path: Path) -> None:
    for name, statements in {
        "nothing": [],
        "log": ["PRAGMA journal_mode=WAL"],
        "half": ["PRAGMA journal_mode=WAL", "BEGIN", "CREATE TABLE snapshots (number INTEGER PRIMARY KEY)"],
    }.items():
        path = tmp_path / name / "routine.db"
        path.parent.mkdir()
        path.touch()
        connection = sqlite3.connect(path, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        shutil.copytree(path.parent, tmp_path / "cut")
        connection.close()
        memory = Memory(tmp_path / "cut")
        assert (memory.problem, memory.saved()) == (None, None)
        assert memory.save({"now": 1})
        memory.close()
        shutil.rmtree(tmp_path / "cut")
