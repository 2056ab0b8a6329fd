"""What an onlooker sees of the routines under way: step, time left, next cue. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.dialogue.state import State
from assistant.dialogue.timing import Timing
from assistant.routines.run import Phase, routine_of, step_of


@dataclass(frozen=True, slots=True)
class RoutineView:
    """One routine as it is shown. Times in seconds."""

    routine: str
    title: str
    step: str
    number: int
    """Of the step, from 1."""
    steps: int
    phase: Phase
    instruction: str
    elapsed: float
    left: float | None
    """None where the step has no end of its own."""
    length: float | None
    next_cue: str | None
    next_in: float | None
    pad: bool = False
    """Whether something hot or cold lies on the skin in this step."""


def views_of(state: State, timing: Timing, now: float) -> tuple[RoutineView, ...]:
    """Return the routines under way as they are at ``now``."""
    guide = timing.leading.guide
    views = []
    for run in state.runs:
        routine, step = routine_of(run, guide), step_of(run, guide)
        cue = timing.next_cue(state, run, now)
        views.append(
            RoutineView(
                routine=run.routine,
                title=routine.title,
                step=step.id,
                number=run.step + 1,
                steps=len(routine.steps),
                phase=run.phase,
                instruction=" ".join(step.say[:1]),
                elapsed=max(0.0, run.clock.elapsed(now)),
                left=None if run.clock.length is None else min(run.clock.length, run.clock.left(now)),
                length=run.clock.length,
                next_cue=cue.text if cue else None,
                next_in=max(0.0, cue.at - run.clock.elapsed(now)) if cue else None,
                pad=step.pad is not None,
            )
        )
    return tuple(views)
