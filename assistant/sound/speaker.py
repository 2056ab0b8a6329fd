"""The speaker: one stream kept open, a queue of playbacks without gaps, silence at once.

What has been played is known by what the stream has drained, not by what was queued.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Any, Final, Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from assistant.sound.devices import NoSpeakerError, find_output, portaudio, quiet_stderr
from assistant.sound.microphone import close_stream

RATE: Final = 22_050
"""What espeak gives; resampled only where the device refuses it."""
BLOCK: Final = 441
LATENCY: Final = 0.04
"""Seconds: Python's callbacks keep up with it on a busy small computer, and stopping stays quick."""
RAMP_SECONDS: Final = 0.01
"""A change of gain spread over this long doesn't click."""
WATCHDOG: Final = 0.7
"""Seconds without a callback after which the device counts as lost."""


class PlaybackState(Enum):
    """Where a playback is."""

    WAITING = "waiting"
    PLAYING = "playing"
    FINISHED = "finished"
    STOPPED = "stopped"


class Playback:
    """One piece of sound given to a speaker."""

    def __init__(self, samples: NDArray[np.int16], rate: int) -> None:
        self.samples = samples
        self.rate = rate
        self.position = 0
        """Samples taken by the stream so far."""
        self.state = PlaybackState.WAITING
        self.began_at: float | None = None
        """When its first sample came out of the speaker (monotonic clock, s)."""
        self.done = threading.Event()
        self._touched = 0.0
        self._latency = 0.0

    def take(self, count: int, now: float, latency: float) -> NDArray[np.int16]:
        """Return the next ``count`` samples or fewer; for the stream's callback."""
        if self.position == 0 and self.began_at is None:
            self.began_at = now + latency
            self.state = PlaybackState.PLAYING
        part = self.samples[self.position : self.position + count]
        self.position += len(part)
        self._touched, self._latency = now, latency
        return part

    @property
    def taken(self) -> bool:
        """Whether the stream has taken all of it."""
        return self.position >= len(self.samples)

    def played(self, now: float | None = None) -> float:
        """Return the seconds of it that have come out by ``now`` (monotonic clock)."""
        if self.began_at is None:
            return 0.0
        moment = time.monotonic() if now is None else now
        ahead = max(0.0, self._latency - (moment - self._touched))
        return max(0.0, self.position / self.rate - ahead)

    def end(self, state: PlaybackState) -> None:
        """Close it."""
        if not self.done.is_set():
            self.state = state
            self.done.set()


class Output(Protocol):
    """What plays sound: a speaker, or silence in its place."""

    gain: float
    """1.0 as recorded; lower to duck."""

    def play(self, samples: NDArray[np.int16], rate: int) -> Playback:
        """Queue mono samples behind what is playing."""

    def stop(self) -> None:
        """Fall silent at once and drop the queue."""

    def pause(self) -> None:
        """Hold what is playing."""

    def resume(self) -> None:
        """Go on with what was held."""

    def check(self) -> bool:
        """Return whether it still plays."""

    def close(self) -> None:
        """Give the device back."""


class _Queue:
    """What both outputs share: the queue of playbacks and the taking of samples from it."""

    def __init__(self) -> None:
        self.gain = 1.0
        self._playbacks: deque[Playback] = deque()
        self._ending: deque[tuple[float, Playback]] = deque()
        self._lock = threading.Lock()
        self._held = False

    def _add(self, playback: Playback) -> None:
        with self._lock:
            self._playbacks.append(playback)

    def _fill(self, out: NDArray[np.int16], now: float, latency: float) -> None:
        filled = 0
        with self._lock:
            self._end_due(now)
            while not self._held and filled < len(out) and self._playbacks:
                playback = self._playbacks[0]
                part = playback.take(len(out) - filled, now, latency)
                out[filled : filled + len(part)] = part
                filled += len(part)
                if playback.taken:
                    self._playbacks.popleft()
                    self._ending.append((now + latency, playback))
        out[filled:] = 0

    def _end_due(self, now: float) -> None:
        while self._ending and self._ending[0][0] <= now:
            self._ending.popleft()[1].end(PlaybackState.FINISHED)

    def _drop(self) -> None:
        with self._lock:
            dropped = [*(p for _, p in self._ending), *self._playbacks]
            self._ending.clear()
            self._playbacks.clear()
            self._held = False
        for playback in dropped:
            playback.end(PlaybackState.STOPPED)

    def pause(self) -> None:
        """Hold what is playing."""
        self._held = True

    def resume(self) -> None:
        """Go on with what was held."""
        self._held = False


class Speaker(_Queue):
    """A speaker. ``on_lost`` is told once when the device goes."""

    def __init__(self, device: str | None, on_lost: Callable[[str], None] = lambda _: None) -> None:
        """Open the device.

        Raises:
            NoSpeakerError, UnknownDeviceError, PortAudioMissingError: it can't be opened; says why.
        """
        super().__init__()
        self._on_lost = on_lost
        self._lost_told = False
        self._applied = 1.0
        self._last_call = time.monotonic()
        self._device = find_output(device)
        self.name = self._device.name
        self._rate = RATE
        self._stream = self._opened()
        self._latency = float(self._stream.latency)

    def _opened(self) -> Any:  # noqa: ANN401 - sounddevice has no types
        sd = portaudio()
        reason = ""
        for rate in (RATE, int(self._device.rate)):
            try:
                with quiet_stderr():
                    stream = sd.OutputStream(
                        samplerate=rate,
                        channels=1,
                        dtype="int16",
                        blocksize=int(BLOCK * rate / RATE),
                        latency=LATENCY,
                        device=self._device.index,
                        callback=self._copy,
                    )
                    stream.start()
            except (sd.PortAudioError, ValueError, OSError) as fault:
                reason = str(fault)
                continue
            self._rate = rate
            return stream
        raise NoSpeakerError(reason)

    def _copy(self, out: NDArray[np.int16], frames: int, when: Any, status: Any) -> None:  # noqa: ANN401, ARG002
        now = time.monotonic()
        self._last_call = now
        mono = out[:, 0]
        self._fill(mono, now, self._latency)
        wanted = self.gain
        if wanted == 1.0 and self._applied == 1.0:
            return
        step = max(1, int(RAMP_SECONDS * self._rate))
        ramp = np.full(len(mono), wanted, dtype=np.float32)
        head = min(step, len(mono))
        ramp[:head] = np.linspace(self._applied, wanted, head, dtype=np.float32)
        self._applied = wanted
        out[:, 0] = np.clip(mono * ramp, -32768, 32767).astype(np.int16)

    def play(self, samples: NDArray[np.int16], rate: int) -> Playback:
        """Queue mono samples behind what is playing."""
        if rate != self._rate:
            samples = soxr.resample(samples, rate, self._rate)
        playback = Playback(samples, self._rate)
        self._add(playback)
        return playback

    def stop(self) -> None:
        """Fall silent at once: what the device still holds is thrown away."""
        self._drop()
        sd = portaudio()
        try:
            self._stream.abort()
            self._stream.start()
            self._last_call = time.monotonic()
        except sd.PortAudioError as fault:
            self._lost(str(fault))

    def check(self) -> bool:
        """Return whether the device still plays; tells ``on_lost`` where it doesn't."""
        if not self._stream.active:
            self._lost("it was closed")
        elif time.monotonic() - self._last_call > WATCHDOG:
            self._lost("it went silent")
        return not self._lost_told

    def _lost(self, reason: str) -> None:
        if not self._lost_told:
            self._lost_told = True
            self._drop()
            self._on_lost(reason)

    def close(self) -> None:
        """Give the device back; never hangs."""
        self._drop()
        close_stream(self._stream)


class SilentSpeaker(_Queue):
    """Plays nothing, in real time or as fast as can be: for machines without a speaker, and for tests."""

    def __init__(self, speed: float = 1.0) -> None:
        """``speed`` is how many times faster than real time it "plays"."""
        super().__init__()
        self._speed = speed
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="silent speaker", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        block = np.zeros(BLOCK, dtype=np.int16)
        while not self._closed.wait(BLOCK / RATE / self._speed):
            self._fill(block, time.monotonic(), 0.0)

    def play(self, samples: NDArray[np.int16], rate: int) -> Playback:
        """Queue samples; nothing is heard of them."""
        playback = Playback(samples, rate)
        self._add(playback)
        return playback

    def stop(self) -> None:
        """Drop the queue."""
        self._drop()

    def check(self) -> bool:
        """Return True: silence can't be lost."""
        return True

    def close(self) -> None:
        """End its thread."""
        self._drop()
        self._closed.set()
        self._thread.join(1.0)
