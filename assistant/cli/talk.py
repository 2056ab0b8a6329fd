"""``marigold`` without a subcommand: talk. With a microphone by voice, without one by typed questions."""

from __future__ import annotations

import asyncio
import sys

import click

from assistant.app import Screen, Timing
from assistant.cli.options import Options
from assistant.content import load_content
from assistant.talking import Talk


class Terminal(Screen):
    """Prints the conversation, one line a turn; control characters never reach the terminal."""

    def __init__(self, *, timings: bool) -> None:
        self._timings = timings
        self._live = sys.stdout.isatty()

    def heard_so_far(self, text: str) -> None:
        """Show a partial result in place, on a terminal only."""
        if self._live:
            print(f"\r\033[K  ... {_clean(text)[-100:]}", end="", flush=True)

    def heard(self, text: str) -> None:
        """Show what was heard."""
        self._line(f"You:      {_clean(text)}")

    def ignored(self, text: str) -> None:
        """Show what was not taken as meant for the assistant."""
        self._line(f"(not for me: {_clean(text)})")

    def says(self, text: str) -> None:
        """Show what is being said."""
        self._line(f"Marigold: {_clean(text)}")

    def notice(self, text: str) -> None:
        """Show a message about the assistant itself."""
        self._line(f"[{_clean(text)}]")

    def timing(self, timing: Timing) -> None:
        """Show how long an answer took to begin, where that was asked for."""
        if self._timings:
            self._line(
                f"[first sound {timing.total:.3f} s after the end of speech: end-pointing "
                f"{timing.endpointing:.3f}, final result {timing.final_result:.3f}, understanding "
                f"{timing.understanding:.3f}, voice and output {timing.speaking:.3f}]"
            )

    def _line(self, text: str) -> None:
        clear = "\r\033[K" if self._live else ""
        print(clear + text, flush=True)


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def run_talk(options: Options, *, timings: bool = False) -> None:
    """Talk on this machine's devices.

    Raises:
        MissingPartError: there is neither a microphone nor a keyboard, or no model, or no voice.
    """
    settings = options.settings()
    screen = Terminal(timings=timings)
    run = Talk(settings, load_content(settings.content), screen, typed=options.typed)
    asyncio.run(run.run())


@click.command()
@click.option("--timings", is_flag=True, help="Show how long each answer took to begin, by stage.")
@click.pass_obj
def talk(options: Options, *, timings: bool) -> None:
    """Ask aloud, hear the answer (what marigold does without a subcommand)."""
    run_talk(options, timings=timings)
