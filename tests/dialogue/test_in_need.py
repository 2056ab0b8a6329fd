"""What people say when something is wrong, and words that are easily taken for more than they mean."""

from __future__ import annotations

import pytest
from dialogue_script import flag, words
from simulated import Machine, asked, beside, led, running

from assistant.routines.run import Phase


@pytest.mark.parametrize("start", [("press-and-rub", 8.0), ("heating-pad", 300.0)])
def test_it_hurts_ends_it_and_a_pad_comes_off(start: tuple[str, float]) -> None:
    machine = running(*start)
    machine.does("hurts", "that hurts")
    machine.passes(3.0)
    assert machine.state.runs == ()
    early = "Let go now." if start[0] == "press-and-rub" else "Take the pad off now."
    assert machine.sounded[-1].text == f"Stopped. {early}"


def test_it_hurts_ends_both_of_two_without_asking_which() -> None:
    machine = beside("heating-pad", 60.0, "press-and-rub")
    machine.does("resume")
    machine.does("hurts", "ow")
    assert machine.state.runs == ()


def test_it_hurts_ends_it_also_while_an_answer_is_read() -> None:
    machine = running("press-and-rub", 5.0)
    machine.happens(asked("heat-for-a-spasm"))
    machine.does("hurts", "ow that hurts")
    assert machine.state.runs == ()
    assert machine.state.speaking is None


def test_a_pad_that_is_off_starts_no_clock() -> None:
    machine = led("heating-pad")
    machine.does("acknowledge", "it's off")
    assert machine.run().phase is Phase.WAITING
    assert machine.says[-1][1].text == "Take your time."


def test_its_off_means_the_pad_that_runs_and_not_the_press_that_waits() -> None:
    machine = beside("heating-pad", 60.0, "press-and-rub")
    machine.does("acknowledge", "it's off")
    assert [run.routine for run in machine.state.runs] == ["press-and-rub"]
    assert machine.run().phase is Phase.WAITING


@pytest.mark.parametrize(
    ("command", "heard"), [("yes", "okay"), ("yes", "right"), ("resume", "ready"), ("next", "what next")]
)
def test_a_mild_word_is_no_word_that_the_pad_is_off(command: str, heard: str) -> None:
    machine = running("heating-pad", 905.0)
    machine.does(command, heard)
    assert machine.run().phase is Phase.OVER
    assert machine.says[-1][1].text.startswith("Take the pad off now. Say it's off when it's off.")


@pytest.mark.parametrize(("command", "heard"), [("yes", "yes"), ("next", "done"), ("acknowledge", "it's off")])
def test_a_plain_word_is_enough(command: str, heard: str) -> None:
    machine = running("heating-pad", 905.0)
    machine.does(command, heard)
    assert machine.state.runs == ()


def test_the_notes_are_heard_before_a_pad_begins() -> None:
    machine = Machine()
    machine.does("start:heating-pad")
    machine.does("resume", "ready")
    assert machine.run().phase is Phase.WAITING
    assert "don't fall asleep with it on" in machine.says[-1][1].text
    machine.does("resume", "ready")
    assert machine.run().phase is Phase.RUNNING


def test_a_paused_pad_is_asked_after() -> None:
    machine = running("heating-pad", 100.0)
    machine.does("pause")
    machine.is_quiet()
    machine.passes(65.0)
    assert machine.says[-1][1].text == "We're paused. Is the pad off? Say go on when it's back on."
    machine.does("acknowledge", "it's off")
    assert machine.run().phase is Phase.PAUSED
    assert machine.says[-1][1].text == "Good. Say go on when it's back on."


def test_a_flag_in_an_announcement_starts_no_clock() -> None:
    machine = led("stretch-and-hold")
    machine.does("resume")
    machine.happens(flag("R17", "D", "my leg is tingling"))
    machine.is_quiet()
    machine.passes(60.0)
    assert machine.run().phase is Phase.PAUSED
    assert not [text for _, text in machine.cues() if text == "Hold it now."]


def test_after_a_flag_nothing_is_asked_for_and_nothing_led_on() -> None:
    machine = led("heating-pad")
    machine.happens(flag("R22", "D", "she's only twelve"))
    machine.is_quiet()
    said = len(machine.says)
    machine.passes(120.0)
    assert len(machine.says) == said
    machine.does("acknowledge", "it's on")
    assert machine.run().phase is not Phase.RUNNING


def test_the_next_number_answers_how_long_is_left() -> None:
    machine = running("press-and-rub", 18.5)
    before = len(machine.says)
    machine.does("remaining")
    assert len(machine.says) == before
    machine.passes(2.0)
    assert machine.cues()[-1] == (20.0, "Ten.")
    machine.does("remaining")
    assert machine.says[-1][1].text == "10 seconds left."


def test_what_is_not_understood_in_a_routine_sends_nobody_to_a_pharmacist() -> None:
    machine = running("press-and-rub", 5.0)
    machine.happens(words("got the phone here somewhere"))
    assert machine.says[-1][1].text == "Sorry, I didn't follow. Say ready, next, pause, or stop."
