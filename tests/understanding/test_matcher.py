from __future__ import annotations

import statistics
import time

import pytest

from assistant.content import load_content
from assistant.understanding.features import FeatureReader
from assistant.understanding.matcher import Example, Matcher

EXAMPLES = [
    Example("heat", "how long do i leave the heating pad on"),
    Example("heat", "does a hot water bottle help"),
    Example("massage", "how do i rub a spasm"),
    Example("massage", "should i massage my back"),
    Example("sleep", "how do i sleep with a bad back"),
]
SLOWEST_MEDIAN = 0.020
"""Seconds for one question. It takes about 2 ms; ten times that leaves room for a busy machine."""


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(
        EXAMPLES, FeatureReader({"massage": ["massage", "knead", "rub"], "heat": ["heat", "hot", "wheat bag"]}, {})
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.text)
def test_each_example_finds_its_own_label(matcher: Matcher, example: Example) -> None:
    best = matcher.rank(example.text)[0]
    assert (best.label, best.nearest) == (example.label, example.text)
    assert best.similarity == pytest.approx(1.0, abs=1e-6)
    assert best.cover == pytest.approx(1.0)


def test_a_concept_finds_what_no_word_does(matcher: Matcher) -> None:
    assert matcher.rank("knead it")[0].label == "massage"
    assert matcher.rank("wheat bag")[0].label == "heat"


def test_order_and_small_mistakes_of_words_are_forgiven(matcher: Matcher) -> None:
    assert matcher.rank("the heeting pad how long do i leave it")[0].label == "heat"


def test_candidates_are_ranked_by_shares_of_one_vote(matcher: Matcher) -> None:
    ranked = matcher.rank("how do i rub my back")
    shares = [c.probability for c in ranked]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1.0)
    assert len({c.label for c in ranked}) == len(ranked)


def test_unknown_words_lower_the_cover(matcher: Matcher) -> None:
    known, unknown = matcher.rank("rub a spasm")[0], matcher.rank("rub a xylophone zebra")[0]
    assert known.cover == pytest.approx(1.0)
    assert unknown.cover < 0.7


def test_nothing_shared_finds_nothing(matcher: Matcher) -> None:
    assert matcher.rank("xylophone zebra") == []
    assert matcher.rank("") == []


def test_a_question_is_ranked_in_milliseconds() -> None:
    content = load_content()
    questions = [way for entry in content.guide.entries.values() for way in entry.ways[:6]]
    taken = []
    for question in questions:
        began = time.perf_counter()
        content.interpreter.interpret([question])
        taken.append(time.perf_counter() - began)
    assert statistics.median(taken) < SLOWEST_MEDIAN
