"""``marigold ask``: one question by text or recording, or many as JSON Lines."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from assistant.answering import Reply, error_json, reply_to
from assistant.cli.options import Options, json_line
from assistant.content import Content, load_content
from assistant.errors import MarigoldError, WrongInputError
from assistant.understanding.meaning import Context

MAX_SECONDS = 120.0
"""A recorded question is shorter; a longer file is taken for a mistake."""
MAX_TEXT = 5_000
"""Letters of a typed question; longer text is taken for a mistake."""
_CONTEXTS = [context.value for context in Context]


@click.command()
@click.argument("text", required=False)
@click.option("--wav", type=click.Path(path_type=Path), metavar="FILE", help="Ask by a recording.")
@click.option("--batch", metavar="FILE|-", help="JSON Lines in, JSON Lines out, in the same order.")
@click.option("--context", type=click.Choice(_CONTEXTS), default="idle", help="What the assistant is doing.")
@click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
@click.option("--speak", is_flag=True, help="Say the answer aloud too.")
@click.option("--explain", is_flag=True, help="Show what came near, and why.")
@click.pass_obj
def ask(
    options: Options,
    text: str | None,
    wav: Path | None,
    batch: str | None,
    context: str,
    *,
    as_json: bool,
    speak: bool,
    explain: bool,
) -> None:
    """Answer one question, given as TEXT or as a recording."""
    if sum(given is not None for given in (text, wav, batch)) != 1:
        raise WrongInputError(
            'Give one question as text, or --wav FILE, or --batch FILE. Try: marigold ask "does heat help"'
        )
    asking = _Asking(options, load_content(options.settings().content))
    if batch is not None:
        if speak or explain:
            raise WrongInputError("--speak and --explain are for one question, not for --batch.")
        asking.batch(batch, Context(context))
        return
    reply = asking.reply(text, wav, Context(context))
    if as_json:
        click.echo(json_line(reply.as_json()))
    else:
        _show(reply, heard=wav is not None)
    if explain:
        _explain(reply)
    if speak and reply.sentences:
        from assistant.cli.say import speak_aloud

        speak_aloud(options, reply.sentences)


class _Asking:
    """Answers by text or recording; the speech model is loaded when the first recording comes."""

    def __init__(self, options: Options, content: Content) -> None:
        self._options = options
        self._content = content
        self._model: Any = None

    def reply(self, text: str | None, wav: Path | None, context: Context) -> Reply:
        if wav is not None:
            return self._reply_to_recording(wav, context)
        assert text is not None
        if len(text) > MAX_TEXT:
            raise WrongInputError(f"That is {len(text)} letters; a question has at most {MAX_TEXT}.")
        return reply_to(self._content, [text], context)

    def _reply_to_recording(self, wav: Path, context: Context) -> Reply:
        from assistant.hearing.recording import hear_recording, one_question
        from assistant.loading import load_speech_model
        from assistant.sound.wav import read_recording
        from assistant.understanding.interpret import Weighted

        samples = read_recording(wav, max_seconds=MAX_SECONDS)
        if self._model is None:
            self._model = load_speech_model(self._options.settings().model)
        heard = one_question(hear_recording(self._model, samples))
        return reply_to(self._content, [Weighted(h.text, h.weight) for h in heard], context)

    def batch(self, source: str, context: Context) -> None:
        with _opened(source) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    print(self._line(number, line, context), flush=True)

    def _line(self, number: int, line: str, context: Context) -> str:
        """Return the answer to one line. Whatever is wrong with a line is told in its place: the next ones wait."""
        ref: object = None
        text = ""
        try:
            item = _object(number, line)
            ref = item.get("ref")
            text, wav = _question(number, item)
            answer = self.reply(text, wav, _context(number, item, context)).as_json(ref)
        except MarigoldError as fault:
            answer = error_json(ref, text, str(fault))
        except Exception as fault:  # noqa: BLE001 - a fault of ours costs one line, not those after it
            answer = error_json(ref, text, f"A fault of ours: {type(fault).__name__}: {fault}")
        try:
            return json_line(answer)
        except (ValueError, RecursionError) as fault:
            return json_line(error_json(None, "", f"Line {number}: its ref can't be given back ({fault})."))


def _object(number: int, line: str) -> dict[str, Any]:
    try:
        item = json.loads(line, parse_constant=_not_json)
    except (ValueError, RecursionError) as fault:  # ValueError: also a number of 5,000 digits
        raise WrongInputError(f"Line {number}: not valid JSON ({fault}).") from fault
    if not isinstance(item, dict):
        raise WrongInputError(f"Line {number}: not a JSON object.")
    return item


def _question(number: int, item: Mapping[str, Any]) -> tuple[str, Path | None]:
    words, wav = item.get("text"), item.get("wav")
    if isinstance(words, str):
        return words, None
    if isinstance(wav, str):
        return "", Path(wav)
    raise WrongInputError(f'Line {number}: needs "text" or "wav" with a text in it.')


def _context(number: int, item: Mapping[str, Any], usual: Context) -> Context:
    named = item.get("context")
    if named is None:
        return usual
    if named not in _CONTEXTS:
        raise WrongInputError(f"Line {number}: context is one of {', '.join(_CONTEXTS)}.")
    return Context(named)


def _not_json(name: str) -> object:
    raise ValueError(f"{name} is no value of JSON")


@contextmanager
def _opened(source: str) -> Iterator[Iterator[str]]:
    """Give the lines of a file, or of standard input for "-": UTF-8, with or without a byte order mark."""
    if source == "-":
        if sys.stdin is None or sys.stdin.closed:
            raise WrongInputError("There is no standard input to read questions from.")
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8-sig", errors="replace")
        yield iter(sys.stdin)
        return
    path = Path(source)
    try:
        file = path.open(encoding="utf-8-sig", errors="replace")
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else fault
        raise WrongInputError(f"{path} can't be read: {reason}.") from fault
    with file:
        yield iter(file)


def _show(reply: Reply, *, heard: bool) -> None:
    if heard:
        click.echo(f"Heard: {reply.meaning.heard or '(nothing)'}")
    if reply.sentences:
        click.echo(" ".join(reply.sentences))
    elif reply.meaning.id is not None:
        click.echo(f"({reply.meaning.kind.value}: {reply.meaning.id})")
    else:
        click.echo("(silence)")


def _explain(reply: Reply) -> None:
    meaning = reply.meaning
    told = [meaning.kind.value, *filter(None, (meaning.id, " or ".join(meaning.choices))), f"score {meaning.score:.2f}"]
    told += [f"facet {meaning.facet}"] if meaning.facet else []
    told += [f"seconds {meaning.seconds:g}"] if meaning.seconds is not None else []
    told += [f"because of: {', '.join(meaning.evidence)}"] if meaning.evidence else []
    click.echo("  ".join(told), err=True)
    for reason in meaning.reasons:
        label = "nothing of ours, or ruled out" if reason.label == "off" else reason.label
        click.echo(f"  {reason.score:6.3f}  {label:40s} {reason.nearest}", err=True)
