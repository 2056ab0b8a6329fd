"""Reads a content pack, given as texts by file name, into a `Guide`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

import frontmatter
import yaml
from pydantic import BaseModel, ValidationError

from assistant.errors import WrongInputError
from assistant.guide.model import Entry, Fact, Guide, Layer, Routine, Sentence, Unanswered, Vocabulary

PACK: Final = "pack.yaml"
MORE_HEADING: Final = "## more"
_TAG: Final = re.compile(r"\s*(?:\[([^\]]*)\]|\{([^}]*)\})\s*$")
_LAYERS: Final = {layer.value: layer for layer in Layer}

_M = TypeVar("_M", bound=BaseModel)


class BrokenContentError(WrongInputError):
    """A content file that can't be used; the message names the file and the place in it."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"Content file {file}: {problem}")
        self.file = file


def parse_pack(files: Mapping[str, str]) -> Guide:
    """Return the guide that ``files`` (path inside the pack -> text) describe.

    Raises:
        BrokenContentError: a file is missing, not YAML, or not as `assistant.guide.model` wants it.
    """
    head = _mapping(files, PACK)
    entries = [_entry(name, text) for name, text in sorted(files.items()) if _in(name, "entries", ".md")]
    routines = [
        _build(Routine, name, _yaml(name, text))
        for name, text in sorted(files.items())
        if _in(name, "routines", ".yaml")
    ]
    facts = [_build(Fact, "facts.yaml", item) for item in _list(files, "facts.yaml")]
    unanswered = [_build(Unanswered, "unanswered.yaml", item) for item in _list(files, "unanswered.yaml")]
    vocabulary = _mapping(files, "vocabulary.yaml") if "vocabulary.yaml" in files else {}
    off_topic = _list(files, "off_topic.yaml")
    return _build(
        Guide,
        PACK,
        {
            "id": head.get("id"),
            "title": head.get("title"),
            "language": head.get("language", "en"),
            "attribution": head.get("attribution"),
            "entries": _by_id("entries", entries, head.get("entries")),
            "routines": _by_id("routines", routines, head.get("routines")),
            "facts": _by_id("facts.yaml", facts, None),
            "unanswered": _by_id("unanswered.yaml", unanswered, None),
            "vocabulary": _build(Vocabulary, "vocabulary.yaml", vocabulary),
            "subject": head.get("subject", {}),
            "phrases": _phrases(files),
            "off_topic": tuple(str(line) for line in off_topic),
            "copied_runs": frozenset(files.get("source.runs", "").split()),
        },
    )


def _phrases(files: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    data = _mapping(files, "phrases.yaml") if "phrases.yaml" in files else {}
    return {
        str(key): (texts,) if isinstance(texts, str) else tuple(str(text) for text in texts or ())
        for key, texts in data.items()
    }


def _in(name: str, folder: str, ending: str) -> bool:
    return name.startswith(f"{folder}/") and name.endswith(ending)


def _yaml(name: str, text: str) -> Any:  # noqa: ANN401 - YAML is anything until a model has checked it
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as fault:
        raise BrokenContentError(name, f"not valid YAML ({' '.join(str(fault).split())})") from fault


def _mapping(files: Mapping[str, str], name: str) -> dict[str, Any]:
    if name not in files:
        raise BrokenContentError(name, "missing; a pack needs it.")
    data = _yaml(name, files[name])
    if not isinstance(data, dict):
        raise BrokenContentError(name, "should be keys with values.")
    return data


def _list(files: Mapping[str, str], name: str) -> list[Any]:
    data = _yaml(name, files.get(name, "[]")) or []
    if not isinstance(data, list):
        raise BrokenContentError(name, "should be a list.")
    return data


def _build(model: type[_M], file: str, data: object) -> _M:
    try:
        return model.model_validate(data)
    except ValidationError as fault:
        first = fault.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BrokenContentError(file, f"{place}: {first['msg']}") from fault


def _by_id(file: str, items: Iterable[_M], order: object) -> dict[str, _M]:
    found: dict[str, _M] = {}
    for item in items:
        name = str(getattr(item, "id"))  # noqa: B009 - every model that comes here has an id
        if name in found:
            raise BrokenContentError(file, f"{name} is there twice.")
        found[name] = item
    if not isinstance(order, list):
        return found
    missing = [name for name in order if name not in found]
    if missing:
        raise BrokenContentError(PACK, f"lists {', '.join(missing)}, which has no file in {file}.")
    ordered = [*order, *(name for name in found if name not in order)]
    return {name: found[name] for name in ordered}


def _entry(name: str, text: str) -> Entry:
    try:
        post = frontmatter.loads(text)
    except yaml.YAMLError as fault:
        raise BrokenContentError(name, f"front matter: {' '.join(str(fault).split())}") from fault
    answer, more = _body(name, post.content)
    return _build(Entry, name, {**post.metadata, "answer": answer, "more": more})


def _body(name: str, body: str) -> tuple[list[Sentence], list[Sentence]]:
    answer: list[Sentence] = []
    more: list[Sentence] = []
    target = answer
    for line in body.splitlines():
        if line.strip().lower() == MORE_HEADING:
            target = more
        elif line.strip():
            target.append(_sentence(name, line))
    return answer, more


def _sentence(name: str, line: str) -> Sentence:
    facts: list[str] = []
    layer: Layer | None = None
    facet: str | None = None
    while found := _TAG.search(line):
        line = line[: found.start()]
        if found.group(2) is not None:
            facet = found.group(2).strip()
            continue
        for tag in found.group(1).replace(",", " ").split():
            if tag in _LAYERS:
                layer = _LAYERS[tag]
            else:
                facts.append(tag)
    if not facts and layer is None:
        raise BrokenContentError(name, f"no fact and no layer on the line {line.strip()[:60]!r}.")
    return Sentence(text=line.strip(), facts=tuple(sorted(facts)), layer=layer or Layer.GUIDE, facet=facet)
