"""Turns CMU Sphinx's binary n-gram models ("Trie Language Model") into the ARPA text form.

The file: a header; tables of 65,536 values for each quantised kind of number; the unigrams; the bigrams and the
trigrams as rows of packed bits; the words. N-grams are stored last word first: a unigram leads to the bigrams that
end in it, a bigram to the trigrams that end in it, so that a row adds the word before. A bigram's row has that word,
back-off weight, probability and the place of its first trigram; a trigram's row has word and probability. Rows that
end in the same words stand together, and the places in two neighbouring rows bound what belongs to the first. All
numbers are little-endian; probabilities are logarithms to the base 1.0001. (It is the "trie" of KenLM with 16-bit
quantisation: Heafield, "KenLM: Faster and Smaller Language Model Queries", 2011.)
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.errors import WrongInputError

MAGIC: Final = b"Trie Language Model"
TABLE_SIZE: Final = 1 << 16
QUANTISED: Final = 1
"""The header's number for 16-bit quantisation, the only kind that is read here."""
VALUE_BITS: Final = 16
SLACK: Final = 8
"""Bytes after each array of packed bits, so that eight bytes can be read at any place."""
TO_LOG10: Final = math.log10(1.0001)
UNIGRAM: Final = np.dtype([("probability", "<f4"), ("back_off", "<f4"), ("first", "<u4")])
_ROWS_AT_ONCE: Final = 100_000

Numbers = NDArray[np.int64]
Logs = NDArray[np.float64]


class NotATrieModelError(WrongInputError):
    """The bytes are no trigram model in CMU Sphinx's binary form, or not a quantised one."""


@dataclass(frozen=True)
class _Rows:
    """The n-grams of one length: numbers of their words as said [n-grams, length], and log10 values [n-grams]."""

    words: Numbers
    probabilities: Logs
    back_offs: Logs | None


def to_arpa(content: bytes) -> str:
    """Return a binary trigram model as ARPA text, with four decimals as is usual.

    Raises:
        NotATrieModelError: see there.
    """
    try:
        words, orders = _read(content)
    except (ValueError, IndexError) as fault:  # numbers that point outside the file
        raise NotATrieModelError(f"The n-gram model can't be read: {fault}") from fault
    text = io.StringIO()
    text.write("\\data\\\n")
    for length, rows in enumerate(orders, start=1):
        text.write(f"ngram {length}={len(rows.words)}\n")
    for length, rows in enumerate(orders, start=1):
        text.write(f"\n\\{length}-grams:\n")
        text.writelines(_lines(rows, words))
    text.write("\n\\end\\\n")
    return text.getvalue()


def _lines(rows: _Rows, words: list[str]) -> Iterator[str]:
    for begin in range(0, len(rows.words), _ROWS_AT_ONCE):
        part = slice(begin, begin + _ROWS_AT_ONCE)
        grams = [" ".join([words[number] for number in row]) for row in rows.words[part].tolist()]
        chances = rows.probabilities[part].tolist()
        if rows.back_offs is None:
            yield from (f"{chance:.4f}\t{gram}\n" for chance, gram in zip(chances, grams, strict=True))
        else:
            back_offs = rows.back_offs[part].tolist()
            for chance, gram, back_off in zip(chances, grams, back_offs, strict=True):
                yield f"{chance:.4f}\t{gram}\t{back_off:.4f}\n"


def _read(content: bytes) -> tuple[list[str], tuple[_Rows, _Rows, _Rows]]:
    start = len(MAGIC)
    if not content.startswith(MAGIC) or content[start] != 3:
        raise NotATrieModelError("This is no trigram model in CMU Sphinx's binary form.")
    counts = [int(number) for number in np.frombuffer(content, "<u4", 3, start + 1)]
    position = start + 1 + 12
    if int(np.frombuffer(content, "<i4", 1, position)[0]) != QUANTISED:
        raise NotATrieModelError("This n-gram model isn't quantised; only quantised ones are read here.")
    position += 4
    tables = np.frombuffer(content, "<f4", 3 * TABLE_SIZE, position).reshape(3, TABLE_SIZE).astype(np.float64)
    bigram_chances, bigram_back_offs, trigram_chances = tables * TO_LOG10
    position += 3 * TABLE_SIZE * 4
    unigrams = np.frombuffer(content, UNIGRAM, counts[0] + 1, position)  # one more, to bound the last one's bigrams
    position += UNIGRAM.itemsize * (counts[0] + 1)

    word_bits, place_bits = counts[0].bit_length(), counts[2].bit_length()
    # Both arrays have a row more than there are n-grams.
    bigrams = _PackedBits(content, position, (word_bits, VALUE_BITS, VALUE_BITS, place_bits), counts[1] + 1)
    trigrams = _PackedBits(content, bigrams.end, (word_bits, VALUE_BITS), counts[2] + 1)
    words = _words(content, trigrams.end, counts[0])

    # The header may count a few bigrams more than the unigrams lead to; what they lead to is what there is.
    first_bigrams: Numbers = unigrams["first"].astype(np.int64)
    number = int(first_bigrams[-1])
    last = np.repeat(np.arange(counts[0]), np.diff(first_bigrams))
    before = bigrams.column(0)[:number]
    first_trigrams = bigrams.column(3)[: number + 1]
    if first_trigrams[-1] < first_trigrams[-2]:  # the row that bounds the last one is missing
        first_trigrams[-1] = counts[2]
    ending = np.repeat(np.arange(number), np.diff(first_trigrams))  # the bigram that a trigram ends in
    number_of_trigrams = len(ending)
    return words, (
        _Rows(
            np.arange(counts[0])[:, None],
            unigrams["probability"][:-1].astype(np.float64) * TO_LOG10,
            unigrams["back_off"][:-1].astype(np.float64) * TO_LOG10,
        ),
        _Rows(
            np.stack([before, last], axis=1),
            bigram_chances[bigrams.column(2)[:number]],
            bigram_back_offs[bigrams.column(1)[:number]],
        ),
        _Rows(
            np.stack([trigrams.column(0)[:number_of_trigrams], before[ending], last[ending]], axis=1),
            trigram_chances[trigrams.column(1)[:number_of_trigrams]],
            None,
        ),
    )


def _words(content: bytes, position: int, count: int) -> list[str]:
    """Return the words, which stand one after the other with a zero byte after each."""
    length = int(np.frombuffer(content, "<i4", 1, position)[0])
    words = content[position + 4 : position + 4 + length].decode("latin-1").split("\0")[:count]
    if len(words) != count:
        raise NotATrieModelError("The n-gram model lacks words.")
    return words


class _PackedBits:
    """An array of ``rows`` rows, whose columns have the given widths in bits, without gaps between them."""

    def __init__(self, content: bytes, start: int, widths: tuple[int, ...], rows: int) -> None:
        self.bytes = np.frombuffer(content, np.uint8)
        self.start, self.widths, self.rows = start, widths, rows

    @property
    def end(self) -> int:
        """Where the array ends."""
        return self.start + (self.rows * sum(self.widths) + 7) // 8 + SLACK

    def column(self, number: int) -> Numbers:
        """Return a column's values [rows]."""
        offsets = np.arange(self.rows, dtype=np.int64) * sum(self.widths) + sum(self.widths[:number])
        at = self.start + (offsets >> 3)
        values = np.zeros(self.rows, np.uint64)
        for place in range(8):
            values |= self.bytes[at + place].astype(np.uint64) << np.uint64(8 * place)
        mask = np.uint64((1 << self.widths[number]) - 1)
        return ((values >> (offsets & 7).astype(np.uint64)) & mask).astype(np.int64)
