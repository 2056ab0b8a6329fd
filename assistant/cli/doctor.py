"""``marigold doctor``: whether every part is there and works, and what to do where one doesn't."""

from __future__ import annotations

import atexit
import json
import os
import sys
from typing import Final

import click

from assistant.cli.options import Options
from assistant.doctor.check import Check
from assistant.doctor.examination import Examination, Watcher, Wishes
from assistant.doctor.levels import meter
from assistant.errors import MissingPartError

MISSING: Final = MissingPartError.exit_code
_CLEAR: Final = "\r\033[K"


class NotAllWellError(MissingPartError):
    """Some checks found something to do."""

    def __init__(self, checks: list[Check]) -> None:
        names = [check.name for check in checks if not check.ok]
        super().__init__(f"{len(names)} of {len(checks)} checks found something to do: {', '.join(names)}.")


class _Onlooker(Watcher):
    """Shows on a terminal which check runs, and the level meter; elsewhere nothing."""

    def __init__(self, *, shows: bool) -> None:
        self.watches_level = shows

    def begins(self, name: str) -> None:
        self._show(f"..  {name}")

    def level(self, dbfs: float) -> None:
        self._show(f"..  say something: [{meter(dbfs)}] {dbfs:4.0f} dBFS")

    def speak_now(self, seconds: float) -> None:
        self._show(f"..  speak now, for {seconds:.0f} seconds")

    def _show(self, text: str) -> None:
        if self.watches_level:
            print(_CLEAR + text, end="", flush=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object, and nothing else on stdout.")
@click.option("--quiet", is_flag=True, help="Nothing is to be heard: the speaker plays silence.")
@click.option("--record/--no-record", default=None, help="Record three seconds, play them back, and show the words.")
@click.pass_obj
def doctor(options: Options, *, as_json: bool, quiet: bool, record: bool | None) -> None:
    """Look at devices, model, voice, content and clock, and say what to do where something is amiss."""
    on_terminal = not as_json and sys.stdout.isatty()

    def wants_recording() -> bool:
        if record is not None or not on_terminal or sys.stdin is None or not sys.stdin.isatty():
            return bool(record)
        return click.confirm(f"{_CLEAR}Record three seconds and play them back?", default=False)

    wishes = Wishes(options.settings_file, options.given, quiet, wants_recording)
    examination = Examination(wishes, _Onlooker(shows=on_terminal))
    checks: list[Check] = []
    try:
        for check in examination.run():
            checks.append(check)
            if not as_json:
                click.echo((_CLEAR if on_terminal else "") + _lines(check))
    finally:
        examination.close()
        if examination.left_behind:
            _end_whatever_hangs(checks)
    all_well = all(check.ok for check in checks)
    if as_json:
        found = {"checks": [check.as_json() for check in checks], "ok": all_well}
        click.echo(json.dumps(found, ensure_ascii=False))
    if not all_well:
        raise NotAllWellError(checks)


def _lines(check: Check) -> str:
    if check.ok:
        return f"ok  {check.name}: {check.finding}"
    return f"--  {check.name}: {check.finding}\n    {check.advice}"


def _end_whatever_hangs(checks: list[Check]) -> None:
    """See to it that the process ends: PortAudio would wait for a hung sound server at the end for ever."""

    def end() -> None:
        sys.stdout.flush()
        os._exit(0 if all(check.ok for check in checks) else MISSING)

    atexit.register(end)
