"""The guide's limits hold, whatever is said."""

from __future__ import annotations

from collections import defaultdict

import pytest
from any_moves import LATENESS, Move, conversations, make, moves
from hypothesis import given
from simulated import Machine, led, running
from what_holds import worn_together

from assistant.guide.model import Pad
from assistant.routines.run import Phase

PRESS_LIMIT = 60.0
SLACK = 0.5
"""Seconds: a tick at the end may be late."""


def in_one_go(machine: Machine) -> float:
    """Return the longest that a pad's clock ran from its start to its end."""
    return max((w.read for w in machine.worn if w.pad is not None), default=0.0)


@conversations(80)
@given(moves("sleep"), LATENESS)
def test_no_clock_of_a_pad_runs_beyond_20_minutes(happening: list[Move], late: tuple[float, ...]) -> None:
    machine = Machine(late=late)
    for move in happening:
        machine.passes(move.wait)
        make(machine, move)
        for run in machine.state.runs:
            step = machine.dialogue.guide.routines[run.routine].steps[run.step]
            if step.pad is not None and run.phase is not Phase.OVER:
                assert run.on_skin + (run.clock.length or 0.0) <= 1200.0 + 1e-6
    machine.passes(1300.0)
    assert in_one_go(machine) <= 1200.0 + SLACK
    assert worn_together(machine, Pad.HEAT) <= 1200.0 + SLACK
    assert worn_together(machine, Pad.COLD, 7200.0) <= 1200.0 + SLACK


@conversations(80)
@given(moves(longest=18))
def test_pressing_ends_after_a_minute_in_one_run_of_the_routine(happening: list[Move]) -> None:
    machine = Machine()
    pressed: dict[int, float] = defaultdict(float)
    number, seen = 0, 0
    for move in [Move(0.0, "start:press-and-rub"), *happening, Move(70.0, "remaining")]:
        machine.passes(move.wait)
        pressed[number] += sum(w.end - w.begin for w in machine.worn[seen:] if w.step == "press")
        seen = len(machine.worn)
        make(machine, move)
        run = machine.state.run("press-and-rub")
        if run is None or (run.step == 0 and not run.pressed and not run.at_clock and run.clock.stood_at == 0.0):
            number += 1
    assert max(pressed.values()) <= PRESS_LIMIT + SLACK


def test_heat_in_parts_adds_up() -> None:
    machine = running("heating-pad", 600.0)
    for _ in range(4):
        machine.does("restart")
        machine.is_quiet()
        machine.does("resume")
        machine.passes(1300.0)
        if machine.state.runs:
            machine.does("acknowledge")
        machine.does("start:heating-pad")
        machine.is_quiet()
        machine.does("resume")
        machine.passes(100.0)
        assert worn_together(machine, Pad.HEAT) <= 1200.0 + SLACK
        machine.does("stop")


def test_another_routine_does_not_give_the_skin_more_heat() -> None:
    machine = running("heating-pad", 900.5)
    machine.does("acknowledge")
    machine.is_quiet()
    machine.does("start:hot-and-cold")
    assert machine.run().clock.length == pytest.approx(299.5, abs=1.0)
    assert "this time it is 5 minutes" in machine.says[-1][1].text


def test_heat_is_given_anew_after_20_minutes_without_it() -> None:
    machine = running("heating-pad", 900.5)
    machine.does("acknowledge")
    machine.passes(1201.0)
    machine.does("start:heating-pad")
    assert machine.run().clock.length == 900.0


@pytest.mark.parametrize("wait", [60.0, 3600.0, 7100.0])
def test_cold_rests_for_two_hours(wait: float) -> None:
    machine = running("hot-and-cold", 10.0)
    machine.does("next")
    machine.is_quiet()
    machine.does("next")
    machine.is_quiet()
    machine.does("resume")
    machine.passes(1202.0)
    machine.does("acknowledge")
    machine.passes(wait)
    machine.does("start:hot-and-cold")
    for word in ("next", "next", "next"):
        machine.does(word)
        machine.is_quiet()
    assert "The cold pack has had its 20 minutes." in machine.words()
    assert worn_together(machine, Pad.COLD, 7200.0) <= 1200.0 + SLACK


def test_cold_has_its_skin_checks_also_after_an_interruption() -> None:
    machine = running("hot-and-cold", 10.0)
    for word in ("next", "next"):
        machine.does(word)
        machine.is_quiet()
    machine.does("resume")
    machine.passes(200.0)
    machine.does("restart")
    machine.is_quiet()
    for word in ("next", "next"):
        machine.does(word)
        machine.is_quiet()
    machine.does("resume")
    machine.passes(1100.0)
    worn = [w.end - w.begin for w in machine.worn if w.step == "cold"]
    assert sum(worn) <= 1200.0 + SLACK
    checks = [at for at, text in machine.cues() if "check your skin" in text]
    assert checks == pytest.approx([100.8, 400.8], abs=2.0)


def test_heat_again_and_again_with_short_breaks_stays_within_20_minutes() -> None:
    machine = led("heating-pad")
    machine.does("extend", seconds=-300.0)
    machine.does("resume")
    for _ in range(4):
        machine.passes(602.0)
        if machine.state.runs:
            machine.does("acknowledge")
        machine.passes(550.0)
        machine.does("start:heating-pad")
        machine.is_quiet()
        if machine.state.runs:
            machine.does("resume")
    assert worn_together(machine, Pad.HEAT) <= 1200.0 + SLACK


def test_pausing_and_going_on_again_and_again_gives_no_time() -> None:
    machine = running("press-and-rub", 20.0)
    for _ in range(10):
        machine.does("pause")
        machine.passes(0.1)
        machine.does("resume")
        machine.passes(0.1)
    assert machine.run().clock.elapsed(machine.now + 0.7) >= 19.99
