from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.hearing.language_part.counting import Vocabulary
from models.recipe.arpa import read_arpa
from models.recipe.sphinx_lm import MAGIC, SLACK, TABLE_SIZE, UNIGRAM, NotATrieModelError, to_arpa

WORDS = ["</s>", "<s>", "now", "stop"]
ARPA = """\\data\\
ngram 1=4
ngram 2=4
ngram 3=2

\\1-grams:
-0.6000\t</s>\t0.0000
-9.0000\t<s>\t-0.3000
-0.7000\tnow\t-0.1000
-0.4000\tstop\t-0.2000

\\2-grams:
-0.2000\tnow </s>\t0.0000
-0.5000\tstop now\t-0.2500
-0.3000\t<s> stop\t-0.1500
-0.9000\tnow stop\t-0.0500

\\3-grams:
-0.3500\tstop now </s>
-0.1000\t<s> stop now

\\end\\
"""
TO_SPHINX = 1 / math.log10(1.0001)


def packed(rows: Sequence[Sequence[int]], widths: Sequence[int]) -> bytes:
    """Return rows of numbers without gaps between their bits, lowest bit first."""
    value, position = 0, 0
    for row in rows:
        for number, width in zip(row, widths, strict=True):
            value |= number << position
            position += width
    return value.to_bytes((position + 7) // 8 + SLACK, "little")


def model(extra_bigrams: int = 0) -> bytes:
    """Return the model above in Sphinx's form; ``extra_bigrams`` are counted in the header and not there."""
    chances, back_offs, last = (np.zeros(TABLE_SIZE, "<f4") for _ in range(3))
    chances[[5, 60_000, 7, 65_535]] = np.array([-0.3, -0.2, -0.9, -0.5]) * TO_SPHINX
    back_offs[[1, 40_000, 3]] = np.array([-0.15, -0.05, -0.25]) * TO_SPHINX
    last[[9, 50_000]] = np.array([-0.1, -0.35]) * TO_SPHINX
    unigrams = np.zeros(5, UNIGRAM)
    unigrams["probability"][:4] = np.array([-0.6, -9, -0.7, -0.4]) * TO_SPHINX
    unigrams["back_off"][:4] = np.array([0, -0.3, -0.1, -0.2]) * TO_SPHINX
    unigrams["first"] = [0, 1, 1, 2, 4]  # bigrams that end in the word
    # word before, back-off, probability, first trigram
    bigrams = [(2, 0, 60_000, 0), (3, 3, 65_535, 1), (1, 1, 5, 2), (2, 40_000, 7, 2), (0, 0, 0, 2)]
    bigrams += [(0, 0, 0, 0)] * extra_bigrams
    words = b"".join(word.encode() + b"\0" for word in WORDS)
    return b"".join(
        (
            MAGIC, bytes([3]), struct.pack("<3I", 4, 4 + extra_bigrams, 2), struct.pack("<i", 1),
            chances.tobytes(), back_offs.tobytes(), last.tobytes(), unigrams.tobytes(),
            packed(bigrams, (3, 16, 16, 2)), packed([(3, 50_000), (1, 9), (0, 0)], (3, 16)),
            struct.pack("<i", len(words)), words,
        )
    )  # fmt: skip


def test_all_numbers_and_words_are_read() -> None:
    assert to_arpa(model()) == ARPA


def test_bigrams_that_no_unigram_leads_to_are_left_out() -> None:
    assert to_arpa(model(extra_bigrams=6)) == ARPA


def test_our_arpa_reader_understands_it(tmp_path: Path) -> None:
    path = tmp_path / "small.arpa"
    path.write_text(to_arpa(model()), encoding="utf-8")
    vocabulary = Vocabulary(("now", "stop"))
    likely = read_arpa(path, vocabulary).perplexity(vocabulary.encoded([["stop", "now"]]))
    unlikely = read_arpa(path, vocabulary).perplexity(vocabulary.encoded([["now", "now"]]))
    assert likely < unlikely


@pytest.mark.parametrize(
    "content", [b"", b"RIFF" * 9, MAGIC, MAGIC + bytes([2]) + bytes(99), model()[:-9], model()[:99]]
)
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(NotATrieModelError):
        to_arpa(content)


def test_models_without_quantisation_are_refused() -> None:
    content = bytearray(model())
    content[len(MAGIC) + 13] = 0
    with pytest.raises(NotATrieModelError, match="quantised"):
        to_arpa(bytes(content))
