"""Tries a model in a child process: libvosk answers some damage by ending the process, or never returns."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import platformdirs

from assistant.hearing.models.verify import DamagedModelError, Problem

TIMEOUT: Final = 60.0
"""Seconds. The largest English model takes some twenty to load from a slow disk."""
_MEMORY: Final = "probed-models.json"
_MEMORY_LIMIT: Final = 50
"""Models remembered; the oldest are forgotten first."""
_CHILD: Final = Path(__file__).with_name("probe_child.py")
_COMPLAINT: Final = re.compile(r"^(?:ERROR|ASSERTION_FAILED|FATAL)\s*(?:\(.*?\.(?:cc|h):\d+\))?:?\s*(?P<text>\S.*)$")
_LONGEST_COMPLAINT: Final = 160


def probe_model(folder: Path, *, fresh: bool = False, timeout: float = TIMEOUT) -> None:
    """Load the model and hear a second of silence in a child process.

    A good result is remembered by the paths, sizes and times of the model's files, so that the next start
    skips this; ``fresh`` tries again whatever is remembered. ``timeout`` is in seconds.

    Raises:
        DamagedModelError: it crashed, hung, or was refused; says which.
    """
    place = str(folder.resolve())
    print_now = _fingerprint(folder)
    memory = Path(platformdirs.user_cache_dir("marigold")) / _MEMORY
    if not fresh and _remembered(memory).get(place) == print_now:
        return
    why = _tried(folder, timeout)
    if why is not None:
        raise DamagedModelError(folder, [Problem("the model", why)])
    _remember(memory, place, print_now)


def _tried(folder: Path, timeout: float) -> str | None:
    # -P keeps the current folder off the import path: a stray vosk.py there must not be run.
    command = [sys.executable, "-P", str(_CHILD), str(folder.resolve())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return f"doesn't load within {timeout:.0f} s"
    if done.returncode == 0 and done.stdout.strip().endswith(b"fine"):
        return None
    if done.returncode < 0:
        return f"crashes the recogniser ({_signal_name(-done.returncode)})"
    return f"is refused by the recogniser ({_complaint(done.stderr.decode(errors='replace'))})"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _complaint(stderr: str) -> str:
    """Return libvosk's own reason where it gives one: the exception itself says only that it failed."""
    # A damaged file's bytes come back in the message, and must not reach the terminal.
    clean = "".join(c if c.isascii() and (c.isprintable() or c == "\n") else "?" for c in stderr)
    lines = [line.strip() for line in clean.splitlines() if line.strip()]
    for line in lines:
        if found := _COMPLAINT.match(line):
            return found["text"][:_LONGEST_COMPLAINT]
    return lines[-1][:_LONGEST_COMPLAINT] if lines else "no reason given"


def _fingerprint(folder: Path) -> str:
    parts = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            about = path.stat()
            parts.append(f"{path.relative_to(folder)} {about.st_size} {about.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode(errors="surrogateescape")).hexdigest()


def _remembered(memory: Path) -> dict[str, str]:
    try:
        data = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(place): str(value) for place, value in data.items()} if isinstance(data, dict) else {}


def _remember(memory: Path, place: str, value: str) -> None:
    known = _remembered(memory)
    known.pop(place, None)
    known[place] = value
    newest = dict(list(known.items())[-_MEMORY_LIMIT:])
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=memory.parent, prefix=_MEMORY)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(newest, file)
        Path(name).replace(memory)
    except OSError:
        return  # It will be tried again next time, that is all.
