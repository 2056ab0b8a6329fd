"""The clock of one step: runs, stands still, is set to another length. Times are seconds on the caller's clock."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class StepClock:
    """How long a step has gone on.

    ``length`` is where it ends, in seconds, or None for a step that the person ends. ``began`` is when it would have
    read 0, None while it stands; then it reads ``stood_at``.
    """

    length: float | None = None
    began: float | None = None
    stood_at: float = 0.0

    @property
    def runs(self) -> bool:
        """Whether it runs."""
        return self.began is not None

    def elapsed(self, now: float) -> float:
        """Return the seconds it has gone on; below 0 before a start that was set ahead."""
        return self.stood_at if self.began is None else now - self.began

    def left(self, now: float) -> float:
        """Return the seconds to its end, at least 0; infinity where it has none."""
        if self.length is None:
            return float("inf")
        return max(0.0, self.length - max(self.elapsed(now), self.stood_at))  # before a start set ahead no more is left

    def over(self, now: float, early: float = 0.0) -> bool:
        """Return whether its end has come; ``early`` is by how much a timer may fire too soon."""
        return self.runs and self.length is not None and self.elapsed(now) + early >= self.length

    def started(self, at: float) -> StepClock:
        """Return it running from ``at`` on, from what it reads."""
        return replace(self, began=at - self.stood_at)

    def stopped(self, now: float) -> StepClock:
        """Return it standing. One that was to start later reads what it read before."""
        return replace(self, began=None, stood_at=max(self.elapsed(now), self.stood_at)) if self.runs else self

    def moved(self, by: float) -> StepClock:
        """Return it with ``by`` seconds more gone that the caller's clock did not count (a sleeping machine)."""
        return self if self.began is None else replace(self, began=self.began - by)

    def lasting(self, length: float) -> StepClock:
        """Return it with another end."""
        return replace(self, length=length)
