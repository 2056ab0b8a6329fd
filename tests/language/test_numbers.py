"""Numbers in words and in digits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.language import digits_to_words, figures_in, words_to_digits


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("fifteen to twenty minutes", "15 to 20 minutes"),
        ("two point five", "2.5"),
        ("a hundred and one", "a 101"),
        ("hold it still", "hold it still"),
        ("", ""),
    ],
)
def test_number_words_become_digits(words: str, digits: str) -> None:
    assert words_to_digits(words) == digits


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("15 to 20 minutes", "fifteen to twenty minutes"),
        ("2.5 minutes", "two point five minutes"),
        ("1,000 steps", "one thousand steps"),
        ("the 1st and the 20th", "the first and the twentieth"),
        ("5mins", "five mins"),
        ("R01", "R one"),
        ("120", "one hundred and twenty"),
        ("٣", "three"),
    ],
)
def test_digits_become_words(digits: str, words: str) -> None:
    assert digits_to_words(digits) == words


def test_a_number_too_long_to_follow_is_read_digit_by_digit() -> None:
    assert digits_to_words("1234567890123").split()[:3] == ["one", "two", "three"]
    assert digits_to_words("9" * 400).split() == ["nine"] * 400


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("Keep it on for 15 to 20 minutes.", {15, 20}),
        ("Keep it on for 15–20\u00a0minutes.", {15, 20}),
        ("Keep it on for 15-20 minutes.", {15, 20}),
        ("thirty to sixty seconds", {30, 60}),
        ("one side, then the other; first the hot pad", set()),
        ("One, lie down. Second, breathe.", set()),
        ("the 2nd day, the fourth time", set()),
        ("1,200 steps", {1200}),
        ("2½ minutes or 2.5 minutes", {2.5}),
        ("nothing to count", set()),
    ],
)
def test_the_figures_of_a_text_are_found(text: str, figures: set[float]) -> None:
    assert figures_in(text) == figures


@given(st.text() | st.from_regex(r"[a-z ]{0,5}[0-9.,]{0,30}(st|nd|th)?[a-z ]{0,5}", fullmatch=True))
def test_no_digit_is_left(text: str) -> None:
    assert not re.search(r"\d", digits_to_words(text))


@given(st.integers(0, 10**12 - 1))
def test_a_number_in_words_comes_back_as_its_digits(number: int) -> None:
    assert words_to_digits(digits_to_words(f"{number}")) == f"{number}"


@given(st.text(st.characters()))
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(words_to_digits(text), str)
    assert all(figure >= 0 for figure in figures_in(text))


def test_half_characters_from_a_broken_terminal_are_taken() -> None:
    assert words_to_digits("two \ud800") == "2 ?"
