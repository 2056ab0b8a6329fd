from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_children import snapshot

from assistant.memory import Memory, Preferences
from assistant.memory.files import MOST_ASIDE

CHOSEN = Preferences(rate=120, cadence="quiet", voice="en-gb-x-rp")
NEW = {"number": "after the damage"}
WRITTEN = [*(snapshot(number) for number in range(1, 30)), {"number": 30, "long": "0123456789abcdef" * 900}]


class Damage(NamedTuple):
    """Bytes from ``at`` (a share of the file) on: changed by ``mask``, made zero (None), or cut off to the end."""

    file: str
    at: float
    length: int
    mask: int | None
    cut: bool


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What is left of a memory by a power cut, and by an orderly end."""
    home = tmp_path_factory.mktemp("left")
    memory = Memory(home / "running")
    assert memory.keep(CHOSEN)
    assert all(memory.save(one) for one in WRITTEN)
    shutil.copytree(home / "running", home / "cut")
    memory.close()
    return {"cut": home / "cut", "closed": home / "running"}


def damage(folder: Path, wrong: Damage) -> None:
    path = folder / wrong.file
    if not path.exists():
        return
    data = bytearray(path.read_bytes())
    start = int(wrong.at * len(data))
    end = min(len(data), start + wrong.length)
    if wrong.cut:
        del data[start:]
    else:
        data[start:end] = bytes(0 if wrong.mask is None else byte ^ wrong.mask for byte in data[start:end])
    path.write_bytes(data)


def examine(folder: Path) -> None:
    """Whatever happened to the files: no exception, nothing that wasn't written, and the next write holds."""
    memory = Memory(folder)
    saved = memory.saved()
    assert saved is None or saved.snapshot in WRITTEN
    assert memory.preferences in (CHOSEN, Preferences())
    assert memory.save(NEW), memory.problem
    memory.close()
    again = Memory(folder)
    saved = again.saved()
    assert saved is not None
    assert saved.snapshot == NEW
    assert again.problem is None
    assert again.forget()
    again.close()
    assert {file.name for file in folder.iterdir()} == {"routine.db", "routine.db.lock"}


DAMAGES = st.builds(
    Damage,
    file=st.sampled_from(["routine.db", "routine.db-wal"]),
    # The headers of file and log, and anywhere.
    at=st.floats(0, 0.01) | st.floats(0, 1),
    length=st.sampled_from([1, 1, 1, 4, 512, 4096]),
    mask=st.none() | st.integers(1, 255),
    cut=st.integers(0, 4).map(lambda number: number == 0),
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["cut", "closed"]), st.lists(DAMAGES, min_size=1, max_size=3))
def test_any_damage(left: dict[str, Path], which: str, damages: list[Damage]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "memory"
        shutil.copytree(left[which], folder)
        for wrong in damages:
            damage(folder, wrong)
        examine(folder)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_in_its_place(data: bytes, with_magic: bool) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "routine.db").write_bytes((b"SQLite format 3\0" if with_magic else b"") + data)
        examine(Path(scratch))


def test_every_byte_of_the_header(left: dict[str, Path], tmp_path: Path) -> None:
    size = (left["closed"] / "routine.db").stat().st_size
    for offset in range(100):
        folder = tmp_path / str(offset)
        shutil.copytree(left["closed"], folder)
        damage(folder, Damage("routine.db", (offset + 0.5) / size, 1, 0xFF, cut=False))
        examine(folder)


def test_a_file_that_is_no_database_is_kept_aside(tmp_path: Path) -> None:
    (tmp_path / "routine.db").write_text("a shopping list\n" * 10)
    (tmp_path / "routine.db-wal").write_text("its log")
    memory = Memory(tmp_path)
    assert memory.problem == (
        f"The memory in {tmp_path / 'routine.db'} was damaged; it is kept as routine.db.damaged-1, "
        "and a new one was begun."
    )
    assert memory.news() == memory.problem
    assert memory.news() is None
    assert memory.save(NEW)
    memory.close()
    assert (tmp_path / "routine.db.damaged-1").read_text().startswith("a shopping list")
    assert (tmp_path / "routine.db.damaged-1-wal").read_text() == "its log"
    again = Memory(tmp_path)
    assert again.problem is None
    again.close()


def test_where_the_last_row_is_damaged_the_one_before_is_read(left: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    shutil.copytree(left["closed"], folder)
    connection = sqlite3.connect(folder / "routine.db")
    connection.execute("UPDATE snapshots SET crc = crc + 1 WHERE number = (SELECT max(number) FROM snapshots)")
    connection.commit()
    connection.close()
    memory = Memory(folder)
    saved = memory.saved()
    assert saved is not None
    assert saved.snapshot == WRITTEN[-2]
    assert memory.preferences == CHOSEN
    assert "was damaged; it is kept as routine.db.damaged-1" in str(memory.problem)
    memory.close()


def test_a_damaged_file_is_kept_as_it_was_found(left: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    shutil.copytree(left["cut"], folder)
    damage(folder, Damage("routine.db", 0.0, 1, 0xFF, cut=False))
    damage(folder, Damage("routine.db-wal", 0.0, 1, 0xFF, cut=False))
    before = [(folder / name).read_bytes() for name in ("routine.db", "routine.db-wal")]
    Memory(folder).close()
    assert [(folder / f"routine.db.damaged-1{end}").read_bytes() for end in ("", "-wal")] == before


def test_the_file_of_a_later_version_is_kept_aside_and_not_read(left: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    shutil.copytree(left["closed"], folder)
    connection = sqlite3.connect(folder / "routine.db")
    connection.execute("ALTER TABLE snapshots ADD COLUMN mood TEXT")
    connection.execute("PRAGMA user_version=2")
    connection.close()
    memory = Memory(folder)
    assert memory.saved() is None
    assert "is of a later Marigold; it is kept as routine.db.later-1" in str(memory.problem)
    assert memory.save(NEW)
    memory.close()
    assert (folder / "routine.db.later-1").is_file()


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "routine.db")
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.execute("INSERT INTO recipes VALUES ('soup')")
    connection.commit()
    connection.close()
    memory = Memory(tmp_path)
    assert "routine.db.damaged-1" in str(memory.problem)
    memory.close()
    other = sqlite3.connect(tmp_path / "routine.db.damaged-1")
    assert other.execute("SELECT name FROM recipes").fetchall() == [("soup",)]
    other.close()


def test_a_log_without_its_database_is_not_taken_for_the_new_one_s(left: dict[str, Path], tmp_path: Path) -> None:
    """The power went after the file was set aside and before its log was."""
    folder = tmp_path / "memory"
    shutil.copytree(left["cut"], folder)
    (folder / "routine.db").unlink()
    memory = Memory(folder)
    assert memory.saved() is None
    assert memory.save(NEW)
    memory.close()
    assert (folder / "routine.db.damaged-1-wal").exists()


def test_numbers_rise_and_the_oldest_go(tmp_path: Path) -> None:
    for _ in range(MOST_ASIDE + 2):
        (tmp_path / "routine.db").write_text("no database")
        Memory(tmp_path).close()
    aside = {file.name for file in tmp_path.iterdir() if ".damaged-" in file.name}
    assert aside == {f"routine.db.damaged-{number}" for number in range(3, MOST_ASIDE + 3)}


def test_damage_met_while_it_runs(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    for number in range(1, 60):  # the log has been emptied into the file by now
        assert memory.save(snapshot(number))
    connection = memory._database._connection
    assert connection is not None
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.execute("PRAGMA shrink_memory").fetchall()
    connection.execute("PRAGMA cache_size=0").fetchall()
    with (tmp_path / "routine.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 4096 * 2)
    assert memory.save(NEW)
    memory.close()
    again = Memory(tmp_path)
    saved = again.saved()
    assert saved is not None
    assert saved.snapshot == NEW
    again.close()
