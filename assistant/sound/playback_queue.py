"""What all outputs share: the queue of speech, the lane of scheduled pieces, and how speech gives way to these.

Speech isn't said over a scheduled piece: it is held at a word's end before it, and goes on after it.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.sound.playback import Playback, PlaybackState
from assistant.sound.scheduled import Scheduled, ScheduledLane

MAX_GAIN: Final = 1.5
"""Louder than this, espeak's own peaks are cut off audibly."""
HELD_BEFORE: Final = 0.6
"""Seconds: speech rests no longer than this before a scheduled piece; a number is heard as part of the count then."""
CLEAR_BEFORE: Final = 0.02
"""Seconds of silence that are wanted between a word and a scheduled piece; more than the clock of the output wavers."""
HELD_AFTER: Final = 0.15
"""Seconds of silence after a scheduled piece before speech goes on, as between two phrases."""
HELD_BETWEEN: Final = 1.2
"""Scheduled pieces closer than this are waited for in one go: a word or two between "three" and "two" confuse."""
LEAST_HELD: Final = 0.1
"""Seconds of a scheduled piece that have to be left for speech under it to be held; less is over before it helps."""
UNDER_GAIN: Final = 0.25
"""For speech that can't be held: a long word goes on under the piece."""
FADE_SECONDS: Final = 0.005
"""Where speech is held and goes on again; shorter clicks."""
LONGEST_BLOCK: Final = 0.05
"""Seconds; a boundary is looked for this much earlier than it can be needed, whatever the device's block."""


class PlaybackQueue:
    """Speech one after another without gaps, and scheduled pieces at their times. Safe for several threads."""

    def __init__(self, speed: float = 1.0) -> None:
        """``speed`` is how many times faster than real time samples are taken."""
        self._gain = 1.0
        self._playbacks: deque[Playback] = deque()
        self._scheduled = ScheduledLane(speed)
        self._ending: list[tuple[float, bool, Playback]] = []
        """(when it has come out, whether it was scheduled, what)."""
        self._lock = threading.Lock()
        self._held = False
        self._under = 1.0
        """Gain of speech at the end of the last block."""

    @property
    def gain(self) -> float:
        """1.0 as recorded; lower to duck. Values beyond 0 and `MAX_GAIN` are taken as these."""
        return self._gain

    @gain.setter
    def gain(self, wanted: float) -> None:
        self._gain = min(MAX_GAIN, max(0.0, float(wanted)))

    def pause(self) -> None:
        """Hold the speech that is playing; scheduled pieces go on."""
        self._held = True

    def resume(self) -> None:
        """Go on with what was held."""
        self._held = False

    @property
    def due(self) -> float:
        """When there is something to play (monotonic clock, s): minus infinity for now, infinity for nothing."""
        with self._lock:
            if self._ending or self._scheduled.taking or (self._playbacks and not self._held):
                return -math.inf
            return self._scheduled.next_at

    def add(self, playback: Playback) -> None:
        """Queue speech behind what is there."""
        with self._lock:
            self._playbacks.append(playback)

    def schedule(self, piece: Scheduled) -> None:
        """Play a piece at its time."""
        with self._lock:
            self._scheduled.add(piece)

    def sounds(self, first: float, last: float) -> bool:
        """Return whether a scheduled piece sounds between two moments of the monotonic clock."""
        with self._lock:
            return self._scheduled.sounds(first, last)

    def fill(self, out: NDArray[np.int16], rate: int, now: float, latency: float) -> bool:
        """Fill ``out`` with what comes next, or zeros; it comes out ``latency`` seconds after ``now``.

        Return whether there was anything.
        """
        with self._lock:
            for end in [end for end in self._ending if end[0] <= now]:
                self._ending.remove(end)
                end[2].end(PlaybackState.FINISHED)
            self._scheduled.begin(len(out), rate, now + latency, HELD_BETWEEN)
            spoken = self._speak(out, rate, now, latency)
            out[spoken:] = 0
            self._lower(out, spoken, rate, now + latency)
            taking = self._scheduled.taking
            self._ending += [(at, True, piece) for at, piece in self._scheduled.mix(out, rate, now, latency)]
        return bool(spoken) or taking

    def _speak(self, out: NDArray[np.int16], rate: int, now: float, latency: float) -> int:
        """Put speech into ``out``; return how many samples."""
        spoken = 0
        while not self._held and spoken < len(out) and self._playbacks:
            playback = self._playbacks[0]
            room = len(out) - spoken
            until = self._until(rate, now + latency + spoken / rate)
            if until == 0:
                playback.resting = playback.position > 0
                break
            goes_on = playback.resting
            part = playback.take(room if until is None else min(room, until), now, latency + spoken / rate)
            out[spoken : spoken + len(part)] = _faded(part, rate, goes_on, until)
            spoken += len(part)
            if playback.taken:
                self._playbacks.popleft()
                self._ending.append((now + latency + spoken / rate, False, playback))
        return spoken

    def _until(self, rate: int, moment: float) -> int | None:
        """Return how many samples may be said from ``moment`` on before speech is held; None for no end in sight."""
        ended, begins = self._scheduled.around(moment)
        playback = self._playbacks[0]
        at_rest = playback.position == 0 or playback.resting
        if at_rest and (moment < ended + HELD_AFTER or begins - ended < HELD_BETWEEN):
            return 0
        if moment < ended - LEAST_HELD:
            return next((ahead for ahead in self._boundaries() if moment + ahead / rate < ended - LEAST_HELD), None)
        if begins - moment > HELD_BEFORE + LONGEST_BLOCK:
            return None
        left = sum(len(playback.samples) - playback.position for playback in self._playbacks)
        if moment + left / rate <= begins:
            return None
        last = None
        for ahead in self._boundaries():
            at = moment + ahead / rate
            # The clear stretch is given up where the last boundary was passed over for one that is now too near.
            if at > begins or (at > begins - CLEAR_BEFORE and last is not None):
                break
            if at >= begins - HELD_BEFORE:
                last = ahead
        return last

    def _boundaries(self) -> Iterator[int]:
        """Give how many samples ahead speech can be held, rising."""
        passed = 0
        for number, playback in enumerate(self._playbacks):
            if number or playback.position == 0 or playback.resting:
                yield passed
            for boundary in playback.boundaries:
                if playback.position <= boundary <= len(playback.samples):
                    yield passed + boundary - playback.position
            passed += len(playback.samples) - playback.position

    def _lower(self, out: NDArray[np.int16], spoken: int, rate: int, out_at: float) -> None:
        """Lower speech that goes on under a scheduled piece; the change is spread over the block before it."""
        block = len(out) / rate
        wanted = UNDER_GAIN if self._scheduled.sounds(out_at, out_at + 2 * block, alone=True) else 1.0
        if spoken and (wanted != 1.0 or self._under != 1.0):
            ramp = np.linspace(self._under, wanted, len(out), dtype=np.float32)[:spoken]
            out[:spoken] = (out[:spoken] * ramp).astype(np.int16)
        self._under = wanted

    def drop_speech(self) -> bool:
        """Stop all speech. Return whether some of it may be on its way out."""
        with self._lock:
            dropped = [*(p for _, scheduled, p in self._ending if not scheduled), *self._playbacks]
            self._ending = [end for end in self._ending if end[1]]
            self._playbacks.clear()
            self._held = False
        return _stop(dropped)

    def drop_scheduled(self, *, begun: bool = True) -> bool:
        """Stop the scheduled pieces, or only those that have not begun. Return whether some may be on its way out."""
        with self._lock:
            dropped = self._scheduled.drop(begun=begun)
            if begun:
                self._ending = [end for end in self._ending if not end[1]]
        return _stop(dropped)

    def drop(self) -> bool:
        """Stop everything. Return whether some of it may be on its way out."""
        speech = self.drop_speech()
        return self.drop_scheduled() or speech


def _stop(dropped: list[Playback]) -> bool:
    for playback in dropped:
        playback.end(PlaybackState.STOPPED)
    return any(playback.position > 0 for playback in dropped)


def _faded(part: NDArray[np.int16], rate: int, goes_on: bool, until: int | None) -> NDArray[np.int16]:  # noqa: FBT001
    """Fade speech in where it goes on, and out where it is held ``until`` samples from its first."""
    fade = int(FADE_SECONDS * rate)
    if not goes_on and (until is None or until - len(part) >= fade):
        return part
    steps = np.arange(len(part))
    gain = np.ones(len(part), dtype=np.float32)
    if goes_on:
        gain = np.minimum(gain, steps / fade)
    if until is not None:
        gain = np.minimum(gain, (until - steps) / fade)
    faded: NDArray[np.int16] = (part * gain).astype(np.int16)
    return faded


def louder(samples: NDArray[np.int16], gain: float) -> NDArray[np.int16]:
    """Return ``samples`` at another loudness, from 0 to `MAX_GAIN` times."""
    if gain == 1.0:
        return samples
    other: NDArray[np.int16] = np.clip(samples * min(MAX_GAIN, max(0.0, gain)), -32768, 32767).astype(np.int16)
    return other
