"""A routine put into words: what is needed, what to heed, and its steps in order."""

from __future__ import annotations

from typing import Final

from assistant.guide.model import Layer, Routine

NOTE: Final = "not from the guide"
"""What a note of the safety layer says of itself wherever it stands."""


def spoken_steps(routine: Routine) -> tuple[str, ...]:
    """Return the sentences that describe ``routine`` from begin to end."""
    steps = tuple(sentence for step in routine.steps for sentence in step.say)
    return (*routine.describe, *routine.before, *steps, *routine.finish)


def step_layers(routine: Routine) -> tuple[Layer, ...]:
    """Return who says each of those sentences: what stands before the steps, and notes in them, are safety's."""
    first, last = len(routine.describe), len(routine.describe) + len(routine.before)
    return tuple(
        Layer.SAFETY if first <= at < last else layer_of(sentence) for at, sentence in enumerate(spoken_steps(routine))
    )


def layer_of(sentence: str) -> Layer:
    """Return who says a sentence of a routine's steps."""
    return Layer.SAFETY if NOTE in sentence else Layer.GUIDE
