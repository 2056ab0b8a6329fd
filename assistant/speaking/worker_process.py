"""Starts the child process that speaks, and ends it.

`multiprocessing` would run the parent's main module again in the child, which takes a command line ten times
as long to start as espeak; it is used only on Windows, where a pipe can't be handed over otherwise.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Final

from assistant.speaking.espeak_worker import serve

ENDING: Final = 2.0
"""Seconds to wait for a killed process; a second is plenty, and a stuck one is left to the system."""
_PROGRAM: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from assistant.speaking.worker_process import run; run(int(sys.argv[2]))"
)


class WorkerProcess:
    """A running child process and the pipe to it. It ends with this process, whatever happens."""

    def __init__(self) -> None:
        """Start the process."""
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        self.pipe: Connection = ours
        self._child: subprocess.Popen[bytes] | SpawnProcess
        with _without_interrupts():
            self._child = _spawned(theirs) if os.name == "nt" else _started(theirs)
        theirs.close()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return int(self._child.pid or 0)

    @property
    def alive(self) -> bool:
        """Whether the child still runs."""
        if isinstance(self._child, SpawnProcess):
            return self._child.is_alive()
        return self._child.poll() is None

    def kill(self) -> None:
        """Kill the child, also one that is held (SIGSTOP). From any thread; the pipe then ends."""
        self._child.kill()

    def receive(self, seconds: float) -> Any:  # noqa: ANN401 - whatever the child sends
        """Return what the child sends next; one that stops in its middle is killed after ``seconds``.

        Raises:
            EOFError, OSError: the child has ended.
        """
        guard = threading.Timer(seconds, self.kill)
        guard.daemon = True
        guard.start()
        try:
            return self.pipe.recv()
        finally:
            guard.cancel()

    def end(self) -> None:
        """Kill the child and close the pipe."""
        self.kill()
        self.pipe.close()
        if isinstance(self._child, SpawnProcess):
            self._child.join(ENDING)
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(ENDING)
        if self._child.stdin is not None:
            self._child.stdin.close()


def _started(theirs: Connection) -> subprocess.Popen[bytes]:
    path = json.dumps([os.path.abspath(folder) for folder in sys.path])  # noqa: PTH100 - "" is the current one
    return subprocess.Popen(
        [sys.executable, "-I", "-c", _PROGRAM, path, str(theirs.fileno())],
        pass_fds=(theirs.fileno(),),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )


def _spawned(theirs: Connection) -> SpawnProcess:
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=serve, args=(theirs,), name="marigold-voice", daemon=True)
    process.start()
    return process


def run(pipe: int) -> None:
    """Serve in the child; ``pipe`` is the file descriptor of the pipe.

    Standard input stays open as long as the parent lives, so its end is the parent's: even in the middle of a
    text that espeak hangs on.
    """

    def end_with_parent() -> None:
        os.read(0, 1)
        os._exit(0)

    threading.Thread(target=end_with_parent, name="parent watch", daemon=True).start()
    serve(Connection(pipe))


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Keep Ctrl-C from what starts within, even before it can say that it ignores it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
