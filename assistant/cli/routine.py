"""``marigold routine``: which guided routines there are, the steps of one, and leading it."""

from __future__ import annotations

import difflib
import json
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import click

from assistant.cli.options import Options
from assistant.content import load_content, load_guide
from assistant.errors import WrongInputError
from assistant.guide.model import Guide, Layer, Routine, Step
from assistant.language import spoken_duration
from assistant.routines.describe import spoken_steps, step_layers

_NEAR: Final = 0.6
"""difflib ratio from which an id counts as near: "heat-pad" is 0.84 for "heating-pad", 0.50 for "hot-and-cold"."""
_NOT_FROM_GUIDE: Final = "For safety, not from the guide:"
SLOWEST: Final = 1.0
FASTEST: Final = 1000.0
"""Times as fast as the clock: 20 minutes in 1.2 s."""


class UnknownRoutineError(WrongInputError):
    """A routine was named that the guide doesn't have."""

    def __init__(self, name: str, known: list[str]) -> None:
        near = difflib.get_close_matches(name.strip().lower(), known, n=3, cutoff=_NEAR)
        there = f"Near to it: {', '.join(near)}." if near else f"There are: {', '.join(known) or 'none at all'}."
        super().__init__(f"There is no routine '{_shown(name)}'. {there}")


class UnknownStepError(WrongInputError):
    """A step was named that the routine doesn't have."""

    def __init__(self, name: str, routine: Routine) -> None:
        there = ", ".join(f"{number} {step.id}" for number, step in enumerate(routine.steps, 1))
        super().__init__(f"There is no step '{_shown(name)}' in {routine.id}. Its steps: {there}.")


class WrongSpeedError(WrongInputError):
    """A speed was given that is none."""

    def __init__(self, given: str) -> None:
        super().__init__(f"--speed goes from {SLOWEST:g} to {FASTEST:g}, not '{_shown(given)}'.")


@click.group()
def routine() -> None:
    """Lead a routine, list them, and show the steps of one."""


@routine.command("start")
@click.argument("name", metavar="ID")
@click.option("--speed", metavar="N", default="1", help="N times as fast, 1 to 1000, for trying it out.")
@click.option("--silent", is_flag=True, help="Play nothing: text only.")
@click.option("--from", "step", metavar="STEP", default="1", help="Begin at this step: its id, or its number from 1.")
@click.pass_obj
def start_routine(options: Options, name: str, speed: str, step: str, *, silent: bool) -> None:
    """Lead the routine ID by voice; say ready, pause, next, or stop.

    Faster than time, or with neither microphone nor keyboard, nobody is waited for. The steps: marigold routine show ID
    """
    factor = _speed(speed)
    content = load_content(options.settings().content)
    found = _routine(content.guide, name)
    place = _step(found, step)
    from assistant.cli.talk import talk_about  # late: to list and to show takes neither voice nor model
    from assistant.dialogue.events import Begin
    from assistant.talking import Trial

    talk_about(content, options, trial=Trial(Begin(found.id, place), factor, silent))


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


def _speed(given: str) -> float:
    try:
        factor = float(given)
    except ValueError:
        raise WrongSpeedError(given) from None
    if not SLOWEST <= factor <= FASTEST:  # so is what is no number
        raise WrongSpeedError(given)
    return factor


def _step(found: Routine, name: str) -> int:
    """Return the place (from 0) of a step by its id or its number."""
    wanted = name.strip().lower()
    names = [step.id for step in found.steps]
    if wanted in names:
        return names.index(wanted)
    numbers = [str(number) for number in range(1, len(names) + 1)]
    if wanted not in numbers:
        raise UnknownStepError(name, found)
    return numbers.index(wanted)


def _shown(name: str) -> str:
    """Return what was typed, fit to be shown."""
    return "".join(c if c.isprintable() else "?" for c in name[:40])


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
