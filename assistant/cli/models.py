"""``marigold models``: which speech models there are and where, whether they are whole; and getting one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from assistant.cli.models_adapt import adapt_model
from assistant.cli.options import Options
from assistant.errors import MarigoldError
from assistant.hearing.models.catalogue import CatalogueEntry
from assistant.hearing.models.disk import megabytes
from assistant.hearing.models.install import How, install_model
from assistant.hearing.models.locate import (
    ModelFolder,
    adapted_models,
    downloads_folder,
    find_installed,
    home_of,
    read_catalogue,
    resolve_model,
    shipped_models,
)
from assistant.hearing.models.probe import probe_model
from assistant.hearing.models.transfer import ReportProgress, report_nothing
from assistant.hearing.models.verify import DamagedModelError, verify_files


@click.group()
def models() -> None:
    """List, get, adapt and check speech models."""


models.add_command(adapt_model)


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def list_models(options: Options, *, as_json: bool) -> None:
    """Show the known models, and which one is chosen."""
    chosen = _chosen_or_none(options)
    rows = [_row(entry, chosen) for entry in read_catalogue().models]
    rows += [_own_row(model, is_chosen=model == chosen) for model in adapted_models(os.environ)]
    if chosen is not None and not any(row["chosen"] for row in rows):
        rows.append(_own_row(chosen, is_chosen=True))
    if as_json:
        _print_json({"chosen": chosen.name if chosen is not None else None, "models": rows})
        return
    table = Table("", "Name", "Language", "Download", "Where", "Licence", box=None, pad_edge=False)
    for row in rows:
        table.add_row(
            "*" if row["chosen"] else "",
            row["name"],
            ", ".join(row["languages"]) or "?",
            megabytes(row["size"]) if row["size"] is not None else "",
            row["path"] or "not on this machine",
            row["licence"] or "its makers'",
        )
    # A pipe has no width: nothing must be cut there.
    console = Console(width=None if sys.stdout.isatty() else 400, highlight=False, markup=False, emoji=False)
    console.print(table)
    console.print()
    for row in rows:
        if row["when"]:
            console.print(f"{row['name']}: {row['when']}", soft_wrap=True)
    console.print("\n* is the one in use. Get another: marigold models get NAME", soft_wrap=True)


@models.command("get")
@click.argument("name")
@click.option(
    "--from",
    "archive",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A zip archive already at hand.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def get_model(name: str, archive: Path | None, *, as_json: bool) -> None:
    """Download and install the model NAME; an interrupted download goes on where it stopped."""
    entry = read_catalogue().require(name)
    if entry.kind == "embedded":
        folder, how = home_of(entry, os.environ), "ships with Marigold"
    else:
        with _progress(entry, quiet=archive is not None) as report:
            done = install_model(entry, home_of(entry, os.environ), archive=archive, report=report)
        folder, how = done.folder, done.how.value
    if as_json:
        _print_json({"name": name, "path": str(folder), "how": how})
    elif how in (How.INSTALLED, How.REPLACED):
        click.echo(f"{name} is {how} in {folder}. Use it: marigold --model {name}")
    else:
        click.echo(f"{name}: {how}, in {folder}.")


@models.command("verify")
@click.argument("name", required=False, metavar="[NAME|DIR]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def verify_model(options: Options, name: str | None, *, as_json: bool) -> None:
    """Check every file of a model (by default the chosen one), and try it."""
    folder = resolve_model(name if name is not None else options.settings().model, os.environ)
    problems = verify_files(folder.path, folder.entry, hashes=True)
    fault = DamagedModelError(folder.path, problems) if problems else None
    known = folder.entry is not None and bool(folder.entry.files)
    if fault is None and not known:
        fault = _fault_of_trial(folder.path)
    if as_json:
        found = [{"file": problem.file, "what": problem.what} for problem in fault.problems] if fault else []
        _print_json({"name": folder.name, "path": str(folder.path), "good": fault is None, "problems": found})
    elif fault is not None:
        for problem in fault.problems:
            click.echo(f"{folder.name}: {problem}")
    else:
        how = "every file is as it should be" if known else "its files are all there, and it works"
        click.echo(f"{folder.name}: {how} ({folder.path}).")
    if fault is not None:
        raise fault


@models.command("where")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def where_models(options: Options, *, as_json: bool) -> None:
    """Show the folder of the chosen model, and where others are kept."""
    chosen = resolve_model(options.settings().model, os.environ)
    places = {"shipped": str(shipped_models()), "downloads": str(downloads_folder(os.environ))}
    if as_json:
        _print_json({"chosen": {"name": chosen.name, "path": str(chosen.path)}, **places})
        return
    click.echo(f"chosen: {chosen.path}")
    for what, place in places.items():
        click.echo(f"{what}: {place}")


def _fault_of_trial(folder: Path) -> DamagedModelError | None:
    # Not an answer to hide: it is shown with the other findings, then raised.
    try:
        probe_model(folder, fresh=True)
    except DamagedModelError as fault:
        return fault
    return None


def _chosen_or_none(options: Options) -> ModelFolder | None:
    # A list is what somebody needs whose choice is not there.
    try:
        return resolve_model(options.settings().model, os.environ)
    except MarigoldError:
        return None


def _row(entry: CatalogueEntry, chosen: ModelFolder | None) -> dict[str, Any]:
    is_chosen = chosen is not None and chosen.entry == entry
    place = chosen.path if is_chosen and chosen is not None else find_installed(entry, os.environ)
    return {
        "name": entry.name,
        "languages": list(entry.languages),
        "licence": entry.licence,
        "kind": entry.kind,
        "size": entry.size,
        "path": str(place) if place is not None else None,
        "chosen": is_chosen,
        "when": entry.when,
    }


def _own_row(model: ModelFolder, *, is_chosen: bool) -> dict[str, Any]:
    label = model.label
    base = read_catalogue().find(label.made_from) if label is not None else None
    return {
        "name": model.name,
        "languages": list(base.languages) if base is not None else [],
        "licence": base.licence if base is not None else None,
        "kind": "own" if label is None else "adapted",
        "size": None,
        "path": str(model.path),
        "chosen": is_chosen,
        "when": f"Made from {label.made_from}; knows the words of {label.content}." if label is not None else None,
    }


@contextmanager
def _progress(entry: CatalogueEntry, *, quiet: bool) -> Iterator[ReportProgress]:
    """Give a callback that draws a bar on stderr: only there, and only where somebody sees it."""
    if quiet:
        yield report_nothing
        return
    if not sys.stderr.isatty():
        size = f" ({megabytes(entry.size)})" if entry.size is not None else ""
        click.echo(f"Getting {entry.name}{size} from {entry.sources[0]}", err=True)
        yield report_nothing
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(entry.name, total=entry.size)

        def report(here: int, total: int | None) -> None:
            progress.update(task, completed=here, total=total)

        yield report


def _print_json(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))
