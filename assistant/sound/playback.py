"""Pieces of sound on their way out to a device."""

from __future__ import annotations

import threading
import time
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

JUMP_SECONDS: Final = 0.08
"""A piece that goes on later than expected by more than this was held; less is the callbacks' own unrest
(at most 35 ms were seen on a busy machine)."""


class PlaybackState(Enum):
    """Where a playback is."""

    WAITING = "waiting"
    PLAYING = "playing"
    FINISHED = "finished"
    STOPPED = "stopped"
    MISSED = "missed"
    """Its time was over before it could begin."""


class Playback:
    """One piece of sound given to an output: mono 16-bit ``samples`` at ``rate`` Hz."""

    def __init__(self, samples: NDArray[np.int16], rate: int) -> None:
        self.samples = samples
        self.rate = rate
        self.position = 0
        """Samples taken by the output so far."""
        self.state = PlaybackState.WAITING
        self.done = threading.Event()
        self.boundaries: tuple[int, ...] = ()
        """Samples, rising, before which it may be held without cutting into a word."""
        self.resting = False
        """Whether it was held at a boundary; the next sample taken comes out later than the last one's time tells."""
        self._out: list[tuple[float, float]] = []
        """(seconds of the piece, when they come out) at its begin and after each time it was held."""
        self._touched = 0.0
        self._latency = 0.0
        self._stopped_at: float | None = None

    @property
    def began_at(self) -> float | None:
        """When its first sample came out of the speaker (monotonic clock, s)."""
        return self._out[0][1] if self._out else None

    @property
    def taken(self) -> bool:
        """Whether the output has taken all of it."""
        return self.position >= len(self.samples)

    def take(self, count: int, now: float, latency: float) -> NDArray[np.int16]:
        """Return the next ``count`` samples or fewer, which come out ``latency`` seconds after ``now``."""
        seconds, out = self.position / self.rate, now + latency
        if not self._out or self.resting or abs(out - self.time_of(seconds)) > JUMP_SECONDS:
            self._out.append((seconds, out))
            self.state = PlaybackState.PLAYING
        self.resting = False
        part = self.samples[self.position : self.position + count]
        self.position += len(part)
        self._touched, self._latency = now, latency + len(part) / self.rate
        return part

    def time_of(self, seconds: float) -> float:
        """Return when ``seconds`` of the piece come out (monotonic clock, s); infinity while it waits."""
        for since, out in reversed(self._out):
            if since <= seconds:
                return out + seconds - since
        return float("inf")

    def played(self, now: float | None = None) -> float:
        """Return the seconds of it that have come out by ``now`` (monotonic clock)."""
        if not self._out:
            return 0.0
        moment = time.monotonic() if now is None else now
        if self._stopped_at is not None:
            moment = min(moment, self._stopped_at)
        ahead = max(0.0, self._latency - (moment - self._touched))
        return max(0.0, self.position / self.rate - ahead)

    def end(self, state: PlaybackState) -> None:
        """Close it, as finished or stopped."""
        if not self.done.is_set():
            if state is PlaybackState.STOPPED:
                self._stopped_at = time.monotonic()
            self.state = state
            self.done.set()
