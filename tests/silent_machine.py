"""A machine without sound devices for a child process, and the command line run in one.

A test that runs the command line on a developer's machine must neither make noise nor listen.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_NO_CARD = """\
# The only device is a card that isn't there. PortAudio aborts where no device at all is defined; the real cards
# stay unseen for want of a definition of "ctl.hw".
pcm.nothing { type hw card 99 }
"""
TIMEOUT = 60


def silent_environment(folder: Path) -> dict[str, str]:
    """Return an environment in which PortAudio finds no device, and all that is kept is kept below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    alsa = folder / "alsa.conf"
    alsa.write_text(_NO_CARD, encoding="utf-8")
    usual = {key: value for key, value in os.environ.items() if not key.startswith(("MARIGOLD_", "VOSK_", "PULSE_"))}
    return {
        **usual,
        "ALSA_CONFIG_PATH": str(alsa),
        "PULSE_SERVER": "unix:/nonexistent",
        "PIPEWIRE_REMOTE": "/nonexistent",
        "JACK_NO_START_SERVER": "1",
        "JACK_DEFAULT_SERVER": "nonexistent",
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_DATA_HOME": str(folder / "data"),
        "PYTHONPATH": str(ROOT),
    }


def command(*arguments: str) -> list[str]:
    """Return the words that start the command line as a program of its own."""
    return [sys.executable, "-m", "assistant", *arguments]


def marigold(
    *arguments: str, env: dict[str, str], text: str | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end; ``text`` is typed into it, None leaves standard input empty."""
    return subprocess.run(
        command(*arguments),
        env=env,
        input=text if text is not None else "",
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
        cwd=cwd or ROOT,
    )
