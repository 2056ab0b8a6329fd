"""The clock of a step."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.routines.step_clock import StepClock

TIMES = st.floats(0.0, 1e6)
WAITS = st.lists(st.tuples(st.booleans(), st.floats(0.0, 500.0)), max_size=20)


def test_a_clock_stands_until_it_is_started() -> None:
    clock = StepClock(30.0)
    assert not clock.runs
    assert clock.elapsed(1000.0) == 0.0
    assert clock.left(1000.0) == 30.0
    assert not clock.over(1000.0)


def test_it_runs_from_its_start_to_its_end() -> None:
    clock = StepClock(30.0).started(100.0)
    assert clock.elapsed(110.0) == 10.0
    assert clock.left(110.0) == 20.0
    assert not clock.over(129.9)
    assert clock.over(130.0)
    assert clock.left(500.0) == 0.0


def test_an_end_comes_early_by_what_a_timer_may_be() -> None:
    clock = StepClock(30.0).started(100.0)
    assert clock.over(129.99, early=0.02)
    assert not clock.over(129.97, early=0.02)


def test_one_without_an_end_is_never_over() -> None:
    clock = StepClock().started(0.0)
    assert clock.left(1e6) == math.inf
    assert not clock.over(1e6)


def test_a_start_set_ahead_reads_below_zero_until_then() -> None:
    clock = StepClock(30.0).started(100.8)
    assert clock.elapsed(100.0) == pytest.approx(-0.8)
    assert clock.stopped(100.0).elapsed(100.0) == 0.0


def test_one_that_was_to_go_on_later_reads_what_it_read_before() -> None:
    clock = StepClock(30.0).started(0.0).stopped(20.0)
    assert clock.started(100.8).stopped(100.0).elapsed(100.0) == 20.0


def test_another_length_keeps_what_it_reads() -> None:
    clock = StepClock(900.0).started(0.0).lasting(1200.0)
    assert clock.elapsed(900.0) == 900.0
    assert clock.left(900.0) == 300.0


def test_a_sleep_counts() -> None:
    assert StepClock(900.0).started(0.0).moved(60.0).elapsed(10.0) == 70.0
    standing = StepClock(900.0, stood_at=5.0)
    assert standing.moved(60.0) == standing


@given(WAITS)
def test_it_reads_the_time_that_it_ran(waits: list[tuple[bool, float]]) -> None:
    clock, now, ran = StepClock(1200.0), 50.0, 0.0
    for runs, wait in waits:
        clock = clock.started(now) if runs and not clock.runs else clock.stopped(now) if not runs else clock
        ran += wait if clock.runs else 0.0
        now += wait
        assert clock.elapsed(now) == pytest.approx(ran, abs=1e-6)
        assert clock.left(now) == pytest.approx(max(0.0, 1200.0 - ran), abs=1e-6)


@given(TIMES, st.floats(0.0, 1e4), st.floats(0.1, 1e4))
def test_stopping_twice_is_stopping_once(began: float, ran: float, length: float) -> None:
    stopped = StepClock(length).started(began).stopped(began + ran)
    assert stopped.stopped(began + ran + 7.0) == stopped
    assert stopped.elapsed(began + 2 * ran) == pytest.approx(ran, abs=1e-6)
