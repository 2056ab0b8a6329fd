"""Measures, on virtual devices, the time from the end of a question to the first sound of the answer, and of "stop".

    python tests/measure_latency.py [--questions N] [--recordings FOLDER]

Without recordings our own synthesiser asks. Figures are printed as a table; the stages come from the assistant
itself, the two ends of "heard at the speaker" from recordings of the virtual microphone and speaker.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.content import load_guide
from assistant.sound.wav import read_recording
from conversation import LOUD, Conversation, conversation
from virtual_devices import SPEAKER_RATE, Recording, virtual_devices

STAGES = ("end-pointing", "final result", "understanding", "voice and output", "sum", "heard at the speaker")
_TIMING = re.compile(
    r"\[first sound ([\d.]+) s .*end-pointing ([\d.]+), final result ([\d.]+), understanding ([\d.]+), "
    r"voice and output ([\d.]+)\]"
)
ANSWER_SECONDS = 2.0
"""How long the answer is listened to before "stop" is said."""


def main() -> None:
    """Run the measurement."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--questions", type=int, default=30)
    arguments.add_argument("--recordings", type=Path, help="a folder of WAV or FLAC files, one question each")
    given = arguments.parse_args()
    rows: list[list[float]] = []
    stops: list[float] = []
    missed = 0
    with (
        virtual_devices() as devices,
        tempfile.TemporaryDirectory() as home,
        conversation(devices, Path(home), "--always-listening") as talk,
    ):
        time.sleep(8)
        stop = talk.spoken("stop")
        for question in _questions(talk, given.recordings, given.questions):
            row, silenced = _ask(talk, question, stop)
            if row is None:
                missed += 1
            else:
                rows.append(row)
                stops += silenced
    _report(rows, stops, missed)


def _questions(talk: Conversation, folder: Path | None, count: int) -> list[NDArray[np.int16]]:
    if folder is not None:
        files = sorted(path for path in folder.iterdir() if path.suffix in (".wav", ".flac"))
        return [read_recording(path) for path in files[:count]]
    entries = load_guide().entries.values()
    ways = [entry.ways[number] for number in (1, 2) for entry in entries]
    return [talk.spoken(way) for way in ways[:count]]


def _ask(
    talk: Conversation, question: NDArray[np.int16], stop: NDArray[np.int16]
) -> tuple[list[float] | None, list[float]]:
    before = len(talk.lines)
    with talk.devices.record_speaker() as recording:
        asked = talk.play(question)
        try:
            line = talk.wait_for(_TIMING.pattern, after=before, seconds=4.0)
        except AssertionError:
            print("no answer:", [line.text for line in talk.lines[before:]], file=sys.stderr)
            return None, []
        time.sleep(ANSWER_SECONDS)
        said = talk.play(stop)
        time.sleep(1.5)
    found = _TIMING.search(line.text)
    assert found is not None
    total, *stages = (float(figure) for figure in found.groups())
    loud = _loud_times(recording)
    heard = float(loud[loud > asked - 0.2][0]) - asked if (loud > asked - 0.2).any() else float("nan")
    silenced = [float(loud[-1]) - said] if loud.size and loud[-1] > said - 1.0 else []
    return [*stages, total, heard], silenced


def _loud_times(recording: Recording) -> NDArray[np.float64]:
    times: NDArray[np.float64] = (
        recording.began + np.flatnonzero(np.abs(recording.samples.astype(int)) > LOUD) / SPEAKER_RATE
    )
    return times


def _report(rows: Sequence[Sequence[float]], stops: Sequence[float], missed: int) -> None:
    print(f"{len(rows)} questions answered, {missed} without an answer; seconds:")
    if rows:
        figures = np.array(rows)
        print(f"{'':24}{'p50':>8}{'p95':>8}{'max':>8}")
        for name, column in zip(STAGES, figures.T, strict=True):
            p50, p95, most = np.nanpercentile(column, [50, 95, 100])
            print(f"{name:24}{p50:8.3f}{p95:8.3f}{most:8.3f}")
    if stops:
        p50, p95, most = np.percentile(stops, [50, 95, 100])
        print(f"{'silent after stop':24}{p50:8.3f}{p95:8.3f}{most:8.3f}   ({len(stops)} times)")


if __name__ == "__main__":
    main()
