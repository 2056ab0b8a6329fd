"""The product's texts: looked up by key, taken in turn, complete."""

from __future__ import annotations

import string

import pytest
from dialogue_script import PHRASES

from assistant.content import load_phrases
from assistant.dialogue.phrases import REQUIRED, MissingPhraseError, Phrases, Script
from assistant.language import normal_form

SHIPPED = load_phrases()
TIME, TITLE, LIMIT = ("time",), ("title",), ("limit",)
SLOTS = {
    "clarify": "ab",
    "clarify_three": "abc",
    "which_one": "ab",
    "which_step": ("number", "of", "title"),
    "routine_needs": ("needs",),
    "less_time": ("used", "time"),
    "added_to_limit": ("limit", "time"),
    "limit_will_be": ("limit", "time"),
    "pad_goes_on": TIME,
    "start_again": ("running",),
    **dict.fromkeys(("offer_entry", "unknown_near", "routine_begin", "was_at", "ended_unknown"), TITLE),
    **dict.fromkeys(("cue_left", "held_for", "not_begun", "left_paused", "time_added", "time_taken"), TIME),
    **dict.fromkeys(("time_will_be", "carrying_on", "too_little_left", "away"), TIME),
    **dict.fromkeys(("still_runs", "was_paused", "ended_meanwhile"), TIME + TITLE),
    **dict.fromkeys(("at_limit", "at_limit_off", "break_limit"), LIMIT),
    **dict.fromkeys(("start_beside", "start_instead"), ("running", "title")),
}


def test_variants_are_taken_in_turn() -> None:
    said = [PHRASES.say("wake_ack", turn)[0] for turn in range(3)]
    assert said == ["wake_ack one.", "wake_ack two.", "wake_ack one."]


def test_missing_texts_are_named() -> None:
    texts = dict.fromkeys(REQUIRED - {"greeting", "stop_ack"}, "text")
    with pytest.raises(MissingPhraseError, match=r"lacks: greeting, stop_ack\.$"):
        Phrases(texts, {})


def test_the_gap_of_a_script_is_filled_or_its_sentence_left_out() -> None:
    phrases = Phrases(dict.fromkeys(REQUIRED, "text"), {"E": Script(("Call.", "Tell them: {heard}."), "test")})
    assert phrases.script("E", "{heard} my leg") == ("Call.", "Tell them: {heard} my leg.")
    assert phrases.script("E", "") == ("Call.",)
    assert phrases.has_script("E")
    assert not phrases.has_script("F")
    assert "greeting" in phrases
    assert "goodbye" not in phrases


@pytest.mark.parametrize("key", sorted(REQUIRED))
def test_every_text_that_ships_can_be_said(key: str) -> None:
    slots = dict.fromkeys(SLOTS.get(key, ()), "heat")
    for turn, text in enumerate(SHIPPED.variants(key)):
        assert {name for _, name, _, _ in string.Formatter().parse(text) if name} == set(slots)
        sentences = SHIPPED.say(key, turn, **slots)
        assert sentences
        assert all(sentences)


def test_words_that_pick_one_of_two_pick_only_that() -> None:
    keys = ("choose_first", "choose_second", "choose_third", "choose_last", "choose_both", "choose_neither")
    owner: dict[str, str] = {}
    for key in keys:
        for line in SHIPPED.variants(key):
            assert owner.setdefault(normal_form(line), key) == key, line


def test_the_refusal_after_a_flag_tells_words_that_take_it_back() -> None:
    told = normal_form(" ".join(SHIPPED.variants("after_flag")))
    assert sum(f" {normal_form(line)}" in told for line in SHIPPED.variants("cleared")) >= 2


def test_the_safety_question_can_be_answered_with_one_word() -> None:
    said = normal_form(" ".join(SHIPPED.script("ASK", "")))
    assert "say yes" in said
    assert "can you move" not in said, "a yes to that would be good news, a yes to the others bad"
