"""A routine that is being led: where it is, and what its clock reads. Frozen and printable; no clock of its own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from assistant.guide.model import Guide, Pad, Routine, Step, StepKind
from assistant.routines.step_clock import StepClock

NO_CUE: Final = -1.0
"""Before the first cue, which is at 0."""


class Phase(StrEnum):
    """Where a step is."""

    WAITING = "waiting"
    """For "ready"."""
    ANNOUNCED = "announced"
    """It begins by itself once its instruction was said."""
    RUNNING = "running"
    """Its clock runs."""
    GOING = "going"
    """It has no clock, and ends when the person says so."""
    PAUSED = "paused"
    OVER = "over"
    """Its time is up: a pad has to come off, or more is offered."""


@dataclass(frozen=True, slots=True)
class Run:
    """One routine under way."""

    routine: str
    step: int = 0
    phase: Phase = Phase.WAITING
    clock: StepClock = field(default_factory=StepClock)
    cued: float = NO_CUE
    """Cues up to here (on the step's clock, s) have been given out."""
    paused_in: Phase | None = None
    """Where a paused one goes on."""
    silent_since: float | None = None
    """When the wait for an answer began, once what was asked had been said; None while nothing is waited for."""
    reminded: int = 0
    """How often silence was answered; at an alarm: how often it rang."""
    opening: str | None = None
    """What is said on the second where a clock goes on that stood; None at a step's own begin."""
    on_skin: float = 0.0
    """Seconds that the pad was on already, or that were pressed already, when this step's clock began."""
    pressed: tuple[tuple[int, float], ...] = ()
    """Seconds that steps without a pad have used of the guide's time, by their place."""

    def pressed_in(self, index: int) -> float:
        """Return the seconds that step ``index`` has used in this run."""
        return dict(self.pressed).get(index, 0.0)

    def with_pressed(self, now: float) -> Run:
        """Return it knowing how long its step went on."""
        seconds = self.pressed_in(self.step) + max(0.0, self.clock.elapsed(now))
        return replace(self, pressed=tuple(sorted({**dict(self.pressed), self.step: seconds}.items())))

    def with_clock(self, clock: StepClock) -> Run:
        """Return it with another clock."""
        return replace(self, clock=clock)

    @property
    def at_clock(self) -> bool:
        """Whether its step has a clock that was started, running or not."""
        return self.phase is Phase.RUNNING or (self.phase is Phase.PAUSED and self.paused_in is Phase.RUNNING)


@dataclass(frozen=True, slots=True)
class Exposure:
    """How long a pad was on the skin, and when it came off: it counts until ``rest`` seconds after."""

    pad: Pad
    seconds: float
    ended: float
    rest: float


def routine_of(run: Run, guide: Guide) -> Routine:
    """Return the routine that ``run`` leads."""
    return guide.routines[run.routine]


def step_of(run: Run, guide: Guide) -> Step:
    """Return the step that ``run`` is at."""
    return guide.routines[run.routine].steps[run.step]


def has_clock(step: Step) -> bool:
    """Return whether a clock runs in ``step``."""
    return step.kind in (StepKind.TIMED, StepKind.BREAK, StepKind.OPEN_ENDED)


def wears_pads(routine: Routine) -> bool:
    """Return whether something hot or cold lies on the skin in any of its steps."""
    return any(step.pad is not None for step in routine.steps)


def takes_position(routine: Routine) -> bool:
    """Return whether it leads into a position to sleep in."""
    return any(step.kind is StepKind.POSITION for step in routine.steps)


def can_run_beside(new: Routine, running: Routine) -> bool:
    """Return whether both can run at once: a pad on the back, and a press by hand.

    Never two with pads, and never a pad together with a position to sleep in (safety sheet, 3a).
    """
    pads = [wears_pads(each) for each in (new, running)]
    return sorted(pads) == [False, True] and not takes_position(new) and not takes_position(running)


def limit_of(step: Step) -> float | None:
    """Return the seconds that the guide allows for a step at most, or None where it gives none."""
    return step.extend_to or step.seconds


def counted_before(step: Step, exposures: tuple[Exposure, ...], now: float) -> float:
    """Return the seconds that the step's pad was on lately: they count against its limit."""
    return sum(e.seconds for e in exposures if e.pad is step.pad and now < e.ended + e.rest)
