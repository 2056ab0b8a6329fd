"""How texts are made comparable, and how errors are counted."""

import pytest

pytest.importorskip("jiwer", reason="jiwer (extra: train) is not installed")

from models.recipe.check_text import best_reading, count_errors, normalise, score, unknown_share


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("OK, that’s Enough!", "okay that's enough"),
        ("Alright – the neighbour's colour", "all right the neighbour's color"),
        ("I realised it's in the centre.", "i realized it's in the center"),
        ("set a timer for 30 seconds", "set a timer for thirty seconds"),
        ("50%, 50 per cent", "fifty percent fifty percent"),
        ("1,500 and 2.5", "one thousand five hundred and two point five"),
        ("the 3rd of March", "the third of march"),
        ("um, [unk] stop <unk>", "stop"),
        ("'em", "them"),
        ("...", ""),
    ],
)
def test_one_spelling(written: str, spoken: str) -> None:
    assert normalise(written) == spoken
    assert normalise(spoken) == spoken


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("n l n s one seventy five", "NLNS 175"),
        ("n l n s one seventy five", "NLNS175."),
        ("march third nineteen twenty eight", "March 3rd, 1928"),
        ("one five oh four four", "15044"),
        ("two six eight four four one eight", "2684418"),
        ("one hundred", "100"),
        ("h o w e l l", "Howell"),
        ("p i t t s b u r g h", "P-I-T-T-S-B-U-R-G-H."),
        ("ring the g p", "Ring the GP!"),
    ],
)
def test_the_reading_nearest_to_the_reference_counts(said: str, heard: str) -> None:
    reference, reading = best_reading(said, heard)
    assert reading == reference


def test_a_reading_forgives_no_wrong_word() -> None:
    reference, reading = best_reading("one seventy five", "176")
    assert count_errors(reference, reading) == 1
    assert best_reading("h o w e l l", "hall")[1] == "hall"


def test_counts_replaced_missing_and_added_words() -> None:
    assert count_errors("how do i stop this", "how i stop this now") == 2
    assert count_errors("stop", "") == 1
    assert count_errors("", "two words") == 2


def test_score_of_known_errors() -> None:
    found = score([("a b c d", "a b c d"), ("a b c d", "a x c"), ("", "left out"), ("yes", "yes")])
    assert (found.clips, found.words, found.errors) == (3, 9, 2)
    assert found.rate == pytest.approx(100 * 2 / 9)
    assert found.exact == pytest.approx(200 / 3)
    assert 0 <= found.low < found.rate < found.high <= 50


def test_the_interval_narrows_with_more_clips() -> None:
    few = [("a b c d", "a b c d"), ("a b c d", "a x c d")] * 5
    narrow, wide = score(few * 20), score(few)
    assert narrow.rate == wide.rate
    assert narrow.high - narrow.low < (wide.high - wide.low) / 3


def test_nothing_to_score() -> None:
    with pytest.raises(ValueError, match="no clip"):
        score([("...", "words")])


def test_unknown_words_in_either_spelling() -> None:
    assert unknown_share(["the colour of flurgle"], {"the", "colour", "of"}) == pytest.approx(25.0)
    assert unknown_share([], {"the"}) == 0.0
