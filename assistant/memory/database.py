"""A small database that never fails its caller: what can't be kept is told by `problem`, not by an exception."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from assistant.memory.files import make_folder, remove_aside, remove_database, set_aside
from assistant.memory.lock import AnotherCopyError, CopyLock
from assistant.memory.opening import (
    TABLES,
    DamagedError,
    LaterVersionError,
    Table,
    append_row,
    check,
    is_damage,
    last_row,
    looked_into,
    open_read_only,
    open_writable,
    serialised,
)

ANOTHER_COPY: Final = "Another Marigold is running; this one keeps nothing."
_REASONS: Final = {
    sqlite3.SQLITE_BUSY: "another program has it open",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk doesn't take it",
    sqlite3.SQLITE_LOCKED: "another program has it open",
    sqlite3.SQLITE_PERM: "there is no right to",
    sqlite3.SQLITE_READONLY: "it is read-only",
}
_Identity = tuple[int, int]
_Work = Callable[[sqlite3.Connection], object]


class _GoneError(Exception):
    """The file was removed, or another one put in its place."""


class Database:
    """Rows of JSON in two tables. Safe for several threads; a write takes as long as the disk does."""

    def __init__(self, path: Path) -> None:
        """Open ``path``, or begin it. Never raises; where nothing can be kept, writes return False."""
        self.path = path
        self._guard = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._writable = False
        self._lock: CopyLock | None = None
        self._opened: dict[Path, _Identity] = {}
        self._lasting: str | None = None
        self._failing: str | None = None
        self._untold: list[str] = []
        self._told: set[str] = set()
        self._start()

    @property
    def problem(self) -> str | None:
        """What is wrong, in one line for the person, or None. A write that succeeds mends one that failed."""
        return self._failing or self._lasting

    def news(self) -> str | None:
        """Return a problem that wasn't returned before, each once, or None."""
        with self._guard:
            return self._untold.pop(0) if self._untold else None

    def append(self, table: Table, content: Mapping[str, Any], keep: int) -> bool:
        """Add a row and drop all but the last ``keep``; return whether it is on the disk."""
        with self._guard:
            if not self._writable:
                return False
            try:
                body = serialised(content)
            except (TypeError, ValueError, RecursionError) as fault:
                self._fails(f"The state can't be kept: {fault} (a fault of ours).")
                return False
            return self._write(_appending(table, body, keep))

    def latest(self, table: Table) -> dict[str, Any] | None:
        """Return the last whole row, or None."""
        with self._guard:
            return last_row(self._connection, table) if self._connection is not None else None

    def clear(self, table: Table) -> bool:
        """Remove all rows; return whether that is on the disk. Their bytes may stay in the file's log until `erase`."""
        with self._guard:
            return self._writable and self._write(lambda connection: _delete_all(connection, table))

    def erase(self) -> bool:
        """Remove all rows and what was kept aside, so that no byte stays in a file; return whether that worked."""
        with self._guard:
            if self._lock is None:  # not ours to erase
                return False
            aside = remove_aside(self.path)
            return self._emptied() and aside

    def close(self) -> None:
        """Close the file and let another copy have it."""
        with self._guard:
            self._disconnect()
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def _start(self) -> None:
        folder = self.path.parent
        try:
            make_folder(folder)
            self._lock = CopyLock(self.path.with_name(self.path.name + ".lock"))
        except AnotherCopyError:
            self._lasts(ANOTHER_COPY)
        except OSError as fault:
            self._lasts(f"Nothing can be kept in {folder}: {fault.strerror or fault}.")
            self._connect_read_only()
        else:
            self._connect()

    def _connect(self) -> None:
        """Open the file, a new one where the old one can't be used."""
        try:
            try:
                self._use(open_writable(self.path))
            except (DamagedError, LaterVersionError) as fault:
                self._begin_anew(later=isinstance(fault, LaterVersionError))
        except (sqlite3.Error, OSError, DamagedError, LaterVersionError) as fault:
            self._disconnect()
            self._lasts(f"Nothing can be kept in {self.path}: {_reason(fault)}.")
            self._connect_read_only()

    def _begin_anew(self, *, later: bool) -> None:
        """Set the file aside and begin a new one with what can be read of the old one."""
        aside = set_aside(self.path, "later" if later else "damaged")
        what = "is of a later Marigold" if later else "was damaged"
        self._lasts(f"The memory in {self.path} {what}; it is kept as {aside.name}, and a new one was begun.")
        rescued = {} if later else _rescued(aside)
        self._use(open_writable(self.path))
        for table, content in rescued.items():
            self._tried(_appending(table, serialised(content), 1))

    def _use(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._writable = True
        self._opened = {file: identity for file in self._files() if (identity := _identity(file)) is not None}

    def _connect_read_only(self) -> None:
        """Open the file for reading: what was kept before the disk became read-only is still wanted."""
        with contextlib.suppress(sqlite3.Error, OSError):
            if not self.path.is_file():
                return
            self._connection = open_read_only(self.path)
            try:
                check(self._connection)
            except LaterVersionError:
                self._disconnect()
            except DamagedError:
                pass  # a row that is whole can be read all the same

    def _disconnect(self) -> None:
        self._writable = False
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _files(self) -> tuple[Path, Path]:
        return self.path, self.path.with_name(self.path.name + "-wal")

    def _write(self, work: _Work) -> bool:
        """Do ``work`` in a transaction; where that fails, mend what can be mended and do it once more."""
        fault = self._tried(work)
        if fault is not None and self._mended(fault):
            fault = self._tried(work)
        if fault is not None:
            self._fails(f"Can't write to {self.path}: {_reason(fault)}.")
            return False
        self._failing = None
        return True

    def _tried(self, work: _Work) -> Exception | None:
        """Do ``work`` in a transaction; return None when it is on the disk, or else why it isn't."""
        connection = self._connection
        if connection is None:
            return _GoneError()
        try:
            connection.execute("BEGIN IMMEDIATE")
            work(connection)
            connection.execute("COMMIT")
        except BaseException as fault:
            with contextlib.suppress(sqlite3.Error):
                connection.rollback()
            if isinstance(fault, sqlite3.Error):
                return fault
            raise
        return None if self._in_place() else _GoneError()

    def _mended(self, fault: Exception) -> bool:
        if isinstance(fault, _GoneError):
            self.close()
            self._start()
        elif isinstance(fault, sqlite3.Error) and is_damage(fault):
            self._disconnect()
            self._connect()
        elif self._connection is not None and _code(fault) == sqlite3.SQLITE_FULL:
            # The log's own room on the disk can be used again once it is emptied into the database.
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        else:
            return False
        return self._writable

    def _in_place(self) -> bool:
        """Whether the files still have their names: what is written into removed ones is lost at the end."""
        return all(_identity(file) == identity for file, identity in self._opened.items())

    def _emptied(self) -> bool:
        if self._connection is not None and self._writable and self._in_place():
            with contextlib.suppress(sqlite3.Error):
                for table in TABLES:
                    _delete_all(self._connection, table)
                self._connection.execute("VACUUM")
                if self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0:
                    self._failing = None
                    return True
        # VACUUM needs room on the disk; removing the file needs none.
        self._disconnect()
        gone = remove_database(self.path)
        self._connect()
        if not gone:
            self._fails(f"The memory in {self.path} can't be removed.")
        return gone

    def _lasts(self, text: str) -> None:
        self._lasting = text
        self._tell(text)

    def _fails(self, text: str) -> None:
        self._failing = text
        self._tell(text)

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._untold.append(text)


def _appending(table: Table, body: bytes, keep: int) -> _Work:
    return lambda connection: append_row(connection, table, body, keep)


def _delete_all(connection: sqlite3.Connection, table: Table) -> None:
    connection.execute(f"DELETE FROM {table}")


def _rescued(aside: Path) -> dict[Table, dict[str, Any]]:
    """Return the last whole row of each table of a damaged file, where it has one."""
    try:
        with looked_into(aside) as connection:
            found = {table: last_row(connection, table) for table in TABLES}
    except (sqlite3.Error, OSError):
        return {}
    return {table: content for table, content in found.items() if content is not None}


def _identity(file: Path) -> _Identity | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _code(fault: Exception) -> int | None:
    code = getattr(fault, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def _reason(fault: Exception) -> str:
    if isinstance(fault, OSError):
        return fault.strerror or str(fault)
    if isinstance(fault, _GoneError):
        return "it was removed"
    return _REASONS.get(_code(fault) or 0) or str(fault)
