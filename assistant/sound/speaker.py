"""The speaker: one stream kept open, a queue of playbacks without gaps, silence at once.

What has been played is known by what the stream has drained, not by what was queued.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from math import inf, isinf
from typing import Any, Final, Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from assistant.sound.devices import (
    Device,
    NoSpeakerError,
    SilentServerError,
    close_stream,
    find_output,
    open_stream,
    portaudio,
    run_within,
)
from assistant.sound.playback import Playback, PlaybackState
from assistant.sound.playback_queue import PlaybackQueue, louder
from assistant.sound.scheduled import Scheduled
from assistant.sound.stream_clock import StreamClock

RATE: Final = 22_050
"""What espeak gives; resampled only where the device refuses it."""
BLOCK: Final = 441
LATENCY: Final = 0.04
"""Seconds: Python's callbacks keep up with it on a busy small computer, and stopping stays quick."""
RAMP_SECONDS: Final = 0.01
"""A change of gain spread over this long doesn't click."""
LOOK_EVERY: Final = 0.25
BAD_LOOKS: Final = 3
"""Looks in a row without a callback between them after which the device counts as lost. One isn't enough:
after this process itself was held (Ctrl-Z, a sleeping laptop) the first look always finds nothing."""
STOPPING: Final = 0.5
"""Seconds that `abort` may take; it takes 1 ms, and for ever where the sound server hangs."""
NEAR_SECONDS: Final = 0.1
"""A scheduled piece this near isn't put at risk by starting the stream anew, which takes some 45 ms."""
AHEAD_SECONDS: Final = 0.01
"""How much earlier than a scheduled piece the silent speaker gets up: its thread may wake late."""
SHORTEST_REST: Final = 0.001
"""Seconds between two looks of the silent speaker while it is silent."""


class Output(Protocol):
    """What plays sound: a speaker, or silence in its place."""

    gain: float
    """1.0 as recorded; lower to duck; at most 1.5."""

    def play(self, samples: NDArray[np.int16], rate: int) -> Playback:
        """Queue mono samples behind the speech that is playing."""

    def play_at(
        self,
        samples: NDArray[np.int16],
        rate: int,
        at: float,
        *,
        gain: float = 1.0,
        alone: bool = True,
        late: float = inf,
    ) -> Playback:
        """Let mono samples begin at ``at`` (monotonic clock, s), or as soon as can be where that is over.

        With ``alone`` speech gives way to them. Where they can't begin within ``late`` seconds after ``at`` they are
        dropped as `PlaybackState.MISSED`.
        """

    def stop(self) -> None:
        """Fall silent at once and drop all, speech and scheduled pieces."""

    def stop_speech(self) -> None:
        """Drop the speech, at once; scheduled pieces stay."""

    def drop_scheduled(self, *, begun: bool = True) -> None:
        """Drop the scheduled pieces, at once, or only those that have not begun; speech stays."""

    def pause(self) -> None:
        """Hold the speech that is playing; scheduled pieces go on."""

    def resume(self) -> None:
        """Go on with what was held."""

    def check(self) -> bool:
        """Return whether it still plays."""

    def close(self) -> None:
        """Give the device back."""


class _Queued:
    """What both outputs do by their queue alone."""

    def __init__(self, speed: float = 1.0) -> None:
        self._queue = PlaybackQueue(speed)

    @property
    def gain(self) -> float:
        """1.0 as recorded; lower to duck; at most 1.5. A change is spread over 10 ms."""
        return self._queue.gain

    @gain.setter
    def gain(self, wanted: float) -> None:
        self._queue.gain = wanted

    def pause(self) -> None:
        """Hold the speech that is playing; what the device already has (40 ms) still comes out."""
        self._queue.pause()

    def resume(self) -> None:
        """Go on with what was held."""
        self._queue.resume()


class Speaker(_Queued):
    """A speaker. ``on_lost`` is told once when the device goes, from a thread of the speaker's own."""

    def __init__(self, device: str | None, on_lost: Callable[[str], None] = lambda _: None) -> None:
        """Open the device.

        Raises:
            NoSpeakerError, UnknownDeviceError, PortAudioMissingError: it can't be opened; says why.
        """
        super().__init__()
        self._on_lost = on_lost
        self._applied = 1.0
        self._calls = 0
        self._lost = threading.Event()
        self._closed = threading.Event()
        self._control = threading.Lock()
        """Held while the stream is stopped and started again: it isn't lost then."""
        self._in_use = threading.Lock()
        """Held by the helper thread that works on the stream, also by one that hangs there."""
        self._latency = LATENCY
        self._rate, self._channels = RATE, 1
        found = find_output(device)
        self.name = found.name
        self._drained_at = -inf
        """When the device has played what was dropped and couldn't be thrown away (monotonic clock, s)."""
        self._stream = self._opened(found)
        self._latency = float(self._stream.latency)
        threading.Thread(target=self._watch, name="speaker watch", daemon=True).start()

    def _opened(self, device: Device) -> Any:  # noqa: ANN401 - sounddevice has no types
        own = int(device.rate)
        reasons = []
        for rate, channels in dict.fromkeys([(RATE, 1), (own, 1), (RATE, 2), (own, 2)]):
            self._rate, self._channels = rate, channels
            self._clock = StreamClock(rate, LATENCY)
            try:
                return open_stream(partial(self._make, device, rate, channels))
            except SilentServerError as fault:
                raise NoSpeakerError(str(fault)) from fault
            except OSError as fault:
                reasons.append(str(fault))
        raise NoSpeakerError(reasons[0])

    def _make(self, device: Device, rate: int, channels: int) -> Any:  # noqa: ANN401
        return portaudio().OutputStream(
            samplerate=rate,
            channels=channels,
            dtype="int16",
            blocksize=int(BLOCK * rate / RATE),
            latency=LATENCY,
            device=device.index,
            callback=self._copy,
        )

    def _copy(self, out: NDArray[np.int16], frames: int, when: Any, status: Any) -> None:  # noqa: ANN401, ARG002
        arrival = time.monotonic()
        self._calls += 1
        if status.output_underflow:
            self._clock.restart()
        mono = out[:, 0]
        self._queue.fill(mono, self._rate, self._clock.note(frames, arrival), self._latency)
        wanted = self._queue.gain
        if wanted != 1.0 or self._applied != 1.0:
            ramp = np.full(len(mono), wanted, dtype=np.float32)
            head = min(max(1, int(RAMP_SECONDS * self._rate)), len(mono))
            ramp[:head] = np.linspace(self._applied, wanted, head, dtype=np.float32)
            self._applied = wanted
            mono[:] = np.clip(mono * ramp, -32768, 32767).astype(np.int16)
        out[:, 1:] = mono[:, None]

    def play(self, samples: NDArray[np.int16], rate: int) -> Playback:
        """Queue mono 16-bit samples behind the speech that is playing; a lost speaker stops them at once."""
        playback = Playback(resampled(samples, rate, self._rate), self._rate)
        self._queue.add(playback)
        if self._lost.is_set() or self._closed.is_set():
            self._queue.drop()
        return playback

    def play_at(
        self,
        samples: NDArray[np.int16],
        rate: int,
        at: float,
        *,
        gain: float = 1.0,
        alone: bool = True,
        late: float = inf,
    ) -> Playback:
        """Let mono 16-bit samples begin at ``at``; a lost speaker stops them at once."""
        playback = Playback(louder(resampled(samples, rate, self._rate), gain), self._rate)
        self._queue.schedule(Scheduled(playback, at, alone, late))
        if self._lost.is_set() or self._closed.is_set():
            self._queue.drop()
        return playback

    def stop(self) -> None:
        """Fall silent at once: what the device still holds is thrown away."""
        if self._queue.drop() or time.monotonic() < self._drained_at:
            self._throw_away()

    def stop_speech(self) -> None:
        """Drop the speech; what the device still holds of it is thrown away too, unless a scheduled piece is near."""
        if not self._queue.drop_speech():
            return
        now = time.monotonic()
        if self._queue.sounds(now, now + self._latency + NEAR_SECONDS):
            self._drained_at = now + self._latency + BLOCK / RATE
        else:
            self._throw_away()

    def drop_scheduled(self, *, begun: bool = True) -> None:
        """Drop the scheduled pieces; where one of them sounds, what the device still holds is thrown away."""
        if self._queue.drop_scheduled(begun=begun) or (begun and time.monotonic() < self._drained_at):
            self._throw_away()

    def _throw_away(self) -> None:
        """Silence the device itself."""
        self._drained_at = -inf
        if self._lost.is_set():
            return
        with self._control:
            if self._closed.is_set():
                return
            try:
                in_time = run_within(STOPPING, self._restart)
            except portaudio().PortAudioError as fault:
                reason = str(fault)
            else:
                reason = "" if in_time else "it does not answer"
        if reason:
            self._tell_lost(reason)

    def _restart(self) -> None:
        with self._in_use:
            self._stream.abort()
            self._clock.restart()
            if not self._lost.is_set():
                self._stream.start()

    def check(self) -> bool:
        """Return whether the device still plays; tells ``on_lost`` where it doesn't."""
        if self._closed.is_set():
            return False
        if not self._lost.is_set() and self._control.acquire(blocking=False):
            try:
                active = bool(self._stream.active)
            except portaudio().PortAudioError:
                active = False
            finally:
                self._control.release()
            if not active:
                self._tell_lost("it was closed")
        return not self._lost.is_set()

    def _watch(self) -> None:
        seen, bad = -1, 0
        while not self._closed.wait(LOOK_EVERY) and self.check():
            bad = bad + 1 if self._calls == seen else 0
            seen = self._calls
            if bad >= BAD_LOOKS:
                self._tell_lost("it went silent")

    def _tell_lost(self, reason: str) -> None:
        with self._control:
            if self._lost.is_set() or self._closed.is_set():
                return
            self._lost.set()
        self._queue.drop()
        self._on_lost(reason)

    def close(self) -> None:
        """Give the device back; never hangs."""
        self._queue.drop()
        with self._control:
            if self._closed.is_set():
                return
            self._closed.set()
        close_stream(self._stream, self._in_use)


class SilentSpeaker(_Queued):
    """Plays nothing, in real time or as fast as can be: for machines without a speaker, and for tests."""

    def __init__(self, speed: float = 1.0) -> None:
        """``speed`` is how many times faster than real time it "plays"; infinity is at once."""
        super().__init__(speed)
        self._step = BLOCK / RATE / speed
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="silent speaker", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        block = np.zeros(BLOCK, dtype=np.int16)
        due = time.monotonic()
        while not self._closed.is_set():
            rest = self._queue.due - AHEAD_SECONDS - time.monotonic()
            if rest > 0.0:
                self._wake.wait(None if isinf(rest) else rest)
                self._wake.clear()
                due = time.monotonic()
                continue
            # At the speed of sound a block follows the one before it, whenever the thread wakes.
            moment = due if self._step == BLOCK / RATE else time.monotonic()
            something = self._queue.fill(block, RATE, moment, 0.0)
            due += self._step
            pause = max(due - time.monotonic(), 0.0 if something else SHORTEST_REST)
            if pause > 0.0:
                self._closed.wait(pause)

    def play(self, samples: NDArray[np.int16], rate: int) -> Playback:
        """Queue samples; nothing is heard of them."""
        playback = Playback(resampled(samples, rate, RATE), RATE)
        if self._closed.is_set():
            playback.end(PlaybackState.STOPPED)
            return playback
        self._queue.add(playback)
        self._wake.set()
        return playback

    def play_at(
        self,
        samples: NDArray[np.int16],
        rate: int,
        at: float,
        *,
        gain: float = 1.0,
        alone: bool = True,
        late: float = inf,
    ) -> Playback:
        """Let samples "begin" at ``at``; nothing is heard of them."""
        playback = Playback(louder(resampled(samples, rate, RATE), gain), RATE)
        if self._closed.is_set():
            playback.end(PlaybackState.STOPPED)
            return playback
        self._queue.schedule(Scheduled(playback, at, alone, late))
        self._wake.set()
        return playback

    def stop(self) -> None:
        """Drop all."""
        self._queue.drop()

    def stop_speech(self) -> None:
        """Drop the speech."""
        self._queue.drop_speech()

    def drop_scheduled(self, *, begun: bool = True) -> None:
        """Drop the scheduled pieces, or those that have not begun."""
        self._queue.drop_scheduled(begun=begun)

    def resume(self) -> None:
        """Go on with what was held."""
        super().resume()
        self._wake.set()

    def check(self) -> bool:
        """Return True: silence can't be lost."""
        return True

    def close(self) -> None:
        """End its thread."""
        self._closed.set()
        self._queue.drop()
        self._wake.set()
        if self._thread is not threading.current_thread():
            self._thread.join(1.0)


def resampled(samples: NDArray[np.int16], rate: int, wanted: int) -> NDArray[np.int16]:
    """Return mono ``samples`` at ``wanted`` Hz."""
    if rate == wanted or not samples.size:
        return samples
    other: NDArray[np.int16] = soxr.resample(samples, rate, wanted)
    return other
