"""The assistant's own voice, heard by its microphone, told from a person's."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from assistant.own_words import COMMAND_WINDOW, ECHO_DELAY, OwnWords

ANSWER = "The guide says heat loosens tight muscles. Keep the pad on for 15 to 20 minutes, and stop if it hurts more."
PER_WORD = 0.4


@dataclass(frozen=True)
class Played:
    text: str
    start: float
    end: float


def speaking(text: str, since: float = 10.0) -> OwnWords:
    """A voice that says ``text`` from ``since``, a word every 0.4 s."""
    words = [Played(word, since + i * PER_WORD, since + (i + 1) * PER_WORD) for i, word in enumerate(text.split())]

    def played(between: tuple[float, float]) -> list[Played]:
        return [word for word in words if between[0] <= word.end and word.start <= between[1]]

    return OwnWords(played)


@pytest.mark.parametrize(
    "heard",
    [
        "the guide says heat loosens tight muscles",
        "the guides say heat loosen tight muscle",
        "a guy says heat loosens tight muscles",
        "guide says he losing tight muscles",
        "The guide says: heat!",
    ],
)
def test_an_echo_is_its_own_words_even_where_some_are_misheard(heard: str) -> None:
    assert speaking(ANSWER).explain(heard, 10.0, 13.0)


@pytest.mark.parametrize(
    "heard",
    [
        "how long do i press on it",
        "does the pad go on my belly",
        "can i use heat when i am pregnant",
        "my legs have gone numb",
        "hey marigold",
        "stop that please",
    ],
)
def test_a_persons_words_over_the_answer_are_not_its_own(heard: str) -> None:
    assert not speaking(ANSWER).explain(heard, 10.0, 18.0)


def test_the_share_of_own_words_decides() -> None:
    own = speaking("heat loosens tight muscles quickly")
    assert own.explain("heat loosens tight cats dogs", 10.0, 12.0), "three of five"
    assert not own.explain("heat loosens birds cats dogs", 10.0, 12.0), "two of five"


def test_a_word_said_once_explains_only_one() -> None:
    assert not speaking("stop if it hurts").explain("stop stop now stop now", 10.0, 12.0)


def test_nothing_heard_is_nobodys() -> None:
    assert not speaking(ANSWER).explain("", 10.0, 12.0)
    assert not speaking(ANSWER).explain("?!", 10.0, 12.0)


def test_in_silence_nothing_is_its_own() -> None:
    assert not OwnWords(lambda _: []).explain("the guide says", 10.0, 12.0)
    assert not OwnWords(lambda _: []).explain_command("stop", 12.0)


def test_an_echo_may_come_a_little_late() -> None:
    own = speaking("heat helps")
    ended = 10.0 + 2 * PER_WORD
    assert own.explain("heat helps", ended + ECHO_DELAY - 0.5, ended + 1.0)
    assert not own.explain("heat helps", ended + ECHO_DELAY + 0.1, ended + 2.0)


def test_a_command_in_its_own_answer_is_its_own() -> None:
    own = speaking("stop if it hurts")
    assert own.explain_command("stop", 10.0 + PER_WORD + 0.5)


def test_a_persons_command_is_not_its_own() -> None:
    own = speaking("stop if it hurts more than you can bear and then rest for a while")
    assert not own.explain_command("stop", 10.0 + PER_WORD + COMMAND_WINDOW + 0.1), "said too long ago"
    assert not own.explain_command("louder", 10.5), "not said at all"
    assert not own.explain_command("stop please", 10.5), "not all of it was said"


@pytest.mark.parametrize(
    ("heard", "own"),
    [
        ("the guide says heat loosens tight", True),
        ("guide says eat loosen tights", True),
        ("the guide says heat loosens stop", False),
        ("says please stop it", False),
        ("heat loosens", False),
        ("", False),
    ],
)
def test_a_command_among_nothing_but_its_own_words_was_its_own_voice(heard: str, own: bool) -> None:
    assert speaking(ANSWER).explain_voice(heard, 12.4) is own


def test_words_of_long_ago_explain_no_command() -> None:
    assert not speaking(ANSWER).explain_voice("the guide says heat loosens tight", 30.0)


PROMPT = "Say carry on to press again, or say next, to rub."


def test_a_word_alone_inside_its_sentence_is_a_person_who_answers_quickly() -> None:
    own = speaking(PROMPT)
    began = 10.0 + PROMPT.split().index("next,") * PER_WORD
    assert own.explain("next", began, began + 0.4)
    assert own.embeds("next", began + 0.2, began + 0.6)
    assert not own.embeds("or say next to rub", began - 0.8, began + 1.2)


def test_a_number_of_its_own_stands_alone() -> None:
    own = speaking("Five.")
    assert not own.embeds("five", 10.0, 10.4)
