"""What of a conversation survives a power cut: the routines under way, and what was on the skin lately.

Clocks are kept as what they read; how long the assistant was away is found out by whoever kept them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from assistant.dialogue.state import State
from assistant.routines.run import Exposure, Run


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A routine with its clock stopped, and whether the clock was running."""

    run: Run
    ran: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept. Times of ``exposures`` are seconds before now (negative)."""

    runs: tuple[KeptRun, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    flagged: str | None = None


def kept_of(state: State, now: float) -> Kept:
    """Return what is to be kept of ``state`` at ``now``."""
    runs = tuple(
        KeptRun(
            replace(run, clock=run.clock.stopped(now), cued=min(run.cued, run.clock.elapsed(now)), silent_since=None),
            run.clock.runs,
        )
        for run in state.runs
    )
    exposures = tuple(replace(e, ended=e.ended - now) for e in state.exposures if now < e.ended + e.rest)
    return Kept(runs, exposures, state.flagged if state.runs else None)


def runs_of(kept: Kept, now: float, away: float) -> tuple[Run, ...]:
    """Return the routines as they are at ``now``, ``away`` seconds later: clocks that ran have run on."""
    return tuple(
        replace(each.run, clock=replace(each.run.clock, stood_at=each.run.clock.stood_at + away).started(now))
        if each.ran
        else each.run
        for each in kept.runs
    )


def exposures_of(kept: Kept, now: float, away: float) -> tuple[Exposure, ...]:
    """Return what was on the skin, dated on the clock of ``now``."""
    return tuple(replace(e, ended=e.ended + now - away) for e in kept.exposures)
