"""``marigold`` without a subcommand: talk. With a microphone by voice, without one by typed questions."""

from __future__ import annotations

import asyncio

import click

from assistant.cli.live import open_screen
from assistant.cli.options import Options
from assistant.content import Content, load_content
from assistant.talking import Talk, Trial


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
    with open_screen(timings=timings) as screen:
        asyncio.run(Talk(options.settings(), content, screen, typed=options.typed, trial=trial).run())


@click.command()
@click.option("--timings", is_flag=True, help="Show how long each answer took to begin, by stage.")
@click.pass_obj
def talk(options: Options, *, timings: bool) -> None:
    """Ask aloud, hear the answer (what marigold does without a subcommand)."""
    run_talk(options, timings=timings)
