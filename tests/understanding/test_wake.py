from __future__ import annotations

import pytest

from assistant.understanding.wake import WAKE_PHRASES, split_wake


@pytest.mark.parametrize("phrase", WAKE_PHRASES)
def test_every_wake_phrase_wakes_and_leaves_the_rest(phrase: str) -> None:
    assert split_wake(f"{phrase} how long do i press") == (True, "how long do i press")
    assert split_wake(phrase) == (True, "")


@pytest.mark.parametrize(
    "text",
    ["um hey marigold stop", "ooh ow hey marigold stop", "right so hey marigold stop", "Hey, Marigold! stop"],
)
def test_a_few_words_of_noise_may_stand_before(text: str) -> None:
    assert split_wake(text) == (True, "stop")


@pytest.mark.parametrize(
    "text",
    ["hey mary gold stop", "hey marry gold stop", "hey merry gold stop", "the marigolds stop", "hey marigould stop"],
)
def test_what_recognisers_make_of_the_name_wakes(text: str) -> None:
    assert split_wake(text) == (True, "stop")


@pytest.mark.parametrize(
    ("text", "rest"), [("stop it marigold", "stop it"), ("Pause, hey marigold", "Pause,"), ("um right marigold", "")]
)
def test_the_name_may_come_last(text: str, rest: str) -> None:
    assert split_wake(text) == (True, rest)


@pytest.mark.parametrize(
    "text",
    [
        "the gold medal",
        "hey mary how are you",
        "he ran a marathon",
        "okay margaret",
        "the merry widow",
        "a mari usque ad mare",
        "how long do i press",
        "i planted them in the garden by the marigold",
        "",
    ],
)
def test_other_names_and_late_ones_do_not_wake(text: str) -> None:
    assert split_wake(text) == (False, text)
