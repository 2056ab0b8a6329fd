"""Finds and reads the content that ships with the product, and builds guide, phrases and understanding of it."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from assistant.dialogue.phrases import Phrases, Script
from assistant.dialogue.reply import OFFER
from assistant.errors import MissingPartError, WrongInputError
from assistant.guide.model import Guide
from assistant.guide.pack import BrokenContentError, load_yaml, parse_pack
from assistant.understanding.interpret import Interpreter
from assistant.understanding.red_flags import RedFlags

DEFAULT_PACK: Final = "back-spasms"
MAX_FILE_BYTES: Final = 2_000_000
"""A text file of a pack is some kilobytes; whatever is far larger isn't one."""
_ENDINGS: Final = frozenset({".md", ".yaml", ".runs"})


class NoContentError(MissingPartError):
    """The folder of content isn't there."""


class NotAPackError(WrongInputError):
    """A folder that was named as a content pack isn't one."""


@dataclass(frozen=True, slots=True)
class Content:
    """All that the product knows and says."""

    guide: Guide
    phrases: Phrases
    commands: Mapping[str, tuple[str, ...]]
    interpreter: Interpreter


def shipped(name: str) -> Path:
    """Return the folder ``name`` ("content" or "models") of the checkout or of the installed package."""
    package = Path(__file__).resolve().parent
    for folder in (package / "data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise NoContentError(f"The folder '{name}' is missing from this installation. Install Marigold again.")


def read_files(folder: Path) -> dict[str, str]:
    """Return the texts of a pack by their path inside ``folder``, with forward slashes."""
    if not (folder / "pack.yaml").is_file():
        raise NotAPackError(f"{folder} is no content pack: it has no pack.yaml.")
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in _ENDINGS and path.is_file():
            files[path.relative_to(folder).as_posix()] = _text(path)
    return files


def load_guide(folder: Path | None = None) -> Guide:
    """Return the guide in ``folder``, by default the one that ships."""
    return parse_pack(read_files(folder or shipped("content") / DEFAULT_PACK))


def load_content(folder: Path | None = None) -> Content:
    """Return everything, ready to answer. Takes about half a second on a small computer."""
    with _without_collecting():
        guide = load_guide(folder)
        commands = load_commands()
        interpreter = Interpreter(guide, commands, load_red_flags(), load_off_topic())
        return Content(guide, load_phrases(guide), commands, interpreter)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep the garbage collector from walking through all that is being built, and kept: a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def load_phrases(guide: Guide | None = None) -> Phrases:
    """Return the product's spoken texts, as ``guide`` has them where it does, and the safety layer's scripts."""
    root = shipped("content")
    product = _yaml(root / "product" / "phrases.yaml") | (dict(guide.phrases) if guide is not None else {})
    offers = {f"{OFFER}{r.id}": r.offer for r in guide.routines.values() if r.offer} if guide is not None else {}
    return Phrases(product | offers, _scripts(root / "safety" / "scripts.yaml"))


def load_commands() -> dict[str, tuple[str, ...]]:
    """Return the ways of saying each command."""
    data = _yaml(shipped("content") / "product" / "commands.yaml")
    return {str(name): tuple(str(line) for line in lines) for name, lines in data.items()}


def load_red_flags() -> RedFlags:
    """Return the red flags of the safety layer."""
    return RedFlags(_yaml(shipped("content") / "safety" / "red_flags.yaml"))


def load_off_topic() -> tuple[str, ...]:
    """Return authored questions that no guide of ours answers."""
    return tuple(line for lines in load_off_topic_batches().values() for line in lines)


def load_off_topic_batches() -> dict[str, tuple[str, ...]]:
    """Return the same by author batch."""
    data = _yaml(shipped("content") / "product" / "off_topic.yaml")
    return {str(batch): tuple(str(line) for line in lines) for batch, lines in data.items()}


def _scripts(path: Path) -> dict[str, Script]:
    return {
        str(name): Script(tuple(script["sentences"]), str(script["source"]))
        for name, script in _yaml(path)["scripts"].items()
    }


def _yaml(path: Path) -> dict[str, Any]:
    data = load_yaml(path.name, _text(path))
    if not isinstance(data, dict):
        raise BrokenContentError(path.name, "should be keys with values.")
    return data


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BrokenContentError(path.name, f"larger than {MAX_FILE_BYTES // 1_000_000} MB.")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as fault:
        raise NoContentError(f"The content file {path.name} is missing. Install Marigold again.") from fault
    except (OSError, UnicodeDecodeError) as fault:
        raise BrokenContentError(path.name, f"can't be read ({fault}).") from fault
