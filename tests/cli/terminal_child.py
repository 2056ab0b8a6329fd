"""The command line in a child on a terminal of its own (a pty): what it draws, typed lines, other sizes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from silent_machine import ROOT, command

WAIT = 30.0
_TELLS_RICH = ("NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
HOME = "\x1b[H"
ENTER_VIEW = "\x1b[?1049h"
LEAVE_VIEW = "\x1b[?1049l"
SHOW_CURSOR = "\x1b[?25h"


class OnTerminal:
    """A child on a pty, with all that it has written."""

    def __init__(self, child: subprocess.Popen[bytes], master: int, slave: int) -> None:
        self.child = child
        self.master, self.slave = master, slave
        self.written = ""

    def read(self, seconds: float = 0.05) -> None:
        if select.select([self.master], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self.written += os.read(self.master, 65_536).decode("utf-8", "replace")

    def wait_for(self, seen: Callable[[OnTerminal], bool]) -> None:
        end = time.monotonic() + WAIT
        while not seen(self):
            assert time.monotonic() < end, self.written[-3000:]
            self.read()

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def resize(self, columns: int, lines: int) -> None:
        resized(self.master, columns, lines)

    def mode(self) -> list[object]:
        return list(termios.tcgetattr(self.slave))

    def frames(self) -> list[list[str]]:
        """Return the pictures that were drawn, without their colours; the last one may be in the drawing."""
        view = self.written.partition(ENTER_VIEW)[2].partition(LEAVE_VIEW)[0]
        return [_STYLE.sub("", frame).split("\r\n") for frame in view.split(HOME)[1:] if "step" in frame]

    def shows(self, text: str, *, columns: int | None = None, lines: int | None = None) -> bool:
        """Whether one of the last two pictures (the last may be half drawn) has ``text``, and is of that size."""
        return any(
            any(text in line for line in frame)
            and (lines is None or len(frame) == lines)
            and (columns is None or max(map(len, frame)) == columns)
            for frame in self.frames()[-2:]
        )

    def end(self) -> int:
        """Wait until it has ended, and return its exit code."""
        end = time.monotonic() + WAIT
        while self.child.poll() is None and time.monotonic() < end:
            self.read()
        self.read()
        return self.child.wait(1.0)


def resized(descriptor: int, columns: int, lines: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


@contextmanager
def on_terminal(
    surroundings: dict[str, str],
    *arguments: str,
    columns: int = 60,
    lines: int = 20,
    more: dict[str, str] | None = None,
) -> Iterator[OnTerminal]:
    """Start the command line on a terminal of that size; it is ended whatever happens."""
    master, slave = pty.openpty()
    resized(master, columns, lines)
    usual = {key: value for key, value in surroundings.items() if key not in _TELLS_RICH}
    child = subprocess.Popen(
        command(*arguments),
        env={**usual, "TERM": "xterm", "PYTHONIOENCODING": "utf-8", **(more or {})},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=ROOT,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    try:
        yield OnTerminal(child, master, slave)
    finally:
        child.kill()
        child.wait()
        os.close(master)
        os.close(slave)
