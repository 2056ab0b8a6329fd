"""Where a routine is, and what was on the skin."""

from __future__ import annotations

import pytest

from assistant.content import load_guide
from assistant.guide.model import Guide, Pad, Step, StepKind
from assistant.routines.run import (
    Exposure,
    Phase,
    Run,
    can_run_beside,
    counted_before,
    has_clock,
    limit_of,
    routine_of,
    step_of,
    takes_position,
    wears_pads,
)
from assistant.routines.step_clock import StepClock


@pytest.fixture(scope="module")
def guide() -> Guide:
    return load_guide()


def _step(kind: StepKind = StepKind.TIMED, **changes: object) -> Step:
    return Step.model_validate({"id": "step", "say": ("Do it.",), "kind": kind, **changes})


def test_a_run_is_at_a_step_of_its_routine(guide: Guide) -> None:
    run = Run("press-and-rub", step=1)
    assert routine_of(run, guide).id == "press-and-rub"
    assert step_of(run, guide).id == "rub"


@pytest.mark.parametrize(
    ("kind", "clock"),
    [
        (StepKind.TIMED, True),
        (StepKind.BREAK, True),
        (StepKind.OPEN_ENDED, True),
        (StepKind.UNTIMED, False),
        (StepKind.POSITION, False),
    ],
)
def test_steps_with_a_clock(kind: StepKind, *, clock: bool) -> None:
    assert has_clock(_step(kind)) is clock


def test_a_limit_is_the_longest_that_the_guide_gives() -> None:
    assert limit_of(_step(seconds=900, extend_to=1200)) == 1200
    assert limit_of(_step(seconds=1200)) == 1200
    assert limit_of(_step(StepKind.UNTIMED)) is None


def test_the_guides_limits(guide: Guide) -> None:
    limits = {(r.id, s.id): limit_of(s) for r in guide.routines.values() for s in r.steps if s.seconds is not None}
    assert limits == {
        ("press-and-rub", "press"): 60,
        ("hot-and-cold", "warm"): 1200,
        ("hot-and-cold", "break"): 1200,
        ("hot-and-cold", "cold"): 1200,
        ("heating-pad", "heat"): 1200,
    }


def test_two_can_run_at_once_only_as_a_pad_and_something_by_hand(guide: Guide) -> None:
    together = {
        frozenset((a.id, b.id))
        for a in guide.routines.values()
        for b in guide.routines.values()
        if can_run_beside(a, b)
    }
    assert together == {
        frozenset(pair)
        for pair in [
            ("press-and-rub", "heating-pad"),
            ("press-and-rub", "hot-and-cold"),
            ("stretch-and-hold", "heating-pad"),
            ("stretch-and-hold", "hot-and-cold"),
        ]
    }


def test_what_wears_pads_and_what_takes_a_position(guide: Guide) -> None:
    assert {r.id for r in guide.routines.values() if wears_pads(r)} == {"heating-pad", "hot-and-cold"}
    assert {r.id for r in guide.routines.values() if takes_position(r)} == {"sleep-on-back", "sleep-on-side"}


def test_pressing_adds_up() -> None:
    run = Run("press-and-rub", phase=Phase.RUNNING, clock=StepClock(30.0).started(0.0)).with_pressed(20.0)
    assert run.pressed_in(0) == 20.0
    assert run.with_pressed(15.0).pressed_in(0) == 35.0
    assert run.pressed_in(1) == 0.0


def test_a_pad_counts_until_the_skin_has_rested() -> None:
    heat = _step(seconds=900, pad=Pad.HEAT, rest=1200)
    worn = (Exposure(Pad.HEAT, 600.0, 1000.0, 1200.0), Exposure(Pad.COLD, 300.0, 1000.0, 7200.0))
    assert counted_before(heat, worn, 1000.0) == 600.0
    assert counted_before(heat, worn, 2199.9) == 600.0
    assert counted_before(heat, worn, 2200.0) == 0.0
    assert counted_before(_step(seconds=900, pad=Pad.COLD), worn, 8199.0) == 300.0
