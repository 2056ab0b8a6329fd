"""``python -m models.recipe STEP``: make the speech model from packages and data, step by step or all at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from assistant.errors import MarigoldError

MISSING_PACKAGE: Final = "{name} is missing. In the checkout, type: uv sync --extra train"
CACHE_VARIABLE: Final = "JAX_COMPILATION_CACHE_DIR"


def with_places(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that nearly all steps have."""
    function = click.option(
        "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for what is made."
    )(function)
    return click.option(
        "--data",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        required=True,
        help="Folder with training/, corpus/ and text/.",
    )(function)


@click.group(context_settings={"max_content_width": 110})
def recipe() -> None:
    """Make the embedded speech model: from Python packages and a folder of data to a model that Vosk loads.

    The steps in order: weights, prepare, features, teacher, align, train, export, graph, check; or all of them. Each
    can be stopped and run again. `speech` makes synthetic speech to train on, `reserved` the voices that measure.
    """


def _tools() -> tuple[Any, Any]:
    from models.recipe import steps

    return steps, steps.Say(Console(stderr=True))


def _places(data: Path, out: Path) -> Any:  # noqa: ANN401 - the class is imported when it is needed
    from models.recipe.places import Places

    out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault(CACHE_VARIABLE, str(out / "compiled"))
    return Places(data, out)


@recipe.command()
@with_places
def weights(data: Path, out: Path) -> None:
    """Read Whisper tiny.en's encoder from its package; show that ours computes the same."""
    steps, say = _tools()
    steps.take_weights(_places(data, out), say)


@recipe.command()
@with_places
def prepare(data: Path, out: Path) -> None:
    """Read manifests and find pronunciations; say what is left out and why."""
    steps, say = _tools()
    steps.prepare(_places(data, out), say)


@recipe.command()
@with_places
@click.option("--processes", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default=True)
def features(data: Path, out: Path, processes: int) -> None:
    """Compute log-mel features of all recordings, as libvosk does, dry and in a room."""
    steps, say = _tools()
    steps.make_features(_places(data, out), say, processes=processes)


@recipe.command()
@with_places
def teacher(data: Path, out: Path) -> None:
    """Compute what the original encoder makes of every recording."""
    steps, say = _tools()
    steps.ask_teacher(_places(data, out), say)


@recipe.command()
@with_places
def align(data: Path, out: Path) -> None:
    """Find which phone is when: from nothing, or with the trained network if there is one."""
    steps, say = _tools()
    steps.make_alignment(_places(data, out), say)


def with_plan(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of training."""
    for option in (
        click.option("--minutes", type=float, default=120.0, show_default=True, help="Wall-clock time in all."),
        click.option("--rate", type=float, default=3e-4, show_default=True, help="Highest learning rate."),
        click.option(
            "--alignment-steps", type=int, default=170, show_default=True, help="Steps on the alignment first."
        ),
        click.option(
            "--start",
            type=click.Path(exists=True, path_type=Path),
            help="What to go on from: a model's folder, or a network (.npz) of the train step.",
        ),
    ):
        function = option(function)
    return function


@recipe.command()
@with_places
@with_plan
def train(data: Path, out: Path, minutes: float, rate: float, alignment_steps: int, start: Path | None) -> None:
    """Train the network; goes on where it was stopped. Draws its curves into training/curves.png."""
    steps, say = _tools()
    _train(steps, say, _places(data, out), minutes, rate, alignment_steps, start)


def _train(
    steps: Any,  # noqa: ANN401 - a module
    say: Any,  # noqa: ANN401 - of that module
    places: Any,  # noqa: ANN401 - of a module that is imported when it is needed
    minutes: float,
    rate: float,
    alignment_steps: int,
    start: Path | None,
) -> None:
    from models.recipe.network import NetworkConfig
    from models.recipe.train import TrainingPlan

    plan = TrainingPlan(minutes=minutes, rate=rate, alignment_steps=0 if start else alignment_steps)
    steps.train_network(places, say, plan, NetworkConfig(), start)


@recipe.command()
@with_places
def export(data: Path, out: Path) -> None:
    """Write the network as Kaldi nnet3 with 8-bit matrices, and the settings beside it."""
    steps, say = _tools()
    steps.export_network(_places(data, out), say)


@recipe.command()
@with_places
def graph(data: Path, out: Path) -> None:
    """Make lexicon, n-gram and graph."""
    steps, say = _tools()
    steps.build_graph(_places(data, out), say)


@recipe.command()
@with_places
@click.option("--voices", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Folder of styles: voices/ of the npm package kokoro-js.")  # fmt: skip
@click.option("--minutes", type=float, default=60.0, show_default=True, help="Speech to make.")
@click.option("--workers", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default=True)
def speech(data: Path, out: Path, voices: Path, minutes: float, workers: int) -> None:
    """Let blended synthetic voices speak sentences to train on, into OUT/speech."""
    steps, say = _tools()
    steps.make_speech(_places(data, out), say, voices=voices, minutes=minutes, workers=workers)


@recipe.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--voices", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True,
              help="Folder of styles: voices/ of the npm package kokoro-js.")  # fmt: skip
def reserved(data: Path, voices: Path) -> None:
    """Make the recordings of the reserved voices that measure, into DATA/reserved."""
    steps, say = _tools()
    steps.make_reserved(data, say, voices=voices)


@recipe.command()
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--against", type=click.Path(exists=True, file_okay=False, path_type=Path), help="An earlier model.")
@click.option("--yardstick", is_flag=True, help="Whisper tiny.en beside it.")
@click.option("--quick", is_flag=True, help="A few clips of everything: does it all work?")
@click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="JSON file for all figures.")
@click.option("--readme", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Document for the table.")
def check(
    model: Path,
    data: Path,
    against: Path | None,
    out: Path | None,
    readme: Path | None,
    *,
    yardstick: bool,
    quick: bool,
    jobs: int,
) -> None:
    """Measure a model on speech that it was never trained on."""
    steps, say = _tools()
    steps.check_model(
        model, data, say, against=against, yardstick=yardstick, quick=quick, jobs=jobs, out=out, readme=readme
    )


@recipe.command()
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder that grows text/."
)
@click.option("--only", multiple=True, metavar="SOURCE", help="This source only; may be given again.")
def texts(data: Path, only: tuple[str, ...]) -> None:
    """Gather the language model's general text from public packages into DATA/text."""
    steps, say = _tools()
    steps.gather(data, say, only=only)


@recipe.command()
@with_places
def ship(data: Path, out: Path) -> None:
    """Put the finished model into this checkout, and its sizes and hashes into the catalogue."""
    steps, say = _tools()
    steps.ship_model(_places(data, out), say)


@recipe.command("all")
@with_places
@with_plan
@click.option("--processes", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default=True)
def everything(
    data: Path, out: Path, minutes: float, rate: float, alignment_steps: int, start: Path | None, processes: int
) -> None:
    """Run all steps from the weights to the check, one after the other."""
    steps, say = _tools()
    places = _places(data, out)
    order: list[tuple[str, Callable[[], None]]] = [
        ("weights", lambda: steps.take_weights(places, say)),
        ("prepare", lambda: steps.prepare(places, say)),
        ("features", lambda: steps.make_features(places, say, processes=processes)),
        ("teacher", lambda: steps.ask_teacher(places, say)),
        ("align", lambda: steps.make_alignment(places, say)),
        ("train", lambda: _train(steps, say, places, minutes, rate, alignment_steps, start)),
        ("export", lambda: steps.export_network(places, say)),
        ("graph", lambda: steps.build_graph(places, say)),
        ("check", lambda: steps.check_if_possible(places, say)),
    ]
    for number, (name, step) in enumerate(order, start=1):
        say.line(f"== {number} {name}")
        step()


def main() -> None:
    """Run the command line; errors of the user become a line or two and an exit code."""
    try:
        recipe(standalone_mode=True)
    except ModuleNotFoundError as fault:
        click.echo(MISSING_PACKAGE.format(name=fault.name), err=True)
        sys.exit(3)
    except MarigoldError as fault:
        click.echo(str(fault), err=True)
        sys.exit(fault.exit_code)


if __name__ == "__main__":
    main()
