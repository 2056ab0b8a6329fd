"""What the recogniser makes of commands said in a routine, as it was seen to, is still taken for them."""

from __future__ import annotations

import pytest

from assistant.content import load_content
from assistant.understanding.interpret import Interpreter
from assistant.understanding.meaning import Context, Kind


@pytest.fixture(scope="module")
def interpreter() -> Interpreter:
    return load_content().interpreter


@pytest.mark.parametrize(
    ("heard", "command"),
    [
        ("i've got to the pad off now", "acknowledge"),
        ("i've take in the cold pack off", "acknowledge"),
        ("i've got to the heat pad on now", "resume"),
        ("what was that one before", "back"),
        ("they say again", "repeat"),
    ],
)
def test_a_misheard_command_is_taken(interpreter: Interpreter, heard: str, command: str) -> None:
    assert interpreter.interpret([heard], Context.ROUTINE).id == command


@pytest.mark.parametrize("text", ["i've got to get the pad off", "when do i take the pad off", "i've got to the shops"])
def test_a_pad_that_is_still_on_is_not_acknowledged(interpreter: Interpreter, text: str) -> None:
    meaning = interpreter.interpret([text], Context.ROUTINE)
    assert meaning.kind is not Kind.COMMAND or meaning.id != "acknowledge"
