"""After a power cut: what ran, what ended meanwhile, and how it goes on."""

from __future__ import annotations

import pytest
from any_moves import LATENESS, Move, conversations, make, moves
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from simulated import Machine, beside, led, running, shipped
from what_holds import none_is_late, none_is_said_twice, numbers_are_right, wakes_are_few

from assistant.dialogue.events import Begin, Returned
from assistant.dialogue.kept import Kept, kept_of
from assistant.dialogue.state import State
from assistant.routines.run import Phase

KEPT: TypeAdapter[Kept] = TypeAdapter(Kept)


def back(machine: Machine) -> str:
    """Return what is said first after a return."""
    return machine.says[-1][1].text


@conversations(60)
@given(moves("sleep", longest=14), st.floats(0.0, 30.0), st.floats(0.1, 4000.0), LATENESS)
def test_a_power_cut_at_any_moment_loses_nothing(
    happening: list[Move], wait: float, away: float, late: tuple[float, ...]
) -> None:
    machine = Machine(late=late)
    for move in happening:
        machine.passes(move.wait)
        make(machine, move)
    machine.passes(wait)
    before, then = machine.state, machine.now
    machine.is_killed(away)
    after = machine.state
    assert {run.routine for run in after.runs} == {run.routine for run in before.runs}
    for run in before.runs:
        again = after.run(run.routine)
        assert again is not None
        assert (again.step, again.clock.length, again.on_skin) == (run.step, run.clock.length, run.on_skin)
        if run.phase is Phase.RUNNING and run.clock.elapsed(then) >= 0 and again.phase is Phase.RUNNING:
            # A clock that was written down before its start is up to that delay ahead.
            assert again.clock.elapsed(machine.now) == pytest.approx(run.clock.elapsed(then) + away, abs=0.81)
        if run.phase is Phase.PAUSED and run.paused_in is Phase.RUNNING:
            assert again.clock.elapsed(machine.now) == pytest.approx(run.clock.elapsed(then), abs=0.01)
        if run.phase is Phase.RUNNING and run.clock.left(then) + 0.9 < away and run.clock.length is not None:
            assert again.phase in (Phase.OVER, Phase.PAUSED)
    assert [(e.pad, e.seconds) for e in after.exposures] == [(e.pad, e.seconds) for e in before.exposures][
        -len(after.exposures) if after.exposures else len(before.exposures) :
    ]
    machine.passes(200.0)
    none_is_late(machine)
    numbers_are_right(machine)
    none_is_said_twice(machine)
    wakes_are_few(machine)


@conversations(60)
@given(moves("sleep", longest=14))
def test_what_is_kept_survives_json(happening: list[Move]) -> None:
    machine = Machine()
    for move in happening:
        machine.passes(move.wait)
        make(machine, move)
        kept = kept_of(machine.state, machine.now)
        assert KEPT.validate_json(KEPT.dump_json(kept)) == kept


def test_a_pad_that_still_runs_is_counted_on() -> None:
    machine = running("heating-pad", 100.0)
    machine.is_killed(140.0)
    assert "The heating pad has 11 minutes left, and I'm counting on." in back(machine)
    assert back(machine).endswith("Shall we go on?")
    machine.is_quiet()
    machine.does("yes")
    machine.passes(700.0)
    assert machine.cues()[-1] == (900.0, "Take the pad off now.")


def test_no_to_going_on_ends_it_and_the_pad_comes_off() -> None:
    machine = running("heating-pad", 100.0)
    machine.is_killed(60.0)
    machine.is_quiet()
    machine.does("no")
    assert machine.state.runs == ()
    machine.passes(3.0)
    assert machine.sounded[-1].text == "Stopped. Take the pad off now."


def test_a_pad_that_ended_meanwhile_is_told_with_how_long_ago_and_what_to_do() -> None:
    machine = running("heating-pad", 880.0)
    machine.is_killed(320.0)
    said = back(machine)
    assert "The time of the heating pad ended 5 minutes ago, while I was off." in said
    assert "Take the pad off now. Say it's off when it's off." in said
    assert machine.run().phase is Phase.OVER
    machine.passes(60.0)
    assert any("/alarm-" in cue.cue for cue in machine.sounded)


def test_a_press_that_ended_meanwhile_waits_for_the_person() -> None:
    machine = running("press-and-rub", 20.0)
    machine.is_killed(60.0)
    assert "The time of the pressing ended 50 seconds ago" in back(machine)
    machine.is_quiet()
    machine.does("yes")
    machine.passes(2.0)
    assert machine.run().phase is Phase.RUNNING
    assert machine.run().clock.length == 60.0


def test_a_rub_and_a_position_are_taken_up_where_they_were() -> None:
    machine = running("press-and-rub", 32.0)
    machine.does("next")
    machine.is_quiet()
    machine.is_killed(30.0)
    assert "We were at the pressing. Shall we go on?" in back(machine)
    machine.is_quiet()
    machine.does("yes")
    assert back(machine).startswith("Now rub gently")
    machine = led("sleep-on-back")
    machine.does("next")
    machine.is_quiet()
    machine.is_killed(30.0)
    assert "Put a pillow under your knees." in back(machine)
    machine.is_quiet()
    machine.does("next")
    assert machine.run().step == 2


def test_a_paused_pad_stays_paused() -> None:
    machine = running("heating-pad", 100.0)
    machine.does("pause")
    machine.is_quiet()
    machine.is_killed(500.0)
    assert "The heating pad is paused, with 13 minutes and 30 seconds left." in back(machine)
    machine.is_quiet()
    machine.does("yes")
    machine.passes(2.0)
    assert machine.run().clock.elapsed(machine.now) == pytest.approx(101.2)


def test_after_many_hours_nothing_is_led_on() -> None:
    machine = running("heating-pad", 100.0)
    machine.is_killed(8 * 3600.0)
    assert "ended 8 hours ago" in back(machine)
    assert machine.state.runs == ()


def test_nobody_knows_for_how_long() -> None:
    machine = running("heating-pad", 100.0)
    machine.is_killed(30.0, knows=False)
    assert "I don't know for how long" in back(machine)
    assert "The time of the heating pad may be over." in back(machine)
    assert machine.run().phase is Phase.OVER


@pytest.mark.parametrize("away", [0.0, -5.0, 1e9, None])
def test_any_absence_is_taken(away: float | None) -> None:
    machine = beside("heating-pad", 100.0, "press-and-rub")
    kept = kept_of(machine.state, machine.now)
    state, actions = shipped().advance(State(), Returned(kept, away), 5.0)
    assert actions
    assert repr(state)


def test_a_step_that_the_guide_has_no_more_is_forgotten() -> None:
    machine = running("heating-pad", 100.0)
    kept = kept_of(machine.state, machine.now)
    gone = KEPT.validate_json(KEPT.dump_json(kept).replace(b"heating-pad", b"mud-bath"))
    state, _ = shipped().advance(State(), Returned(gone, 5.0), 0.0)
    assert state.runs == ()


def test_a_paused_hold_is_there_again() -> None:
    machine = running("stretch-and-hold", 25.0)
    machine.does("pause")
    machine.is_quiet()
    machine.is_killed(30.0)
    assert "We were at" in back(machine)
    assert machine.run().phase is Phase.PAUSED


def test_a_skin_check_of_the_time_away_is_made_up_for() -> None:
    machine = running("heating-pad", 595.0)
    machine.is_killed(20.0)
    machine.passes(60.0)
    assert "check the skin" in machine.words()


def test_an_unknown_absence_is_no_rest_for_the_skin() -> None:
    machine = led("heating-pad")
    machine.does("extend", seconds=300.0)
    machine.does("resume")
    machine.passes(1203.0)
    machine.does("acknowledge")
    machine.is_quiet()
    machine.is_killed(5.0, knows=False)
    machine.is_quiet()
    machine.does("start:heating-pad")
    assert "That pad has had its 20 minutes." in back(machine)


def test_an_offer_of_more_is_made_again() -> None:
    machine = running("press-and-rub", 33.0)
    machine.is_killed(30.0)
    assert "Say carry on to press again" in back(machine)


def test_yes_goes_on_with_the_one_that_stands() -> None:
    machine = beside("heating-pad", 60.0, "press-and-rub")
    machine.does("resume")
    machine.passes(5.0)
    for command in ("pause the press", "pause the pad", "resume the pad"):
        machine.does(command.split()[0], command)
        machine.is_quiet()
    machine.passes(30.0)
    machine.is_killed(20.0)
    machine.is_quiet()
    machine.does("yes")
    machine.passes(3.0)
    assert machine.run("press-and-rub").phase is Phase.RUNNING


@pytest.mark.parametrize("routine", ["hot-and-cold", "heating-pad", "sleep-on-back"])
def test_a_routine_begun_by_hand_takes_the_place_of_what_came_back(routine: str) -> None:
    machine = running("heating-pad", 600.0)
    machine.is_killed(5.0)
    machine.happens(Begin(routine))
    assert [run.routine for run in machine.state.runs] == [routine]
    assert sum(e.seconds for e in machine.state.exposures) == pytest.approx(605.0, abs=1.0)
    assert back(machine).startswith("Take the pad off now.")
