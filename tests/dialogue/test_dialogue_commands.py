"""Commands in a conversation."""

from __future__ import annotations

import pytest
from dialogue_script import command, listening, question, typed, words

from assistant.dialogue.commands import RATE_RANGE, RATE_STEP, VOLUME_RANGE, WAIT_EXTRA
from assistant.dialogue.events import SpeechEnded
from assistant.dialogue.state import OfferQuestion

HEAT = "guide: The guide says heat helps. Keep it on for 15 minutes. Note: not when swollen. routine_offer."
MORE = "guide: The guide says more on heat. Note: use a cloth."
SLEEP = "guide: The guide says sleep on your side."


def test_more_then_that_is_all() -> None:
    talk = listening()
    talk.at(1, question("heat"))
    talk.ends(5)
    assert talk.at(6, command("more")) == [MORE]
    talk.ends(9)
    assert talk.at(10, command("more")) == ["product: no_more."]
    assert talk.at(11, command("next")) == ["product: no_more."]
    talk.at(12, question("sleep"))
    assert talk.at(13, command("more")) == ["product: no_more."]


def test_more_of_nothing() -> None:
    talk = listening()
    assert talk.at(1, command("more")) == ["product: nothing_to_repeat."]
    talk.at(2, words("the price of fish"))
    assert talk.at(3, command("more")) == ["product: nothing_more."]


def test_stop_silences_and_asks_nothing_more() -> None:
    talk = listening()
    talk.at(1, question("heat"))
    assert talk.at(2, command("stop")) == ["silence"]
    assert talk.state.speaking is None
    assert talk.state.question is None
    assert talk.at(3, command("yes")) == ["product: yes_to_what."]


def test_stop_in_silence_is_answered() -> None:
    talk = listening()
    assert talk.at(1, command("stop")) == ["product: stop_ack."]
    assert talk.state.question is None


def test_repeat_after_stop_says_all_of_it_again_with_its_offer() -> None:
    talk = listening()
    talk.at(1, question("heat"))
    talk.at(2, command("stop"))
    assert talk.at(3, command("repeat")) == [HEAT]
    assert talk.state.question == OfferQuestion(routine="pad")


def test_repeat_says_the_last_answer_not_the_last_phrase() -> None:
    talk = listening()
    assert talk.at(0, command("repeat")) == ["product: nothing_to_repeat."]
    talk.at(1, question("sleep"))
    talk.ends(2)
    talk.at(3, command("help"))
    talk.ends(4)
    assert talk.at(5, command("repeat")) == [SLEEP]
    assert talk.at(6, command("restart")) == [SLEEP]
    assert talk.at(7, command("back")) == [SLEEP]


def test_pause_holds_and_go_on_goes_on() -> None:
    talk = listening()
    talk.at(1, question("heat"))
    assert talk.at(2, command("pause")) == ["hold"]
    assert talk.at(3, command("pause")) == []
    assert talk.at(4, command("resume")) == ["go on"]
    assert talk.at(5, command("resume")) == []
    assert talk.state.question == OfferQuestion(routine="pad")


def test_while_held_only_commands_are_taken_once_the_window_is_over() -> None:
    talk = listening()
    talk.at(1, question("heat"))
    talk.at(2, command("pause"))
    assert talk.ignores(2000, question("sleep"))
    assert talk.ignores(2000, words("pass the salt"))
    assert talk.at(2001, command("resume")) == ["go on"]
    talk.at(2002, command("pause"))
    assert talk.at(2003, question("sleep", addressed=True)) == [SLEEP]


def test_wait_in_silence_gives_time() -> None:
    talk = listening()
    talk.at(1, question("heat"))
    talk.ends(2)
    assert talk.at(3, command("pause", "hang on")) == ["product: wait_ack."]
    talk.ends(4)
    assert talk.state.attentive_until == 1000 + WAIT_EXTRA
    assert talk.at(1059, command("yes"))[0].startswith("guide: routine_begin.")


def test_go_on_after_stop_goes_on_where_it_was() -> None:
    talk = listening()
    talk.at(1, question("heat"))
    utterance = talk.state.speaking
    talk.at(2, command("stop"))
    assert utterance is not None
    assert talk.at(2.1, SpeechEnded(utterance.utterance, finished=False, sentences_done=1)) == []
    assert talk.at(3, command("resume")) == ["guide: Keep it on for 15 minutes. Note: not when swollen. routine_offer."]
    assert talk.state.question == OfferQuestion(routine="pad")
    talk.ends(4, after=1)
    assert talk.at(5, command("resume")) == ["guide: Note: not when swollen. routine_offer."]
    talk.ends(6)
    assert talk.at(7, command("repeat")) == [HEAT], "what is repeated is the whole"


def test_go_on_after_all_was_said_takes_the_offer_or_tells_more() -> None:
    talk = listening()
    talk.at(1, question("heat"))
    talk.ends(2)
    assert talk.at(3, command("resume"))[0].startswith("guide: routine_begin.")
    talk = listening()
    talk.at(1, question("heat"))
    talk.ends(2)
    talk.at(3, command("no"))
    talk.ends(4)
    assert talk.at(5, command("resume")) == [MORE]
    assert listening().at(1, command("resume")) == ["product: nothing_to_repeat."]


@pytest.mark.parametrize(
    ("name", "edge", "at_edge"),
    [
        ("slower", "at_slowest", f"voice {RATE_RANGE[0]} 100"),
        ("faster", "at_fastest", f"voice {RATE_RANGE[1]} 100"),
        ("quieter", "at_quietest", f"voice 165 {VOLUME_RANGE[0]}"),
        ("louder", "at_loudest", f"voice 165 {VOLUME_RANGE[1]}"),
    ],
)
def test_the_voice_changes_in_steps_up_to_a_limit_that_is_told(name: str, edge: str, at_edge: str) -> None:
    talk = listening()
    done = []
    for _ in range(12):
        done = talk.at(1, command(name))
        talk.ends(2)
    assert done == [at_edge, f"product: {edge}."]


def test_a_change_of_voice_is_told_in_silence_and_heard_in_speech() -> None:
    talk = listening()
    assert talk.at(1, command("slower")) == [f"voice {165 - RATE_STEP} 100", "product: slower."]
    talk.ends(2)
    talk.at(3, question("heat"))
    assert talk.at(4, command("slower")) == [f"voice {165 - 2 * RATE_STEP} 100"]
    assert talk.state.speaking is not None
    assert talk.state.question == OfferQuestion(routine="pad")


def test_at_the_limit_the_answer_is_said_again_not_lost() -> None:
    talk = listening()
    talk.at(1, question("heat"))
    again = HEAT.removeprefix("guide: ")
    for time in (2, 3):
        assert talk.at(time, command("louder")) == ["voice 165 100", f"guide: at_loudest. {again}"]
    assert talk.state.question == OfferQuestion(routine="pad")
    assert talk.at(4, command("repeat")) == [HEAT]
    talk.at(5, command("louder"))
    talk.ends(6, after=1)
    assert talk.at(7, command("resume")) == [HEAT], "the word before it doesn't count as a sentence of the answer"


def test_the_offer_is_taken_or_left() -> None:
    talk = listening()
    talk.at(1, question("heat"))
    talk.ends(2)
    assert talk.at(3, command("no")) == ["product: no_ack."]
    assert talk.at(4, command("yes")) == ["product: yes_to_what."]
    assert listening().at(1, command("no")) == ["product: no_ack."]


def test_no_to_an_answer_without_an_offer_stops_it() -> None:
    talk = listening()
    talk.at(1, question("sleep"))
    assert talk.at(2, command("no")) == ["silence"]


def test_help_is_given() -> None:
    assert listening().at(1, command("help")) == ["product: help."]


@pytest.mark.parametrize("name", ["remaining", "extend", "next"])
def test_without_a_timer_commands_for_it_say_so(name: str) -> None:
    assert listening().at(1, command(name)) == ["product: nothing_running."]


def test_a_typed_command_needs_no_window() -> None:
    talk = listening(attentive_until=0.0)
    assert talk.ignores(5, command("help"))
    assert talk.at(5, typed(command("help"))) == ["product: help."]
