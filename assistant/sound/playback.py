"""Pieces of sound on their way out, and the queue from which an output takes them."""

from __future__ import annotations

import threading
import time
from collections import deque
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_GAIN: Final = 1.5
"""Louder than this, espeak's own peaks are cut off audibly."""
JUMP_SECONDS: Final = 0.08
"""A piece that goes on later than expected by more than this was held; less is the callbacks' own unrest
(at most 35 ms were seen on a busy machine)."""


class PlaybackState(Enum):
    """Where a playback is."""

    WAITING = "waiting"
    PLAYING = "playing"
    FINISHED = "finished"
    STOPPED = "stopped"


class Playback:
    """One piece of sound given to an output: mono 16-bit ``samples`` at ``rate`` Hz."""

    def __init__(self, samples: NDArray[np.int16], rate: int) -> None:
        self.samples = samples
        self.rate = rate
        self.position = 0
        """Samples taken by the output so far."""
        self.state = PlaybackState.WAITING
        self.done = threading.Event()
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
        if not self._out or abs(out - self.time_of(seconds)) > JUMP_SECONDS:
            self._out.append((seconds, out))
            self.state = PlaybackState.PLAYING
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


class PlaybackQueue:
    """What all outputs share: the queue of playbacks and the taking of samples from it, without gaps."""

    def __init__(self) -> None:
        self._gain = 1.0
        self._playbacks: deque[Playback] = deque()
        self._ending: deque[tuple[float, Playback]] = deque()
        self._lock = threading.Lock()
        self._held = False

    @property
    def gain(self) -> float:
        """1.0 as recorded; lower to duck. Values beyond 0 and `MAX_GAIN` are taken as these."""
        return self._gain

    @gain.setter
    def gain(self, wanted: float) -> None:
        self._gain = min(MAX_GAIN, max(0.0, float(wanted)))

    def pause(self) -> None:
        """Hold what is playing."""
        self._held = True

    def resume(self) -> None:
        """Go on with what was held."""
        self._held = False

    @property
    def idle(self) -> bool:
        """Whether there is nothing to play now."""
        with self._lock:
            return not self._ending and (self._held or not self._playbacks)

    def add(self, playback: Playback) -> None:
        """Queue a playback behind what is there."""
        with self._lock:
            self._playbacks.append(playback)

    def fill(self, out: NDArray[np.int16], rate: int, now: float, latency: float) -> None:
        """Fill ``out`` with what comes next, or zeros; it comes out ``latency`` seconds after ``now``."""
        filled = 0
        with self._lock:
            while self._ending and self._ending[0][0] <= now:
                self._ending.popleft()[1].end(PlaybackState.FINISHED)
            while not self._held and filled < len(out) and self._playbacks:
                playback = self._playbacks[0]
                part = playback.take(len(out) - filled, now, latency + filled / rate)
                out[filled : filled + len(part)] = part
                filled += len(part)
                if playback.taken:
                    self._playbacks.popleft()
                    self._ending.append((now + latency + filled / rate, playback))
        out[filled:] = 0

    def drop(self) -> bool:
        """Stop everything that is queued. Return whether some of it may be on its way out."""
        with self._lock:
            dropped = [*(p for _, p in self._ending), *self._playbacks]
            self._ending.clear()
            self._playbacks.clear()
            self._held = False
        for playback in dropped:
            playback.end(PlaybackState.STOPPED)
        return any(playback.position > 0 for playback in dropped)
