"""What can be said at any moment of a routine."""

from __future__ import annotations

import pytest
from any_moves import LATENESS, ROUTINES, Move, conversations, moves, played
from hypothesis import given
from simulated import Machine, asked, beside, flagged, led, running

from assistant.dialogue.actions import DropCues, Silence
from assistant.routines.run import Phase
from assistant.understanding.commands import COMMANDS

ANSWER = "heat-for-a-spasm"


def last(machine: Machine) -> str:
    """Return what was said last."""
    return machine.says[-1][1].text


def both() -> Machine:
    """A pad on the back, and a press by hand."""
    machine = beside("heating-pad", 60.0, "press-and-rub")
    machine.does("resume")
    machine.passes(5.0)
    return machine


@conversations(80)
@given(moves("sleep"), LATENESS)
def test_stop_ends_every_conversation_and_nothing_is_said_by_a_clock_afterwards(
    happening: list[Move], late: tuple[float, ...]
) -> None:
    """Once silences an answer that is being read; then once for one, twice for two."""
    machine = played(happening, late=late)
    reads = machine.state.speaking is not None and machine.state.speaking.routine is None
    for _ in range(2 + reads):
        if machine.state.runs:
            machine.does("stop")
            machine.is_quiet()
    assert machine.state.runs == ()
    given_out, then = len(machine.given), machine.now
    machine.passes(4000.0)
    assert len(machine.given) == given_out
    assert not [cue for cue in machine.sounded if cue.at > then + 1.0]


@pytest.mark.parametrize("routine", ROUTINES)
@pytest.mark.parametrize("command", [*COMMANDS, "start:hot-and-cold", "start:heating-pad"])
def test_every_command_says_or_does_something_at_every_step(routine: str, command: str) -> None:
    machine = led(routine)
    for _ in range(4):
        if not machine.state.runs:
            return
        here = Machine(state=machine.state, now=machine.now)
        assert here.does(command), f"{command} at {machine.run()}"
        machine.does("next")
        machine.is_quiet()
        machine.passes(2.0)


def test_stop_is_silent_at_once_and_says_a_moment_later_what_has_stopped() -> None:
    machine = running("heating-pad", 100.0)
    machine.does("repeat")
    machine.passes(0.5)
    done = machine.does("stop")
    assert [type(action) for action in done[:2]] == [Silence, DropCues]
    assert machine.state.runs == ()
    machine.passes(2.0)
    assert machine.sounded[-1].text == "Stopped. Take the pad off now."


def test_pause_and_go_on_lose_no_second() -> None:
    machine = running("heating-pad", 100.0)
    machine.does("pause")
    assert last(machine) == "Paused. Say go on when you're ready. Take the pad off while we pause."
    machine.passes(500.0)
    assert machine.run().clock.elapsed(machine.now) == pytest.approx(100.0)
    machine.does("resume")
    machine.passes(1.0)
    assert machine.sounded[-1].text == "Going on."
    assert machine.run().clock.elapsed(machine.now) == pytest.approx(100.2)


def test_back_repeat_restart_and_which_step() -> None:
    machine = running("stretch-and-hold", 25.0)
    machine.does("repeat")
    assert last(machine).startswith("Hold it there until the spasm stops.")
    machine.does("which-step")
    assert last(machine).startswith("This is step 2 of 3, stretching and holding.")
    machine.does("back")
    assert last(machine).startswith("Let go slowly. Gently stretch")
    assert (machine.run().step, machine.run().phase) == (0, Phase.WAITING)
    machine.does("next")
    machine.does("restart")
    assert machine.run().step == 0


def test_how_long_is_left() -> None:
    machine = running("press-and-rub", 10.0)
    machine.does("remaining")
    assert last(machine) == "20 seconds left."
    machine = running("heating-pad", 100.0)
    machine.does("remaining")
    assert last(machine) == "13 minutes and 30 seconds left."


def test_how_long_is_left_of_two_is_told_by_name() -> None:
    machine = both()
    machine.does("remaining")
    assert last(machine) == "The heating pad: 13 minutes and 30 seconds left. The pressing: 26 seconds left."
    machine.does("remaining", "how long has the press got")
    assert last(machine) == "25 seconds left." or last(machine) == "26 seconds left."


@pytest.mark.parametrize("command", ["louder", "quieter", "slower", "faster", "voice", "forget", "cadence:often"])
def test_the_voice_changes_and_the_clock_goes_on(command: str) -> None:
    machine = running("press-and-rub", 14.8)  # "halfway" is on its way
    machine.does(command)
    machine.passes(16.0)
    assert (15.0, "Halfway.") in machine.cues()
    assert machine.cues()[-1] == (30.0, "And release.")


def test_a_question_is_answered_while_the_clock_runs_on() -> None:
    machine = running("heating-pad", 100.0)
    machine.happens(asked(ANSWER))
    assert "The guide says" in last(machine)
    assert not last(machine).endswith("Shall I time it for you?")
    assert machine.run().phase is Phase.RUNNING
    machine.passes(1.0)
    machine.does("stop")
    assert machine.state.speaking is None
    assert machine.run().phase is Phase.RUNNING, "stop ended the answer, not the pad"
    machine.does("stop")
    assert machine.state.runs == ()


def test_repeat_says_the_answer_again_while_it_is_read() -> None:
    machine = running("heating-pad", 100.0)
    machine.happens(asked(ANSWER))
    answer = last(machine)
    machine.passes(1.0)
    machine.does("repeat")
    assert last(machine) == answer


def test_another_one_is_asked_about_first() -> None:
    machine = running("heating-pad", 100.0)
    machine.does("start:hot-and-cold")
    assert last(machine) == "The heating pad is still running. Shall I stop that, and start hot and cold in turn?"
    assert [run.routine for run in machine.state.runs] == ["heating-pad"]
    machine.is_quiet()
    machine.does("no")
    assert [run.routine for run in machine.state.runs] == ["heating-pad"]
    machine.does("start:hot-and-cold")
    machine.is_quiet()
    machine.does("yes")
    assert last(machine).startswith("Take the pad off now.")
    assert [run.routine for run in machine.state.runs] == ["hot-and-cold"]


def test_a_press_runs_beside_a_pad() -> None:
    machine = running("heating-pad", 100.0)
    machine.does("start:press-and-rub")
    assert last(machine) == "The heating pad is still running. Shall I start pressing and rubbing beside it?"
    machine.is_quiet()
    machine.does("yes")
    machine.is_quiet()
    machine.does("resume")
    machine.passes(40.0)
    assert [run.routine for run in machine.state.runs] == ["heating-pad", "press-and-rub"]
    assert machine.run("heating-pad").phase is Phase.RUNNING


@pytest.mark.parametrize("command", ["stop", "pause", "restart", "extend"])
def test_which_one_is_asked_when_it_is_unclear(command: str) -> None:
    machine = both()
    machine.does(command)
    assert last(machine) == "Which one, the heating pad or the pressing?"
    assert len(machine.state.runs) == 2


def test_the_one_that_is_named_is_meant() -> None:
    machine = both()
    machine.does("pause", "pause the pressing")
    assert machine.run("press-and-rub").phase is Phase.PAUSED
    assert machine.run("heating-pad").phase is Phase.RUNNING
    machine.does("stop", "stop the pad")
    assert [run.routine for run in machine.state.runs] == ["press-and-rub"]


@pytest.mark.parametrize(
    ("heard", "left"), [("both", 0), ("the first one", 1), ("the second one", 1), ("the pad", 1), ("neither", 2)]
)
def test_which_one_is_answered(heard: str, left: int) -> None:
    machine = both()
    machine.does("stop")
    machine.is_quiet()
    machine.does("nothing", heard)
    assert len(machine.state.runs) == left


def test_stop_said_twice_ends_both() -> None:
    machine = both()
    machine.does("stop")
    machine.is_quiet()
    machine.does("stop")
    assert machine.state.runs == ()
    machine.passes(3.0)
    assert machine.sounded[-1].text == "Stopped. Take the pad off now. Let go now."


def test_stop_said_twice_at_once_ends_both() -> None:
    machine = both()
    machine.does("stop")
    machine.passes(0.5)
    machine.does("stop")
    assert machine.state.runs == ()


@pytest.mark.parametrize("before", ["extend", "help", "slower", "resume", "cadence:quiet"])
def test_stop_while_the_routine_speaks_of_itself_ends_it(before: str) -> None:
    machine = running("press-and-rub", 5.0)
    machine.does(before)
    machine.passes(0.3)
    machine.does("stop")
    assert machine.state.runs == ()


def test_next_goes_to_the_one_that_asked_for_it() -> None:
    machine = running("press-and-rub", 2.0)
    machine.does("start:heating-pad")
    machine.is_quiet()
    machine.does("yes")
    machine.does("next")  # past the introduction
    machine.does("resume", "the pad is ready")
    machine.until((machine.run("press-and-rub").clock.began or 0.0) + 33.0)
    machine.does("next")
    assert machine.run("heating-pad").phase is Phase.RUNNING
    assert machine.run("press-and-rub").step == 1


@pytest.mark.parametrize("command", ["stop", "pause", "restart"])
def test_a_command_at_one_does_not_lose_the_end_of_the_other(command: str) -> None:
    machine = beside("heating-pad", 850.0, "press-and-rub")
    machine.does("resume")
    machine.until((machine.run("heating-pad").clock.began or 0.0) + 899.6)
    machine.does(command, f"{command} the press")
    machine.passes(3.0)
    assert "Take the pad off now." in machine.words(machine.now - 3.5)


def test_pausing_both_is_said() -> None:
    machine = both()
    machine.does("pause")
    machine.is_quiet()
    machine.does("nothing", "both")
    assert not machine.state.held
    assert "Paused." in last(machine)


def test_pausing_a_pad_says_that_it_has_to_come_off_also_while_an_answer_is_read() -> None:
    machine = running("heating-pad", 100.0)
    machine.happens(asked(ANSWER))
    machine.passes(1.0)
    then = machine.now
    machine.does("pause")
    machine.passes(3.0)
    assert "Take the pad off while we pause." in machine.words(then)


@pytest.mark.parametrize("reads", [599.5, 599.95])
def test_a_pause_just_before_a_skin_check_does_not_lose_it(reads: float) -> None:
    machine = running("heating-pad", reads)
    machine.does("pause")
    machine.is_quiet()
    machine.does("resume")
    machine.passes(20.0)
    assert any("check the skin" in cue.text for cue in machine.sounded)


@pytest.mark.parametrize(
    ("routine", "reads"),
    [
        ("heating-pad", 599.6),
        ("press-and-rub", 29.6),
        ("heating-pad", 899.6),
    ],
)
def test_a_safety_question_does_not_lose_a_cue(routine: str, reads: float) -> None:
    machine = running(routine, reads)
    machine.happens(flagged("R01", "ASK"))
    machine.is_quiet()
    machine.does("no")
    machine.is_quiet()
    machine.does("resume")
    machine.passes(20.0)
    ends = {"And release.", "Take the pad off now."}
    assert any("check the skin" in cue.text or cue.text in ends for cue in machine.sounded)


def test_a_red_flag_ends_the_routine_and_the_pad_comes_off_first() -> None:
    machine = running("heating-pad", 100.0)
    machine.happens(flagged("R01", "E"))
    assert last(machine).startswith("Take the pad off now.")
    assert machine.state.runs == ()
    machine.is_quiet()
    machine.does("start:heating-pad")
    assert "I won't start that" in last(machine)


def test_a_safety_question_stops_the_clock() -> None:
    machine = running("heating-pad", 100.0)
    machine.happens(flagged("R01", "ASK"))
    assert last(machine).startswith("Take the pad off while we pause.")
    assert machine.run().phase is Phase.PAUSED
    machine.is_quiet()
    machine.does("stop")
    machine.is_quiet()
    machine.does("start:heating-pad")
    assert "First, something I asked before." in last(machine)


def test_a_command_at_the_voice_does_not_lose_the_new_start() -> None:
    machine = running("press-and-rub", 32.0)
    machine.does("resume")
    machine.passes(0.1)
    machine.does("quieter")
    then = machine.now
    machine.passes(3.0)
    assert "Press now." in machine.words(then)


def test_no_more_is_left_than_there_was() -> None:
    machine = led("press-and-rub")
    machine.does("resume")
    machine.does("remaining")
    assert last(machine) == "30 seconds left."
