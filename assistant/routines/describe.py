"""A routine put into words: what is needed, what to heed, and its steps in order."""

from __future__ import annotations

from assistant.guide.model import Routine


def spoken_steps(routine: Routine) -> tuple[str, ...]:
    """Return the sentences that describe ``routine`` from begin to end."""
    steps = tuple(sentence for step in routine.steps for sentence in step.say)
    return (*routine.describe, *routine.before, *steps)
