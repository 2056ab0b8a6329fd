"""The six routines as they are led, with the content that ships."""

from __future__ import annotations

import pytest
from any_moves import ROUTINES
from simulated import Machine, led, running

from assistant.guide.model import Layer
from assistant.routines.run import Phase


@pytest.mark.parametrize("routine", ROUTINES)
def test_a_routine_is_introduced_with_what_it_needs_and_what_to_heed(routine: str) -> None:
    machine = Machine()
    machine.does(f"start:{routine}")
    guide = machine.dialogue.guide
    (_, say), found = machine.says[0], guide.routines[routine]
    for sentence in (*found.describe, *found.steps[0].say):
        assert sentence in say.text
    for note in found.before:
        assert any(note.startswith(said) for said in say.said_by(Layer.SAFETY))
    assert all(word in say.text for word in found.needs)
    assert machine.run().phase is Phase.WAITING
    assert found.steps[0].ready is not None
    assert say.text.endswith(found.steps[0].ready)


def test_pressing_counts_to_30_offers_60_and_then_a_rub_until_the_person_says_so() -> None:
    machine = led("press-and-rub")
    machine.does("resume")
    machine.passes(32.0)
    assert machine.cues() == [
        (0.0, "Press now."),
        (15.0, "Halfway."),
        (20.0, "Ten."),
        (25.0, "Five."),
        (26.0, "Four."),
        (27.0, "Three."),
        (28.0, "Two."),
        (29.0, "One."),
        (30.0, "And release."),
    ]
    machine.passes(2.0)
    assert machine.sounded[-1].text.startswith("Say carry on to press again, up to 60 seconds in all.")
    then = machine.now
    machine.does("resume")
    machine.passes(31.0)
    assert machine.cues(then) == [
        (30.0, "Press now."),
        (50.0, "Ten."),
        (55.0, "Five."),
        (56.0, "Four."),
        (57.0, "Three."),
        (58.0, "Two."),
        (59.0, "One."),
        (60.0, "And release."),
    ]
    assert machine.says[-1][1].text.startswith("Now rub gently around it in circles.")
    assert machine.run().phase is Phase.GOING
    machine.passes(600.0)
    assert machine.run().phase is Phase.GOING, "the guide gives the rub no time"
    machine.does("next")
    assert machine.says[-1][1].text == "Well done. That's all of it."
    assert machine.state.runs == ()


def test_no_to_more_pressing_goes_on_to_the_rub() -> None:
    machine = running("press-and-rub", 33.0)
    machine.does("no")
    assert machine.says[-1][1].text.startswith("Now rub")


def test_pressing_is_not_offered_beyond_its_60_seconds() -> None:
    machine = led("press-and-rub")
    machine.does("extend", seconds=30.0)
    machine.is_quiet()
    machine.does("resume")
    machine.passes(62.0)
    assert "carry on" not in machine.words(machine.now - 61.0)
    assert machine.run().step == 1


def test_hot_and_cold_is_one_round_of_20_20_and_20_minutes() -> None:
    machine = led("hot-and-cold")
    machine.does("resume")
    machine.passes(1202.0)
    assert machine.cues()[-1] == (1200.0, "Take the warm pad off now.")
    assert machine.cues()[:2] == [
        (0.0, "The time starts now."),
        (600.0, "A safety note, not from the guide: check the skin under the pad, and stay awake."),
    ]
    machine.does("acknowledge")
    assert "Now a break of 20 minutes" in machine.says[-1][1].text
    machine.is_quiet()
    began = machine.now
    machine.passes(1202.0)
    assert machine.cues(began)[0] == (0.0, "The break starts now.")
    assert [text for _, text in machine.cues(began)].count("The break is over.") == 1
    assert "Put the cold pack on, for 20 minutes." in machine.says[-1][1].text
    machine.is_quiet()
    began = machine.now
    machine.does("resume")
    machine.passes(1202.0)
    checks = [at for at, text in machine.cues(began) if "check your skin" in text]
    assert checks == [300.0, 600.0]
    assert machine.cues(began)[-1] == (1200.0, "Take the cold pack off now.")
    machine.does("acknowledge")
    assert "no number of rounds" in machine.says[-1][1].text
    assert "wait about 2 hours before more cold" in machine.says[-1][1].text
    assert machine.state.runs == ()


def test_the_heating_pad_takes_15_minutes_and_is_offered_up_to_20() -> None:
    machine = running("heating-pad", 905.0)
    assert machine.cues()[-1] == (900.0, "Take the pad off now.")
    assert machine.sounded[-1].text == "Say it's off when it's off. Or say carry on, for up to 20 minutes in all."
    machine.does("resume")
    assert machine.says[-1][1].text == "Okay. 5 minutes more."
    then = machine.now
    machine.until((machine.run().clock.began or 0.0) + 1204.0)
    assert machine.cues(then)[-1] == (1200.0, "Take the pad off now.")
    assert machine.sounded[-1].text == "Say it's off when it's off."
    machine.does("resume")
    assert "The guide's limit is 20 minutes" in machine.says[-1][1].text
    assert machine.run().phase is Phase.OVER


def test_a_hold_is_open_ended_and_its_check_ins_are_announced_as_ours() -> None:
    machine = led("stretch-and-hold")
    machine.does("resume")
    assert "I'll check on you every 20 seconds; that is my own figure, not the guide's." in machine.says[-1][1].text
    machine.is_quiet()
    machine.passes(101.5)
    assert [at for at, _ in machine.cues()] == [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    assert machine.cues()[1][1] == "Still holding? Say next when the spasm stops."
    assert "not the guide's" in machine.cues()[3][1]
    machine.does("remaining")
    assert "You've held it for" in machine.says[-1][1].text
    machine.does("next")
    said = machine.says[-1][1].text
    assert said.startswith("Let go slowly.")
    assert "If the muscle is sore or tender, use cold." in said
    assert "If it is tense or tight, use heat." in said
    assert machine.state.runs == ()


@pytest.mark.parametrize("routine", ["sleep-on-back", "sleep-on-side"])
@pytest.mark.parametrize("word", ["next", "resume", "yes", "acknowledge"])
def test_positions_come_one_at_a_time(routine: str, word: str) -> None:
    machine = led(routine)
    steps = machine.dialogue.guide.routines[routine].steps
    for step in steps[1:]:
        before = len(machine.says)
        machine.does(word)
        ((_, say),) = machine.says[before:]
        assert all(sentence in say.text for sentence in step.say)
        others = [other for other in steps if other is not step]
        assert not any(sentence in say.text for other in others for sentence in other.say)
        machine.is_quiet()
    machine.does(word)
    assert machine.says[-1][1].text == "That's it. Rest well."
    assert machine.state.runs == ()


def test_next_in_the_introduction_goes_to_the_step_itself() -> None:
    machine = Machine()
    machine.does("start:press-and-rub")
    machine.passes(3.0)
    machine.does("next")
    assert machine.run().step == 0
    assert machine.says[-1][1].text.startswith("Press firmly on the sore spot")


def test_a_step_left_early_tells_what_has_to_come_off() -> None:
    machine = running("hot-and-cold", 100.0)
    machine.does("next")
    assert machine.says[-1][1].text.startswith("Take the warm pad off now.")


def test_a_pad_that_had_its_time_is_not_begun_again() -> None:
    machine = running("hot-and-cold", 1203.0)
    machine.does("acknowledge")
    machine.is_quiet()
    machine.does("back")
    assert "The warm pad has had its 20 minutes." in machine.says[-1][1].text
    assert (machine.run().step, machine.run().phase) == (1, Phase.RUNNING)


def test_less_time_is_left_after_a_part_was_used() -> None:
    machine = running("heating-pad", 600.0)
    machine.does("restart")
    assert machine.says[-1][1].text == "The pad's clock goes on. 5 minutes left."
    assert machine.run().clock.elapsed(machine.now) >= 600.0
    machine.does("stop")
    machine.does("start:heating-pad")
    assert machine.run().clock.length == 600.0
    assert "It was on for 10 minutes already, so this time it is 10 minutes." in machine.says[-1][1].text


def test_a_pad_whose_timer_is_given_up_is_told_to_come_off() -> None:
    machine = led("heating-pad")
    machine.does("extend", seconds=300.0)
    machine.is_quiet()
    machine.does("resume")
    machine.passes(1160.0)
    machine.does("start:heating-pad")
    machine.is_quiet()
    machine.does("yes")
    assert "Take the pad off now." in machine.says[-1][1].text


def test_a_cold_pack_that_may_not_be_repeated_ends_the_second_round() -> None:
    machine = led("hot-and-cold")
    machine.does("resume")
    machine.passes(1203.0)  # warm
    machine.does("acknowledge")
    machine.passes(1230.0)  # break
    machine.does("resume")
    machine.passes(1203.0)  # cold
    machine.does("acknowledge")
    machine.does("start:hot-and-cold")
    machine.is_quiet()
    machine.does("resume")
    machine.passes(1203.0)
    machine.does("acknowledge")
    before = len(machine.ticks)
    machine.passes(1300.0)
    assert "The cold pack has had its 20 minutes." in machine.words()
    assert machine.state.runs == ()
    assert len(machine.ticks) - before < 400
