"""Commands right, wrong and taken from other words; words that nobody said."""

import math

import pytest

pytest.importorskip("jiwer", reason="jiwer (extra: train) is not installed")

from models.recipe.check_commands import NINE, accuracy, commands_in, false_words, score_commands


def test_commands_in_a_grammar_s_result() -> None:
    grammar = (*NINE, "[unk]")
    assert commands_in("[unk] stop", grammar) == ["stop"]
    assert commands_in("[unk] [unk]", grammar) == []
    assert commands_in("yes no", grammar) == ["yes", "no"]


def test_whatever_has_no_grammar_must_write_the_command_alone() -> None:
    assert commands_in("Stop!", NINE) == ["stop"]
    assert commands_in("Don't stop.", NINE) == []


def test_what_becomes_of_commands_and_of_other_words() -> None:
    pairs = [
        ("stop", "stop"),
        ("no", "[unk]"),
        ("yes", "next"),
        ("help", "help help"),
        ("bird", "[unk]"),
        ("dog", "no"),
    ]
    found = score_commands(pairs, NINE, limited=True)
    assert (found.said, found.right, found.wrong) == (4, 1, 2)
    assert (found.others, found.accepted) == (2, 1)
    assert found.accuracy == 25.0
    assert found.false_accepts == 50.0
    assert math.isnan(score_commands(pairs[:4], NINE, limited=True).false_accepts)


def test_accuracy_takes_numbers_as_words() -> None:
    assert accuracy([("two", "2"), ("go", "Go."), ("tree", "three")]) == pytest.approx(200 / 3)
    with pytest.raises(ValueError, match="no clip"):
        accuracy([])


def test_what_was_really_said_is_not_false() -> None:
    found = false_words([("no not this", "no [unk] no stop"), ("", "[unk]"), ("", "help")], seconds=60.0)
    assert (found.count, found.clips) == (3, 2)
    assert found.per_hour == pytest.approx(180.0)
