"""``marigold content show``: what a content pack has, and one thing of it in full."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterable
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from assistant.cli.options import Options
from assistant.content import load_guide
from assistant.errors import WrongInputError
from assistant.guide.model import Entry, Fact, Guide, Layer, Routine, Sentence, Step, Unanswered


class UnknownContentError(WrongInputError):
    """There is nothing of that id in the pack."""

    def __init__(self, wanted: str, known: Iterable[str]) -> None:
        close = difflib.get_close_matches(wanted.lower(), list(known), n=3, cutoff=0.5)
        hint = f"Did you mean {', '.join(close)}?" if close else "Show all ids: marigold content show"
        super().__init__(f"The content has no '{wanted}'. {hint}")


@click.command("show")
@click.argument("name", required=False, metavar="[ID]")
@click.option("--ways", is_flag=True, help="All ways of asking, not only their number.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def show_content(options: Options, name: str | None, *, ways: bool, as_json: bool) -> None:
    """Show what there is; with the ID of an entry, a routine, an unanswered question or a fact, all of it."""
    guide = load_guide(options.settings().content)
    if name is None:
        _show_all(guide, as_json=as_json)
        return
    thing = _find(guide, name)
    row = _described(thing, guide)
    if as_json:
        _print_json(row)
        return
    for line in _lines(thing, row, ways=ways):
        click.echo(line)


def _find(guide: Guide, name: str) -> Entry | Routine | Unanswered | Fact:
    shelves: tuple[dict[str, Any], ...] = (guide.entries, guide.routines, guide.unanswered, guide.facts)
    for shelf in shelves:
        for key in (name, name.lower(), name.upper()):
            if key in shelf:
                found = shelf[key]
                assert isinstance(found, Entry | Routine | Unanswered | Fact)
                return found
    raise UnknownContentError(name, (key for shelf in shelves for key in shelf))


def _show_all(guide: Guide, *, as_json: bool) -> None:
    groups: dict[str, list[dict[str, Any]]] = {
        "entries": [{"id": e.id, "title": e.title, "ways": len(e.ways)} for e in guide.entries.values()],
        "routines": [{"id": r.id, "title": r.title, "ways": len(_asks(r))} for r in guide.routines.values()],
        "unanswered": [{"id": u.id, "title": u.title, "ways": len(u.asks)} for u in guide.unanswered.values()],
    }
    if as_json:
        _print_json({"guide": guide.id, "title": guide.title, "facts": len(guide.facts), **groups})
        return
    table = Table("", "Id", "Title", "Ways of asking", box=None, pad_edge=False)
    table.columns[3].justify = "right"
    for kind, rows in zip(("entry", "routine", "unanswered"), groups.values(), strict=True):
        for row in rows:
            table.add_row(kind, row["id"], row["title"], str(row["ways"]))
    # A pipe has no width: nothing must be cut there.
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False, emoji=False)
    console.print(table)
    console.print(
        f"\n{guide.title}: {len(guide.facts)} facts. One in full: marigold content show ID (or F01)", soft_wrap=True
    )


def _described(thing: Entry | Routine | Unanswered | Fact, guide: Guide) -> dict[str, Any]:
    """Return a thing of the pack as the JSON object that ``--json`` prints."""
    if isinstance(thing, Entry):
        return {
            "kind": "entry",
            "id": thing.id,
            "title": thing.title,
            "question": thing.question,
            "routine": thing.routine,
            "answer": [_sentence(s) for s in thing.answer],
            "more": [_sentence(s) for s in thing.more],
            "ways": list(thing.ways),
        }
    if isinstance(thing, Routine):
        return {
            "kind": "routine",
            "id": thing.id,
            "title": thing.title,
            "needs": list(thing.needs),
            "describe": list(thing.describe),
            "before": list(thing.before),
            "facts": list(thing.facts),
            "steps": [step.model_dump(mode="json", exclude_none=True) for step in thing.steps],
            "ways": list(_asks(thing)),
        }
    if isinstance(thing, Unanswered):
        row = {"kind": "unanswered", "id": thing.id, "title": thing.title, "speech": thing.speech}
        return {**row, "safety": thing.safety, "ways": list(thing.asks)}
    return {"kind": "fact", **thing.model_dump(mode="json"), "carried_by": _carriers(thing.id, guide)}


def _sentence(sentence: Sentence) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "facts": list(sentence.facts),
        "layer": sentence.layer.value,
        "facet": sentence.facet,
    }


def _carriers(fact: str, guide: Guide) -> list[dict[str, str]]:
    found = []
    for entry in guide.entries.values():
        for part, sentences in (("answer", entry.answer), ("more", entry.more)):
            found += [{"where": f"{entry.id}, {part}", "text": s.text} for s in sentences if fact in s.facts]
    for routine in guide.routines.values():
        for step in routine.steps:
            if fact in step.facts:
                found.append({"where": f"{routine.id}, step {step.id}", "text": " ".join(step.say)})
    return found


def _lines(thing: Entry | Routine | Unanswered | Fact, row: dict[str, Any], *, ways: bool) -> list[str]:
    """Return a thing of the pack as it is shown to people."""
    if isinstance(thing, Fact):
        figures = [f"figures: {', '.join(thing.figures)}"] if thing.figures else []
        carried = [f"  {carrier['where']}: {carrier['text']}" for carrier in row["carried_by"]]
        return [f"{thing.id} ({thing.entry})", thing.says, *figures, "spoken in:", *carried]
    lines = [f"{thing.id}: {thing.title}"]
    if isinstance(thing, Entry):
        lines += [f"question: {thing.question}"]
        lines += [f"routine: {thing.routine}"] if thing.routine is not None else []
        lines += ["answer:", *(f"  {_tagged(s)}" for s in thing.answer)]
        lines += ["more:", *(f"  {_tagged(s)}" for s in thing.more)] if thing.more else []
    elif isinstance(thing, Routine):
        lines += [f"needs: {'; '.join(thing.needs)}"] if thing.needs else []
        lines += ["describe:", *(f"  {text}" for text in thing.describe)]
        lines += ["before:", *(f"  {text}" for text in thing.before)] if thing.before else []
        lines += ["steps:", *(f"  {_step(step)}" for step in thing.steps)]
    else:
        lines += ["answer:", f"  {thing.speech}"]
        lines += [f"  {thing.safety} [{Layer.SAFETY.value}]"] if thing.safety is not None else []
    lines.append(f"ways of asking: {len(row['ways'])}")
    return lines + ([f"  {line}" for line in row["ways"]] if ways else [])


def _tagged(sentence: Sentence) -> str:
    tags = " ".join((*sentence.facts, *(() if sentence.layer is Layer.GUIDE else (sentence.layer.value,))))
    facet = f" {{{sentence.facet}}}" if sentence.facet is not None else ""
    return f"{sentence.text} [{tags}]{facet}"


def _step(step: Step) -> str:
    length = f", {step.seconds:g} s" if step.seconds is not None else ""
    length += f" to {step.extend_to:g} s" if step.extend_to is not None else ""
    length += f", asks every {step.check_in:g} s" if step.check_in is not None else ""
    spoken = " ".join(text for text in (*step.say, step.ready, step.done) if text is not None)
    return f"{step.id} ({step.kind.value}{length}): {spoken} [{' '.join(step.facts)}]"


def _asks(routine: Routine) -> tuple[str, ...]:
    return tuple(line for batch in routine.asks.values() for line in batch)


def _print_json(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))
