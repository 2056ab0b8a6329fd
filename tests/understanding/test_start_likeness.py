from __future__ import annotations

import pytest

from assistant.content import load_content
from assistant.understanding.interpret import Interpreter
from assistant.understanding.meaning import Context, Kind


@pytest.fixture(scope="module")
def interpreter() -> Interpreter:
    return load_content().interpreter


@pytest.mark.parametrize(
    ("text", "routine"),
    [
        ("i've just got the wheat bag warm so please start the timer for it", "heating-pad"),
        ("could you lead my brother through the stretching", "stretch-and-hold"),
        ("would you count the seconds for me while i press", "press-and-rub"),
        ("she has both packs ready so lead us through it", "hot-and-cold"),
    ],
)
def test_a_plain_request_with_a_name_starts_it_in_any_words(interpreter: Interpreter, text: str, routine: str) -> None:
    assert interpreter.interpret([text]).id == f"start:{routine}"


@pytest.mark.parametrize(
    "text",
    [
        "let's start with the press conference",
        "help me with the ice on the windscreen",
        "time the heat of the oven",
        "get me a heating pad",
        "give me a massage",
        "get me back to bed",
        "help me understand the stretch",
        "walk me through making a cake",
        "i'm going to start stretching tomorrow",
        "she had me do the stretch yesterday",
    ],
)
def test_other_things_with_a_routine_s_words_start_nothing(interpreter: Interpreter, text: str) -> None:
    for context in Context:
        assert not (interpreter.interpret([text], context).id or "").startswith("start:"), context


def test_asked_which_one_a_name_is_enough(interpreter: Interpreter) -> None:
    assert interpreter.interpret(["the heating pad one"], Context.QUESTION).id == "start:heating-pad"
    assert interpreter.interpret(["the heating pad one"], Context.ROUTINE).kind is not Kind.COMMAND


@pytest.mark.parametrize(
    ("heard", "routine"),
    [
        ("can you leave me through the hot and cold", "hot-and-cold"),
        ("should you lead me through pressing on it", "press-and-rub"),
        ("julie me through pressing on it", "press-and-rub"),
        ("are you start the heating pad timer please", "heating-pad"),
        ("what's do the on my back one", "sleep-on-back"),
        ("i do the heat and ice with me", "hot-and-cold"),
        ("does the stretching with me", "stretch-and-hold"),
        ("i'd like to start the heating pad know", "heating-pad"),
        ("art press and rub", "press-and-rub"),
    ],
)
def test_a_start_whose_begin_was_misheard_is_one_still(interpreter: Interpreter, heard: str, routine: str) -> None:
    for context in (Context.IDLE, Context.QUESTION):
        assert interpreter.interpret([heard], context).id == f"start:{routine}", context
    for context in (Context.ROUTINE, Context.SPEAKING):  # there more is said to others
        assert interpreter.interpret([heard], context).id != f"start:{routine}", context


@pytest.mark.parametrize(
    "text",
    [
        "do you start the heat straight away",
        "should you start the stretch in the morning",
        "did you start the heating pad",
        "do you start hot and cold",
        "what got me through the stretch",
        "the nurse took me through the stretch",
        "a friend walked me through the stretch",
        "should you do the hot and cold for me to feel better",
        "it gets me through the night on my back",
        "i do the stretch",
        "i do the stretch with my wife",
        "started the heat an hour ago",
        "leave me alone with the heating pad",
        "the stretch is what i don't know",
    ],
)
def test_what_only_resembles_a_misheard_start_starts_nothing(interpreter: Interpreter, text: str) -> None:
    for context in Context:
        assert not (interpreter.interpret([text], context).id or "").startswith("start:"), context
