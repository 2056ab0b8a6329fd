"""Time added to a step and taken off it, within the guide's limit."""

from __future__ import annotations

import pytest
from any_moves import conversations
from hypothesis import given
from hypothesis import strategies as st
from simulated import Machine, beside, led, running

from assistant.routines.run import Phase, limit_of, step_of


def told(machine: Machine, seconds: float | None = None) -> str:
    """Ask for more time (or less); return what is said."""
    machine.does("extend", seconds=seconds)
    return machine.says[-1][1].text


def test_time_is_added_within_the_guides_limit() -> None:
    machine = running("heating-pad", 60.0)
    assert told(machine, 120.0) == "Okay. 16 minutes left now."
    assert machine.run().clock.length == 1020.0


def test_more_than_the_limit_is_set_to_the_limit_and_said() -> None:
    machine = running("heating-pad", 60.0)
    assert "The guide's limit is 20 minutes, so I've set it to that." in told(machine, 3600.0)
    assert machine.run().clock.length == 1200.0
    assert told(machine, 60.0) == "The guide's limit is 20 minutes, so I can't add any more."
    assert machine.run().clock.length == 1200.0


def test_the_pressing_has_its_limit_of_a_minute() -> None:
    machine = running("press-and-rub", 5.0)
    assert "The guide's limit is 1 minute" in told(machine, 45.0)
    assert machine.run().clock.length == 60.0


@pytest.mark.parametrize(("routine", "more"), [("heating-pad", 60.0), ("press-and-rub", 10.0)])
def test_a_bit_longer_adds_what_fits_the_step(routine: str, more: float) -> None:
    machine = running(routine, 5.0)
    length = machine.run().clock.length or 0.0
    told(machine)
    assert machine.run().clock.length == length + more


@pytest.mark.parametrize("routine", ["hot-and-cold"])
def test_alternating_pads_get_no_more_than_20_minutes(routine: str) -> None:
    machine = running(routine, 5.0)
    assert "limit is 20 minutes" in told(machine, 60.0)
    assert machine.run().clock.length == 1200.0


def test_the_break_is_not_made_longer() -> None:
    machine = running("hot-and-cold", 1203.0)
    machine.does("acknowledge")
    machine.is_quiet()
    machine.passes(2.0)
    assert "The guide gives the break 20 minutes" in told(machine, 60.0)


def test_time_is_taken_off_but_never_all_of_it() -> None:
    machine = running("heating-pad", 60.0)
    assert told(machine, -300.0) == "Okay. 9 minutes left now."
    assert "Say next to end it now." in told(machine, -540.0)
    assert machine.run().clock.length == 600.0


def test_a_step_without_a_time_has_nothing_to_add() -> None:
    machine = running("press-and-rub", 32.0)
    machine.does("next")
    assert "This step has no set time" in told(machine, 30.0)


def test_numbers_follow_the_new_end() -> None:
    machine = running("press-and-rub", 24.7)  # "five" is on its way
    told(machine, 10.0)
    machine.passes(16.5)
    assert [(at, text) for at, text in machine.cues() if at > 24.0] == [
        (30.0, "Ten."),
        (35.0, "Five."),
        (36.0, "Four."),
        (37.0, "Three."),
        (38.0, "Two."),
        (39.0, "One."),
        (40.0, "And release."),
    ]


def test_more_after_the_end_counts_from_when_the_pad_was_put_on() -> None:
    machine = running("heating-pad", 960.0)  # a minute of alarms
    assert "Okay. 4 minutes more." in told(machine)
    assert machine.run().clock.length == 1200.0
    assert machine.run().phase is Phase.RUNNING


def test_a_minute_more_after_the_end() -> None:
    machine = running("heating-pad", 930.0)
    told(machine, 60.0)
    assert machine.run().clock.length == pytest.approx(990.0)


def test_no_more_after_a_pad_was_on_for_its_limit() -> None:
    machine = running("heating-pad", 1250.0)
    assert "Please take it off now." in told(machine, 60.0)
    assert machine.run().phase is Phase.OVER


def test_time_is_added_to_the_one_that_is_named() -> None:
    machine = beside("heating-pad", 60.0, "press-and-rub")
    machine.does("resume")
    machine.does("extend", "add a minute to the pad", 60.0)
    assert machine.run("heating-pad").clock.length == 960.0
    assert machine.run("press-and-rub").clock.length == 30.0


def test_of_two_it_is_asked_which_one() -> None:
    machine = beside("heating-pad", 60.0, "press-and-rub")
    machine.does("resume")
    assert told(machine, 20.0) == "Which one, the heating pad or the pressing?"
    machine.is_quiet()
    machine.does("press", "the pressing")
    assert machine.run("press-and-rub").clock.length == 50.0


@conversations(40)
@given(
    st.sampled_from(["heating-pad", "press-and-rub", "hot-and-cold"]),
    st.lists(st.tuples(st.floats(0.0, 400.0), st.one_of(st.none(), st.floats(-4000.0, 4000.0))), max_size=12),
)
def test_by_no_figure_a_step_gets_longer_than_the_guide_allows(
    routine: str, asked: list[tuple[float, float | None]]
) -> None:
    machine = led(routine)
    machine.does("resume")
    for wait, seconds in asked:
        machine.passes(wait)
        if not machine.state.runs:
            return
        run = machine.run()
        left = run.clock.left(machine.now)
        machine.does("extend", seconds=seconds)
        if not machine.state.runs:
            return
        now = machine.run()
        limit = limit_of(step_of(now, machine.dialogue.guide))
        assert now.clock.length is None or limit is None or now.clock.length <= limit
        if seconds is not None and seconds < 0 and now.step == run.step:
            assert now.clock.left(machine.now) <= left + 1e-6


def test_the_offer_is_not_made_any_more_once_it_was_taken() -> None:
    machine = running("press-and-rub", 30.3)
    machine.does("resume")
    then = machine.now
    machine.passes(5.0)
    assert "carry on" not in machine.words(then)
