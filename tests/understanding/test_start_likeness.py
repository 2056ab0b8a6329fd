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
