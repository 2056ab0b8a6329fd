"""Red flags, the question that the safety layer asks, and how a flag is taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dialogue_script import WAKE, Talk, command, either, flag, listening, question, typed, words

from assistant.dialogue.events import Event, PartBack, PartLost, Understood
from assistant.dialogue.safety import SAFETY_WAIT
from assistant.dialogue.state import SafetyQuestion
from assistant.guide.model import Layer

E = "safety: E call now. Tell them: my words. E I can't call."
U = "safety: U see somebody today."
ASK = "safety: ASK any of these?"
HEAT = "guide: The guide says heat helps. Keep it on for 15 minutes. Note: not when swollen."
OFFERED = f"{HEAT} routine_offer."
CHECKED = words("i have been checked")


def flagged(tier: str = "E") -> Talk:
    """A conversation after a red flag whose script has been read."""
    talk = listening()
    talk.at(1, flag("R01", tier))
    talk.ends(2)
    return talk


def asked() -> Talk:
    """A conversation in which the safety question was asked at 2 s."""
    talk = listening()
    talk.at(1, flag("R19", "ASK", heard="i can't move"))
    assert talk.ends(2) == [f"wake at {2 + SAFETY_WAIT:g}"]
    return talk


# A red flag -----------------------------------------------------------------------------------------


def _idle(talk: Talk) -> None:
    talk.state = Talk().state


def _speaking(talk: Talk) -> None:
    talk.at(0, question("heat"))


def _held(talk: Talk) -> None:
    talk.at(0, question("heat"))
    talk.at(0, command("pause"))


def _offering(talk: Talk) -> None:
    talk.at(0, question("heat"))
    talk.ends(0)


def _choosing(talk: Talk) -> None:
    talk.at(0, either("heat", "massage"))
    talk.ends(0)


def _asking(talk: Talk) -> None:
    talk.at(0, flag("R19", "ASK"))
    talk.ends(0)


@pytest.mark.parametrize("before", [_idle, _speaking, _held, _offering, _choosing, _asking])
def test_a_red_flag_comes_first_whatever_goes_on(before: Callable[[Talk], None]) -> None:
    talk = listening()
    before(talk)
    assert talk.at(5000, flag("R01", "E")) == [E]
    assert talk.state.question is None
    assert not talk.state.held
    assert talk.state.speaking is not None
    assert talk.state.speaking.urgent
    assert talk.said[-1].said_by(Layer.SAFETY) == talk.said[-1].sentences
    talk.ends(5010)
    assert talk.at(5011, command("yes")) == ["product: yes_to_what."], "the offer has ended"


def test_what_the_person_said_is_told_without_the_wake_phrase_and_its_full_stop() -> None:
    talk = Talk()
    talk.at(1, flag("R06", "E", heard="hey marigold yesterday i fell off a ladder!"))
    assert "Tell them: yesterday i fell off a ladder." in talk.said[-1].sentences


def test_of_long_talk_only_what_matters_is_told() -> None:
    talk = Talk()
    talk.at(1, flag("R01", "E", heard="so it began " * 30, evidence=("numb", "between my legs")))
    assert "Tell them: numb, between my legs." in talk.said[-1].sentences


@pytest.mark.parametrize("tier", ["E", "U", "M", "STOP", "D"])
def test_after_a_red_flag_no_routine_is_offered_or_led(tier: str) -> None:
    talk = flagged(tier)
    assert talk.at(3, question("heat")) == [HEAT]
    talk.ends(4)
    assert talk.at(5, command("start:pad")) == ["safety: after_flag."]
    assert talk.at(6, command("yes")) == ["product: yes_to_what."]


# Its script is read to the end ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        question("heat"),
        question("heat", addressed=True),
        either("heat", "massage"),
        words("pass the salt"),
        words("hey marigold you what", addressed=True),
        WAKE,
        command("help"),
        command("more"),
        command("yes"),
        command("no"),
        command("start:pad"),
        command("next"),
        PartLost("microphone"),
        PartBack("microphone"),
        PartLost("recogniser"),
    ],
)
def test_nothing_less_breaks_into_the_script(event: Event) -> None:
    talk = listening()
    talk.at(1, flag("R01", "E"))
    speaking = talk.state.speaking
    assert talk.at(2, event) == []
    assert talk.state.speaking == speaking


@pytest.mark.parametrize(
    ("event", "done"),
    [
        (command("stop"), ["silence"]),
        (command("pause"), ["hold"]),
        (command("repeat"), [E]),
        (command("restart"), [E]),
        (command("slower"), ["voice 145 100"]),
        (command("quieter"), ["voice 165 85"]),
        (command("louder"), ["voice 165 100", f"safety: at_loudest. {E.removeprefix('safety: ')}"]),
        (flag("R02", "E"), [E]),
        (words("you misheard me"), ["product: cleared_ack."]),
        (typed(question("heat")), [HEAT]),
    ],
)
def test_these_break_into_the_script(event: Understood, done: list[str]) -> None:
    talk = listening()
    talk.at(1, flag("R01", "E"))
    assert talk.at(2, event) == done


def test_a_lesser_flag_does_not_cut_an_urgent_script_short() -> None:
    talk = listening()
    talk.at(1, flag("R01", "E"))
    assert talk.at(2, flag("R18", "D")) == []
    assert talk.at(2, flag("R19", "ASK")) == []
    talk.ends(3)
    assert talk.at(4, flag("R18", "D")) == ["safety: D see somebody."]
    assert talk.at(5, flag("R01", "E")) == [E]


def test_a_lesser_flag_during_the_safety_question_still_counts() -> None:
    talk = listening()
    talk.at(1, flag("R19", "ASK"))
    assert talk.at(2, flag("R18", "D")) == []
    talk.ends(3)
    talk.at(4, command("no"))
    assert talk.state.flagged == "R18"


def test_a_script_that_was_stopped_can_be_gone_on_with_and_repeated() -> None:
    talk = listening()
    talk.at(1, flag("R01", "E"))
    talk.ends(2, after=1)
    assert talk.at(3, command("resume")) == ["safety: Tell them: my words. E I can't call."]
    assert talk.ignores(4, question("heat")), "the rest is as urgent"
    talk.ends(5)
    assert talk.at(6, command("repeat")) == [E]


def test_a_script_is_read_again_when_the_speaker_is_back() -> None:
    talk = listening()
    talk.at(1, flag("R01", "E"))
    assert talk.at(2, PartLost("speaker")) == ["product: speaker_lost."]
    talk.ends(3, after=0)
    assert talk.at(9, PartBack("speaker")) == [f"safety: speaker_back. {E.removeprefix('safety: ')}"]
    assert talk.said[-1].said_by(Layer.PRODUCT) == ("speaker_back.",)


# Taking it back -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "event",
    [
        words("i've been checked"),
        words("no no, you misheard me"),
        words("hey marigold actually you misheard me", addressed=True),
        command("remaining", "i have been checked"),
    ],
)
def test_said_plainly_a_flag_is_taken_back(event: Understood) -> None:
    talk = flagged()
    assert talk.at(3, event) == ["product: cleared_ack."]
    assert talk.state.flagged is None
    talk.ends(4)
    assert talk.at(5, question("heat")) == [OFFERED]


@pytest.mark.parametrize(
    "heard",
    [
        "i have not been checked",
        "if i have been checked",
        "should i say you misheard me",
        "is it all right when somebody says i have been checked by his mate",
        "checked",
        "okay",
    ],
)
def test_anything_less_plain_takes_nothing_back(heard: str) -> None:
    talk = flagged()
    assert talk.at(3, words(heard)) == ["product: unknown."]
    assert talk.state.flagged == "R01"


def test_where_nothing_was_flagged_nothing_is_taken_back() -> None:
    assert listening().at(1, CHECKED) == ["product: unknown."]


def test_a_flag_can_be_raised_again_after_that() -> None:
    talk = flagged()
    talk.at(3, CHECKED)
    assert talk.at(4, flag("R02", "E")) == [E]
    assert talk.state.flagged == "R02"


# The safety question --------------------------------------------------------------------------------


def test_the_safety_question_is_asked() -> None:
    talk = listening()
    talk.at(0, question("heat"))
    assert talk.at(1, flag("R19", "ASK", heard="i can't move")) == [ASK]
    assert talk.state.question == SafetyQuestion("R19", "ASK", heard="i can't move")
    assert talk.state.flagged is None, "it asks before it judges"


def test_yes_is_an_emergency() -> None:
    talk = asked()
    assert talk.at(3, command("yes")) == ["safety: E call now. Tell them: i can't move. E I can't call."]
    assert talk.state.flagged == "R19"
    assert talk.ignores(4, question("heat"))


def test_without_words_of_the_persons_the_sentence_with_them_is_left_out() -> None:
    talk = listening()
    talk.at(1, flag("R19", "ASK", heard=""))
    talk.ends(2)
    assert talk.at(3, command("yes")) == ["safety: E call now. E I can't call."]


def test_no_is_noted_and_the_talk_goes_on() -> None:
    talk = asked()
    assert talk.at(3, command("no")) == ["safety: safety_no."]
    assert talk.state.question is None
    talk.ends(4)
    assert talk.at(5, question("heat")) == [OFFERED]


@pytest.mark.parametrize(
    "event",
    [
        words("a bit i think"),
        command("yes", "okay"),
        command("yes", "i'm fine"),
        command("no", "not really"),
        command("help"),
        command("start:pad"),
        command("resume"),
        question("heat"),
        either("heat", "massage"),
    ],
)
def test_what_is_unclear_is_asked_once_more_and_then_let_be(event: Understood) -> None:
    talk = asked()
    assert talk.at(3, event) == ["safety: safety_unclear. ASK any of these?"]
    talk.ends(4)
    assert talk.at(5, event) == ["safety: safety_dropped."]
    assert talk.state.question is None


def test_after_an_unclear_answer_yes_still_counts() -> None:
    talk = asked()
    talk.at(3, words("a bit i think"))
    talk.ends(4)
    assert talk.at(5, command("yes"))[0].startswith("safety: E call now.")


def test_silence_is_asked_once_more_and_then_let_be_aloud() -> None:
    talk = asked()
    assert talk.passes(3) == []
    assert talk.passes(2 + SAFETY_WAIT - 0.01) == ["safety: safety_unheard. ASK any of these?"]
    assert talk.passes(15) == []
    assert talk.ends(18) == [f"wake at {18 + SAFETY_WAIT:g}"]
    assert talk.passes(18 + SAFETY_WAIT) == ["safety: safety_dropped."]
    assert talk.state.question is None
    talk.ends(40)
    assert talk.passes(200) == []


def test_a_question_without_an_answer_comes_back_before_a_routine() -> None:
    talk = asked()
    talk.passes(14)
    talk.ends(18)
    talk.passes(30)
    talk.ends(33)
    assert talk.at(34, question("heat")) == [HEAT]
    assert talk.at(35, command("start:pad")) == ["safety: safety_first. ASK any of these?"]
    talk.ends(37)
    talk.at(38, command("no"))
    talk.ends(39)
    assert talk.at(40, question("heat")) == [OFFERED]


def test_stop_ends_the_question_but_not_its_purpose() -> None:
    talk = asked()
    assert talk.at(3, command("stop")) == ["product: stop_ack."]
    assert talk.at(4, question("heat")) == [HEAT]
    talk.ends(5)
    assert talk.at(6, command("start:pad")) == ["safety: safety_first. ASK any of these?"]


def test_its_own_words_are_not_taken_for_the_answer_while_it_is_asked() -> None:
    talk = listening()
    talk.at(1, flag("R19", "ASK"))
    assert talk.ignores(2, command("no"))
    assert talk.ignores(2, command("yes", addressed=True))
    assert talk.at(2, typed(command("no"))) == ["safety: safety_no."]


def test_it_can_be_repeated_slowed_and_waited_for() -> None:
    talk = asked()
    assert talk.at(3, command("repeat")) == [ASK]
    talk.ends(4)
    assert talk.at(5, command("slower")) == ["voice 145 100", "product: slower."]
    talk.ends(6)
    assert talk.at(7, command("pause", "hang on")) == ["product: wait_ack."]
    talk.ends(8)
    assert talk.at(9, WAKE) == ["product: wake_ack one."]
    talk.ends(10)
    assert talk.at(11, command("yes"))[0].startswith("safety: E call now.")


def test_a_misheard_question_is_taken_back() -> None:
    talk = asked()
    assert talk.at(3, words("you misheard me")) == ["product: cleared_ack."]
    assert talk.state.question is None


def test_a_lost_microphone_keeps_the_question_open() -> None:
    talk = asked()
    assert talk.at(3, PartLost("microphone")) == ["product: microphone_lost."]
    assert isinstance(talk.state.question, SafetyQuestion)


def test_a_red_flag_in_answer_is_the_answer() -> None:
    talk = asked()
    assert talk.at(3, flag("R07", "E")) == [E]
    assert talk.state.flagged == "R07"
    talk = asked()
    assert talk.at(3, flag("R09", "U")) == [U]
    talk.ends(4)
    talk.at(5, CHECKED)
    assert talk.state.may_lead, "all of it is taken back"
