"""The conversation: greeting, answers, misses, windows of attention, parts lost and found."""

from __future__ import annotations

import pytest
from dialogue_script import NOISE, WAKE, Talk, command, either, listening, question, typed, words

from assistant.dialogue.advance import FIRST_WINDOW, FOLLOW_UP_WINDOW, WAKE_WINDOW
from assistant.dialogue.events import PartBack, PartLost, SpeechEnded, Started
from assistant.dialogue.state import ClarifyQuestion, OfferQuestion, State
from assistant.guide.model import Layer
from assistant.understanding.meaning import Context

HEAT = "guide: The guide says heat helps. Keep it on for 15 minutes. Note: not when swollen. routine_offer."


def test_it_greets_and_says_once_what_it_is() -> None:
    talk = Talk()
    assert talk.at(0, Started(first_use=True)) == ["product: greeting. disclaimer_first_use."]
    assert Talk().at(0, Started(first_use=False)) == ["product: greeting."]
    assert Talk().at(0, Started(typed=True, first_use=False)) == ["product: greeting_typed."]


def test_an_answer_comes_with_an_offer() -> None:
    talk = listening()
    assert talk.at(1, question("heat")) == [HEAT]
    assert talk.state.question == OfferQuestion(routine="pad")
    assert talk.ends(9) == ["wake at 1000"]
    assert talk.at(10, command("yes")) == [
        "guide: routine_begin. Note: wrap it. guide_says. Pad: 15 minutes. "
        "Put it on. A note, not from the guide: look at it."
    ]


def test_every_sentence_is_known_by_who_says_it() -> None:
    talk = listening()
    talk.at(1, question("heat"))
    assert talk.said[-1].said_by(Layer.GUIDE) == ("The guide says heat helps.", "Keep it on for 15 minutes.")
    assert talk.said[-1].said_by(Layer.SAFETY) == ("Note: not when swollen.",)
    assert talk.said[-1].said_by(Layer.PRODUCT) == ("routine_offer.",)
    talk.at(2, command("start:pad"))
    assert talk.said[-1].said_by(Layer.SAFETY) == ("Note: wrap it.", "A note, not from the guide: look at it.")
    assert talk.said[-1].said_by(Layer.PRODUCT) == ("routine_begin.", "guide_says.")


def test_what_was_asked_for_comes_first_and_says_whose_it_is() -> None:
    talk = listening()
    talk.at(1, question("heat", "how-long"))
    assert talk.said[-1].sentences[:2] == (
        "The guide says: keep it on for 15 minutes.",
        "The guide says heat helps.",
    )


def test_a_safety_note_that_comes_first_is_not_put_into_the_guides_mouth() -> None:
    talk = listening()
    talk.at(1, question("heat", "does-it-hurt"))
    assert talk.said[-1].sentences[0] == "Note: not when swollen."
    assert talk.said[-1].layers[0] is Layer.SAFETY


def test_a_routine_that_the_guide_lacks_is_not_started() -> None:
    assert listening().at(1, command("start:elsewhere")) == ["product: unknown."]


def test_an_open_question_keeps_the_layers_apart() -> None:
    talk = listening()
    assert talk.at(1, words("which pill", left_open="pills")) == ["product: Nothing on pills. Note: ask."]
    assert talk.said[-1].said_by(Layer.PRODUCT) == ("Nothing on pills.",)
    assert talk.said[-1].said_by(Layer.SAFETY) == ("Note: ask.",)
    assert talk.at(2, words("my cat", left_open="pets")) == ["product: Nothing on pets."]


def test_help_comes_after_three_misses_and_then_counts_anew() -> None:
    talk = listening()
    miss = words("the price of fish")
    assert [talk.at(time, miss) for time in (1, 2, 3, 4)] == [
        ["product: unknown."],
        ["product: unknown."],
        ["product: unknown. help."],
        ["product: unknown."],
    ]


def test_an_answer_between_misses_counts_anew() -> None:
    talk = listening()
    miss = words("the price of fish")
    for event in (miss, miss, question("sleep"), miss):
        last = talk.at(1, event)
    assert last == ["product: unknown."]


def test_an_entry_that_the_guide_lacks_is_a_miss() -> None:
    assert listening().at(1, question("elsewhere")) == ["product: unknown."]


def test_words_count_without_the_wake_phrase_until_the_window_ends() -> None:
    talk = Talk()
    assert talk.ignores(0, question("sleep"))
    assert talk.at(1, question("sleep", addressed=True)) == ["guide: The guide says sleep on your side."]
    assert talk.ends(5) == ["wake at 30"]
    assert talk.at(29, question("massage")) == ["guide: The guide says massage helps."]
    talk.ends(33)
    assert talk.ignores(33 + FOLLOW_UP_WINDOW, question("sleep"))
    assert talk.at(60, typed(question("sleep"))) != []


def test_after_the_start_no_wake_phrase_is_needed() -> None:
    talk = Talk()
    talk.at(0, Started())
    talk.ends(20)
    assert talk.at(FIRST_WINDOW - 1, question("sleep")) == ["guide: The guide says sleep on your side."]


def test_a_window_is_never_shortened() -> None:
    talk = Talk()
    talk.at(0, Started())
    talk.at(1, WAKE)
    talk.at(2, question("sleep"))
    talk.ends(3)
    assert talk.state.attentive_until == FIRST_WINDOW


def test_a_setting_makes_it_listen_always() -> None:
    talk = Talk(state=State(always_listening=True))
    assert talk.at(5000, question("sleep")) == ["guide: The guide says sleep on your side."]


def test_the_wake_phrase_alone_is_answered() -> None:
    talk = Talk()
    assert talk.at(0, WAKE) == ["product: wake_ack one."]
    talk.ends(1)
    assert talk.at(1 + WAKE_WINDOW, question("sleep")) == ["guide: The guide says sleep on your side."]


def test_the_wake_phrase_silences_and_keeps_what_was_offered() -> None:
    talk = listening()
    talk.at(0, question("heat"))
    assert talk.at(1, WAKE) == ["silence", "product: wake_ack two."]
    talk.ends(2)
    assert talk.at(3, command("yes"))[0].startswith("guide: routine_begin.")


def test_noise_changes_nothing() -> None:
    talk = listening()
    assert talk.ignores(1, NOISE)
    talk.at(2, question("heat"))
    assert talk.ignores(3, NOISE)


def test_the_end_of_an_old_utterance_changes_nothing() -> None:
    talk = listening()
    talk.at(1, question("sleep"))
    talk.at(2, question("massage"))
    assert talk.ignores(3, SpeechEnded("u1", finished=False, sentences_done=0))
    assert talk.ignores(3, SpeechEnded("u77", finished=True))
    assert talk.state.context() is Context.SPEAKING


def test_an_offer_lapses_when_nobody_answers() -> None:
    talk = Talk()
    talk.at(0, question("heat", addressed=True))
    assert talk.ends(10) == ["wake at 35"]
    assert talk.ignores(20, command("yes")) is False
    talk = Talk()
    talk.at(0, question("heat", addressed=True))
    talk.ends(10)
    assert talk.state.context() is Context.QUESTION
    assert talk.passes(20) == []
    assert talk.state.question is not None
    assert talk.passes(34.97) == []
    assert talk.state.question is None
    assert talk.state.context() is Context.IDLE


def test_a_tick_while_it_speaks_changes_nothing() -> None:
    talk = Talk()
    talk.at(0, question("heat", addressed=True))
    before = talk.state
    assert talk.passes(500) == []
    assert talk.state == before


@pytest.mark.parametrize(
    ("event", "key"),
    [
        (PartLost("microphone"), "microphone_lost"),
        (PartBack("microphone"), "microphone_back"),
        (PartLost("speaker"), "speaker_lost"),
        (PartBack("speaker"), "speaker_back"),
        (PartLost("voice"), "voice_failed"),
        (PartLost("recogniser"), "recogniser_restarted"),
    ],
)
def test_a_part_that_is_lost_or_back_is_told(event: PartLost | PartBack, key: str) -> None:
    talk = Talk()
    talk.at(0, question("heat", addressed=True))
    assert talk.at(100, event) == [f"product: {key}."]
    assert talk.state.question == OfferQuestion(routine="pad"), "what was offered stays so"
    assert talk.state.attentive(100 + FOLLOW_UP_WINDOW - 1)
    assert talk.at(101, command("repeat")) == [HEAT]


def test_parts_that_nobody_misses_are_not_told() -> None:
    assert Talk().ignores(0, PartBack("voice"))
    assert Talk().ignores(0, PartLost("kettle"))


def test_a_choice_of_two_is_asked() -> None:
    talk = listening()
    assert talk.at(1, either("heat", "massage")) == ["product: clarify heat for a spasm or massage for a spasm?"]
    assert talk.state.question == ClarifyQuestion(("heat", "massage"))


def test_a_choice_of_three_is_asked_and_of_one_is_answered() -> None:
    talk = listening()
    assert talk.at(1, either("heat", "massage", "sleep")) == [
        "product: clarify heat for a spasm, massage for a spasm or how to sleep?"
    ]
    assert listening().at(1, either("sleep")) == ["guide: The guide says sleep on your side."]
    assert listening().at(1, either()) == ["product: unknown."]
