"""When a sample comes out: the output's own clock, estimated from callbacks that come late and in bursts.

A callback is never early, so the earliest ones (counted against the frames handed out) tell the time; all others are
late. Times are passed in.
"""

from __future__ import annotations

from collections import deque
from typing import Final

WINDOW_SECONDS: Final = 5.0
"""How long an early callback counts. After each start PulseAudio's callbacks fall behind by up to a block and catch up
within 2.3 s (measured), so it has to be longer; and at 300 ppm a sound card is off by only 1.5 ms in it."""
APART: Final = 0.25
"""Share of a block: callbacks closer to each other than this fill an empty buffer, and tell nothing of the time."""


class StreamClock:
    """Tells when each callback would have come if none were late. Not safe for several threads."""

    def __init__(self, rate: int, latency: float) -> None:
        """``latency`` is the device's: seconds from a punctual callback until its first frame comes out."""
        self._rate = rate
        self._latency = latency
        self._frames = 0
        self._since = 0
        """Frames handed out before the last start."""
        self._last: float | None = None
        self._running = False
        """Whether the buffer has been filled for the first time since the start."""
        self._offsets: deque[tuple[float, float]] = deque()
        """(arrival, arrival less the frames' seconds), rising: the first is the smallest of the window."""

    def restart(self) -> None:
        """Forget the times: the stream was stopped and starts again, or ran dry."""
        self._offsets.clear()
        self._running = False
        self._last = None

    def note(self, frames: int, arrival: float) -> float:
        """Count a callback for ``frames`` frames that came at ``arrival``; return when it should have come.

        Its first frame comes out the device's latency after that.
        """
        offset = arrival - self._frames / self._rate
        block = frames / self._rate
        if self._offsets and offset - self._offsets[0][1] > self._latency + block:
            self.restart()  # later than the buffer lasts: the device ran dry, and plays all that follows later
        if self._last is None:
            self._since = self._frames
            self._offsets.append((arrival, offset - self._latency))
        elif not self._running:
            filled = (self._frames - self._since) / self._rate > self._latency + block / 2
            if filled and arrival - self._last >= APART * block:
                self._running = True
                self._offsets.clear()
        if self._running:
            self._keep(arrival, offset)
        self._last = arrival
        punctual = self._offsets[0][1] + self._frames / self._rate
        self._frames += frames
        return punctual

    def _keep(self, arrival: float, offset: float) -> None:
        while self._offsets and self._offsets[-1][1] >= offset:
            self._offsets.pop()
        self._offsets.append((arrival, offset))
        while self._offsets[0][0] < arrival - WINDOW_SECONDS:
            self._offsets.popleft()
