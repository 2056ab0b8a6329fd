"""Picking one of two answers that were offered."""

from __future__ import annotations

import pytest
from dialogue_script import Talk, command, either, listening, question, words

from assistant.dialogue.events import Understood
from assistant.dialogue.state import ClarifyQuestion, OfferQuestion

HEAT = "guide: The guide says heat helps. Keep it on for 15 minutes. Note: not when swollen. routine_offer."
MASSAGE = "guide: The guide says massage helps."
AGAIN = "product: choose_again. clarify heat for a spasm or massage for a spasm?"


def asked() -> Talk:
    talk = listening()
    talk.at(1, either("heat", "massage"))
    talk.ends(2)
    return talk


@pytest.mark.parametrize(
    ("event", "reply"),
    [
        (words("the first one"), HEAT),
        (words("um, the first one please"), HEAT),
        (words("the second"), MASSAGE),
        (words("hey marigold second one", addressed=True), MASSAGE),
        (words("either"), HEAT),
        (words("the last one"), MASSAGE),
        (words("the massage one"), MASSAGE),
        (words("heat"), HEAT),
        (words("rub it", ("entry:massage", 0.3), ("entry:heat", 0.2)), MASSAGE),
        (question("massage"), MASSAGE),
        (command("yes"), HEAT),
        (words("neither"), "product: neither_ack."),
        (command("no", "neither"), "product: neither_ack."),
        (command("no"), "product: neither_ack."),
    ],
)
def test_one_is_picked(event: Understood, reply: str) -> None:
    assert asked().at(3, event) == [reply]


@pytest.mark.parametrize("taken_for", ["restart", "pause", "more", "back"])
def test_words_of_choice_win_over_the_command_they_are_taken_for(taken_for: str) -> None:
    assert asked().at(3, command(taken_for, "the second one")) == [MASSAGE]


def test_both_are_given_one_after_the_other() -> None:
    talk = asked()
    assert talk.at(3, words("both"))[0].endswith("Note: not when swollen. offer_entry massage for a spasm?")
    assert talk.state.question == OfferQuestion(entry="massage")
    talk.ends(9)
    assert talk.at(10, command("yes")) == [MASSAGE]


def test_words_that_pick_none_are_asked_about_once() -> None:
    talk = asked()
    assert talk.at(3, words("the blue one")) == [AGAIN]
    assert talk.state.question == ClarifyQuestion(("heat", "massage"), asked=2)
    talk.ends(4)
    assert talk.at(5, words("the first")) == [HEAT]


def test_words_that_pick_none_twice_are_something_else() -> None:
    talk = asked()
    talk.at(3, words("the blue one"))
    assert talk.at(5, words("the blue one")) == ["product: unknown."]
    assert talk.state.question is None


def test_the_words_that_both_titles_share_pick_none() -> None:
    assert asked().at(3, words("the spasm one")) == [AGAIN]


def test_little_likeness_picks_none() -> None:
    assert asked().at(3, words("a pizza", ("off", 0.9), ("entry:heat", 0.05))) == [AGAIN]


def test_another_question_is_answered_instead() -> None:
    assert asked().at(3, question("sleep")) == ["guide: The guide says sleep on your side."]


def test_a_long_sentence_is_no_choice() -> None:
    long = words("is there anything good on the television tonight then")
    assert asked().at(3, long) == ["product: unknown."]


def test_commands_about_the_speaking_keep_the_choice_open() -> None:
    talk = asked()
    assert talk.at(3, command("repeat")) == ["product: clarify heat for a spasm or massage for a spasm?"]
    talk.at(4, command("slower"))
    talk.ends(5)
    talk.at(6, command("slower"))
    talk.ends(7)
    assert talk.at(8, words("the second one")) == [MASSAGE]


def test_the_third_of_three_is_picked() -> None:
    talk = listening()
    talk.at(1, either("heat", "massage", "sleep"))
    assert talk.at(2, words("the third one")) == ["guide: The guide says sleep on your side."]


def test_without_a_choice_the_words_are_only_words() -> None:
    assert listening().at(1, words("the first one")) == ["product: unknown."]
