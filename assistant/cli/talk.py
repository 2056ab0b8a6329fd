"""``marigold`` without a subcommand: talk. With a microphone by voice, without one by typed questions."""

from __future__ import annotations

import asyncio
import os
import sys

import click

from assistant.app import Screen, Timing
from assistant.cli.big_time import clock_time
from assistant.cli.options import Options
from assistant.content import Content, load_content
from assistant.talking import Talk, Trial


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


def run_talk(options: Options, *, timings: bool = False) -> None:
    """Talk on this machine's devices.

    Raises:
        MissingPartError: there is neither a microphone nor a keyboard, or no model, or no voice.
    """
    talk_about(load_content(options.settings().content), options, timings=timings)


def talk_about(content: Content, options: Options, *, timings: bool = False, trial: Trial | None = None) -> None:
    """Talk, or only lead a routine (``trial``).

    Raises:
        MissingPartError: as `run_talk`.
    """
    from assistant.cli.live import open_screen  # late: it is built on what is here

    with open_screen(timings=timings) as screen:
        asyncio.run(Talk(options.settings(), content, screen, typed=options.typed, trial=trial).run())


@click.command()
@click.option("--timings", is_flag=True, help="Show how long each answer took to begin, by stage.")
@click.pass_obj
def talk(options: Options, *, timings: bool) -> None:
    """Ask aloud, hear the answer (what marigold does without a subcommand)."""
    run_talk(options, timings=timings)
