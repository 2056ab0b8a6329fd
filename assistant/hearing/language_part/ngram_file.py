"""The n-gram model as OpenFst's ``ngram`` file: a graph of words, without the targets of its arcs.

There is a state for each history and an arc for each word after it. Where an arc leads follows from the histories:
to the longest end of "history and word" that is a history itself. So an arc is but its word and its cost, and the
states are a tree, in which a history lies below the one without its first word. The tree is kept as the number of
children of each node, level by level, in unary: as many ones, then a zero (LOUDS, level-order unary degree sequence;
Sorensen & Allauzen 2011, "Unary Data Structures for Language Models"). An n-gram takes half the bytes of a ``const``
file this way.

Backing off is an arc that reads no word, so a word that is listed has two ways: its own arc, and the one over the
shorter history, which may even be the cheaper. The search takes the better; the difference is small (Allauzen,
Mohri & Roark 2003).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.hearing.language_part.counting import BEGIN, END, Keys, group_starts, positions
from assistant.hearing.language_part.ngram import Logs, NGramModel
from assistant.hearing.language_part.transducer import NO_LABEL, fst_header

_EMPTY, _START = 0, 1
"""States: no history, and a sentence's beginning. The file's form wants these numbers."""
_NEVER: Final = -50.0
"""Log probabilities below this are no arc."""
_VERSION: Final = 4
_PROPERTIES: Final = 0x25A5_5555_0001
"""Property bits of OpenFst that hold for every such graph: an acceptor, deterministic, sorted, with epsilons, costs and
cycles, where every state is reachable and reaches an end."""
_NO_WORD: Final = -1
"""Where the tree's root would have the word that leads to it."""
_WORD_BITS: Final = 64

_Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class WordOrder:
    """The bytes of the file, and what is in it."""

    data: bytes
    states: int
    arcs: int
    """Those that back off among them."""


def ngram_fst(model: NGramModel, labels: NDArray[np.int32]) -> WordOrder:
    """Return the file; ``labels[number]`` is the graph's label of each of the model's words.

    `END` has no label, `BEGIN` has 0; `OTHER` has that of the word outside the vocabulary. The other labels are
    different from each other and above 0.
    """
    histories = _Histories(model, labels)
    source, word, chance = _futures(model, histories)
    ending = word == END
    ends = np.flatnonzero(ending)[np.argsort(source[ending], kind="stable")]
    order = np.flatnonzero(~ending)
    order = order[np.lexsort((labels[word[order]], source[order]))]
    is_final = np.zeros(histories.count, np.bool_)
    is_final[source[ends]] = True
    futures = np.bincount(source[order], minlength=histories.count)

    count = histories.count
    parts = [
        fst_header("ngram", _VERSION, _PROPERTIES, _START, count, 0),
        np.array([count, len(order), len(ends)], "<u8").tobytes(),
        _bits(np.r_[True, False, _unary(histories.children)]),
        _bits(np.r_[False, _unary(futures)]),
        _bits(is_final),
        # One more than there are states, as the form wants; so with the costs.
        np.r_[_NO_WORD, histories.last_labels, 0].astype("<i4").tobytes(),
        labels[word[order]].astype("<i4").tobytes(),
        np.r_[np.inf, -histories.backoffs, 0.0].astype("<f4").tobytes(),
        (-chance[ends]).astype("<f4").tobytes(),
        np.r_[-chance[order], 0.0].astype("<f4").tobytes(),
    ]
    return WordOrder(b"".join(parts), count, len(order) + count - 1)


class _Histories:
    """The states, numbered level by level: nothing, the sentence's beginning, one word, two words.

    ``children`` has an entry for each state; ``last_labels`` (of the word by which a history is longer than the one
    above it) and ``backoffs`` for each but `_EMPTY`. Within a level, and below one node, labels ascend.
    """

    def __init__(self, model: NGramModel, labels: NDArray[np.int32]) -> None:
        size = len(model.vocabulary)
        before, _ = group_starts(model.trigram_keys, size)
        first, second = before // size, before % size
        # A history without its first word must be one too, even where no word is listed after it.
        singles = np.union1d(model.bigram_keys // size, second)
        singles = singles[singles != BEGIN]
        singles = singles[np.argsort(labels[singles])]
        order = np.lexsort((labels[first], labels[second]))
        self._of_one = np.full(size, _EMPTY, np.int64)
        self._of_one[BEGIN] = _START
        self._of_one[singles] = np.arange(len(singles)) + _START + 1
        self._before = before
        self._of_two = np.empty(len(before), np.int64)
        self._of_two[order] = np.arange(len(before)) + _START + 1 + len(singles)
        self.count = _START + 1 + len(singles) + len(before)
        self.children = np.bincount(self._of_one[second], minlength=self.count)
        self.children[_EMPTY] = 1 + len(singles)
        self.last_labels = np.r_[NO_LABEL, labels[singles], labels[first[order]]]
        places = positions(model.bigram_keys, before[order])
        self.backoffs: Logs = np.r_[
            model.unigram_backoffs[BEGIN], model.unigram_backoffs[singles], model.bigram_backoffs[places]
        ]

    def of_one(self, word: Keys) -> _Numbers:
        """Return the states of histories of one word."""
        return self._of_one[word]

    def of_two(self, pair: Keys) -> _Numbers:
        """Return the states of histories of two words."""
        return self._of_two[np.searchsorted(self._before, pair)]


def _futures(model: NGramModel, histories: _Histories) -> tuple[_Numbers, _Numbers, Logs]:
    """Return source state, word and log probability of every n-gram, sentence ends among them."""
    size = len(model.vocabulary)
    listed = np.flatnonzero((model.unigrams > _NEVER) & (np.arange(size) != BEGIN))
    source = np.r_[
        np.full(len(listed), _EMPTY),
        histories.of_one(model.bigram_keys // size),
        histories.of_two(model.trigram_keys // size),
    ]
    word = np.r_[listed, model.bigram_keys % size, model.trigram_keys % size]
    return source, word, np.r_[model.unigrams[listed], model.bigrams, model.trigrams]


def _unary(numbers: _Numbers) -> NDArray[np.bool_]:
    """Return for each number as many ones, then a zero."""
    bits = np.ones(int(numbers.sum()) + len(numbers), np.bool_)
    bits[np.cumsum(numbers + 1) - 1] = False
    return bits


def _bits(bits: NDArray[np.bool_]) -> bytes:
    """Return bits in whole 64-bit words, the lowest bit first."""
    padded = np.zeros(-(-len(bits) // _WORD_BITS) * _WORD_BITS, np.bool_)
    padded[: len(bits)] = bits
    return np.packbits(padded, bitorder="little").tobytes()
