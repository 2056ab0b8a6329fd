"""Answers in a person's place, where a routine is only tried out and nobody is there. Pure."""

from __future__ import annotations

from typing import Final

from assistant.dialogue.state import State
from assistant.guide.model import Guide
from assistant.routines.run import Phase, step_of
from assistant.understanding.meaning import Kind, Meaning

HOLD_SECONDS: Final = 45.0
"""How long a hold without an end is held in a trial: two check-ins are heard."""


def answer_of(state: State, guide: Guide, now: float) -> Meaning | None:
    """Return what a person would say now to go on, or None where there is nothing to say."""
    if state.speaking is not None:
        return None
    if state.question is not None:
        return _command("yes")
    for run in state.runs:
        step = step_of(run, guide)
        if run.phase in (Phase.WAITING, Phase.PAUSED):
            return _command("resume")
        if run.phase is Phase.OVER:
            return _command("acknowledge" if step.pad is not None else "no")
        if run.phase is Phase.GOING:
            return _command("next")
        if run.phase is Phase.RUNNING and run.clock.length is None and run.clock.elapsed(now) >= HOLD_SECONDS:
            return _command("next")
    return None


def _command(name: str) -> Meaning:
    return Meaning(Kind.COMMAND, id=name, heard=name, score=1.0)
