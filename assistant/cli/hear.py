"""``marigold hear``: what the recogniser makes of recordings, with times."""

from __future__ import annotations

from pathlib import Path

import click

from assistant.cli.options import Options, json_line
from assistant.errors import MarigoldError
from assistant.hearing.events import Heard
from assistant.hearing.recording import hear_recording
from assistant.loading import load_speech_model
from assistant.sound.wav import read_recording

MAX_SECONDS = 3600.0


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each file.")
@click.pass_obj
def hear(options: Options, files: tuple[Path, ...], *, as_json: bool) -> None:
    """Show what is heard in FILES (WAV, FLAC or OGG of any rate)."""
    model = load_speech_model(options.settings().model)
    failed: MarigoldError | None = None
    for file in files:
        try:
            turns = hear_recording(model, read_recording(file, max_seconds=MAX_SECONDS))
        except MarigoldError as fault:
            failed = fault
            click.echo(f"marigold: {fault}", err=True)
            continue
        if as_json:
            said = [
                {
                    "start": round(_began(turn), 2),
                    "end": round(turn.ended, 2),
                    "text": turn.text,
                    "alternatives": [h.text for h in turn.hypotheses[1:]],
                    "words": [{"word": w.text, "start": round(w.start, 2), "end": round(w.end, 2)} for w in turn.words],
                }
                for turn in turns
            ]
            click.echo(json_line({"file": str(file), "heard": said}))
            continue
        click.echo(f"{file}:")
        for turn in turns:
            click.echo(f"  {_began(turn):6.2f} to {turn.ended:6.2f} s  {turn.text or '(no words)'}")
        if not turns:
            click.echo("  (nobody speaks)")
    if failed is not None:
        raise click.exceptions.Exit(failed.exit_code)


def _began(turn: Heard) -> float:
    """Return when the first word begins (s): a turn itself begins half a second before it, to lose no sound."""
    return turn.words[0].start if turn.words else turn.began
