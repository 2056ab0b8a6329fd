"""The clock that conversations are dated with: the system's monotonic one, or a faster one for trying things out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Clock:
    """Runs ``speed`` times as fast as the monotonic clock, from the moment that it was made."""

    speed: float = 1.0
    since: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """Return its time (s)."""
        return self.at(time.monotonic())

    def at(self, monotonic: float) -> float:
        """Return its time at a time of the monotonic clock."""
        return self.since + (monotonic - self.since) * self.speed

    def monotonic(self, at: float) -> float:
        """Return when its time ``at`` comes on the monotonic clock."""
        return self.since + (at - self.since) / self.speed
