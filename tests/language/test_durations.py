"""Lengths of time, as a person on the floor says them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.language import duration_seconds, spoken_duration
from assistant.language.durations import LONGEST


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("ninety seconds", 90),
        ("thirty seconds or so", 30),
        ("a thirty second hold", 30),
        ("one second", 1),
        ("one minute and one second", 61),
        ("a minute", 60),
        ("five minutes", 300),
        ("5mins", 300),
        ("twenty-five minutes", 1500),
        ("a hundred and twenty seconds", 120),
        ("2.5 minutes", 150),
        ("2½ minutes", 150),
        ("½ hour", 1800),
        ("two and a half minutes", 150),
        ("one and a half minutes", 90),
        ("a minute and a half", 90),
        ("half a minute", 30),
        ("half an hour", 1800),
        ("a half hour", 1800),
        ("quarter of an hour", 900),
        ("a quarter of an hour", 900),
        ("three quarters of an hour", 2700),
        ("an hour and a quarter", 4500),
        ("an hour and a half", 5400),
        ("one and a half hours", 5400),
        ("two hours and a half", 9000),
        ("an hour and twenty minutes", 4800),
        ("1 hour 20 minutes", 4800),
        ("an hour twenty", 4800),
        ("two minutes thirty", 150),
        ("two minutes and thirty seconds", 150),
    ],
)
def test_a_length_of_time_is_understood(said: str, seconds: float) -> None:
    assert duration_seconds(said) == seconds


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("add a minute", 60),
        ("one more minute please", 60),
        ("another five minutes", 300),
        ("an extra ten seconds", 10),
        ("a couple more minutes", 120),
        ("couple of minutes", 120),
        ("a few more minutes", 180),
        ("half a minute more", 30),
        ("can you give me another minute and a half", 90),
    ],
)
def test_more_time_is_understood(said: str, seconds: float) -> None:
    assert duration_seconds(said) == seconds


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("15-20 minutes", 900),
        ("15–20 minutes", 900),
        ("15 – 20 minutes", 900),
        ("15\u00a0to\u00a020\u00a0minutes", 900),
        ("fifteen to twenty minutes", 900),
        ("between fifteen and twenty minutes", 900),
        ("thirty to sixty seconds", 30),
        ("thirty seconds to a minute", 30),
        ("half a minute to a minute", 30),
        ("two or three more minutes", 120),
        ("a minute or two", 60),
        ("one minute or two minutes", 60),
    ],
)
def test_the_lower_end_of_a_range_counts(said: str, seconds: float) -> None:
    assert duration_seconds(said) == seconds


@pytest.mark.parametrize(
    "said",
    [
        "",
        "one and a half",
        "ten more",
        "no minutes",
        "minutes",
        "one moment",
        "the second one",
        "the first",
        "my back hurts",
        "pregnant 20 weeks",
    ],
)
def test_no_length_of_time_is_made_up(said: str) -> None:
    assert duration_seconds(said) is None


def test_more_than_a_day_is_no_timer() -> None:
    assert duration_seconds("24 hours") == LONGEST
    assert duration_seconds("25 hours") is None
    assert duration_seconds("9" * 400 + " minutes") is None


@pytest.mark.parametrize(
    ("seconds", "spoken"),
    [
        (0, "0 seconds"),
        (-3, "0 seconds"),
        (1, "1 second"),
        (59.6, "1 minute"),
        (90, "1 minute and 30 seconds"),
        (900, "15 minutes"),
        (3600, "1 hour"),
        (3723, "1 hour, 2 minutes and 3 seconds"),
    ],
)
def test_a_duration_is_spoken_as_a_person_says_it(seconds: float, spoken: str) -> None:
    assert spoken_duration(seconds) == spoken


@given(st.integers(0, 3 * 3600))
def test_what_is_spoken_is_understood_as_the_same_length(seconds: int) -> None:
    assert duration_seconds(spoken_duration(seconds)) == seconds


@given(st.text())
def test_any_text_gives_a_length_or_none(text: str) -> None:
    seconds = duration_seconds(text)
    assert seconds is None or (math.isfinite(seconds) and 0 <= seconds <= LONGEST)


JUMBLE = st.sampled_from(
    "a an one two thirty 15 2.5 half quarter and to or more between minute minutes second hour – ½ of".split()  # noqa: SIM905
)


@given(st.lists(JUMBLE, max_size=14))
def test_any_jumble_of_its_words_gives_a_length_or_none(words: list[str]) -> None:
    seconds = duration_seconds(" ".join(words))
    assert seconds is None or 0 <= seconds <= LONGEST
