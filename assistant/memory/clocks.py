"""When something was, so that it can be told after a sleep, a set clock or a power cut how long ago."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
SLEEP_TOLERANCE: Final = 0.5
"""Seconds by which two clocks may come apart without a sleep; nobody notices a timer that is this late."""
JUMP_TOLERANCE: Final = 1.0
"""Seconds by which the wall clock may move against the steady one before written wall times count as wrong."""
BOOT_TOLERANCE: Final = 2.0
"""Seconds: a clock that runs on a battery while the machine is off keeps whole ones, and is read early."""
READ_TOGETHER: Final = 0.05
"""Seconds within which two clocks must be read to be compared; a process that is held up between them reads again."""
READINGS: Final = 5
"""Attempts at that; the last one counts, so that a machine that crawls isn't waited for."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Anchor:
    """One moment by two clocks: Unix time, and seconds that also count while the machine sleeps; and the boot's id.

    The steady clock can only be compared within one boot. Where the system has no id of the boot it is empty.
    """

    wall: float
    steady: float
    boot: str


def anchor_now() -> Anchor:
    """Return this moment."""
    return Anchor(time.time(), steady_clock(), _boot_id())


def steady_clock() -> float:
    """Return seconds of a clock that nobody sets; where there is one, it counts on while the machine sleeps."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


def seconds_between(before: Anchor, now: Anchor) -> float | None:
    """Return the seconds from ``before`` to ``now``, or None where no clock knows.

    Within one boot the steady clock tells. Across boots only the wall clock can, and it is believed unless it went
    backwards, or says that less time has gone by than this boot has lasted: a machine without a battery for its
    clock wakes in the past. Such a clock may also be only a little late; the answer is then too small.
    """
    if before.boot and before.boot == now.boot and now.steady >= before.steady:
        return now.steady - before.steady
    elapsed = now.wall - before.wall
    since_boot = now.steady if before.boot and now.boot and before.boot != now.boot else 0.0
    if elapsed < 0 or elapsed < since_boot - BOOT_TOLERANCE:
        return None
    return elapsed


class SleepWatch:
    """Tells how long the machine slept. ``steady`` counts while it sleeps, ``awake`` doesn't; both in seconds."""

    def __init__(self, steady: Clock = steady_clock, awake: Clock = time.monotonic) -> None:
        self._gap = _Gap(steady, awake)

    def slept(self) -> float:
        """Return the seconds of sleep since this was last asked, 0 where there was none.

        Sleeps that are too short to count are added up until they count together.
        """
        return max(0.0, self._gap.moved(SLEEP_TOLERANCE))


class WallWatch:
    """Tells when the wall clock was set, by a person or a time server."""

    def __init__(self, wall: Clock = time.time, steady: Clock = steady_clock) -> None:
        self._gap = _Gap(wall, steady)

    def jumped(self) -> bool:
        """Return whether the wall clock moved against the steady one since this was last asked."""
        return self._gap.moved(JUMP_TOLERANCE) != 0.0


class _Gap:
    """How far one clock is ahead of another, and by how much that changed."""

    def __init__(self, ahead: Clock, behind: Clock) -> None:
        self._ahead = ahead
        self._behind = behind
        self._before = self._read()

    def moved(self, tolerance: float) -> float:
        """Return by how many seconds the gap grew since it last grew or shrank by more than ``tolerance``, or 0."""
        gap = self._read()
        change = gap - self._before
        if abs(change) <= tolerance:
            return 0.0
        self._before = gap
        return change

    def _read(self) -> float:
        gap = 0.0
        for _ in range(READINGS):
            began = self._behind()
            gap = self._ahead() - began
            if self._behind() - began <= READ_TOGETHER:
                break
        return gap


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
