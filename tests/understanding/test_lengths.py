from __future__ import annotations

import pytest

from assistant.understanding.lengths import command_of_length, command_seconds, whole_length


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("make it ten minutes", 600),
        ("only ten minutes", 600),
        ("twenty minutes please", 1200),
        ("make it twenty minutes in all", 1200),
        ("extend it to twenty minutes", 1200),
        ("cut it to ten minutes", 600),
        ("take it down to five minutes", 300),
        ("put it on for ten minutes", 600),
        ("ten minutes is enough", 600),
        ("just do ten minutes", 600),
    ],
)
def test_the_whole_length_is_not_taken_for_more_or_less(text: str, seconds: float) -> None:
    assert whole_length(text) == seconds
    assert command_seconds("extend", text) is None
    assert command_of_length(text, text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("add a minute", 60),
        ("thirty more seconds", 30),
        ("take two minutes off", -120),
        ("make it ten minutes longer", 600),
        ("only two more minutes", 120),
        ("add one to two minutes", 60),
        ("put another minute on", 60),
        ("put five minutes on the clock", 300),
    ],
)
def test_more_or_less_is_no_whole_length(text: str, seconds: float) -> None:
    assert command_seconds("extend", text) == seconds
    assert whole_length(text) is None


@pytest.mark.parametrize(
    "text", ["", "ten", "make it snappy", "he's back in ten minutes", "five no ten minutes or fifteen minutes"]
)
def test_other_words_want_no_length(text: str) -> None:
    assert whole_length(text) is None


def test_seconds_go_with_few_commands() -> None:
    assert command_seconds("louder", "two more minutes") is None
    assert command_seconds("pause", "wait two minutes") == 120


def test_a_new_timer_neither_waits_nor_adds() -> None:
    assert command_of_length("i need a ten minute timer", "i need a ten minute timer") is None
