"""The second lane of an output: pieces that begin at their time, whatever the queue of speech does."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.sound.playback import Playback, PlaybackState


@dataclass(slots=True, eq=False)
class Scheduled:
    """A piece whose first sample comes out at ``at`` (monotonic clock, s)."""

    playback: Playback
    at: float
    alone: bool
    """Whether speech gives way to it."""
    late: float
    """Seconds after ``at`` until which it may still begin."""
    ends: float = math.inf
    """When its last sample comes out; known once it has begun, as ``at`` then is when it really began."""


class ScheduledLane:
    """The pieces that wait for their time, and those that sound. Whoever owns it holds a lock."""

    def __init__(self, speed: float = 1.0) -> None:
        """``speed`` is how many times faster than real time pieces go by."""
        self._speed = speed
        self._waiting: list[Scheduled] = []
        self._begun: list[Scheduled] = []
        """Also those that have been taken or are over: speech waits for a while after them."""

    def add(self, piece: Scheduled) -> None:
        """Let a piece wait for its time."""
        insort(self._waiting, piece, key=lambda other: other.at)

    @property
    def next_at(self) -> float:
        """When the next piece is to begin; infinity where none waits."""
        return self._waiting[0].at if self._waiting else math.inf

    @property
    def taking(self) -> bool:
        """Whether a piece has begun and isn't taken wholly."""
        return any(not piece.playback.taken for piece in self._begun)

    def around(self, moment: float) -> tuple[float, float]:
        """Return when the last piece that began by ``moment`` ends, and when the next one begins.

        Of those that speech gives way to; minus and plus infinity where there is none.
        """
        ended = max((piece.ends for piece in self._begun if piece.alone and piece.at <= moment), default=-math.inf)
        later = (piece.at for piece in self._begun if piece.alone and piece.at > moment)
        waiting = (max(piece.at, moment) for piece in self._waiting if piece.alone)
        return ended, min([*later, *waiting], default=math.inf)

    def sounds(self, first: float, last: float, *, alone: bool = False) -> bool:
        """Return whether a piece (or one that speech gives way to) sounds between two moments."""
        begun = any(p.at < last and p.ends > first for p in self._begun if p.alone or not alone)
        return begun or any(p.at < last for p in self._waiting if p.alone or not alone)

    def begin(self, count: int, rate: int, out_at: float, keep: float) -> None:
        """Begin what is due in the block of ``count`` samples that comes out at ``out_at``.

        What is over for longer than ``keep`` seconds is forgotten.
        """
        self._begun = [piece for piece in self._begun if piece.ends + keep > out_at]
        while self._waiting and round((self._waiting[0].at - out_at) * rate) < count:
            piece = self._waiting.pop(0)
            if piece.at + piece.late < out_at:
                piece.playback.end(PlaybackState.MISSED)
                continue
            first = max(0, round((piece.at - out_at) * rate))
            piece.at = out_at + first / rate
            piece.ends = piece.at + len(piece.playback.samples) / rate / self._speed
            self._begun.append(piece)

    def mix(self, out: NDArray[np.int16], rate: int, now: float, latency: float) -> Iterator[tuple[float, Playback]]:
        """Add what sounds to ``out``; yield what has been taken wholly, with when it will have come out."""
        sum_of_all: NDArray[np.int32] | None = None
        for piece in self._begun:
            playback = piece.playback
            if playback.done.is_set() or (playback.taken and playback.began_at is not None):
                continue
            first = 0 if playback.position else max(0, round((piece.at - now - latency) * rate))
            part = playback.take(len(out) - first, now, latency + first / rate)
            if sum_of_all is None:
                sum_of_all = out.astype(np.int32)
            sum_of_all[first : first + len(part)] += part
            if playback.taken:
                yield now + latency + (first + len(part)) / rate, playback
        if sum_of_all is not None:
            out[:] = np.clip(sum_of_all, -32768, 32767)

    def drop(self, *, begun: bool) -> list[Playback]:
        """Forget what waits, and with ``begun`` also what sounds; return what isn't over yet."""
        dropped = [piece.playback for piece in self._waiting]
        self._waiting.clear()
        if begun:
            dropped += [piece.playback for piece in self._begun]
            self._begun.clear()
        return [playback for playback in dropped if not playback.done.is_set()]
