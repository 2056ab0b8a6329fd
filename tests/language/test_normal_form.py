"""What two people who mean the same words have in common."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.language import normal_form, stems, words_of
from assistant.language.normal_form import FILLERS, MAX_WORDS


@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("I can't feel it", "i can not feel it"),
        ("I can’t feel it", "i can not feel it"),
        ("I CANNOT FEEL IT!", "i can not feel it"),
        ("i cant feel it", "i can not feel it"),
        ("me back's gone", "me back is gone"),
        ("what's it say", "what is it say"),
        ("I'd've stopped", "i would have stopped"),
        ("you shouldn't've", "you should not have"),
        ("let's go on", "let us go on"),
        ("café", "cafe"),
        ("İstanbul", "istanbul"),
    ],
)
def test_contractions_are_opened(said: str, form: str) -> None:
    assert normal_form(said) == form


@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("ah cannae feel me legs", "can not feel me legs"),
        ("it willnae hold me", "it will not hold me"),
        ("i dinnae ken", "i do not ken"),
        ("y'all got 'em", "you all got them"),
        ("there's nowt", "there is nothing"),
        ("gimme owt for it", "give me anything for it"),
        ("d'you know", "do you know"),
        ("i'm gonna rest", "i am going to rest"),
        ("my mum's physio", "my mother is physiotherapy"),
    ],
)
def test_dialect_means_the_same(said: str, form: str) -> None:
    assert normal_form(said) == form


@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("um, so, er, how long please love", "how long"),
        ("oh my bloody back", "my back"),
        ("how how long", "how long"),
        ("my back um back hurts", "my back hurts"),
        ("okay", "okay"),
        ("right then", "right then"),
    ],
)
def test_hesitation_is_left_out_unless_it_is_all(said: str, form: str) -> None:
    assert normal_form(said) == form


def test_fillers_stay_where_they_are_asked_for() -> None:
    assert normal_form("um, how long", keep_fillers=True) == "um how long"


def test_the_words_keep_their_apostrophes() -> None:
    assert words_of("It's the pad’s fault, 15 o'clock!") == ["it's", "the", "pad's", "fault", "15", "o'clock"]


def test_endless_talk_is_cut() -> None:
    assert len(words_of("back pain " * 1000)) == MAX_WORDS
    assert len(normal_form("back can't " * 1000).split()) <= MAX_WORDS


def test_stems_bring_forms_of_a_word_together() -> None:
    assert stems("massaging spasms") == stems("massage spasm")


WORDS = st.lists(st.sampled_from([*sorted(FILLERS), "back", "can't", "mum's", "I'd've", "min", "its", "'em", "legs"]))


@given(st.text())
def test_any_text_has_a_normal_form_of_plain_words(text: str) -> None:
    assert set(normal_form(text)) <= {*string.ascii_lowercase, *string.digits, "'", " "}


@given(st.text() | WORDS.map(" ".join))
def test_the_normal_form_is_its_own_normal_form(text: str) -> None:
    form = normal_form(text)
    assert normal_form(form) == form
    full = normal_form(text, keep_fillers=True)
    assert normal_form(full, keep_fillers=True) == full
    assert normal_form(full) == form


@given(st.lists(st.sampled_from(["heat", "cold", "press", "hold", "leg", "rest"]), max_size=20))
def test_the_order_of_the_words_is_kept(words: list[str]) -> None:
    once = [word for i, word in enumerate(words) if i == 0 or word != words[i - 1]]
    assert normal_form(" um ".join(words), keep_fillers=False).split() == once
