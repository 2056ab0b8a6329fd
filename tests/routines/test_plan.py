"""The cues of a step: never overlapping, never late, always ending."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.routines.plan import (
    GAP,
    RANK,
    RATE,
    Cadence,
    Cue,
    CueKind,
    CueTexts,
    Lengths,
    Timeline,
    check_ins,
    plan,
    without_overlaps,
)

NUMBERS = ["One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"]


def _left(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.15g} minutes left." if seconds >= 60 else f"{seconds:.15g} seconds left."


def _count(number: int) -> str:
    return f"{NUMBERS[number - 1]}."


TEXTS = CueTexts(
    left=_left,
    count=_count,
    begin="Begin now.",
    half="Halfway.",
    done="And release.",
    skin_check="Check your skin under the pad, and stay awake.",
    check_in=("Still holding?", "Take your time.", "Rest if you like."),
)
LENGTHS = Lengths()
STEP_LENGTHS = st.one_of(st.floats(0.5, 90.0), st.floats(90.0, 3600.0), st.sampled_from([30.0, 60.0, 900.0, 1200.0]))
TIMELINES = st.builds(
    Timeline,
    st.one_of(st.none(), STEP_LENGTHS),
    st.lists(st.floats(0.0, 1300.0), max_size=3).map(tuple),
    st.one_of(st.none(), st.floats(5.0, 60.0)),
)
RATES = st.integers(105, 285).map(lambda rate: Lengths(rate=rate))
MEASURED = st.dictionaries(
    st.sampled_from([*(f"{n}." for n in NUMBERS), "Halfway.", "And release.", "Begin now."]), st.floats(0.0, 8.0)
).map(lambda measured: Lengths(measured))
ANY_LENGTHS = st.one_of(RATES, MEASURED)
CADENCES = st.sampled_from(Cadence)


def planned(length: float | None, cadence: Cadence = Cadence.NORMAL, *checks: float) -> list[tuple[float, str]]:
    cues = plan(Timeline(length, checks), TEXTS, cadence, LENGTHS)
    return [(round(cue.at, 3), cue.text) for cue in cues]


@settings(max_examples=150, deadline=None)
@given(TIMELINES, CADENCES, ANY_LENGTHS)
def test_no_cue_overlaps_another(timeline: Timeline, cadence: Cadence, lengths: Lengths) -> None:
    cues = plan(timeline, TEXTS, cadence, lengths)
    for first, second in itertools.pairwise(cues):
        assert first.at + lengths(first.text) + GAP <= second.at


@settings(max_examples=150, deadline=None)
@given(TIMELINES, CADENCES, ANY_LENGTHS)
def test_no_cue_is_outside_its_step_and_the_end_is_always_said(
    timeline: Timeline, cadence: Cadence, lengths: Lengths
) -> None:
    cues = plan(timeline, TEXTS, cadence, lengths)
    if timeline.length is None:
        assert [cue.kind for cue in cues] == [CueKind.BEGIN]
        return
    assert all(0.0 <= cue.at <= timeline.length for cue in cues)
    assert cues[-1] == Cue(timeline.length, "And release.", CueKind.DONE)


@settings(max_examples=150, deadline=None)
@given(STEP_LENGTHS, CADENCES, ANY_LENGTHS)
def test_a_number_is_on_its_second(length: float, cadence: Cadence, lengths: Lengths) -> None:
    for cue in plan(Timeline(length), TEXTS, cadence, lengths):
        word = cue.text.rstrip(".")
        if word in NUMBERS:
            assert length - cue.at == pytest.approx(NUMBERS.index(word) + 1, abs=1e-6)
        elif cue.text.endswith(" left."):
            figure, unit, _ = cue.text.split()
            assert length - cue.at == pytest.approx(float(figure) * (60 if unit == "minutes" else 1), abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(TIMELINES, CADENCES, ANY_LENGTHS)
def test_what_is_dropped_would_overlap_something_as_important(
    timeline: Timeline, cadence: Cadence, lengths: Lengths
) -> None:
    """Nothing is left out without need: each skin check is said where the end and the other checks leave room."""
    cues = plan(timeline, TEXTS, cadence, lengths)
    if timeline.length is None:
        return
    for at in timeline.skin_checks:
        if not 0 < at <= timeline.length - 20.0 or any(cue.at == at for cue in cues):
            continue
        important = [cue for cue in cues if RANK[cue.kind] >= RANK[CueKind.SKIN_CHECK]]
        ends = at + lengths(TEXTS.skin_check or "") + GAP
        assert any(cue.at < ends and at < cue.at + lengths(cue.text) + GAP for cue in important)


@given(STEP_LENGTHS, CADENCES)
def test_the_same_plan_is_made_of_the_same_things(length: float, cadence: Cadence) -> None:
    plan.cache_clear()
    first = plan(Timeline(length), TEXTS, cadence, LENGTHS)
    plan.cache_clear()
    assert plan(Timeline(length), TEXTS, cadence, LENGTHS) == first


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.0, 30.0), st.sampled_from(CueKind)), max_size=25),
    st.floats(0.0, 6.0),
)
def test_of_two_cues_the_more_important_stays(wanted: list[tuple[float, CueKind]], length: float) -> None:
    cues = [Cue(at, kind.value, kind) for at, kind in wanted]
    kept = without_overlaps(cues, lambda _: length)
    assert list(kept) == sorted(kept, key=lambda cue: cue.at)
    for cue in cues:
        if cue not in kept:
            near = [other for other in kept if abs(other.at - cue.at) < length + GAP + 1e-9]
            assert any(RANK[other.kind] >= RANK[cue.kind] for other in near)


@settings(max_examples=100, deadline=None)
@given(st.floats(1.0, 60.0), st.floats(0.0, 500.0), st.floats(0.0, 200.0))
def test_check_ins_come_each_time_and_once(every: float, after: float, ahead: float) -> None:
    timeline = Timeline(None, (), every)
    whole = list(check_ins(timeline, TEXTS, 0.0, after + ahead))
    parts = [*check_ins(timeline, TEXTS, 0.0, after), *check_ins(timeline, TEXTS, after, after + ahead)]
    assert parts == whole
    assert [cue.at for cue in whole] == pytest.approx([every * n for n in range(1, len(whole) + 1)])


def test_check_ins_are_said_in_turn() -> None:
    found = list(check_ins(Timeline(None, (), 20.0), TEXTS, 0.0, 100.0))
    assert [(cue.at, cue.text) for cue in found] == [
        (20.0, "Still holding?"),
        (40.0, "Take your time."),
        (60.0, "Rest if you like."),
        (80.0, "Still holding?"),
        (100.0, "Take your time."),
    ]
    assert list(check_ins(Timeline(None), TEXTS, 0.0, 100.0)) == []


def test_thirty_seconds_of_pressing() -> None:
    assert planned(30.0) == [
        (0.0, "Begin now."),
        (15.0, "Halfway."),
        (20.0, "Ten."),
        (25.0, "Five."),
        (26.0, "Four."),
        (27.0, "Three."),
        (28.0, "Two."),
        (29.0, "One."),
        (30.0, "And release."),
    ]


def test_in_a_minute_thirty_seconds_left_take_the_place_of_half() -> None:
    assert (30.0, "30 seconds left.") in planned(60.0)
    assert "Halfway." not in [text for _, text in planned(60.0)]


def test_a_long_wait_speaks_rarely() -> None:
    assert planned(1200.0) == [
        (0.0, "Begin now."),
        (600.0, "Halfway."),
        (900.0, "5 minutes left."),
        (1140.0, "1 minutes left."),
        *((1200.0 - number, _count(number)) for number in range(10, 0, -1)),
        (1200.0, "And release."),
    ]


def test_skin_checks_are_said_whole_and_what_is_less_gives_way() -> None:
    found = planned(1200.0, Cadence.NORMAL, 300.0, 600.0)
    assert (300.0, TEXTS.skin_check) in found
    assert (600.0, TEXTS.skin_check) in found
    assert "Halfway." not in [text for _, text in found]


def test_near_the_end_the_skin_is_not_checked_any_more() -> None:
    assert TEXTS.skin_check not in [text for _, text in planned(615.0, Cadence.NORMAL, 600.0)]
    assert (600.0, TEXTS.skin_check) in planned(620.0, Cadence.NORMAL, 600.0)


def test_quiet_counts_only_a_little() -> None:
    assert planned(30.0, Cadence.QUIET) == [(0.0, "Begin now."), (20.0, "10 seconds left."), (30.0, "And release.")]
    assert planned(1200.0, Cadence.QUIET) == [
        (0.0, "Begin now."),
        (1140.0, "1 minutes left."),
        (1200.0, "And release."),
    ]


def test_often_tells_every_ten_seconds() -> None:
    told = [at for at, text in planned(120.0, Cadence.OFTEN) if text.endswith("left.")]
    assert told == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0]
    assert (110.0, "Ten.") in planned(120.0, Cadence.OFTEN)


def test_a_count_too_quick_for_the_voice_keeps_every_second_number() -> None:
    slow = Lengths({_count(n): 1.4 for n in range(1, 11)})
    told = [cue.text for cue in plan(Timeline(30.0), TEXTS, Cadence.NORMAL, slow) if cue.kind is CueKind.COUNT]
    assert told == ["Five.", "Three."] or told == ["Four.", "Two."]


def test_a_step_shorter_than_its_count() -> None:
    assert planned(3.0) == [(0.0, "Begin now."), (2.0, "One."), (3.0, "And release.")]


def test_a_text_not_measured_takes_longer_in_a_slow_voice() -> None:
    assert Lengths(rate=105)("Seven.") == pytest.approx(Lengths()("Seven.") * RATE / 105)
    assert Lengths({"Seven.": 0.5})("Seven.") == 0.5
