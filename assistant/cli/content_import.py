"""``marigold content import``: any FAQ document becomes a content pack. Nothing half-written is ever left behind."""

from __future__ import annotations

import json
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from assistant.content import Content, load_commands, load_content, load_off_topic
from assistant.errors import WrongInputError
from assistant.guide.faq import READERS, Faq, NoQuestionsError, NotTextError, read_faq, text_of
from assistant.guide.faq_pack import pack_files
from assistant.language import speakable
from assistant.understanding.meaning import Kind

MAX_DOCUMENT_BYTES: Final = 5_000_000
"""A long FAQ is some hundred kilobytes; a saved web page may carry its pictures' data too."""
NOTES_SHOWN: Final = 5
_SAVE_AS_TEXT: Final = "isn't read yet. Save it as text (.txt) and import that."
_OTHER_FORMATS: Final = frozenset({".pdf", ".doc", ".docx", ".odt", ".rtf", ".epub", ".pages"})


class UnreadableDocumentError(WrongInputError):
    """The document can't be read, or isn't one."""


class NoFaqError(WrongInputError):
    """No question with an answer is in the document."""


class FolderInTheWayError(WrongInputError):
    """The folder for the pack is there already, or can't be written."""


@click.command("import")
@click.argument("document", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--out", "folder", metavar="DIR", type=click.Path(path_type=Path), required=True, help="The new pack.")
@click.option("--title", metavar="TEXT", help="The guide's title; by default the document's own.")
@click.option("--force", is_flag=True, help="Replace the content pack in DIR, with all that was edited in it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def import_faq(document: Path, folder: Path, title: str | None, *, force: bool, as_json: bool) -> None:
    """Make a content pack of an FAQ document: Markdown, HTML or plain text."""
    text = _text(document)
    _check_folder(folder, document, force=force)
    try:
        faq = read_faq(text, document.suffix.lower(), speakable(document.stem) or "Guide")
    except NoQuestionsError as fault:
        raise NoFaqError(
            f"{document}: {fault}.\nWrite each question as a heading or a line that ends in '?', its answer below it."
        ) from fault
    if title is not None and speakable(title):
        faq = replace(faq, title=speakable(title))
    taken = [*(line for lines in load_commands().values() for line in lines), *load_off_topic()]
    content = _write(folder, pack_files(faq, document.name, taken))
    _report(folder, faq, content, as_json=as_json)


def _text(document: Path) -> str:
    ending = document.suffix.lower()
    if document.is_dir():
        raise UnreadableDocumentError(f"{document} is a folder. Give one document: {', '.join(READERS)}.")
    if not document.exists():
        raise UnreadableDocumentError(f"There is no file {document}.")
    if ending in _OTHER_FORMATS:
        raise UnreadableDocumentError(f"{document}: {ending.removeprefix('.').upper()} {_SAVE_AS_TEXT}")
    if ending not in READERS:
        raise UnreadableDocumentError(f"{document}: only {', '.join(READERS)} are read. Save it as one of them.")
    try:
        if document.stat().st_size > MAX_DOCUMENT_BYTES:
            raise UnreadableDocumentError(
                f"{document} is larger than {MAX_DOCUMENT_BYTES // 1_000_000} MB. Import it in parts."
            )
        text = text_of(document.read_bytes())
    except NotTextError as fault:
        raise UnreadableDocumentError(f"{document}: {fault}. Save it as text (.txt) and import that.") from fault
    except OSError as fault:
        raise UnreadableDocumentError(f"{document} can't be read: {fault.strerror or fault}.") from fault
    if not text.strip():
        raise UnreadableDocumentError(f"{document} is empty.")
    return text


def _check_folder(folder: Path, document: Path, *, force: bool) -> None:
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir():
        raise FolderInTheWayError(f"{folder} is there already and is no folder. Give another --out.")
    if not any(folder.iterdir()):
        return
    if not (folder / "pack.yaml").is_file():
        raise FolderInTheWayError(f"{folder} isn't empty and holds no content pack. Give another --out.")
    if not force:
        raise FolderInTheWayError(
            f"{folder} holds a content pack already. Give another --out, or --force to replace it with all its edits."
        )
    if document.resolve().is_relative_to(folder.resolve()):
        raise FolderInTheWayError(f"{document} lies in {folder}, which would be replaced. Give another --out.")


def _write(folder: Path, files: Mapping[str, str]) -> Content:
    """Write the pack into a folder beside its place, load it for a trial, and put it in its place in one go."""
    place = folder.resolve()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    except OSError as fault:
        raise _unwritable(folder, fault) from fault
    made, old = workshop / "new", workshop / "old"
    try:
        made.mkdir()  # mkdtemp's own folder is closed to others; the pack's is like any other.
        for name, text in files.items():
            path = made / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        content = load_content(made)
        if place.exists():
            place.rename(old)
        made.rename(place)
    except OSError as fault:
        raise _unwritable(folder, fault) from fault
    finally:
        if old.exists() and not place.exists():
            old.rename(place)
        shutil.rmtree(workshop, ignore_errors=True)
    return content


def _unwritable(folder: Path, fault: OSError) -> FolderInTheWayError:
    return FolderInTheWayError(f"{folder} can't be written: {fault.strerror or fault}.")


def _report(folder: Path, faq: Faq, content: Content, *, as_json: bool) -> None:
    entries = content.guide.entries
    lost = _not_reached(content)
    ways = sum(len(entry.ways) for entry in entries.values())
    if as_json:
        found: dict[str, Any] = {
            "path": str(folder),
            "id": content.guide.id,
            "title": content.guide.title,
            "entries": list(entries),
            "asks": ways,
            "not_reached": lost,
            "notes": list(faq.notes),
        }
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    click.echo(f"{folder}: {_count(len(entries), 'question')} of '{content.guide.title}', {ways} ways of asking.")
    for note in faq.notes[:NOTES_SHOWN]:
        click.echo(f"  {note}")
    if len(faq.notes) > NOTES_SHOWN:
        click.echo(f"  and {len(faq.notes) - NOTES_SHOWN} more (--json shows them all)")
    for name in lost:
        click.echo(f"  asked word for word, it isn't answered yet: {entries[name].question}")
    quoted = shlex.quote(str(folder))
    click.echo("Next:")
    click.echo(f"  read the answers and edit the ways of asking: {folder / 'entries'}")
    click.echo(f"  marigold content check {quoted}")
    click.echo(f"  marigold --content {quoted}")


def _not_reached(content: Content) -> list[str]:
    """Return the entries whose own question isn't answered by them: something else takes it for its own."""
    lost = []
    for name, entry in content.guide.entries.items():
        meaning = content.interpreter.interpret([entry.question])
        if meaning.kind is not Kind.ANSWER or meaning.id != name:
            lost.append(name)
    return lost


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
