"""Whole recordings, heard at once."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.hearing.events import Heard, Hypothesis
from assistant.hearing.recording import hear_recording, one_question
from assistant.sound.samples import SAMPLE_RATE
from said import linux, model, said, silence, sound

pytestmark = linux

QUESTION = "how long do i press"
OTHER = "does heat help"


def test_the_turns_of_a_recording_come_in_order() -> None:
    turns = hear_recording(model(), sound(0.4, QUESTION, 1.5, OTHER, 0.4))
    assert [turn.text for turn in turns] == [QUESTION, OTHER]
    assert turns[0].ended < turns[1].began
    assert turns[1].words[0].start == pytest.approx(1.9 + said(QUESTION).seconds, abs=0.1)


def test_a_recording_that_ends_with_its_last_word_is_heard() -> None:
    turns = hear_recording(model(), sound(QUESTION))
    assert [turn.text for turn in turns] == [QUESTION]
    assert turns[0].ended <= said(QUESTION).seconds + 0.1


@pytest.mark.parametrize("samples", [0, 1, 511, 513, SAMPLE_RATE])
def test_a_recording_without_speech_has_no_turns(samples: int) -> None:
    assert hear_recording(model(), np.zeros(samples, dtype=np.int16)) == []


def test_turns_end_where_nothing_more_is_waited_for() -> None:
    samples = sound(0.4, QUESTION, 0.4, OTHER, 0.4)
    assert [turn.text for turn in hear_recording(model(), samples)] == [f"{QUESTION} {OTHER}"]
    turns = hear_recording(model(), samples, pause_needed=lambda _: 0.0)
    assert [turn.text for turn in turns] == [QUESTION, OTHER]
    assert [turn.goes_on for turn in turns] == [False, True]


def test_one_question_joins_what_pauses_split() -> None:
    turns = hear_recording(model(), sound("how long do i press", 1.5, "the sore spot"))
    assert len(turns) == 2
    readings = one_question(turns)
    assert readings[0].text == "how long do i press the sore spot"
    assert sum(reading.weight for reading in readings) == pytest.approx(1.0)


def test_one_question_leaves_out_turns_without_words() -> None:
    stop = (Hypothesis("stop", 1.0),)
    assert one_question([Heard((), 0.0, 1.0), Heard(stop, 2.0, 3.0), Heard((), 4.0, 5.0)]) == stop
    assert one_question([]) == ()


def test_a_recording_is_left_as_it_is() -> None:
    samples = np.concatenate((silence(0.2), said("stop").samples))
    before = samples.copy()
    hear_recording(model(), samples)
    assert (samples == before).all()
