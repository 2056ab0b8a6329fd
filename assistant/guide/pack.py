"""Reads a content pack, given as texts by file name, into a `Guide`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler
from pydantic import BaseModel, ValidationError

from assistant.errors import WrongInputError
from assistant.guide.model import Entry, Fact, Guide, Layer, Routine, Sentence, Subject, Unanswered, Vocabulary

PACK: Final = "pack.yaml"
MORE_HEADING: Final = "## more"
_TAG: Final = re.compile(r"\s*(?:\[([^\]]*)\]|\{([^}]*)\})\s*$")
_FACT: Final = re.compile(r"F\d{2,}")
_LAYERS: Final = {layer.value: layer for layer in Layer}
_YAML_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, where PyYAML was built with it: it takes a fifth of the time."""

_M = TypeVar("_M", bound=BaseModel)


def load_yaml(file: str, text: str) -> Any:  # noqa: ANN401 - YAML is anything until a model has checked it
    """Return what ``text`` is; ``file`` is what an error calls it.

    Raises:
        BrokenContentError: it is not YAML.
    """
    try:
        return yaml.load(text, Loader=_YAML_LOADER)
    except yaml.YAMLError as fault:
        raise BrokenContentError(file, f"not valid YAML ({' '.join(str(fault).split())})") from fault
    except (ValueError, RecursionError) as fault:  # a date that is none, a number or a nesting without end
        raise BrokenContentError(file, f"has a value in it that can't be used ({fault}).") from fault


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
        _build(Routine, name, load_yaml(name, text))
        for name, text in sorted(files.items())
        if _in(name, "routines", ".yaml")
    ]
    facts = _built_list(Fact, files, "facts.yaml")
    unanswered = _built_list(Unanswered, files, "unanswered.yaml")
    vocabulary = _mapping(files, "vocabulary.yaml") if "vocabulary.yaml" in files else {}
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
            "subject": _build(Subject, PACK, head.get("subject", {}), "subject"),
            "phrases": _phrases(files),
            "off_topic": _texts("off_topic.yaml", "the list", _list(files, "off_topic.yaml")),
            "copied_runs": frozenset(files.get("source.runs", "").split()),
        },
    )


def _phrases(files: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    data = _mapping(files, "phrases.yaml") if "phrases.yaml" in files else {}
    return {
        str(key): (texts,) if isinstance(texts, str) else _texts("phrases.yaml", str(key), texts, least=1)
        for key, texts in data.items()
    }


def _texts(file: str, place: str, texts: object, *, least: int = 0) -> tuple[str, ...]:
    """Return a list of texts. YAML takes "no" and "12" for other things than texts, which nobody would notice."""
    if isinstance(texts, str) or not isinstance(texts, Sequence) or len(texts) < least:
        raise BrokenContentError(file, f"{place}: should be a list of texts.")
    for text in texts:
        if not isinstance(text, str):
            raise BrokenContentError(file, f"{place}: {text!r} is no text; put it into quotes.")
    return tuple(texts)


def _in(name: str, folder: str, ending: str) -> bool:
    return name.startswith(f"{folder}/") and name.endswith(ending)


def _mapping(files: Mapping[str, str], name: str) -> dict[str, Any]:
    if name not in files:
        raise BrokenContentError(name, "missing; a pack needs it.")
    data = load_yaml(name, files[name])
    if not isinstance(data, dict):
        raise BrokenContentError(name, "should be keys with values.")
    return data


def _list(files: Mapping[str, str], name: str) -> list[Any]:
    data = load_yaml(name, files.get(name, "[]")) or []
    if not isinstance(data, list):
        raise BrokenContentError(name, "should be a list.")
    return data


def _built_list(model: type[_M], files: Mapping[str, str], file: str) -> list[_M]:
    return [
        _build(model, file, item, f"item {number}{_named(item)}")
        for number, item in enumerate(_list(files, file), start=1)
    ]


def _named(item: object) -> str:
    name = item.get("id") if isinstance(item, dict) else None
    return f" ({name})" if isinstance(name, str) else ""


def _build(model: type[_M], file: str, data: object, inside: str = "") -> _M:
    try:
        return model.model_validate(data)
    except ValidationError as fault:
        first = fault.errors()[0]
        places = [inside, ".".join(str(part) for part in first["loc"])]
        place = ", ".join(filter(None, places)) or "the file"
        raise BrokenContentError(file, f"{place}: {first['msg']}.") from fault


def _by_id(file: str, items: Iterable[_M], order: object) -> dict[str, _M]:
    found: dict[str, _M] = {}
    for item in items:
        name = str(getattr(item, "id"))  # noqa: B009 - every model that comes here has an id
        if name in found:
            raise BrokenContentError(file, f"{name} is there twice.")
        found[name] = item
    if order is None:
        return found
    names = _texts(PACK, file, order)
    missing = [name for name in names if name not in found]
    if missing:
        raise BrokenContentError(PACK, f"lists {', '.join(missing)}, which has no file in {file}.")
    ordered = [*names, *(name for name in found if name not in names)]
    return {name: found[name] for name in ordered}


def _entry(name: str, text: str) -> Entry:
    try:
        post = frontmatter.loads(text, handler=YAMLHandler())
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        raise BrokenContentError(name, f"front matter: {' '.join(str(fault).split())}.") from fault
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
            elif _FACT.fullmatch(tag):
                facts.append(tag)
            else:
                known = ", ".join(_LAYERS)
                raise BrokenContentError(name, f"[{tag}] is neither a fact (such as F07) nor a layer ({known}).")
    if not facts and layer is None:
        raise BrokenContentError(name, f"no fact and no layer on the line {line.strip()[:60]!r}.")
    return Sentence(text=line.strip(), facts=tuple(sorted(facts)), layer=layer or Layer.GUIDE, facet=facet)
