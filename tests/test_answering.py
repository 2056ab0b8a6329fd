from __future__ import annotations

import json

import pytest

from assistant.answering import Reply, error_json, reply_to
from assistant.content import Content, load_content
from assistant.guide.model import Layer
from assistant.understanding.interpret import Weighted
from assistant.understanding.meaning import Context, Kind, Meaning

KEYS = ["ref", "heard", "kind", "id", "tier", "score", "choices", "speech", "source"]


@pytest.fixture(scope="module")
def content() -> Content:
    return load_content()


def test_a_reply_as_json_has_the_agreed_keys_in_their_order() -> None:
    meaning = Meaning(Kind.CLARIFY, heard="rub or warm", score=0.123456, choices=("a", "b"))
    found = Reply(meaning, ("Did you mean one?", "Or two?"), Layer.PRODUCT).as_json([1])
    assert list(found) == KEYS
    assert found == {
        "ref": [1],
        "heard": "rub or warm",
        "kind": "clarify",
        "id": None,
        "tier": None,
        "score": 0.123,
        "choices": ["a", "b"],
        "speech": "Did you mean one? Or two?",
        "source": "product",
    }
    assert json.loads(json.dumps(found)) == found


def test_an_error_has_the_same_keys_and_no_answer() -> None:
    found = error_json("r", "what", "It broke.")
    assert list(found) == KEYS
    assert (found["ref"], found["heard"], found["kind"], found["speech"]) == ("r", "what", "error", "It broke.")
    assert (found["id"], found["tier"], found["score"], found["choices"]) == (None, None, 0.0, [])


def test_the_side_that_was_asked_for_comes_first(content: Content) -> None:
    how_long = reply_to(content, ["how long do i leave the heating pad on"])
    whether = reply_to(content, ["does heat help"])
    assert how_long.meaning.id == whether.meaning.id == "heat-for-a-spasm"
    assert "15 to 20 minutes" in how_long.sentences[0]
    assert how_long.sentences[0] != whether.sentences[0]


def test_the_source_is_who_says_it(content: Content) -> None:
    assert reply_to(content, ["does heat help"]).source is Layer.GUIDE
    assert reply_to(content, ["i can't feel it when i wipe"]).source is Layer.SAFETY
    assert reply_to(content, ["how do i boil an egg"]).source is Layer.PRODUCT


def test_every_reading_counts_and_red_flags_in_any_of_them(content: Content) -> None:
    readings = [Weighted("does heat help", 0.9), Weighted("i can't feel it when i wipe", 0.1)]
    reply = reply_to(content, readings)
    assert (reply.meaning.kind, reply.source) == (Kind.RED_FLAG, Layer.SAFETY)
    assert reply.meaning.tier is not None


def test_two_that_fit_are_asked_back_between(content: Content) -> None:
    reply = reply_to(content, ["heat or cold"])
    assert reply.meaning.kind is Kind.CLARIFY
    assert len(reply.meaning.choices) == 2
    assert reply.source is Layer.PRODUCT
    assert set(reply.meaning.choices) <= set(content.guide.entries)


def test_nothing_said_is_answered_with_nothing(content: Content) -> None:
    for hypotheses in ([], [""], ["  "]):
        reply = reply_to(content, hypotheses)
        assert (reply.meaning.kind, reply.sentences) == (Kind.SILENCE, ())


def test_one_question_leaves_nothing_behind_for_the_next(content: Content) -> None:
    first = reply_to(content, ["does heat help"])
    reply_to(content, ["stop"], Context.SPEAKING)
    reply_to(content, ["i can't feel it when i wipe"])
    assert reply_to(content, ["does heat help"]) == first
