"""Opens the database and looks it through, so that what is read later can be believed."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args

from assistant.memory.files import flush_folder

Table = Literal["snapshots", "preferences"]

TABLES: Final[tuple[Table, ...]] = get_args(Table)
APPLICATION_ID: Final = 0x4D617267
"""SQLite's mark for whose file it is ("Marg")."""
SCHEMA_VERSION: Final = 1
PATIENCE: Final = 1.0
"""Seconds to wait for a program that looks into the file."""
CHECKPOINT_PAGES: Final = 64
"""Pages after which SQLite empties its write-ahead log into the database: a quarter of a megabyte stays small on a
full disk, and one write in about twenty pays for it."""
_SCHEMA: Final = tuple(
    f"CREATE TABLE {table} (number INTEGER PRIMARY KEY, body BLOB NOT NULL, crc INTEGER NOT NULL)" for table in TABLES
)
_PRAGMAS: Final = (
    "locking_mode=EXCLUSIVE",  # needs no shared memory, and keeps out whatever doesn't know our lock
    "journal_mode=WAL",
    "synchronous=FULL",  # a commit returns when it is on the disk
    "fullfsync=ON",  # macOS: on the disk, not in the disk's cache
    "checkpoint_fullfsync=ON",
    "secure_delete=ON",
    "temp_store=MEMORY",  # nothing personal in the folder of temporary files
    f"wal_autocheckpoint={CHECKPOINT_PAGES}",
)
_DISTRUST: Final = ("trusted_schema=OFF", "cell_size_check=ON")
_VERSIONS_AT: Final = slice(18, 20)
"""Where a database's header has the versions for writing and reading, each 1 or 2. Any other one for writing
makes the file read-only without a word."""
_NOT_DAMAGE: Final = frozenset(
    {
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)


class DamagedError(Exception):
    """The file is no database of ours, or not whole."""


class LaterVersionError(Exception):
    """The file was written by a later Marigold."""


def open_writable(path: Path) -> sqlite3.Connection:
    """Open the database for reading and writing; begin it where there is none.

    A damaged one is left as it was found.

    Raises:
        DamagedError, LaterVersionError: see there.
        sqlite3.Error, OSError: it can't be opened, and not because of what is in it.
    """
    _examine(path)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite would let others read it
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        for pragma in (*_DISTRUST, *_PRAGMAS):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        if _is_new(connection):
            _begin(connection)
            flush_folder(path.parent)
            # Its room on the disk is taken now, so that the log can be emptied when the disk is full.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        check(connection)
    except BaseException as fault:
        connection.close()
        if isinstance(fault, sqlite3.Error) and is_damage(fault):
            raise DamagedError(str(fault)) from fault
        raise
    return connection


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open the database without changing it, also where nothing can be written. Unchecked, and without a lock.

    Raises:
        sqlite3.Error, OSError: it can't be opened.
    """
    # SQLite needs the log of a database that had one, unless it is told that nobody writes.
    no_locks = "win32-none" if sys.platform == "win32" else "unix-none"
    how = f"mode=ro&vfs={no_locks}" if _size(_log_of(path)) else "immutable=1"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, check_same_thread=False
    )
    for pragma in (*_DISTRUST, "locking_mode=EXCLUSIVE"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


@contextlib.contextmanager
def looked_into(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file that may be damaged, to be left as it is.

    Raises:
        sqlite3.Error, OSError: it can't be opened.
    """
    log = _log_of(path)
    content = log.read_bytes() if _size(log) else b""
    connection = open_read_only(path)
    try:
        yield connection
    finally:
        connection.close()
        if content and not log.exists():  # SQLite removes a log that holds nothing whole
            with contextlib.suppress(OSError):
                log.touch(0o600)
                log.write_bytes(content)


def check(connection: sqlite3.Connection) -> None:
    """Look through all of the database; it is small.

    Raises:
        DamagedError, LaterVersionError: see there.
        sqlite3.Error: it can't be read.
    """
    version = _number(connection, "user_version")
    if _number(connection, "application_id") != APPLICATION_ID:
        raise DamagedError("not ours")
    if version > SCHEMA_VERSION:
        raise LaterVersionError(f"version {version}")
    if version != SCHEMA_VERSION or _schema(connection) != sorted(_SCHEMA):
        raise DamagedError("unknown tables")
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != ("ok",):
        raise DamagedError(str(found))
    for table in TABLES:
        if any(_content(row) is None for row in connection.execute(f"SELECT number, body, crc FROM {table}")):
            raise DamagedError(f"a row of {table}")


def is_damage(fault: sqlite3.Error) -> bool:
    """Return whether SQLite's error comes from what is in the file."""
    code = getattr(fault, "sqlite_errorcode", None)
    return code is not None and code & 0xFF not in _NOT_DAMAGE


def serialised(content: Mapping[str, Any]) -> bytes:
    """Return the body of a row.

    Raises:
        TypeError, ValueError, RecursionError: JSON can't hold the content.
    """
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def append_row(connection: sqlite3.Connection, table: Table, body: bytes, keep: int) -> None:
    """Add a row, and remove all but the last ``keep``.

    Raises:
        sqlite3.Error: it can't be done.
    """
    (number,) = connection.execute(f"SELECT coalesce(max(number), 0) + 1 FROM {table}").fetchone()
    connection.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", (number, body, _checksum(number, body)))
    connection.execute(f"DELETE FROM {table} WHERE number <= ?", (number - keep,))


def last_row(connection: sqlite3.Connection, table: Table) -> dict[str, Any] | None:
    """Return the content of the last whole row. Never raises: what can't be read isn't there."""
    try:
        for row in connection.execute(f"SELECT number, body, crc FROM {table} ORDER BY number DESC"):
            content = _content(row)
            if content is not None:
                return content
    except (sqlite3.Error, MemoryError, OverflowError):
        return None
    return None


def _content(row: tuple[Any, Any, Any]) -> dict[str, Any] | None:
    number, body, crc = row
    if not (isinstance(number, int) and isinstance(body, bytes)) or crc != _checksum(number, body):
        return None
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _checksum(number: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(number.to_bytes(8, "big", signed=True)))


def _examine(path: Path) -> None:
    """Look the file through before it is opened for writing, which would change a damaged one.

    Raises:
        DamagedError, LaterVersionError: see there.
        OSError: it can't be read.
    """
    if _size(path) == 0:
        if _size(_log_of(path)):
            raise DamagedError("a log without its database")
        return
    if path.with_name(path.name + "-journal").exists():
        return  # the power went while it was begun; only who may write can undo that
    with path.open("rb") as file:
        header = file.read(_VERSIONS_AT.stop)
    if any(version not in (1, 2) for version in header[_VERSIONS_AT]):
        raise DamagedError("unknown file format")
    with contextlib.suppress(sqlite3.Error), looked_into(path) as connection:
        try:
            if not _is_new(connection):
                check(connection)
        except sqlite3.Error as fault:
            if is_damage(fault):
                raise DamagedError(str(fault)) from fault
            raise  # met again when it is opened for writing


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _size(path: Path) -> int:
    """Return the size in bytes, 0 where there is no such file."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_new(connection: sqlite3.Connection) -> bool:
    return _number(connection, "user_version") == 0 and not _schema(connection)


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _schema(connection: sqlite3.Connection) -> list[str]:
    return sorted(str(row[0]) for row in connection.execute("SELECT sql FROM sqlite_master"))
