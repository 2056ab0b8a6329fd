"""Measures, on virtual devices, how near to its second each cue of a routine begins at the speaker.

    python tests/measure_countdown.py [--minutes N] [--long] [--reading]

By itself it plays the pressing's 30 seconds and a shortened turn of hot and cold, each in silence and while an answer
is being read. `--minutes N` plays a number every ten seconds (every five while N is 5 or less) for that long, for
drift, with `--reading` while answers are read; `--long` is an hour of it.

The speaker's monitor is recorded, and each onset found in it twice: by matching the very samples, and by the energy
alone. The virtual speaker's clock is off the system's by some 20 to 150 parts in a million, as sound cards are (it
rounds its blocks to microseconds), so samples are turned into time by when the recording's blocks came. Errors count
against the first cue, as the person counts from it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
import soxr
from numpy.typing import NDArray

from assistant.sound.speaker import Speaker
from assistant.speaking.cache import CachedSynthesiser
from assistant.speaking.cue_voice import CueBegan, CueEnded, CueEvent, CueVoice
from assistant.speaking.mouth import Mouth
from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.trimming import trimmed
from assistant.speaking.voice import Synthesiser, VoiceSettings
from virtual_devices import SPEAKER_RATE, VirtualDevices, in_this_process, virtual_devices

LEAD = 1.5
"""Seconds from the request to the first cue."""
SEARCHED = 0.3
"""Seconds around a cue's second in which its onset is looked for."""
SILENCE_SHARE = 0.01
"""Of the cue's peak; between two sounds it lasts at least `SILENCE_SECONDS`."""
SILENCE_SECONDS = 0.01
ENVELOPE_ROUNDS = 8
LEAST_POINTS = 30
VOICE = VoiceSettings()
ANSWER = [
    "Lie on your side with your knees bent and put a pillow between them, so that your spine stays straight.",
    "If you would rather lie on your back, put the pillow under your knees instead, and let your legs go heavy.",
    "Try both of them, and stay with the one that lets the muscle go; either can take a little while to help.",
    "You can change from one to the other whenever you like, and you need not hurry to get up again afterwards.",
]
Plan = list[tuple[float, str]]
"""(second, what is said)."""
COUNT = ["five", "four", "three", "two", "one"]


def plan_of(seconds: int, done: str, begin: str) -> Plan:
    """Return the cues of a timed step."""
    plan = [(0.0, begin), (seconds / 2, "halfway")]
    if seconds > 30:
        plan.append((seconds - 30.0, "thirty"))
    plan.append((seconds - 10.0, "ten"))
    plan += [(seconds - 5.0 + number, word) for number, word in enumerate(COUNT)]
    return sorted([*plan, (float(seconds), done)])


def drifting(minutes: float) -> Plan:
    """Return a number every ten seconds, for that long."""
    words = ["ten", "thirty", *COUNT, "six", "seven", "eight", "nine"]
    every = 5 if minutes <= 5 else 10
    return [(float(second), words[n % len(words)]) for n, second in enumerate(range(0, int(minutes * 60) + 1, every))]


@dataclass(frozen=True, slots=True)
class Found:
    """A cue as it was found in the recording; errors in seconds against its second since the first cue."""

    second: float
    text: str
    likeness: float
    matched: float
    by_energy: float | None
    told: float
    """Error of the time that was told."""


class Recorded:
    """Samples of the virtual speaker in a raw file, and when they came."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.counts: list[int] = [0]
        self.arrivals: list[float] = []

    def keep(self, stream: IO[bytes]) -> None:
        """Write down what comes until it ends."""
        with self.file.open("wb") as raw:
            while chunk := os.read(stream.fileno(), 65536):
                self.arrivals.append(time.monotonic())
                self.counts.append(self.counts[-1] + len(chunk) // 2)
                raw.write(chunk)

    def samples(self) -> NDArray[np.int16]:
        """Return all that was recorded."""
        return np.memmap(self.file, dtype=np.int16, mode="r")

    def clock(self) -> tuple[float, float]:
        """Return seconds a sample, and when sample 0 came: the line below which no block came."""
        counts, arrivals = np.array(self.counts[1:], dtype=float), np.array(self.arrivals)
        early = np.ones(len(counts), dtype=bool)
        line = np.array([1.0 / SPEAKER_RATE, 0.0])
        for _ in range(ENVELOPE_ROUNDS):
            line = np.polyfit(counts[early], arrivals[early], 1)
            early &= arrivals <= np.polyval(line, counts)
            if early.sum() < LEAST_POINTS:
                break
        return float(line[0]), float(line[1])


@contextlib.contextmanager
def recorded(devices: VirtualDevices, file: Path) -> Iterator[Recorded]:
    """Record the virtual speaker to a raw file, for as long as the context lasts."""
    command = ["parec", "--device=vspeaker.monitor", f"--rate={SPEAKER_RATE}", "--channels=1", "--format=s16le"]
    process = subprocess.Popen(
        [*command, "--latency-msec=20", "--raw"], env=devices.environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    recording = Recorded(file)
    reader = threading.Thread(target=recording.keep, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        time.sleep(0.7)
        yield recording
    finally:
        time.sleep(0.3)
        process.terminate()
        process.wait(5)
        reader.join(2)
        process.stdout.close()


def played(devices: VirtualDevices, plan: Plan, synthesiser: Synthesiser, *, reading: bool, file: Path) -> list[Found]:
    """Play a plan and return where its cues were found; skips cues that ended otherwise than finished."""
    began: dict[str, float] = {}
    ended: dict[str, str] = {}

    def keep(event: CueEvent) -> None:
        if isinstance(event, CueBegan):
            began[event.cue_id] = event.at
        elif isinstance(event, CueEnded):
            ended[event.cue_id] = event.how

    with recorded(devices, file) as recording, contextlib.ExitStack() as open_things:
        speaker = open_things.enter_context(contextlib.closing(Speaker(None)))
        voice = open_things.enter_context(contextlib.closing(CueVoice(synthesiser, speaker, keep)))
        mouth = open_things.enter_context(contextlib.closing(Mouth(synthesiser, speaker, lambda _: None)))
        voice.measure({text for _, text in plan}, VOICE)
        _follow(plan, voice, mouth, reading=reading)
    wrong = {cue: how for cue, how in ended.items() if how != "finished"}
    if wrong or len(ended) != len(plan):
        raise SystemExit(f"cues were not said: {wrong or ended}")
    known = {text: trimmed(synthesiser.synthesise(text, VOICE)) for _, text in plan}
    sounds = {t: soxr.resample(s.samples.astype(np.float32), s.rate, SPEAKER_RATE) for t, s in known.items()}
    told = [began[str(number)] for number in range(len(plan))]
    return found_in(recording, plan, sounds, told)


def _follow(plan: Plan, voice: CueVoice, mouth: Mouth, *, reading: bool) -> None:
    """Give each cue to the voice some seconds ahead, as the routines do; read again and again with ``reading``."""
    start = time.monotonic() + LEAD
    next_reading = start + 0.4
    for number, (second, text) in enumerate(plan):
        while time.monotonic() < start + second - LEAD:
            if reading and time.monotonic() > next_reading:
                mouth.say(f"answer {number}", ANSWER, VOICE)
                next_reading = time.monotonic() + 9.3  # an answer lasts longer: each is overtaken by the next
            time.sleep(0.02)
        voice.say_at(str(number), text, VOICE, start + second)
    while time.monotonic() < voice.speaking_until() + 0.5:
        time.sleep(0.05)


def found_in(recording: Recorded, plan: Plan, sounds: dict[str, NDArray[np.float32]], told: list[float]) -> list[Found]:
    """Return the cues in a recording; the first is looked for in its first seconds, the others around their second."""
    heard, (length, _) = recording.samples(), recording.clock()
    print(f"\nthe virtual speaker is {(1 / SPEAKER_RATE / length - 1) * 1e6:.0f} parts in a million fast")
    first, _ = _best_match(heard[: int((LEAD + 3.0) * SPEAKER_RATE)], sounds[plan[0][1]])
    first_by_energy = _energy_onset(heard, first, sounds[plan[0][1]])
    result = []
    around = int(SEARCHED * SPEAKER_RATE)
    for (second, text), at in zip(plan, told, strict=True):
        expected = first + round(second / length)
        low = max(0, expected - around)
        place, likeness = _best_match(heard[low : expected + around + len(sounds[text])], sounds[text])
        matched = (low + place - expected) * length
        onset = _energy_onset(heard, expected, sounds[text])
        by_energy = None
        if onset is not None and first_by_energy is not None:
            by_energy = (onset - first_by_energy) * length - second
        result.append(Found(second, text, likeness, matched, by_energy, at - told[0] - second))
    return result


def _best_match(heard: NDArray[np.int16], sound: NDArray[np.float32]) -> tuple[int, float]:
    """Return the sample at which ``sound`` fits best, and the correlation there."""
    long = heard.astype(np.float64)
    size = 1 << (len(long) + len(sound)).bit_length()
    fit = np.fft.irfft(np.fft.rfft(long, size) * np.conj(np.fft.rfft(sound, size)), size)
    fit = fit[: max(1, len(long) - len(sound) + 1)]
    energy = np.concatenate(([0.0], np.cumsum(long**2)))
    local = energy[len(sound) : len(sound) + len(fit)] - energy[: len(fit)]
    norm = np.sqrt(np.maximum(local, local.max() * 1e-3)) * np.sqrt(float((sound.astype(np.float64) ** 2).sum()))
    at = int(np.argmax(fit / norm))
    return at, float((fit / norm)[at])


def _energy_onset(heard: NDArray[np.int16], expected: int, sound: NDArray[np.float32]) -> int | None:
    """Return the first loud sample after a silence that is nearest to ``expected``, or None near none."""
    around = int(SEARCHED * SPEAKER_RATE)
    low = max(0, expected - around)
    loud = np.flatnonzero(np.abs(heard[low : expected + around].astype(np.int32)) > np.abs(sound).max() * SILENCE_SHARE)
    if not loud.size:
        return None
    silence = int(SILENCE_SECONDS * SPEAKER_RATE)
    onsets = [int(loud[0]), *(int(after) for before, after in pairwise(loud) if after - before > silence)]
    if loud[0] < silence:
        onsets = onsets[1:]
    return low + min(onsets, key=lambda at: abs(low + at - expected)) if onsets else None


def report(title: str, found: list[Found], *, each: bool = True) -> float:
    """Print the errors in milliseconds; return the worst of the matched ones, in seconds."""
    print(f"\n{title}")
    if each:
        print(f"{'second':>8}  {'cue':<14}{'matched ms':>11}{'energy ms':>11}{'told ms':>9}{'likeness':>10}")
        for cue in found:
            energy = "-" if cue.by_energy is None else f"{cue.by_energy * 1000:.2f}"
            print(
                f"{cue.second:8.1f}  {cue.text:<14}{cue.matched * 1000:11.2f}{energy:>11}"
                f"{cue.told * 1000:9.2f}{cue.likeness:10.3f}"
            )
    matched = np.abs([cue.matched for cue in found]) * 1000
    energy_errors = np.abs([cue.by_energy for cue in found if cue.by_energy is not None]) * 1000
    print(f"matched: median {np.median(matched):.2f} ms, worst {matched.max():.2f} ms, of {len(found)} cues")
    if energy_errors.size:
        print(
            f"energy:  median {np.median(energy_errors):.2f} ms, worst {energy_errors.max():.2f} ms, "
            f"of {energy_errors.size} with silence before them"
        )
    if len(found) > 20:
        slope, _ = np.polyfit([cue.second for cue in found], [cue.matched for cue in found], 1)
        print(f"drift: {slope * 3600 * 1000:.2f} ms in an hour")
    return float(matched.max()) / 1000


def main() -> None:
    """Run the measurement."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--minutes", type=float, help="a number every ten seconds for so many minutes")
    arguments.add_argument("--long", action="store_true", help="the same as --minutes 60")
    arguments.add_argument("--reading", action="store_true", help="with --minutes: read answers meanwhile")
    given = arguments.parse_args()
    minutes = 60.0 if given.long and given.minutes is None else given.minutes
    worst = []
    with (
        tempfile.TemporaryDirectory() as folder,
        virtual_devices() as devices,
        in_this_process(devices),
        contextlib.closing(CachedSynthesiser(SupervisedSynthesiser())) as synthesiser,
    ):
        file = Path(folder) / "heard.raw"
        if minutes is not None:
            found = played(devices, drifting(minutes), synthesiser, reading=given.reading, file=file)
            worst.append(report(f"a number again and again for {minutes:g} minutes", found, each=minutes <= 5))
        else:
            press = plan_of(30, "And release.", "Press now.")
            warm = plan_of(40, "Take the warm pad off now.", "The time starts now.")
            for name, plan in (("press and rub, 30 s", press), ("hot and cold, shortened to 40 s", warm)):
                for reading in (False, True):
                    title = f"{name}, {'while answers are read' if reading else 'in silence'}"
                    worst.append(report(title, played(devices, plan, synthesiser, reading=reading, file=file)))
    print(f"\nworst of all: {max(worst) * 1000:.2f} ms")


if __name__ == "__main__":
    main()
