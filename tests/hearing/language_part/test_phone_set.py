from __future__ import annotations

import pytest
from small_language import SHIPPED

from assistant.hearing.language_part import phone_set


def test_numbers_are_those_of_the_model_that_ships() -> None:
    assert phone_set.phone_table() == (SHIPPED / "graph" / "phones.txt").read_text()
    assert phone_set.word_boundary_table() == (SHIPPED / "graph" / "phones" / "word_boundary.int").read_text()


def test_positions_share_their_phones_outputs() -> None:
    pairs = phone_set.pdf_pairs()
    assert len(pairs) == phone_set.PHONE_COUNT
    assert pairs[0] == (0, 1)
    for phone in phone_set.SPEECH_PHONES:
        of_phone = {pairs[phone_set.PHONE_ID[f"{phone}_{position}"] - 1] for position in "BIES"}
        index = phone_set.BASE_INDEX[phone]
        assert of_phone == {(2 * index, 2 * index + 1)}
    assert {pdf for pair in pairs for pdf in pair} == set(range(phone_set.PDF_COUNT))


def test_transitions_are_numbered_from_one_without_gaps() -> None:
    numbers = [
        number
        for phone in range(1, phone_set.PHONE_COUNT + 1)
        for number in (phone_set.staying_transition(phone), phone_set.entering_transition(phone))
    ]
    assert numbers == list(range(1, phone_set.TRANSITION_COUNT + 1))


def test_phones_know_their_place_in_the_word() -> None:
    named = [phone_set.PHONES[number] for number in phone_set.in_word(["S", "T", "AA", "P"])]
    assert named == ["S_B", "T_I", "AA_I", "P_E"]
    assert [phone_set.PHONES[number] for number in phone_set.in_word(["AY"])] == ["AY_S"]


def test_unstressed_ah_is_ax() -> None:
    assert phone_set.without_stress(["AH0", "B", "AH1", "V"]) == ("AX", "B", "AH", "V")


def test_silence_is_no_phone_of_a_word() -> None:
    with pytest.raises(KeyError):
        phone_set.in_word(["SIL", "T"])
    with pytest.raises(ValueError, match="at least one"):
        phone_set.in_word([])
