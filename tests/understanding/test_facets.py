from __future__ import annotations

import pytest

from assistant.guide.model import LEADING_FACETS
from assistant.language import normal_form
from assistant.understanding.facets import facet_of


@pytest.mark.parametrize(
    ("text", "facet"),
    [
        ("which goes first hot or cold", "order"),
        ("do i put ice on before heat", "order"),
        ("how long does it take to heal", "healing-time"),
        ("when will it go away", "healing-time"),
        ("how long do i leave the heating pad on", "how-long"),
        ("for how long", "how-long"),
        ("how many minutes", "how-long"),
        ("should it be painful", "does-it-hurt"),
        ("how hard do i press", "does-it-hurt"),
        ("is it okay to rub it", "safe"),
        ("will it make it worse", "safe"),
        ("why does my back do this", "why"),
        ("what caused it", "why"),
        ("which massage", "which"),
        ("what kind of massage", "which"),
        ("what's a trigger point", "what-is-it"),
        ("how do i rub it", "how"),
        ("show me", "how"),
        ("heating pad", None),
        ("rub my back", None),
        ("i slept first class", None),
        ("", None),
    ],
)
def test_the_side_of_a_question_that_is_asked(text: str, facet: str | None) -> None:
    assert facet_of(normal_form(text, keep_fillers=True)) == facet


def test_the_leading_facets_can_be_asked_for() -> None:
    asked = ["which goes first", "how long", "should it be painful", "what is it", "why", "will it go away"]
    assert {facet_of(normal_form(text)) for text in asked} == LEADING_FACETS


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("how do i lie", "how-long"),
        ("i hurt my back lifting how long do i rest", "does-it-hurt"),
        ("what is the safest massage", "why"),
    ],
)
def test_one_side_is_not_taken_for_another(text: str, wrong: str) -> None:
    assert facet_of(normal_form(text)) != wrong
