"""Measures how long "stop" takes to bring silence while it speaks, counts, waits, asks or rings.

``python tests/measure_stop.py [--trials N]``: a synthetic person on the virtual devices, on a copy of the content whose
steps are a few seconds long. "Taken" is when the assistant prints that it heard the word; "silent" is the end of the
last sound before a pause, in the recording of the virtual speaker. Both from the end of the word, in seconds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from conversation import LOUD, Conversation, conversation
from short_content import shortened
from virtual_devices import SPEAKER_RATE, Recording, virtual_devices

PAUSE = 0.4
"""Seconds without a sound that count as silence; what is said of the stop comes 0.7 s after it."""


@dataclass
class Figures:
    """What was measured in one state, in seconds."""

    taken: list[float] = field(default_factory=list)
    silent: list[float] = field(default_factory=list)
    missed: int = 0


def to_state(talk: Conversation, state: str) -> None:
    """Bring the conversation to where "stop" is to be said."""
    before = len(talk.lines)
    routine = "the heating pad" if state == "rings" else "press and rub"
    talk.ask(f"hey marigold start {routine}")
    if "Okay, " not in talk.wait_for(r"^Marigold: (Okay, |.*Shall I)", after=before).text:
        time.sleep(1.0)
        talk.ask("hey marigold yes please")  # it was taken for a question, and the routine is offered
    talk.wait_for(r"^Marigold: Okay, ", after=before)
    if state == "speaks":
        time.sleep(2.0)
        return
    time.sleep(4.0)
    talk.ask("next")
    talk.wait_for(r"^Marigold: (Press firmly|Put the heating)", after=before)
    time.sleep(9.0)
    if state == "waits":
        return
    talk.ask("ready")
    talk.wait_for(r"Press now|The time starts", after=before)
    if state == "counts":
        talk.wait_for(r"Five", after=before, seconds=20.0)
    elif state == "asks":
        talk.wait_for(r"carry on to press", after=before, seconds=25.0)
        time.sleep(0.3)
    else:
        talk.wait_for(r"The pad is still on", after=before, seconds=60.0)
        time.sleep(0.3)


def stop(talk: Conversation, recording: Recording, figures: Figures) -> None:
    """Say "stop", and note how long it took."""
    before = len(talk.lines)
    ended = talk.ask("stop")
    try:
        taken = talk.wait_for(r"^You: +(okay )?stop", after=before, seconds=3.0)
    except AssertionError:
        figures.missed += 1
        return
    time.sleep(2.0)
    figures.taken.append(taken.at - ended)
    figures.silent.append(silence_after(recording, ended))


def silence_after(recording: Recording, moment: float) -> float:
    """Return the seconds from ``moment`` to the end of the last sound before a pause; 0 where it is silent then."""
    samples = recording.samples
    first = max(0, int((moment - recording.began) * SPEAKER_RATE))
    loud = np.flatnonzero(np.abs(samples[first:].astype(int)) > LOUD) / SPEAKER_RATE
    if not loud.size or loud[0] > PAUSE:
        return 0.0
    gaps = np.flatnonzero(np.diff(loud) > PAUSE)
    return float(loud[gaps[0]] if gaps.size else loud[-1])


def main() -> None:
    """Run the measurement."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--trials", type=int, default=8)
    trials = arguments.parse_args().trials
    every = Figures()
    print(f"{'':8}{'said':>6}{'missed':>8}{'taken p50':>11}{'p95':>7}{'silent p50':>12}{'p95':>7}")
    with virtual_devices() as devices, tempfile.TemporaryDirectory() as folder:
        pack = shortened(Path(folder))
        for state in ("speaks", "counts", "waits", "asks", "rings"):
            figures = Figures()
            for trial in range(trials):
                home = Path(folder) / f"{state}-{trial}"  # a pad that was on a while ago may not be begun again
                with conversation(devices, home, "--content", str(pack)) as talk:
                    time.sleep(5.0)
                    with talk.devices.record_speaker() as recording:
                        to_state(talk, state)
                        stop(talk, recording, figures)
            every.taken += figures.taken
            every.silent += figures.silent
            every.missed += figures.missed
            print(row(state, figures), flush=True)
        print(row("all", every))


def row(name: str, figures: Figures) -> str:
    """Return one line of the table."""
    told = [
        np.percentile(values, share) if values else float("nan")
        for values in (figures.taken, figures.silent)
        for share in (50, 95)
    ]
    said = len(figures.taken) + figures.missed
    return f"{name:8}{said:6}{figures.missed:8}{told[0]:11.3f}{told[1]:7.3f}{told[2]:12.3f}{told[3]:7.3f}"


if __name__ == "__main__":
    main()
