"""Asks a finished model for words, in a child process: libvosk answers some damage by ending the process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from assistant.hearing.models.verify import DamagedModelError, Problem

_CHILD: Final = Path(__file__).with_name("listening_child.py")
_TIMEOUT: Final = 120.0
"""Seconds, for loading the model and hearing a few seconds of noise twice."""


def require_known_words(model: Path, words: Iterable[str]) -> None:
    """Check that libvosk finds every one of ``words`` in ``model``, and hears noise without failing.

    Raises:
        DamagedModelError: it doesn't, or ended the process.
    """
    # -P keeps the current folder off the import path: a stray vosk.py there must not be run.
    command = [sys.executable, "-P", str(_CHILD), str(model.resolve())]
    asked = "".join(f"{word}\n" for word in words)
    try:
        done = subprocess.run(command, input=asked, capture_output=True, timeout=_TIMEOUT, check=False, text=True)
    except subprocess.TimeoutExpired:
        raise DamagedModelError(model, [Problem("graph", f"isn't searched within {_TIMEOUT:.0f} s")]) from None
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise DamagedModelError(model, [Problem("graph", f"can't be searched ({why})")])
    if missing := done.stdout.split():
        raise DamagedModelError(model, [Problem("graph/words.txt", f"doesn't know {', '.join(missing[:5])}")])
