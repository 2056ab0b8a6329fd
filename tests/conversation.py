"""A running assistant on virtual devices: speak to it, wait for what it prints, record what it says."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.speaking.mouth import GAP_SECONDS
from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.voice import VoiceSettings
from virtual_devices import MICROPHONE_RATE, SPEAKER_RATE, VirtualDevices

LOUD = 300
"""Sample value (of 32767) above which there is sound: espeak's softest sounds lie higher, resampling noise lower."""
USER_VOICE = VoiceSettings(voice="en-us", rate=150)
"""The person's voice in the tests: another than the assistant's own."""
STARTING = 30.0
"""Seconds that start-up may take on a busy small machine; it takes about 2."""


@dataclass
class Line:
    """A line that the assistant printed, and when (monotonic clock, s)."""

    text: str
    at: float


@dataclass
class Conversation:
    """The assistant in a child process, and what it printed."""

    process: subprocess.Popen[str]
    devices: VirtualDevices
    synthesiser: SupervisedSynthesiser
    lines: list[Line] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def read(self) -> None:
        """Collect lines until the assistant ends (from a thread)."""
        assert self.process.stdout is not None
        for text in self.process.stdout:
            with self.changed:
                self.lines.append(Line(text.rstrip("\n"), time.monotonic()))
                self.changed.notify_all()

    def wait_for(self, pattern: str, *, after: int = 0, seconds: float = 15.0) -> Line:
        """Return the first line from number ``after`` on that ``pattern`` is found in."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                for line in self.lines[after:]:
                    if re.search(pattern, line.text):
                        return line
                left = deadline - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    raise AssertionError(f"no line with {pattern!r} in {seconds} s; printed: {self.lines[after:]}")

    def spoken(self, text: str, voice: VoiceSettings = USER_VOICE) -> NDArray[np.int16]:
        """Return ``text`` as the person says it, at `MICROPHONE_RATE`."""
        speech = self.synthesiser.synthesise(text, voice)
        return at_microphone_rate(speech.samples, speech.rate)

    def ask(self, text: str) -> float:
        """Say ``text`` into the microphone; return when its last sound was played (monotonic clock)."""
        return self.play(self.spoken(text))

    def play(self, samples: NDArray[np.int16]) -> float:
        """Play a recording (16 kHz) into the microphone; return when its last sound was played."""
        loud = np.flatnonzero(np.abs(samples.astype(int)) > LOUD)
        silent_end = (len(samples) - 1 - int(loud[-1])) / MICROPHONE_RATE if loud.size else 0.0
        return self.devices.play_into_microphone(samples, MICROPHONE_RATE) - silent_end

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(10)


@contextlib.contextmanager
def conversation(devices: VirtualDevices, home: Path, *arguments: str) -> Iterator[Conversation]:
    """Run the assistant on ``devices`` until the context ends; ``home`` holds its settings and state."""
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant", *arguments, "talk", "--timings"],
        env={**devices.environment, **own_home(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    synthesiser = SupervisedSynthesiser()
    running = Conversation(process, devices, synthesiser)
    reader = threading.Thread(target=running.read, daemon=True)
    reader.start()
    try:
        running.wait_for(r"^Marigold: Hello", seconds=STARTING)
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        reader.join(5)
        assert process.stdout is not None
        process.stdout.close()
        synthesiser.close()


def own_home(home: Path) -> dict[str, str]:
    """Return the environment of a person who has used the assistant before, with files of their own."""
    mark = home / "state" / "marigold" / "introduced"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    return {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("STATE", "DATA", "CONFIG", "CACHE")}


def at_microphone_rate(samples: NDArray[np.int16], rate: int) -> NDArray[np.int16]:
    """Return mono ``samples`` at `MICROPHONE_RATE`."""
    import soxr

    if rate == MICROPHONE_RATE:
        return samples
    other: NDArray[np.int16] = soxr.resample(samples, rate, MICROPHONE_RATE)
    return other


def planned_speech(sentences: Sequence[str]) -> tuple[NDArray[np.int16], int]:
    """Return what the assistant should say for ``sentences`` in its usual voice, and the sample rate."""
    synthesiser = SupervisedSynthesiser()
    try:
        speeches = [synthesiser.synthesise(sentence, VoiceSettings()) for sentence in sentences]
    finally:
        synthesiser.close()
    rate = speeches[0].rate
    gap = np.zeros(int(GAP_SECONDS * rate), dtype=np.int16)
    return np.concatenate([part for speech in speeches for part in (speech.samples, gap)][:-1]), rate


def envelope(samples: NDArray[np.int16], rate: int, hop: float = 0.05) -> NDArray[np.float64]:
    """Return the root mean square in steps of ``hop`` seconds."""
    step = int(hop * rate)
    whole = len(samples) // step * step
    frames = samples[:whole].astype(np.float64).reshape(-1, step)
    level: NDArray[np.float64] = np.sqrt(np.mean(np.square(frames), axis=1))
    return level


def stretches(samples: NDArray[np.int16], *, quiet: float) -> list[tuple[float, float]]:
    """Return begin and end (s) of each stretch of sound at `SPEAKER_RATE`, parted by ``quiet`` seconds of silence."""
    loud = np.flatnonzero(np.abs(samples.astype(int)) > LOUD) / SPEAKER_RATE
    if not loud.size:
        return []
    borders = np.flatnonzero(np.diff(loud) > quiet)
    begins = [float(loud[0]), *(float(loud[i + 1]) for i in borders)]
    ends = [*(float(loud[i]) for i in borders), float(loud[-1])]
    return list(zip(begins, ends, strict=True))
