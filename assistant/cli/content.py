"""``marigold content``: checks a content pack, and shows what is in it."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import click
import yaml

from assistant.cli.content_show import show_content
from assistant.cli.options import Options
from assistant.content import DEFAULT_PACK, load_commands, load_guide, load_off_topic, load_phrases, shipped
from assistant.errors import MarigoldError, WrongInputError
from assistant.guide.lint import Beside, Finding, Severity, check_guide
from assistant.guide.lint_finding import error
from assistant.guide.model import Guide
from assistant.guide.source_runs import file_of, runs_of_document
from assistant.hearing.models.locate import resolve_model
from assistant.understanding.wake import WAKE_PHRASES

RUNS_FILE: Final = "source.runs"
WORDS_FILE: Final = "graph/words.txt"
"""Where a Kaldi model lists the words that it can hear, one a line, each with its number."""
UNHEARD: Final = "unheard"
"""The check that finds words which the speech model can't hear."""
_SPOKEN_FILES: Final = ("product/phrases.yaml", "safety/scripts.yaml")
_NOT_SPOKEN: Final = frozenset({"source"})


class ContentHasErrorsError(WrongInputError):
    """The pack can't be used as it is."""


class UnreadableSourceError(WrongInputError):
    """The document that a pack was made from can't be read, or holds no words."""


class UnwritableRunsError(WrongInputError):
    """The digests can't be written into the pack."""


class RunsWithoutSourceError(WrongInputError):
    """Digests were asked for, and no document to make them of was named."""


@click.group()
def content() -> None:
    """Check, import and show content packs."""


@content.command("check")
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The document that the pack was made from: look for copies of its text itself.",
)
@click.option("--write-runs", is_flag=True, help=f"Make the pack's {RUNS_FILE} from --source first.")
@click.pass_obj
def check(
    options: Options, folder: Path | None, source: Path | None, *, as_json: bool, strict: bool, write_runs: bool
) -> None:
    """Look for lost facts, invented figures, copied sentences and questions that collide.

    DIR is a content pack, by default the one in use. Ends with 0, or with 2 where there are errors.
    """
    settings = options.settings()
    place = folder or settings.content or shipped("content") / DEFAULT_PACK
    if write_runs:
        if source is None:
            raise RunsWithoutSourceError("Name the document as well: --source FILE --write-runs")
        load_guide(place)  # only into a folder that is a pack
        _write_runs(place / RUNS_FILE, _document_runs(source))
    guide = load_guide(place)
    stale: list[Finding] = []
    if source is not None:
        guide, stale = _with_source(guide, _document_runs(source))
    model, knows = _vocabulary(settings.model)
    beside = Beside(dict(_spoken_beside(guide)), load_commands(), WAKE_PHRASES, load_off_topic())
    findings = [*stale, *check_guide(guide, knows, beside)]
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    warnings = len(findings) - errors
    if as_json:
        _print_json(guide, findings, errors=errors, warnings=warnings, model=model)
    else:
        _print(guide, findings, errors=errors, warnings=warnings, teach=_teaching(model, folder))
    if errors or (strict and warnings):
        raise ContentHasErrorsError(f"The pack {guide.id} isn't fit to be used yet: {_counted(errors, warnings)}.")


content.add_command(show_content, "show")


def _with_source(guide: Guide, runs: frozenset[str]) -> tuple[Guide, list[Finding]]:
    stale = []
    if guide.copied_runs != runs:
        what = "is not made of this document; --write-runs makes it anew"
        stale.append(error("stale-runs", RUNS_FILE, "", what))
    return guide.model_copy(update={"copied_runs": runs}), stale


def _document_runs(source: Path) -> frozenset[str]:
    try:
        runs = runs_of_document(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as fault:
        raise UnreadableSourceError(f"The document {source} can't be read as text ({fault}).") from fault
    if not runs:
        raise UnreadableSourceError(f"The document {source} has no sentence in it.")
    return runs


def _write_runs(path: Path, runs: frozenset[str]) -> None:
    try:
        path.write_text(file_of(runs), encoding="utf-8")
    except OSError as fault:
        raise UnwritableRunsError(f"{path} can't be written ({fault.strerror}).") from fault


def _vocabulary(choice: str | None) -> tuple[str | None, Callable[[str], bool] | None]:
    """Return the speech model's name and whether it has a word; without a word list, say so and go on.

    The list is read rather than the model loaded: that takes milliseconds instead of seconds.
    """
    try:
        model = resolve_model(choice, os.environ)
        lines = (model.path / WORDS_FILE).read_text(encoding="utf-8").splitlines()
    except (MarigoldError, OSError, UnicodeDecodeError):
        click.echo(
            "There is no word list of a speech model here: words that can't be heard aren't looked for.", err=True
        )
        return None, None
    words = frozenset(line.split()[0] for line in lines if line.strip())
    return model.name, words.__contains__


def _spoken_beside(guide: Guide) -> Iterator[tuple[str, list[str]]]:
    yield from ((f"phrases.yaml, {key}", list(texts)) for key, texts in guide.phrases.items())
    load_phrases(guide)  # tells what is wrong with these files where something is
    for name in _SPOKEN_FILES:
        data = yaml.safe_load((shipped("content") / name).read_text(encoding="utf-8"))
        for key, value in data.items():
            yield f"{name}, {key}", list(_texts_in(value))


def _texts_in(value: Any) -> Iterator[str]:  # noqa: ANN401 - YAML is anything
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in _NOT_SPOKEN:
                yield from _texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts_in(inner)


def _teaching(model: str | None, folder: Path | None) -> str:
    named = f" --content {shlex.quote(str(folder))}" if folder is not None else ""
    return f"To teach {model} all these words: marigold models adapt{named}"


def _print(guide: Guide, findings: list[Finding], *, errors: int, warnings: int, teach: str) -> None:
    for (severity, name), group in groupby(sorted(findings, key=_group), key=_group):
        lines = list(group)
        click.echo(f"{severity}: {name} ({len(lines)})")
        for finding in lines:
            where = f"{finding.file}, {finding.place}" if finding.place else finding.file
            click.echo(f"  {where}: {finding.what}")
        if name == UNHEARD:
            click.echo(f"  {teach}")
    asked = sum(len(entry.ways) for entry in guide.entries.values())
    click.echo(
        f"{guide.id}: {len(guide.entries)} entries, {len(guide.facts)} facts, {len(guide.routines)} routines, "
        f"{asked} ways of asking: {_counted(errors, warnings)}."
    )


def _group(finding: Finding) -> tuple[str, str]:
    return finding.severity.value, finding.check  # "error" sorts before "warning"


def _counted(errors: int, warnings: int) -> str:
    def some(count: int, what: str) -> str:
        return f"{count or 'no'} {what}{'' if count == 1 else 's'}"

    return f"{some(errors, 'error')}, {some(warnings, 'warning')}"


def _print_json(guide: Guide, findings: list[Finding], *, errors: int, warnings: int, model: str | None) -> None:
    rows = [
        {
            "severity": finding.severity.value,
            "check": finding.check,
            "file": finding.file,
            "place": finding.place,
            "what": finding.what,
        }
        for finding in findings
    ]
    found = {"guide": guide.id, "model": model, "errors": errors, "warnings": warnings, "findings": rows}
    click.echo(json.dumps(found, ensure_ascii=False))


# Last, for the command of another module joins this group.
from assistant.cli.content_import import import_faq  # noqa: E402

content.add_command(import_faq, "import")
