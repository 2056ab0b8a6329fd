"""``marigold routine``: which guided routines there are, and the steps of one."""

from __future__ import annotations

import difflib
import json
import re
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import click

from assistant.cli.options import Options
from assistant.content import load_guide
from assistant.errors import WrongInputError
from assistant.guide.model import Guide, Layer, Routine, Step
from assistant.language import spoken_duration
from assistant.routines.describe import spoken_steps, step_layers

_NEAR: Final = 0.6
"""difflib ratio from which an id counts as near: "heat-pad" is 0.84 for "heating-pad", 0.50 for "hot-and-cold"."""
_NOT_FROM_GUIDE: Final = "For safety, not from the guide:"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class UnknownRoutineError(WrongInputError):
    """A routine was named that the guide doesn't have."""

    def __init__(self, name: str, known: list[str]) -> None:
        shown = "".join(c if c.isprintable() else "?" for c in name[:40])
        near = difflib.get_close_matches(name.strip().lower(), known, n=3, cutoff=_NEAR)
        there = f"Near to it: {', '.join(near)}." if near else f"There are: {', '.join(known) or 'none at all'}."
        super().__init__(f"There is no routine '{shown}'. {there}")


class NotTimedYetError(WrongInputError):
    """A routine was to be led with a timer, which can't be done yet."""

    def __init__(self, routine: str) -> None:
        super().__init__(f"Leading a routine with a timer is not there yet; its steps: marigold routine show {routine}")


class _RoutineGroup(click.Group):
    """Says of ``start`` what can be done in its place."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the subcommand that ``args`` name, as click does."""
        if args and args[0] == "start":
            raise NotTimedYetError(args[1] if len(args) > 1 and _ID.fullmatch(args[1]) else "ID")
        return super().resolve_command(ctx, args)


@click.group(cls=_RoutineGroup)
def routine() -> None:
    """List the guided routines, and show the steps of one."""


@routine.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def list_routines(options: Options, *, as_json: bool) -> None:
    """Show the routines: what is needed, and how long each step takes."""
    guide = load_guide(options.settings().content)
    if as_json:
        click.echo(json.dumps({"routines": [_as_json(r) for r in guide.routines.values()]}, ensure_ascii=False))
        return
    for each in guide.routines.values():
        click.echo(f"{each.id}: {each.title}")
        click.echo(f"  needs: {'; '.join(each.needs) or 'nothing'}")
        click.echo(f"  steps: {', '.join(f'{step.id} ({_length(step)})' for step in each.steps)}")
    if not guide.routines:
        click.echo("This guide has no routines.")


@routine.command("show")
@click.argument("name", metavar="ID")
@click.pass_obj
def show_routine(options: Options, name: str) -> None:
    """Show the steps of the routine ID, as they are spoken."""
    guide = load_guide(options.settings().content)
    found = _routine(guide, name)
    click.echo(f"{found.title[:1].upper()}{found.title[1:]}.")
    lines = zip(step_layers(found), spoken_steps(found), strict=True)
    for layer, sentences in groupby(lines, key=itemgetter(0)):
        click.echo(f"{guide.attribution.capitalize()}:" if layer is Layer.GUIDE else _NOT_FROM_GUIDE)
        for _, sentence in sentences:
            click.echo(f"  {sentence}")


def _routine(guide: Guide, name: str) -> Routine:
    found = guide.routines.get(name.strip().lower())
    if found is None:
        raise UnknownRoutineError(name, list(guide.routines))
    return found


def _length(step: Step) -> str:
    """Return how long a step lasts, for reading."""
    if step.seconds is None:
        return "no set time"
    length = spoken_duration(step.seconds)
    return length if step.extend_to is None else f"{length}, or up to {spoken_duration(step.extend_to)}"


def _as_json(found: Routine) -> dict[str, Any]:
    return {
        "id": found.id,
        "title": found.title,
        "needs": list(found.needs),
        "steps": [
            {"id": step.id, "kind": step.kind.value, "seconds": step.seconds, "extend_to": step.extend_to}
            for step in found.steps
        ],
    }
