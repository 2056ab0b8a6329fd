"""Hears a whole recording at once, with the same ear that hears the microphone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assistant.hearing.ear import Ear, PauseNeeded, always_wait
from assistant.hearing.events import Heard, HearingEvent, Hypothesis
from assistant.hearing.recogniser import SpeechModel, join
from assistant.sound.samples import SAMPLE_RATE

TAIL_SECONDS = 1.0
"""Silence added behind a recording, so that its last turn ends as it would in a room."""


def hear_recording(
    model: SpeechModel, samples: NDArray[np.int16], *, pause_needed: PauseNeeded = always_wait
) -> list[Heard]:
    """Return the turns in ``samples`` (mono, 16 kHz), in order; empty where nobody speaks."""
    turns: list[Heard] = []

    def keep(event: HearingEvent) -> None:
        if isinstance(event, Heard):
            turns.append(event)

    ear = Ear(model, keep, pause_needed=pause_needed)
    ear.feed(samples)
    ear.feed(np.zeros(int(TAIL_SECONDS * SAMPLE_RATE), dtype=np.int16))
    ear.finish()
    return turns


def one_question(turns: list[Heard]) -> tuple[Hypothesis, ...]:
    """Return the readings of a recording that holds one question, whatever pauses are in it."""
    return join([turn.hypotheses for turn in turns if turn.hypotheses])
