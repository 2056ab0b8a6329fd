"""Text made fit to be spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.language import sentences_of, speakable, word_runs


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("15–20 minutes", "15 to 20 minutes"),
        ("15 - 20\u00a0minutes", "15 to 20 minutes"),
        ("15‑20 minutes", "15 to 20 minutes"),
        ("2½ minutes", "2.5 minutes"),
        ("Heat — then cold", "Heat, then cold"),
        ("– Heat", "Heat"),
        ("*, Heat", "Heat"),
        ("Wait... then go on…", "Wait. then go on."),
        ("**Heat** [helps] <b>", "Heat helps b"),
        ("one\ttwo\nthree\x07", "one two three"),
        ("a well-known pad", "a well-known pad"),
        ("  ", ""),
    ],
)
def test_what_a_voice_stumbles_over_is_taken_out(written: str, spoken: str) -> None:
    assert speakable(written) == spoken


def test_numbers_to_call_are_said_digit_by_digit() -> None:
    assert speakable("Call 999, 112 or 911. Ring 111, or 988.") == "Call 9 9 9, 1 1 2 or 9 1 1. Ring 1 1 1, or 9 8 8."
    assert speakable("9991 and 1,112 and 911.5") == "9991 and 1,112 and 911.5"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Hold for 2.5 minutes. Then let go.", ["Hold for 2.5 minutes.", "Then let go."]),
        ("Keep it on for 15 min. Then rest.", ["Keep it on for 15 min.", "Then rest."]),
        ("See Dr. Smith. He knows.", ["See Dr. Smith.", "He knows."]),
        ("Something warm, e.g. A wheat bag. Good.", ["Something warm, e.g. A wheat bag.", "Good."]),
        ("About approx. 20 minutes. Done.", ["About approx. 20 minutes.", "Done."]),
        ("Do No. 5 first. No. Not that.", ["Do No. 5 first.", "No.", "Not that."]),
        ('He said "stop." Then he went.', ['He said "stop."', "Then he went."]),
        ("Hurts? Stop! 20 minutes is enough.", ["Hurts?", "Stop!", "20 minutes is enough."]),
        ("Rest.\u00a0Then go.", ["Rest.", "Then go."]),
        ("no end mark", ["no end mark"]),
        ("", []),
    ],
)
def test_a_text_is_cut_into_its_sentences(text: str, sentences: list[str]) -> None:
    assert sentences_of(text) == sentences


@given(st.text())
def test_what_is_speakable_stays_as_it_is(text: str) -> None:
    spoken = speakable(text)
    assert speakable(spoken) == spoken
    assert all(c.isprintable() for c in spoken)


@given(
    st.text() | st.lists(st.sampled_from(["Rest.", "Dr.", "2.5", "No.", '"Go."', "e.g.", "then", "?"])).map(" ".join)
)
def test_cutting_loses_nothing_and_keeps_the_order(text: str) -> None:
    sentences = sentences_of(text)
    assert all(sentences)
    assert "".join("".join(sentences).split()) == "".join(text.split())


def test_runs_of_words_are_found_with_their_numbers_in_words() -> None:
    assert word_runs("Rest for 15–20 minutes", 4) == {
        ("rest", "for", "fifteen", "to"),
        ("for", "fifteen", "to", "twenty"),
        ("fifteen", "to", "twenty", "minutes"),
    }
    assert word_runs("too short", 4) == set()
