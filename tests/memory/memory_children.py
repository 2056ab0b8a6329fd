"""Processes for the tests of the memory that are killed, limited, or hold its file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_START = "import os, sys; from pathlib import Path; from assistant.memory import Memory, Preferences\n"

WRITER = """
from memory_children import snapshot
memory = Memory(Path(sys.argv[1]))
number = int(sys.argv[2])
while memory.save(snapshot(number)):
    os.write(1, b"%d\\n" % number)
    number += 1
sys.exit(memory.problem)
"""
"""Writes as fast as it can, and says each number when its snapshot is on the disk."""

HOLDER = """
memory = Memory(Path(sys.argv[1]))
memory.save({"held": True})
os.write(1, b"held\\n")
sys.stdin.read()
"""
"""Holds the memory until it is killed."""


def snapshot(number: int) -> dict[str, Any]:
    """Return a snapshot whose parts all tell its number, of a size that differs."""
    return {"number": number, "timers": [{"id": part, "ends": number + part / 8} for part in range(number % 40)]}


def child(program: str, *arguments: object) -> subprocess.Popen[bytes]:
    """Start a program of above."""
    return subprocess.Popen(
        [sys.executable, "-c", _START + program, *map(str, arguments)],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{Path(__file__).parent}", "PATH": "/usr/bin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def first_line(process: subprocess.Popen[bytes]) -> bytes:
    """Wait for the first line that a child says."""
    assert process.stdout is not None
    return process.stdout.readline()


def killed(process: subprocess.Popen[bytes]) -> bytes:
    """Kill a child as the power does; return what it said and wasn't read yet."""
    process.kill()
    said, complaint = process.communicate(timeout=20)
    assert process.returncode == -9, complaint.decode()
    return said
