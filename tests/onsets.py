"""Finds in a recording of the virtual speaker where each cue of a routine begins, for the measurements of counting.

The speaker's monitor is recorded, and each onset found in it twice: by what the cue sounds like, and by the energy
alone. Where the very samples are known they are matched (`Exact`). Those of another process are not: espeak never makes
a text into the same samples twice, so takes of it are compared by their spectrum over time (`Alike`, to 1 ms).

The virtual speaker's clock is off the system's by some 20 to 150 parts in a million, as sound cards are (it rounds its
blocks to microseconds), so samples are turned into time by when the recording's blocks came. Errors count against the
first cue, as the person counts from it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import IO, Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from assistant.speaking.trimming import trimmed
from assistant.speaking.voice import Synthesiser, VoiceSettings
from virtual_devices import SPEAKER_RATE, VirtualDevices

SEARCHED = 0.3
"""Seconds around a cue's second in which its onset is looked for."""
SILENCE_SHARE = 0.01
"""Of the cue's peak; between two sounds it lasts at least `SILENCE_SECONDS`."""
SILENCE_SECONDS = 0.01
FRAME, HOP = SPEAKER_RATE // 100, SPEAKER_RATE // 1000
"""Samples of a spectrum, and from one to the next: 10 ms and 1 ms."""
BANDS = 20
HIGHEST = 8_000.0
"""Hertz."""
LOUDNESS = 0.3
"""Power to loudness, roughly as it is heard; soft sounds count too."""
HEAD, NEARLY = 120, 20
"""Milliseconds: takes of different lengths are alike in their first ones, and fit wholly this near."""
TAKES = 30
SAME_LENGTH = 0.002
"""Seconds."""
BETWEEN = "And now another one."
AROUND_SECONDS = 15.0
"""Around a cue in which the earliest block tells the recorder's clock."""
ENVELOPE_ROUNDS = 8
LEAST_POINTS = 30
Plan = list[tuple[float, str]]
"""(second, what is said)."""


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
    around: float = 0.0
    """Error by the recorder's clock around the cue: over an hour that clock wanders by more than a cue is off."""


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

    def times_of(self, places: Sequence[int]) -> list[float]:
        """Return when samples came, each by the earliest of the blocks around it (s, monotonic)."""
        counts, arrivals = np.array(self.counts[1:]), np.array(self.arrivals)
        late = arrivals - counts / SPEAKER_RATE
        times = []
        for place in places:
            near = np.abs(counts - place) <= AROUND_SECONDS * SPEAKER_RATE
            times.append(place / SPEAKER_RATE + float(late[near].min()))
        return times


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


class Sound(Protocol):
    """What a cue sounds like."""

    @property
    def samples(self) -> NDArray[np.float32]:
        """It, from its onset on, at `SPEAKER_RATE`."""

    def best(self, heard: NDArray[np.int16]) -> tuple[int, float]:
        """Return the sample at which it fits best, and how well (1: wholly)."""


@dataclass(frozen=True, eq=False)
class Exact:
    """A sound whose very samples are known."""

    samples: NDArray[np.float32]

    def best(self, heard: NDArray[np.int16]) -> tuple[int, float]:
        """Return the sample at which it fits best, and the correlation there."""
        long, sound = heard.astype(np.float64), self.samples
        size = 1 << (len(long) + len(sound)).bit_length()
        fit = np.fft.irfft(np.fft.rfft(long, size) * np.conj(np.fft.rfft(sound, size)), size)
        fit = fit[: max(1, len(long) - len(sound) + 1)]
        energy = np.concatenate(([0.0], np.cumsum(long**2)))
        local = energy[len(sound) : len(sound) + len(fit)] - energy[: len(fit)]
        norm = np.sqrt(np.maximum(local, local.max() * 1e-3)) * np.sqrt(float((sound.astype(np.float64) ** 2).sum()))
        at = int(np.argmax(fit / norm))
        return at, float((fit / norm)[at])


@dataclass(frozen=True, eq=False)
class Alike:
    """A sound of which there are only other takes.

    The whole of it tells which sound it is and about where, its head then where it begins.
    """

    takes: list[NDArray[np.float32]]

    @property
    def samples(self) -> NDArray[np.float32]:
        """One of the takes."""
        return self.takes[0]

    def best(self, heard: NDArray[np.int16]) -> tuple[int, float]:
        """Return the sample (to 1 ms) at which it fits best, and the correlation of the spectra there."""
        all_of_it, silence = _picture(heard.astype(np.float32)), np.zeros(FRAME, dtype=np.float32)
        sounds = [_picture(np.concatenate((silence, take))) for take in self.takes]
        whole = max((_fits(all_of_it, sound) for sound in sounds), key=np.max)
        low = max(0, int(np.argmax(whole)) - NEARLY)
        around = all_of_it[low : low + 2 * NEARLY + HEAD]
        head = max((_fits(around, sound[:HEAD]) for sound in sounds), key=np.max)
        return (low + int(np.argmax(head))) * HOP + FRAME, float(np.max(whole))


def _fits(all_of_it: NDArray[np.float64], sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how well ``sound`` fits at each place, -1 to 1."""
    count = min(len(sound), len(all_of_it))
    mine = sound[:count] - sound[:count].mean(axis=0)
    products = [np.correlate(all_of_it[:, band], mine[:, band], "valid") for band in range(BANDS)]
    spread = _sums(all_of_it**2, count) - _sums(all_of_it, count) ** 2 / count
    norm = np.sqrt(np.maximum(spread.sum(axis=1), 1e-9)) * max(float(np.linalg.norm(mine)), 1e-9)
    fits: NDArray[np.float64] = np.sum(products, axis=0) / norm
    return fits


def _sums(rows: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the sum of each ``count`` rows in succession."""
    total = np.concatenate((np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)))
    sums: NDArray[np.float64] = total[count:] - total[:-count]
    return sums


def _picture(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the loudness in `BANDS` bands, a row every millisecond."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP] * np.hanning(FRAME).astype(np.float32)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    edges = np.linspace(0, HIGHEST * FRAME / SPEAKER_RATE, BANDS + 1).astype(int)
    bands = np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1)
    loudness: NDArray[np.float64] = bands**LOUDNESS
    return loudness


def exact_sounds(texts: Iterable[str], synthesiser: Synthesiser, settings: VoiceSettings) -> dict[str, Sound]:
    """Return what each text sounds like as a cue, where the synthesiser is one that keeps what it made."""
    return {text: Exact(_take(text, synthesiser, settings)) for text in texts}


def takes_of(texts: Iterable[str], synthesiser: Synthesiser, settings: VoiceSettings) -> dict[str, Sound]:
    """Return what each text sounds like as a cue that another process makes.

    espeak has a few ways to say a text, by what it said before: the vowel of "Press now." is sometimes 9 ms longer.
    So other texts are said between the takes, and one take of each length is kept.
    """
    all_texts = sorted(texts)
    found: dict[str, Sound] = {}
    for text in all_texts:
        by_length: dict[int, NDArray[np.float32]] = {}
        for number in range(TAKES):
            take = _take(text, synthesiser, settings)
            by_length.setdefault(round(len(take) / SPEAKER_RATE / SAME_LENGTH), take)
            synthesiser.synthesise(f"{BETWEEN} {all_texts[number % len(all_texts)]}", settings)
        found[text] = Alike(list(by_length.values()))
    return found


def _take(text: str, synthesiser: Synthesiser, settings: VoiceSettings) -> NDArray[np.float32]:
    speech = trimmed(synthesiser.synthesise(text, settings))
    take: NDArray[np.float32] = soxr.resample(speech.samples.astype(np.float32), speech.rate, SPEAKER_RATE)
    return take


def found_in(
    recording: Recorded,
    plan: Plan,
    sounds: dict[str, Sound],
    told: Sequence[float],
    first_within: tuple[float, float],
) -> list[Found]:
    """Return the cues in a recording, each looked for around its second since the first one.

    That one is looked for in a stretch of the recording, ``first_within`` (s). ``told`` is when each was said to begin.
    """
    heard, (length, _) = recording.samples(), recording.clock()
    print(f"\nthe virtual speaker is {(1 / SPEAKER_RATE / length - 1) * 1e6:.0f} parts in a million fast")
    begin, end = (max(0, int(seconds * SPEAKER_RATE)) for seconds in first_within)
    first = begin + sounds[plan[0][1]].best(heard[begin:end])[0]
    first_by_energy = energy_onset(heard, first, sounds[plan[0][1]].samples)
    result, places = [], []
    around = int(SEARCHED * SPEAKER_RATE)
    for (second, text), at in zip(plan, told, strict=True):
        expected = first + round(second / length)
        low = max(0, expected - around)
        place, likeness = sounds[text].best(heard[low : expected + around + len(sounds[text].samples)])
        matched = (low + place - expected) * length
        onset = energy_onset(heard, expected, sounds[text].samples)
        by_energy = None
        if onset is not None and first_by_energy is not None:
            by_energy = (onset - first_by_energy) * length - second
        result.append(Found(second, text, likeness, matched, by_energy, at - told[0] - second))
        places.append(low + place)
    times = recording.times_of(places)
    return [replace(cue, around=at - times[0] - cue.second) for cue, at in zip(result, times, strict=True)]


def energy_onset(heard: NDArray[np.int16], expected: int, sound: NDArray[np.float32]) -> int | None:
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


def report(title: str, found: list[Found], *, each: bool = True, told: str = "told") -> float:
    """Print the errors in milliseconds; return the worst of the matched ones, in seconds. ``told``: what told them."""
    print(f"\n{title}")
    if each:
        print(f"{'second':>8}  {'cue':<14}{'matched ms':>11}{'energy ms':>11}{told + ' ms':>11}{'likeness':>10}")
        for cue in found:
            energy = "-" if cue.by_energy is None else f"{cue.by_energy * 1000:.2f}"
            print(
                f"{cue.second:8.1f}  {cue.text[:13]:<14}{cue.matched * 1000:11.2f}{energy:>11}"
                f"{cue.told * 1000:11.2f}{cue.likeness:10.3f}"
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
        around = np.array([cue.around for cue in found]) * 1000
        print(
            f"by the clock around each: median {np.median(np.abs(around)):.2f} ms, worst {np.abs(around).max():.2f} ms"
        )
        for name, errors in (("one line", [cue.matched for cue in found]), ("the clock around", list(around / 1000))):
            slope, _ = np.polyfit([cue.second for cue in found], errors, 1)
            print(f"drift by {name}: {slope * 3600 * 1000:.2f} ms in an hour")
    return float(matched.max()) / 1000
