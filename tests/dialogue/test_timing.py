"""What time brings: numbers on their second, alarms, silence, and clocks that jump."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from any_moves import LATENESS, Move, conversations, make, moves, played
from hypothesis import example, given
from simulated import Machine, asked, beside, led, running, said, shipped
from what_holds import can_be_kept, none_is_late, none_is_said_twice, none_overlap, numbers_are_right, wakes_are_few

from assistant.dialogue.actions import WakeAt
from assistant.dialogue.events import Tick
from assistant.dialogue.state import State
from assistant.dialogue.timing import WAIT, WAIT_AGAIN, ring_after
from assistant.routines.plan import Cadence
from assistant.routines.run import Phase

HALF = "Halfway."


@conversations(100)
@given(moves(), LATENESS)
def test_in_any_conversation_cues_are_right(happening: list[Move], late: tuple[float, ...]) -> None:
    machine = played(happening, late=late)
    none_is_late(machine)
    numbers_are_right(machine)
    none_is_said_twice(machine)
    wakes_are_few(machine)
    can_be_kept(machine)


@conversations(100)
@given(moves("sleep"), LATENESS)
def test_a_clock_that_jumps_repeats_no_cue(happening: list[Move], late: tuple[float, ...]) -> None:
    machine = played(happening, late=late)
    none_is_late(machine)
    numbers_are_right(machine)
    none_is_said_twice(machine)
    wakes_are_few(machine)


@conversations(25)
@given(moves("sleep", "kill"))
def test_the_same_events_lead_to_the_same_state(happening: list[Move]) -> None:
    happening = [m for m in happening if m.name != "kill"]
    first, second = played(happening), played(happening)
    assert first.state == second.state
    assert first.sounded == second.sounded


@conversations(60)
@given(moves(longest=15))
def test_clocks_never_speak_over_each_other(happening: list[Move]) -> None:
    machine = Machine()
    for move in happening:
        machine.passes(move.wait)
        make(machine, move)
    machine.passes(60.0)
    none_overlap(machine)


@pytest.mark.parametrize("routine", ["press-and-rub", "heating-pad", "hot-and-cold"])
@pytest.mark.parametrize("cadence", list(Cadence))
def test_late_ticks_lose_no_cue(routine: str, cadence: Cadence) -> None:
    def whole(late: tuple[float, ...]) -> list[tuple[float, str]]:
        machine = led(routine, late=late, state=State(attentive_until=float("inf"), cadence=cadence))
        machine.does("resume")
        machine.passes(1210.0)
        return machine.cues()

    assert whole((0.4, 0.0, 0.3)) == whole((0.0,))


@pytest.mark.parametrize("early", [1e-6, 0.01, 0.015])
def test_a_tick_that_comes_early_does_not_end_the_ticks(early: float) -> None:
    machine = led("press-and-rub", late=(-early,))
    machine.does("resume")
    machine.passes(40.0)
    assert machine.run().phase is Phase.OVER
    assert "And release." in machine.words()


def test_every_ten_seconds_and_quiet() -> None:
    machine = led("press-and-rub")
    machine.does("cadence:quiet")
    machine.is_quiet()
    machine.does("resume")
    machine.passes(31.5)
    assert machine.cues() == [(0.0, "Press now."), (20.0, "10 seconds left."), (30.0, "And release.")]
    machine = led("heating-pad")
    machine.does("cadence:often")
    machine.is_quiet()
    machine.does("resume")
    machine.passes(35.0)
    assert [at for at, _ in machine.cues()] == [0.0, 10.0, 20.0, 30.0]


def test_a_long_wait_speaks_rarely() -> None:
    machine = running("hot-and-cold", 1203.0)
    assert [at for at, _ in machine.cues()] == [0.0, 600.0, 900.0, 1140.0, *range(1190, 1201)]


def test_a_slow_voice_drops_numbers_and_delays_none() -> None:
    slow = State(attentive_until=float("inf"), rate=105)
    machine = running("press-and-rub", 31.0, state=slow)
    none_overlap(machine)
    numbers_are_right(machine)
    assert machine.cues()[-1] == (30.0, "And release.")


def test_the_end_of_a_pad_is_repeated_with_rising_urgency_until_it_is_acknowledged() -> None:
    machine = running("heating-pad", 900.5)
    machine.passes(150.0)
    alarms = [cue for cue in machine.sounded if "/alarm-" in cue.cue]
    gaps = [round(b.at - a.at) for a, b in itertools.pairwise(alarms)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] == 8
    assert [cue.gain for cue in alarms[:4]] == [1.0, 1.25, 1.5, 1.5]
    assert len({cue.text for cue in alarms}) == 3
    assert all(cue.essential for cue in alarms)
    machine.does("acknowledge")
    rung = len(alarms)
    machine.passes(600.0)
    assert sum("/alarm-" in cue.cue for cue in machine.sounded) == rung


def test_an_alarm_goes_on_for_hours_but_slowly() -> None:
    machine = running("heating-pad", 900.5)
    machine.passes(7200.0)
    assert ring_after(40) == 60.0
    last = [cue.at for cue in machine.sounded if "/alarm-" in cue.cue][-2:]
    assert last[1] - last[0] == pytest.approx(60.0, abs=0.1)


def test_after_are_you_ready_it_waits_reminds_once_then_pauses_and_says_so() -> None:
    machine = led("heating-pad")
    count = len(machine.says)
    machine.passes(WAIT - 1.0)
    assert len(machine.says) == count
    machine.passes(2.0)
    assert machine.says[-1][1].text == "I'm still here. Say ready when the pad is on."
    machine.is_quiet()
    machine.passes(WAIT_AGAIN - 1.0)
    assert len(machine.says) == count + 1
    machine.passes(2.0)
    assert "so I'll wait now" in machine.says[-1][1].text
    assert machine.run().phase is Phase.PAUSED
    machine.passes(7200.0)
    assert len(machine.says) == count + 2
    machine.does("resume")
    machine.passes(2.0)
    assert machine.run().phase is Phase.RUNNING
    assert machine.sounded[-1].text == "The time starts now."


def test_silence_after_the_offer_of_more_pressing_is_answered_too() -> None:
    machine = running("press-and-rub", 32.0)
    machine.passes(80.0)
    assert "I'm still here. Say carry on to press again" in machine.words()
    assert machine.run().phase is Phase.PAUSED


def test_an_untimed_step_says_once_how_to_end_it() -> None:
    machine = running("press-and-rub", 32.0)
    machine.does("next")
    machine.passes(3600.0)
    assert machine.words().count("Say next when you've had enough.") == 2


def test_a_break_does_not_cut_an_answer_off() -> None:
    machine = running("hot-and-cold", 1203.0)
    machine.does("acknowledge")
    machine.is_quiet()
    machine.passes(1197.0)
    machine.happens(asked("heat-for-a-spasm"))
    answer = machine.says[-1][1]
    machine.passes(5.0)
    assert machine.says[-1][1] is answer
    machine.is_quiet()
    machine.passes(0.1)
    assert "Put the cold pack on" in machine.says[-1][1].text


def test_ticks_are_soft_and_leave_room_for_cues() -> None:
    machine = led("press-and-rub")
    machine.does("tick:on")
    machine.is_quiet()
    machine.does("resume")
    machine.passes(31.0)
    began = next(cue.at for cue in machine.sounded if cue.text == "Press now.")
    seconds = {round(at - began, 3) for at in machine.soft}
    assert {5.0, 6.0, 7.0} <= seconds
    assert not seconds & {0.0, 15.0, 20.0, 25.0, 30.0}


def test_two_clocks_are_told_apart_by_name() -> None:
    machine = beside("heating-pad", 420.0, "press-and-rub")
    machine.does("resume")
    machine.passes(40.0)
    assert "The pressing: halfway." in [text for _, text in machine.cues()]


def test_the_cues_of_two_clocks_do_not_overlap() -> None:
    machine = press_beside(588.0)  # half of the press comes while the skin check of the pad is said
    assert any("check the skin" in cue.text for cue in machine.sounded)
    none_overlap(machine)


def test_the_end_of_a_press_does_not_lose_the_skin_check_of_the_pad() -> None:
    machine = press_beside(574.0)
    assert any("check the skin" in cue.text for cue in machine.sounded)


def press_beside(reads: float) -> Machine:
    """Return a machine whose press began when the heating pad's clock read about ``reads``."""
    machine = beside("heating-pad", 520.0, "press-and-rub")
    machine.until((machine.run("heating-pad").clock.began or 0.0) + reads - 0.8)
    machine.does("resume")
    machine.passes(40.0)
    return machine


# Clocks that jump ---------------------------------------------------------------------------------------------------


def test_a_sleep_counts_and_what_was_passed_is_not_said() -> None:
    machine = running("heating-pad", 100.0)
    machine.sleeps(400.0)
    machine.passes(1.0)
    assert machine.run().clock.elapsed(machine.now) == pytest.approx(501.0)
    assert HALF not in machine.words()
    machine.passes(400.0)
    assert "5 minutes left." in machine.words() or machine.cues()[-1][0] >= 600.0


def test_who_sleeps_through_the_end_is_told_at_once() -> None:
    machine = running("heating-pad", 100.0)
    machine.sleeps(3000.0)
    machine.passes(3.0)
    assert machine.sounded[-1].text.startswith("Take the pad off now. Say it's off when it's off.")


@pytest.mark.parametrize("seconds", [0.2, 0.7, 60.0])
@pytest.mark.parametrize(("routine", "length"), [("press-and-rub", 30.0), ("heating-pad", 900.0)])
def test_a_sleep_just_before_the_end_does_not_lose_its_cue(routine: str, length: float, seconds: float) -> None:
    machine = running(routine, length - 0.4)
    machine.sleeps(seconds)
    machine.passes(5.0)
    assert {"press-and-rub": "And release.", "heating-pad": "Take the pad off now."}[routine] in machine.words()


def test_two_skin_checks_passed_in_a_sleep_are_told_once() -> None:
    machine = running("hot-and-cold", 1203.0)
    machine.does("acknowledge")
    machine.is_quiet()
    machine.passes(1205.0)
    machine.is_quiet()
    machine.does("resume")
    machine.passes(100.0)
    machine.sleeps(600.0)
    then = machine.now
    machine.passes(20.0)
    assert sum("check your skin" in cue.text for cue in machine.sounded if cue.at >= then) == 1


def test_a_sleep_through_the_last_end_of_the_press_still_says_release() -> None:
    machine = led("press-and-rub")
    machine.does("extend", seconds=30.0)
    machine.is_quiet()
    machine.does("resume")
    machine.passes(60.4)
    machine.sleeps(1.0)
    machine.passes(5.0)
    assert "And release." in machine.words()


# Wakes --------------------------------------------------------------------------------------------------------------


def test_a_tick_that_nobody_asked_for_changes_nothing() -> None:
    machine = running("heating-pad", 100.0)
    before = machine.state
    assert machine.happens(Tick()) == []
    assert machine.state == before


def test_a_clock_asks_for_its_ticks() -> None:
    state, now = State(attentive_until=float("inf")), 0.0
    state, _ = shipped().advance(state, said("start:heating-pad"), now)
    state, actions = shipped().advance(replace(state, speaking=None), said("resume"), 60.0)
    assert [a.time for a in actions if isinstance(a, WakeAt)] != []


@conversations(40)
@given(moves())
@example([Move(0.0, "start:hot-and-cold"), Move(40.0, "resume"), Move(700.0, "tick:on")])
def test_ticks_do_not_flood(happening: list[Move]) -> None:
    machine = played(happening)
    machine.passes(300.0)
    recent = [at for at in machine.ticks if at > machine.now - 200.0]
    assert len(recent) <= 3 * 200
