"""A session that is killed and begun again: the child that leads routines fast, and what its log must show.

The child is the assistant itself on a silent speaker, with a person who answers at once. It writes down each cue that
began and each state, with the monotonic clock, which all processes share. ``python tests/killed_session.py --kills
200`` kills it at so many random instants and says what was lost or said twice.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from assistant.app import Assistant
from assistant.clock import Clock
from assistant.content import load_content
from assistant.dialogue.events import Begin, Event
from assistant.memory.memory import Memory
from assistant.remembering import Remembering
from assistant.screen import Screen
from assistant.settings import Settings
from assistant.sound.speaker import SilentSpeaker
from assistant.speaking.cue_voice import CueBegan
from assistant.speaking.voice import Speech, VoiceSettings
from assistant.voices import Voices

SPEED = 40.0
"""Times faster than time: 15 minutes of heat take 22 seconds, and a start of the program counts as 40 seconds off."""
ROUTINES = ("press-and-rub", "heating-pad", "hot-and-cold", "stretch-and-hold", "sleep-on-side")
SLACK = 0.25
"""Seconds (real ones) by which a clock may differ after a return: the last state was written some time before."""


class Log:
    """A file that lines are added to, whole ones, whatever happens to the process."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, **line: object) -> None:
        """Add one line, dated by the clock that all processes share."""
        os.write(self._file, (json.dumps({"at": time.monotonic(), **line}) + "\n").encode())


class Plain:
    """A voice that needs no time."""

    version = "plain"

    def synthesise(self, text: str, settings: VoiceSettings) -> Speech:
        """Return some sound for ``text``."""
        return Speech(text, np.full(int(len(text) * 0.02 * 8000), 900, np.int16), 8000)

    def voices(self) -> list[str]:
        """Return that there are none to choose from."""
        return []

    def close(self) -> None:
        """Do nothing."""


class Logged(Assistant):
    """Writes down each cue that began, and each state that is new, once it is on the disk."""

    log: Log

    def _advance(self, event: Event) -> None:
        before = self.state
        super()._advance(event)
        if self.state.runs != before.runs:
            now = self._clock.now()
            self.log.write(
                state=[
                    [r.routine, r.step, r.phase.value, r.clock.elapsed(now), r.clock.length, r.clock.runs]
                    for r in self.state.runs
                ]
            )

    def _handle(self, event: object) -> None:
        if isinstance(event, CueBegan):
            self.log.write(cue=event.cue_id)
        super()._handle(event)


async def lead_for_ever(folder: Path, path: Path) -> None:
    """Lead routines one after another; go on with what was under way."""
    log, clock, speaker = Log(path), Clock(SPEED), SilentSpeaker(SPEED)
    remembering = Remembering(Memory(folder), SPEED)
    assistant = Logged(
        load_content(),
        Settings(),
        lambda on_event, its_clock: Voices(Plain(), speaker, its_clock, on_event),
        Screen(),
        clock=clock,
        remembering=remembering,
    )
    assistant.log = log
    assistant.answer_itself()
    log.write(start=os.getpid())
    number = path.read_text().count('"begin"')
    while True:
        returned = remembering.returned()
        begin = None
        if returned is None or not returned.kept.runs:
            begin = Begin(ROUTINES[number % len(ROUTINES)])
            log.write(begin=begin.routine)
            number += 1
        task = asyncio.create_task(assistant.run(typed=True, first_use=False, greet=False, begin=begin))
        await asyncio.sleep(0.05)
        while assistant.state.runs:
            await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@dataclass
class Verdict:
    """What a session shows."""

    kills: int = 0
    with_clock: int = 0
    """Kills while a clock ran."""
    cues: int = 0
    routines: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    worst_clock: float = 0.0
    """Largest difference of a clock after a return to what it had to read, in its own seconds."""


def killed_session(kills: int, folder: Path, seed: int) -> Verdict:
    """Run the child, kill it ``kills`` times, let it finish nothing in between; return what its log shows."""
    log, chance = folder / "log.jsonl", random.Random(seed)
    for _ in range(kills):
        process = subprocess.Popen([sys.executable, __file__, "--child", str(folder / "kept"), "--log", str(log)])
        deadline = time.monotonic() + 30.0
        while time.monotonic() < deadline and not _started(log, process.pid):
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 1.6))
        process.kill()
        process.wait(10)
    return judged(log, kills)


def _started(log: Path, pid: int) -> bool:
    return log.exists() and f'"start": {pid}' in log.read_text()


def judged(log: Path, kills: int) -> Verdict:
    """Read a log."""
    verdict = Verdict(kills=kills)
    said: set[str] = set()
    last: dict[str, Any] | None = None
    returned = False
    for text in log.read_text().splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue  # the kill cut it off
        if "begin" in line:
            said, last = set(), None
            verdict.routines += 1
        elif "start" in line:
            returned = last is not None and bool(last["state"])
        elif "cue" in line:
            name = line["cue"]
            verdict.cues += 1
            if name in said and not any(part in name for part in ("alarm", "from-", "over", "stopped")):
                verdict.twice.append(f"{name} at {line['at']:.2f}")
            said.add(name)
        elif "state" in line:
            if returned and last is not None:
                _compare(last, line, verdict)
                returned = False
            last = line
    return verdict


def _compare(before: dict[str, Any], after: dict[str, Any], verdict: Verdict) -> None:
    """Compare the last state before a kill with the first after it."""
    here = {run[0]: run for run in after["state"]}
    for routine, step, phase, elapsed, length, ran in before["state"]:
        now = here.get(routine)
        if now is None:
            verdict.lost.append(f"{routine} is gone after {phase} {step}")
            continue
        if now[1] < step or (now[1] == step and now[4] != length):
            verdict.lost.append(f"{routine}: step {step} of {length} s became {now[1]} of {now[4]} s")
        if ran and now[1] == step and now[5]:
            verdict.with_clock += 1
            wanted = elapsed + (after["at"] - before["at"]) * SPEED
            verdict.worst_clock = max(verdict.worst_clock, abs(now[3] - wanted))
            if abs(now[3] - wanted) > SLACK * SPEED:
                verdict.lost.append(f"{routine}: the clock reads {now[3]:.1f} and should read {wanted:.1f}")


def main() -> None:
    """Be the child, or run a session."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=6)
    arguments.add_argument("--child", type=Path)
    arguments.add_argument("--log", type=Path)
    given = arguments.parse_args()
    if given.child is not None:
        asyncio.run(lead_for_ever(given.child, given.log))
        return
    with tempfile.TemporaryDirectory() as folder:
        verdict = killed_session(given.kills, Path(folder), given.seed)
    print(verdict)


if __name__ == "__main__":
    main()
