from __future__ import annotations

import pytest

from assistant.hearing.language_part.spelling import LONGEST, heard_sentences, heard_words


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("Don’t press so hard!", "don't press so hard"),
        ("Hold it for 15 seconds.", "hold it for fifteen seconds"),
        ("Wait 10–15 minutes", "wait ten to fifteen minutes"),
        ("Call 999 now", "call nine nine nine now"),
        ("a café, naïve", "a cafe naive"),
        ("bread & butter", "bread and butter"),
        ("'tis the dogs' dinner", "tis the dogs dinner"),
        ("... !!! 。", ""),
    ],
)
def test_writes_what_is_heard(written: str, heard: str) -> None:
    assert " ".join(heard_words(written)) == heard


def test_sentences_end_at_their_marks_only() -> None:
    found = heard_sentences(["Lie down. Take a ball, e.g. a tennis ball. Ready?", "", "In the U.S. Army they rest."])
    assert [" ".join(words) for words in found] == [
        "lie down",
        "take a ball e g a tennis ball",
        "ready",
        "in the u s army they rest",
    ]


def test_endless_text_is_cut() -> None:
    found = heard_sentences(["and then " * 100])
    assert sum(map(len, found)) == 200
    assert max(map(len, found)) == LONGEST
