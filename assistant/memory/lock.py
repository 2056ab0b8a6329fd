"""One running copy at a time: a lock that the system releases when its holder ends, however it ends."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path
from typing import Final

PATIENCE: Final = 0.5
"""Seconds to wait for the lock: a copy that was just killed may still be ending when its successor starts."""
_STEP: Final = 0.05
_UNSUPPORTED: Final = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})
"""What file systems without locks answer. SQLite's own lock is then the only one."""


class AnotherCopyError(Exception):
    """Another process, or another object of this one, holds the lock."""


class CopyLock:
    """The lock on ``path``, held until `release` or until the process ends. The file stays: it tells nothing."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            AnotherCopyError: somebody else has it.
            OSError: the file can't be opened or made.
        """
        self._file: int | None = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._wait(self._file)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @staticmethod
    def _wait(file: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while not _taken(file):
            if time.monotonic() >= deadline:
                raise AnotherCopyError
            time.sleep(_STEP)


def _taken(file: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        return fault.errno in _UNSUPPORTED
    return True
