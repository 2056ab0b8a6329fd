"""``marigold models adapt``: a speech model that knows the words of a content pack."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from assistant.cli.options import Options
from assistant.errors import MissingPartError, WrongInputError
from assistant.hearing.models.catalogue import VOSK_FRAME_SECONDS
from assistant.hearing.models.disk import disk_error, megabytes
from assistant.hearing.models.label import ModelLabel, read_label, write_label
from assistant.hearing.models.locate import ModelFolder, downloads_folder, read_catalogue, resolve_model
from assistant.hearing.models.manifest import write_manifest
from assistant.hearing.models.verify import DamagedModelError

if TYPE_CHECKING:
    from assistant.guide.model import Guide
    from assistant.hearing.language_part.adapt import Adaptation

WORD_BOUNDARIES: Final = "graph/phones/word_boundary.int"
"""Where a model lists its sounds; it has no other file that tells them apart and is quick to read."""
WORDS_SHOWN: Final = 8
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")

Texts = Mapping[str, Sequence[str]]


class EmptyPackError(WrongInputError):
    """There is nothing in the content pack to learn from."""


class NoGeneralFileError(WrongInputError):
    """The general word model that was named isn't there."""


class NotAdaptableError(MissingPartError):
    """The speech model lacks what is needed, or is built otherwise."""


class PlaceTakenError(WrongInputError):
    """Something else is where the adapted model was to go, or has its name."""


@dataclass(frozen=True, slots=True)
class Learned:
    """An adapted model in its place."""

    folder: Path
    label: ModelLabel
    what: Adaptation
    texts: Texts
    size: int
    """Bytes of the folder."""
    seconds: float


@click.command("adapt")
@click.option(
    "--content", type=click.Path(path_type=Path), metavar="DIR", help="Content pack, by default the one in use."
)
@click.option("--model", metavar="NAME|DIR", help="Whose sounds to keep, by default the model in use.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="The new model's folder.")
@click.option(
    "--general",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A general word model (general.ngram.xz), where the model has none.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def adapt_model(
    options: Options, content: Path | None, model: str | None, out: Path | None, general: Path | None, *, as_json: bool
) -> None:
    """Teach a speech model the words of a content pack; takes a minute or two.

    The new model is kept beside the downloaded ones, under a name made of both, such as marigold-en-back-spasms. The
    same command makes it anew when the pack was changed.
    """
    from assistant.content import load_guide  # late: the other commands for models need none of this
    from assistant.pack_texts import has_texts

    settings = options.settings(model=model, content=content)
    base = resolve_model(settings.model, os.environ)
    guide = load_guide(settings.content)
    if not has_texts(guide):
        raise EmptyPackError(f"The content pack {guide.id} has no entry and no routine: there is nothing to learn.")
    words = _general_file(base, general)
    label = ModelLabel(
        made_from=base.label.made_from if base.label is not None else base.name,
        content=guide.id,
        frame_seconds=round(base.time_scale * VOSK_FRAME_SECONDS, 6),
    )
    folder = _place(out, label)
    with _waiting(f"{label.made_from} learns the words of {guide.title}"):
        learned = _learn(base, guide, words, folder, label)
    if as_json:
        _print_json(learned)
    else:
        _print(learned)


def _general_file(base: ModelFolder, general: Path | None) -> Path:
    """Return the general word model's file, after a look at the model that it is for."""
    from assistant.hearing.language_part.adapt import GENERAL_FILE
    from assistant.hearing.language_part.phone_set import word_boundary_table

    sounds = base.path / WORD_BOUNDARIES
    if sounds.is_file() and sounds.read_bytes() != word_boundary_table().encode():
        raise NotAdaptableError(
            f"The speech model {base.name} is built of other sounds than Marigold's own, and can't be adapted.\n"
            "Adapt the one that ships: marigold models adapt --model marigold-en"
        )
    if general is not None:
        general = general.expanduser()
        if not general.is_file():
            raise NoGeneralFileError(f"There is no general word model {general}.")
        return general
    if not (base.path / GENERAL_FILE).is_file():
        raise NotAdaptableError(
            f"The speech model {base.name} lacks {GENERAL_FILE}, the general word model that it is adapted with.\n"
            "Name such a file with --general FILE, or adapt a model that has one: --model NAME"
        )
    return base.path / GENERAL_FILE


def _place(out: Path | None, label: ModelLabel) -> Path:
    """Return the folder for the new model: free, or taken by an earlier adapted one."""
    name = _NO_NAME.sub("-", f"{label.made_from}-{label.content}").strip(".-")
    folder = out.expanduser().absolute() if out is not None else downloads_folder(os.environ) / name
    if folder.is_symlink():
        folder = folder.resolve()
    if read_catalogue().find(folder.name) is not None:
        raise PlaceTakenError(f"{folder.name} is the name of another speech model. Choose another: --out DIR")
    try:
        taken = folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and read_label(folder) is None))
    except OSError as fault:
        raise disk_error(fault, folder) from fault
    if taken:
        raise PlaceTakenError(f"{folder} is there already, and is no adapted model. Choose another folder: --out DIR")
    return folder


def _learn(base: ModelFolder, guide: Guide, general: Path, folder: Path, label: ModelLabel) -> Learned:
    """Make the new model beside ``folder``, and put it there when it is whole and works.

    Raises:
        DamagedModelError: the model that it is made from doesn't work.
        And what `adapt` raises.
    """
    from assistant.hearing.language_part.adapt import adapt
    from assistant.hearing.language_part.packed import read_packed
    from assistant.hearing.language_part.pronunciation import dictionary
    from assistant.pack_texts import SAID, load_beside, pack_texts

    began = time.monotonic()
    texts = pack_texts(guide, load_beside(), (read_packed(general).vocabulary.words, dictionary()))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as place:
            made = Path(place) / "new"
            what = adapt(base.path, texts, made, said=SAID, general=general)
            write_label(made, label)
            write_manifest(made)
            _put(made, folder, Path(place) / "old")
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    except OSError as fault:
        raise disk_error(fault, folder.parent) from fault
    except DamagedModelError as fault:
        # It was found in a folder that is gone by now.
        raise DamagedModelError(base.path, fault.problems) from fault
    return Learned(folder, label, what, texts, size, time.monotonic() - began)


def _put(made: Path, folder: Path, aside: Path) -> None:
    """Rename ``made`` to ``folder``; what is there goes ``aside``, and comes back where that fails."""
    if not folder.exists():
        made.rename(folder)
        return
    folder.rename(aside)
    try:
        made.rename(folder)
    except BaseException:
        aside.rename(folder)
        raise


@contextmanager
def _waiting(what: str) -> Iterator[None]:
    """Show on stderr that work goes on: only there, and only where somebody sees it."""
    if not sys.stderr.isatty():
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(what, total=None)
        yield


def _unheard(learned: Learned) -> dict[str, str]:
    """Return each word that stays unheard, and why."""
    from assistant.hearing.language_part.pronunciation import is_pronounceable
    from assistant.pack_texts import foreign_words

    found = dict.fromkeys(foreign_words(learned.texts), "has letters other than a to z")
    for word in learned.what.unpronounceable:
        found[word] = "nothing tells how it sounds" if is_pronounceable(word) else "is too long for a word"
    return found


def _print(learned: Learned) -> None:
    what, label = learned.what, learned.label
    click.echo(f"Learned {what.sentences} sentences of {label.content}: {what.words} words, {_new(learned)}.")
    for word, why in _unheard(learned).items():
        click.echo(f"Stays unheard: '{word}' {why}.")
    click.echo(f"Tried, and works: {learned.folder} ({megabytes(learned.size)}, {learned.seconds:.0f} s).")
    here = learned.folder.parent == downloads_folder(os.environ)
    click.echo(f"Use it: marigold --model {learned.folder.name if here else learned.folder}")


def _new(learned: Learned) -> str:
    from assistant.pack_texts import where_said

    words = learned.what.new_words
    if not words:
        return "none of them new"
    said = where_said(words, learned.texts)
    usual = list(said)[:WORDS_SHOWN]
    example = f"; {usual[0]} as in '{said[usual[0]]}'" if usual else ""
    return f"{len(words)} of them new, such as {', '.join(usual or words[:WORDS_SHOWN])}{example}"


def _print_json(learned: Learned) -> None:
    what = learned.what
    found = {
        "name": learned.folder.name,
        "path": str(learned.folder),
        "made_from": learned.label.made_from,
        "content": learned.label.content,
        "sentences": what.sentences,
        "words": what.words,
        "new_words": list(what.new_words),
        "unheard": [{"word": word, "why": why} for word, why in _unheard(learned).items()],
        "shares": {source: round(share, 4) for source, share in what.shares.items()},
        "size": learned.size,
        "seconds": round(learned.seconds, 1),
    }
    click.echo(json.dumps(found, ensure_ascii=False))
