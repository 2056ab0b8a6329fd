"""The phones of the English model and the numbers that Kaldi gives them.

Forty phones of CMUdict's ARPAbet alphabet (AX stands for its unstressed AH), SIL for silence, and SPN for any
word outside the vocabulary. Each has two network outputs (pdfs): one for its first frame, one for all further
frames. Kaldi's phones tell besides where in the word a phone stands (AE_B, AE_I, AE_E, AE_S: beginning, inside,
end, single), because libvosk finds the words' times by that; all four share the two pdfs.

The order is fixed: the trained network's outputs, the transition model in ``final.mdl``, and the graph agree on
nothing but these numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

SILENCE: Final = "SIL"
OTHER_WORD: Final = "SPN"
"""The "garbage" phone, trained on words put in its place: any word outside the vocabulary."""

_ARPABET: Final = "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
SPEECH_PHONES: Final = ("AX", *_ARPABET.split())
BASE_PHONES: Final = (SILENCE, *SPEECH_PHONES, OTHER_WORD)
"""What the network tells apart; the position in this tuple is the phone's base index."""
BASE_INDEX: Final = {phone: index for index, phone in enumerate(BASE_PHONES)}
PDF_COUNT: Final = 2 * len(BASE_PHONES)

_POSITIONS: Final = {"B": "begin", "E": "end", "I": "internal", "S": "singleton"}
"""Kaldi's names, as they stand in ``word_boundary.int``."""
PHONES: Final = (
    "<eps>",
    SILENCE,
    *(f"{phone}_{position}" for phone in SPEECH_PHONES for position in _POSITIONS),
    f"{OTHER_WORD}_S",
)
"""Kaldi's phones; the position in this tuple is the phone id. 0 is no phone."""
PHONE_ID: Final = {phone: number for number, phone in enumerate(PHONES)}
PHONE_COUNT: Final = len(PHONES) - 1
TRANSITION_COUNT: Final = 2 * PHONE_COUNT
"""Every phone has one state with two transitions; transition ids count from 1."""


def base_index(phone_id: int) -> int:
    """Return the base index of a Kaldi phone id: the phone without its position."""
    return BASE_INDEX[PHONES[phone_id].rpartition("_")[0] or PHONES[phone_id]]


def first_pdf(phone_id: int) -> int:
    """Return the network output that scores the phone's first frame."""
    return 2 * base_index(phone_id)


def later_pdf(phone_id: int) -> int:
    """Return the network output that scores each further frame of the phone."""
    return 2 * base_index(phone_id) + 1


def staying_transition(phone_id: int) -> int:
    """Return the id of the transition from the phone's state to itself: a further frame."""
    return 2 * (phone_id - 1) + 1


def entering_transition(phone_id: int) -> int:
    """Return the id of the phone's other transition, which the graph takes with its first frame."""
    return 2 * (phone_id - 1) + 2


def without_stress(arpabet: Iterable[str]) -> tuple[str, ...]:
    """Return CMUdict's phones ("AH0", "AE1") as phones of ours ("AX", "AE")."""
    return tuple("AX" if phone == "AH0" else phone.rstrip("012") for phone in arpabet)


def in_word(pronunciation: Sequence[str]) -> tuple[int, ...]:
    """Return the Kaldi phone ids of one word's phones, with their positions in the word.

    Raises:
        KeyError: a phone that isn't one of `SPEECH_PHONES`.
        ValueError: no phone at all.
    """
    if not pronunciation:
        raise ValueError("a word must have at least one phone")
    if len(pronunciation) == 1:
        return (PHONE_ID[f"{pronunciation[0]}_S"],)
    first, *inner, last = pronunciation
    return (PHONE_ID[f"{first}_B"], *(PHONE_ID[f"{phone}_I"] for phone in inner), PHONE_ID[f"{last}_E"])


def phone_table() -> str:
    """Return the text of ``phones.txt``: each phone with its id."""
    return "".join(f"{phone} {number}\n" for number, phone in enumerate(PHONES))


def word_boundary_table() -> str:
    """Return the text of ``word_boundary.int``: where in a word each phone id stands."""
    kinds = ((number, _POSITIONS.get(phone.rpartition("_")[2], "nonword")) for number, phone in enumerate(PHONES))
    return "".join(f"{number} {kind}\n" for number, kind in kinds if number)


def pdf_pairs() -> list[tuple[int, int]]:
    """Return (first pdf, later pdf) of every Kaldi phone, phone id 1 first: the rows of the transition model."""
    return [(first_pdf(number), later_pdf(number)) for number in range(1, PHONE_COUNT + 1)]
