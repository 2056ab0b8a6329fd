"""End-pointing on sequences of speech probabilities: when turns begin, pause, go on and end."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.hearing.endpointing import (
    FRAME_SECONDS,
    LONG_PAUSE,
    SHORT_PAUSE,
    Change,
    Endpointer,
    EndpointingSettings,
)

SPEECH, FADING, SILENCE = 0.9, 0.4, 0.05
SHORT_FRAMES = math.ceil(SHORT_PAUSE / FRAME_SECONDS)
LONG_FRAMES = math.ceil(LONG_PAUSE / FRAME_SECONDS)


def fed(endpointer: Endpointer, *runs: tuple[int, float]) -> list[tuple[int, Change]]:
    """Feed runs of (frames, probability); return what changed, with the number of the frame (from 1)."""
    changes: list[tuple[int, Change]] = []
    number = 0
    for frames, probability in runs:
        for _ in range(frames):
            number += 1
            change = endpointer.feed(probability)
            if change is not Change.NOTHING:
                changes.append((number, change))
    return changes


def in_turn() -> Endpointer:
    endpointer = Endpointer()
    fed(endpointer, (10, SPEECH))
    assert endpointer.in_turn
    return endpointer


def test_two_frames_of_speech_begin_a_turn() -> None:
    assert fed(Endpointer(), (5, SILENCE), (1, SPEECH)) == []
    assert fed(Endpointer(), (5, SILENCE), (2, SPEECH)) == [(7, Change.BEGAN)]


def test_single_frames_of_speech_are_clicks() -> None:
    endpointer = Endpointer()
    for _ in range(50):
        assert fed(endpointer, (1, SPEECH), (1, FADING)) == []
    assert not endpointer.in_turn


@pytest.mark.parametrize(("probability", "begins"), [(0.49, False), (0.5, True)])
def test_speech_begins_at_the_upper_threshold(probability: float, begins: bool) -> None:
    assert bool(fed(Endpointer(), (10, probability))) is begins


def test_the_short_pause_is_told_once_and_the_long_one_ends() -> None:
    changes = fed(in_turn(), (200, SILENCE))
    assert changes == [(SHORT_FRAMES, Change.SHORT_PAUSE), (LONG_FRAMES, Change.ENDED)]


def test_speech_within_the_long_pause_goes_on_with_the_same_turn() -> None:
    endpointer = in_turn()
    almost = LONG_FRAMES - 1
    changes = fed(endpointer, (almost, SILENCE), (5, SPEECH), (almost, SILENCE), (1, SPEECH))
    assert [change for _, change in changes] == [Change.SHORT_PAUSE, Change.RESUMED] * 2
    assert endpointer.silence == 0.0


def test_a_closure_inside_a_word_is_no_pause() -> None:
    assert fed(in_turn(), (SHORT_FRAMES - 1, SILENCE), (3, SPEECH), (SHORT_FRAMES - 1, SILENCE)) == []


def test_a_fading_word_does_not_flutter() -> None:
    """Between the thresholds it is still speech where there was speech, and still silence where there was a pause."""
    endpointer = in_turn()
    assert fed(endpointer, (5, SILENCE), (40, FADING)) == []
    assert endpointer.silence == 0.0
    changes = fed(endpointer, (SHORT_FRAMES, SILENCE), (LONG_FRAMES, FADING))
    assert [change for _, change in changes] == [Change.SHORT_PAUSE, Change.ENDED]


def test_flutter_around_the_threshold_makes_one_turn() -> None:
    changes = fed(Endpointer(), *[(2, 0.55), (2, 0.45)] * 50, (LONG_FRAMES, SILENCE))
    assert [change for _, change in changes] == [Change.BEGAN, Change.SHORT_PAUSE, Change.ENDED]


def test_a_settled_pause_ends_the_turn_sooner() -> None:
    endpointer = in_turn()
    fed(endpointer, (SHORT_FRAMES, SILENCE))
    endpointer.settle(0.4)
    expected = math.ceil(0.4 / FRAME_SECONDS) - SHORT_FRAMES
    assert fed(endpointer, (100, SILENCE)) == [(expected, Change.ENDED)]


def test_a_settled_pause_is_forgotten_when_speech_goes_on() -> None:
    endpointer = in_turn()
    fed(endpointer, (SHORT_FRAMES, SILENCE))
    endpointer.settle(0.3)
    assert fed(endpointer, (1, SPEECH)) == [(1, Change.RESUMED)]
    assert fed(endpointer, (100, SILENCE)) == [(SHORT_FRAMES, Change.SHORT_PAUSE), (LONG_FRAMES, Change.ENDED)]


def test_a_settled_pause_does_not_reach_into_another_turn() -> None:
    endpointer = Endpointer()
    endpointer.settle(0.0)
    assert fed(endpointer, (2, SPEECH), (3, SILENCE)) == [(2, Change.BEGAN)]
    endpointer.settle(0.0)
    assert fed(endpointer, (1, SPEECH), (3, SILENCE)) == []


@pytest.mark.parametrize("seconds", [5.0, math.inf])
def test_no_pause_is_longer_than_the_long_one(seconds: float) -> None:
    endpointer = in_turn()
    fed(endpointer, (SHORT_FRAMES, SILENCE))
    endpointer.settle(seconds)
    assert fed(endpointer, (100, SILENCE)) == [(LONG_FRAMES - SHORT_FRAMES, Change.ENDED)]


def test_endless_talk_is_cut_and_begins_anew() -> None:
    longest = math.ceil(20.0 / FRAME_SECONDS)
    changes = fed(Endpointer(), (longest + 10, SPEECH))
    assert changes == [(2, Change.BEGAN), (longest, Change.ENDED), (longest + 2, Change.BEGAN)]


def test_the_settings_are_kept() -> None:
    settings = EndpointingSettings(begin_after=0.16, short_pause=0.32, long_pause=0.64, longest_turn=3.2)
    endpointer = Endpointer(settings)
    assert fed(endpointer, (10, SPEECH), (30, SILENCE)) == [
        (5, Change.BEGAN),
        (20, Change.SHORT_PAUSE),
        (30, Change.ENDED),
    ]
    assert fed(endpointer, (100, SPEECH)) == [(5, Change.BEGAN), (100, Change.ENDED)]


def test_a_reset_forgets_the_turn() -> None:
    endpointer = in_turn()
    endpointer.reset()
    assert not endpointer.in_turn
    assert fed(endpointer, (200, SILENCE)) == []


@given(st.lists(st.tuples(st.floats(0, 1), st.one_of(st.none(), st.floats(-1, 2))), max_size=400))
def test_changes_come_in_their_order(frames: list[tuple[float, float | None]]) -> None:
    """Whatever is fed and settled: no end without a begin, no pause told twice, no going on without a pause."""
    allowed = {
        Change.ENDED: {Change.BEGAN},
        Change.BEGAN: {Change.SHORT_PAUSE, Change.ENDED},
        Change.SHORT_PAUSE: {Change.RESUMED, Change.ENDED},
        Change.RESUMED: {Change.SHORT_PAUSE, Change.ENDED},
    }
    endpointer = Endpointer(EndpointingSettings(longest_turn=4.0))
    last = Change.ENDED
    for probability, settled in frames:
        if settled is not None:
            endpointer.settle(settled)
        change = endpointer.feed(probability)
        if change is not Change.NOTHING:
            assert change in allowed[last]
            last = change
        assert endpointer.in_turn is (last is not Change.ENDED)
