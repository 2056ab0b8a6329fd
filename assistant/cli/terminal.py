"""Prints the conversation, one line a turn."""

from __future__ import annotations

import os
import sys

from assistant.cli.big_time import clock_time
from assistant.screen import Screen, Timing


class Terminal(Screen):
    """Prints the conversation, one line a turn; control characters never reach the terminal."""

    def __init__(self, *, timings: bool) -> None:
        self._timings = timings
        self._in_place = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"

    def heard_so_far(self, text: str) -> None:
        """Show a partial result in place, on a terminal only."""
        if self._in_place:
            print(f"\r\033[K  ... {clean(text)[-100:]}", end="", flush=True)

    def heard(self, text: str) -> None:
        """Show what was heard."""
        self._line(f"You:      {clean(text)}")

    def ignored(self, text: str) -> None:
        """Show what was not taken as meant for the assistant."""
        self._line(f"(not for me: {clean(text)})")

    def says(self, text: str) -> None:
        """Show what is being said."""
        self._line(f"Marigold: {clean(text)}")

    def counts(self, text: str, moment: float | None) -> None:
        """Show a cue, with what the step's clock reads; one that belongs to no clock is said as anything else."""
        self._line(f"Marigold: {clean(text)}" if moment is None else f"{clock_time(moment):>6}  {clean(text)}")

    def notice(self, text: str) -> None:
        """Show a message about the assistant itself."""
        self._line(f"[{clean(text)}]")

    def timing(self, timing: Timing) -> None:
        """Show how long an answer took to begin, where that was asked for."""
        if self._timings:
            self._line(
                f"[first sound {timing.total:.3f} s after the end of speech: end-pointing "
                f"{timing.endpointing:.3f}, final result {timing.final_result:.3f}, understanding "
                f"{timing.understanding:.3f}, voice and output {timing.speaking:.3f}]"
            )

    def close(self) -> None:
        """Leave the terminal as it was."""

    def _line(self, text: str) -> None:
        clear = "\r\033[K" if self._in_place else ""
        print(clear + text, flush=True)


def clean(text: str) -> str:
    """Return ``text`` without control characters."""
    return "".join(c if c.isprintable() else " " for c in text)
