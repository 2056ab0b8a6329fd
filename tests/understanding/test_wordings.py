from __future__ import annotations

import re

import pytest

from assistant.content import shipped
from assistant.guide.pack import load_yaml
from assistant.language import normal_form
from assistant.understanding.red_flags import RedFlags
from assistant.understanding.wordings import Wordings, side_by_side

GENERAL = ("dragon", "drag", "drags", "dragging", "tingle", "tingling", "leak", "leaking", "leakage", "stab")
DICTIONARY = (*GENERAL, "osteoporosis", "osteoporotic", "stabs")


def of(*patterns: str, **parts: str) -> list[str]:
    return Wordings(parts, (GENERAL, DICTIONARY)).of(patterns)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("numb|asleep", ["numb", "asleep"]),
        ("(my|both) (legs|feet|knees)", ["my legs", "both feet", "my knees"]),
        ("(my )?legs", ["my legs", "legs"]),
        ("bottom(?! of)", ["bottom"]),
        ("(?<!the )back( door)?", ["back door", "back"]),
        ("dead(?= beat)", []),
        ("(gone )*numb", ["gone numb", "numb"]),
        ("(gone )+numb", ["gone numb"]),
        ("(very ){2,3}sore", ["very very sore"]),
        ("(\\w+ ){0,4}better", ["better"]),
        ("(\\w+ )??better", ["better"]),
        ("tum[mn]y", ["tummy", "tumny"]),
        ("[1-3] weeks", ["1 weeks", "2 weeks", "3 weeks"]),
        ("colou?r", ["colour", "color"]),
        ("^\\bnumb$", ["numb"]),
        ("(can|could) not feel", ["can't feel", "couldn't feel"]),
        ("i am numb", ["i'm numb"]),
        ("it will not stop", ["it won't stop"]),
        # No word runs into the next, as patterns allow.
        ("(need|needs) ?(the|a) loo", ["need the loo", "needs a loo"]),
        ("(need|needs)( the| a)? loo", ["need the loo", "needs a loo", "need loo"]),
    ],
)
def test_every_word_of_a_pattern_is_said(pattern: str, expected: list[str]) -> None:
    assert of(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("dragg?\\w* foot", {"drag foot", "drags foot", "dragging foot"}),
        ("tingl\\w+", {"tingle", "tingling"}),
        ("leak\\w*", {"leak", "leaking"}),
        ("stabb?\\w*", {"stab"}),  # the dictionary is for what the general words don't have
        ("osteopor\\w+", {"osteoporosis", "osteoporotic"}),  # no usual ending: the shortest are taken
        ("zzyz\\w+ pain", set()),
        ("le\\w+", set()),  # begins too many words
    ],
)
def test_open_ends_of_words_are_completed(pattern: str, expected: set[str]) -> None:
    assert set(of(pattern)) == expected


@pytest.mark.parametrize(
    "long",
    ["i can not", "it will not", "i am", "he is", "they are", "it did not", "it has not", "i have been", "we have got"],
)
def test_a_short_form_means_the_same(long: str) -> None:
    (short,) = of(long)
    assert "'" in short
    assert normal_form(short) == normal_form(long)


def test_parts_are_put_in() -> None:
    parts = {"my": "(my|her)", "all-my": "all <my>"}
    assert Wordings(parts, ()).of(["<all-my> legs"]) == ["all my legs", "all her legs"]
    with pytest.raises(KeyError, match="nobody"):
        Wordings({}, ()).of(["<nobody> legs"])
    with pytest.raises(KeyError):
        Wordings({"loop": "<loop>"}, ()).of(["<loop>"])


@pytest.mark.parametrize("pattern", ["(numb", "numb)", "numb.", "\\S+", "+numb"])
def test_what_is_not_read_is_named(pattern: str) -> None:
    with pytest.raises(ValueError, match=re.escape(pattern)) as caught:
        of(pattern)
    assert pattern.replace("\\", "\\\\") in str(caught.value)


def test_side_by_side_has_all_of_both() -> None:
    assert side_by_side(["a", "b", "c"], ["1", "2"]) == ["a1", "b2", "c1"]
    assert side_by_side(["a"], []) == []


def test_every_warning_sign_that_ships_has_wordings_that_raise_it() -> None:
    path = shipped("content") / "safety" / "red_flags.yaml"
    definition = load_yaml(path.name, path.read_text(encoding="utf-8"))
    flags = RedFlags(definition)
    make = Wordings({str(name): str(pattern) for name, pattern in definition["parts"].items()}, (DICTIONARY,))
    alone = {rule["all"][0] for flag in definition["flags"] for rule in flag["rules"] if len(rule["all"]) == 1}
    silent = []
    for name in {name for flag in definition["flags"] for rule in flag["rules"] for name in rule["all"]}:
        found = make.of(definition["concepts"][name])
        assert found, name
        assert not [wording for wording in found if not re.fullmatch(r"[a-z0-9' ]+", wording)]
        if name in alone:
            contexts = ("idle", "routine")
            raised = [w for w in found if any(flags.find([w], context=context) for context in contexts)]
            silent += [(name, len(raised), len(found))] if len(raised) < 0.6 * len(found) else []
    assert not silent
