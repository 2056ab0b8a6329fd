from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from memory_children import HOLDER, child, first_line, killed

from assistant.memory import Memory, Preferences
from assistant.memory import database as database_module

MARKS = (b"zebra-crossing", b"walrus-voice", b"heron-routine")


def fill(folder: Path) -> Memory:
    memory = Memory(folder)
    for number in range(60):
        assert memory.save({"said": "zebra-crossing " * (1 + number * 7 % 400), "number": number})
        if number % 20 == 0:
            assert memory.keep(Preferences(voice="walrus-voice", last_routine="heron-routine"))
    return memory


def found(folder: Path) -> set[bytes]:
    return {mark for file in folder.iterdir() for mark in MARKS if mark in file.read_bytes()}


def test_no_byte_stays_in_any_file(tmp_path: Path) -> None:
    memory = fill(tmp_path)
    for name in ("routine.db.damaged-1", "routine.db.damaged-1-wal", "routine.db.later-2"):
        shutil.copy(tmp_path / "routine.db", tmp_path / name)
    assert found(tmp_path) == set(MARKS)
    assert memory.forget()
    assert found(tmp_path) == set()
    assert {file.name for file in tmp_path.iterdir()} == {"routine.db", "routine.db-wal", "routine.db.lock"}
    assert memory.saved() is None
    assert memory.preferences == Preferences()
    memory.close()
    assert found(tmp_path) == set()
    again = Memory(tmp_path)
    assert (again.problem, again.saved(), again.preferences) == (None, None, Preferences())
    again.close()


def test_what_was_cleared_before_goes_too(tmp_path: Path) -> None:
    memory = fill(tmp_path)
    assert memory.clear()
    assert memory.forget()
    assert found(tmp_path) == set()
    memory.close()


def test_it_goes_on_afterwards(tmp_path: Path) -> None:
    memory = fill(tmp_path)
    assert memory.forget()
    assert memory.save({"number": 1})
    assert memory.keep(Preferences(rate=130))
    memory.close()
    again = Memory(tmp_path)
    saved = again.saved()
    assert saved is not None
    assert saved.snapshot == {"number": 1}
    assert again.preferences == Preferences(rate=130)
    again.close()


def test_where_the_file_cannot_be_emptied_it_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = fill(tmp_path)

    def full(connection: object, table: str) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(database_module, "_delete_all", full)
        assert memory.forget()
    assert found(tmp_path) == set()
    assert memory.save({"number": 1})
    memory.close()


def test_other_files_of_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    for name in ("routine.db.damaged-1.txt", "routine.db.damaged-", "notes", "other.db.damaged-1"):
        (tmp_path / name).write_text("mine")
    memory = Memory(tmp_path)
    assert memory.forget()
    memory.close()
    assert {file.name for file in tmp_path.iterdir()} == {
        "models",
        "routine.db",
        "routine.db.lock",
        "routine.db.damaged-1.txt",
        "routine.db.damaged-",
        "notes",
        "other.db.damaged-1",
    }


def test_what_another_copy_holds_is_not_erased_and_that_is_told(tmp_path: Path) -> None:
    holder = child(HOLDER, tmp_path)
    assert first_line(holder) == b"held\n"
    memory = Memory(tmp_path)
    assert not memory.forget()
    memory.close()
    killed(holder)
    again = Memory(tmp_path)
    assert again.saved() is not None
    again.close()
