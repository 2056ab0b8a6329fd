from __future__ import annotations

import pytest

from assistant.content import load_content
from assistant.language import normal_form
from assistant.understanding.interpret import Interpreter
from assistant.understanding.meaning import Context, Kind
from assistant.understanding.starting import StartNames, asks_for_something

NAMES = StartNames(
    {
        "start the heating pad timer": ["start:pad"],
        "start the back position": ["start:back"],
        "lead me through lying on my back": ["start:back"],
        "begin pressing": ["start:press"],
        "do both": ["start:press", "start:pad"],
        "go back": ["back"],
    }
)


@pytest.fixture(scope="module")
def interpreter() -> Interpreter:
    return load_content().interpreter


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("set a timer for my heating pad", "start:pad"),
        ("begin the heating pad now please", "start:pad"),
        ("do the lying on my back one", "start:back"),
        ("start the back one", "start:back"),
        ("count while i press", "start:press"),
        ("heating pad", None),
        ("do my back", None),
        ("do both", None),
        ("start the car", None),
        ("start", None),
        ("", None),
        ("start the heating", None),
        ("begin the heating pad for my husband", "start:pad"),
        ("kick off the heating pad", "start:pad"),
    ],
)
def test_a_routine_starts_by_a_verb_and_its_name(text: str, command: str | None) -> None:
    assert NAMES.find(normal_form(text)) == command


def test_a_name_alone_asks_for_nothing() -> None:
    assert not asks_for_something("hot and cold")
    assert asks_for_something("time the hot and cold")


@pytest.mark.parametrize(
    "text",
    [
        "how do i do the hot and cold",
        "should i start the heating pad",
        "when do i start stretching",
        "hot and cold",
        "don't start the heat",
        "let's not do the stretch",
        "tell me about the heating pad",
        "i want to know how long to press for",
        "and then i do the stretch",
    ],
)
def test_a_question_starts_nothing(interpreter: Interpreter, text: str) -> None:
    for context in (Context.IDLE, Context.ROUTINE, Context.SPEAKING):
        meaning = interpreter.interpret([text], context)
        assert meaning.kind is not Kind.COMMAND, meaning


@pytest.mark.parametrize(
    ("text", "routine"),
    [
        ("could you lead me through the stretch please", "stretch-and-hold"),
        ("i'd like to do the pressing now", "press-and-rub"),
        ("let's do the hot and cold", "hot-and-cold"),
        ("can you start the heating pad timer for me", "heating-pad"),
        ("could we do the one on my back", "sleep-on-back"),
        ("take me through lying on my side", "sleep-on-side"),
    ],
)
def test_each_routine_starts_politely(interpreter: Interpreter, text: str, routine: str) -> None:
    assert interpreter.interpret([text]).id == f"start:{routine}"


@pytest.mark.parametrize(
    "text",
    ["set a timer", "set a timer for ten minutes", "can you time me for two minutes", "start a countdown please"],
)
def test_a_timer_for_nothing_of_the_guide_starts_nothing(interpreter: Interpreter, text: str) -> None:
    for context in Context:
        assert not (interpreter.interpret([text], context).id or "").startswith("start:")
