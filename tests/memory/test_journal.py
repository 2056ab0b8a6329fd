from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.memory.clocks import Anchor
from assistant.memory.database import Database
from assistant.memory.journal import KEPT, Journal, Saved

ANCHOR = Anchor(1_750_000_000.125, 5000.0625, "boot")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "routine.db")
    yield database
    database.close()


def rows(database: Database) -> int:
    assert database._connection is not None
    return int(database._connection.execute("SELECT count(*) FROM snapshots").fetchone()[0])


def test_nothing_is_there_at_first(database: Database) -> None:
    assert Journal(database).read() is None
    assert Journal(database).problem is None


def test_the_last_one_is_read(database: Database) -> None:
    journal = Journal(database)
    for number in range(20):
        assert journal.write({"number": number}, ANCHOR)
        assert journal.read() == Saved({"number": number}, ANCHOR)
    assert rows(database) == KEPT


def test_it_is_there_at_the_next_start(tmp_path: Path) -> None:
    first = Database(tmp_path / "routine.db")
    assert Journal(first).write({"number": 1}, ANCHOR)
    first.close()
    second = Database(tmp_path / "routine.db")
    assert Journal(second).read() == Saved({"number": 1}, ANCHOR)
    second.close()


def test_it_is_cleared(database: Database) -> None:
    journal = Journal(database)
    journal.write({"number": 1}, ANCHOR)
    assert journal.clear()
    assert journal.read() is None
    assert rows(database) == 0
    assert journal.write({"number": 2}, ANCHOR)
    assert journal.read() == Saved({"number": 2}, ANCHOR)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(), JSON, max_size=6))
def test_whatever_json_can_hold_comes_back_the_same(database: Database, snapshot: dict[str, Any]) -> None:
    assert Journal(database).write(snapshot, ANCHOR)
    assert Journal(database).read() == Saved(snapshot, ANCHOR)


def deep() -> dict[str, Any]:
    nest: dict[str, Any] = {}
    for _ in range(100_000):
        nest = {"in": nest}
    return nest


@pytest.mark.parametrize("wrong", [{"at": float("nan")}, {"thing": object()}, {"names": {1, 2}}, deep()])
def test_what_json_cannot_hold_is_told_and_the_last_one_stays(database: Database, wrong: dict[str, Any]) -> None:
    journal = Journal(database)
    journal.write({"number": 1}, ANCHOR)
    assert not journal.write(wrong, ANCHOR)
    assert "a fault of ours" in str(journal.problem)
    assert journal.read() == Saved({"number": 1}, ANCHOR)
    assert journal.write({"number": 2}, ANCHOR)
    assert journal.problem is None


def test_several_threads_may_write(database: Database) -> None:
    journal = Journal(database)
    written: list[bool] = []

    def work(thread: int) -> None:
        written.extend(journal.write({"thread": thread, "number": number}, ANCHOR) for number in range(25))

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert written == [True] * 100
    last = journal.read()
    assert last is not None
    assert last.snapshot["number"] == 24


def test_after_its_end_nothing_is_written(database: Database) -> None:
    journal = Journal(database)
    database.close()
    database.close()
    assert not journal.write({"number": 1}, ANCHOR)
    assert not journal.clear()
    assert journal.read() is None
