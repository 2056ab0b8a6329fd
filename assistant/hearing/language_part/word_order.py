"""The n-gram model as a graph of words: a state for each history, an arc for each word after it.

Backing off is an arc that reads no word, so a word that is listed has two ways: its own arc, and the one over the
shorter history, which may even be the cheaper. The search takes the better; the difference is small (Allauzen,
Mohri & Roark 2003).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.hearing.language_part.counting import BEGIN, END, group_starts, positions
from assistant.hearing.language_part.ngram import Logs, NGramModel
from assistant.hearing.language_part.transducer import NO_LABEL, Transducer

_EMPTY, _START = 0, 1
"""States: no history, and a sentence's beginning."""
_NEVER: Final = -50.0
"""Log probabilities below this are no arc."""
_Column = NDArray[np.int64]
_Arcs = tuple[_Column, _Column, _Column, Logs]


def word_order_graph(model: NGramModel, labels: NDArray[np.int32]) -> Transducer:
    """Return the graph; ``labels[number]`` is the graph's label of each of the model's words.

    `BEGIN` and `END` have no label; `OTHER` has that of the word outside the vocabulary.
    """
    size = len(model.vocabulary)
    states = _States(model)
    pair_first, pair_last = model.bigram_keys // size, model.bigram_keys % size
    triple_last = model.trigram_keys % size
    words = np.arange(size)
    listed = (model.unigrams > _NEVER) & (words != BEGIN)

    parts: list[_Arcs] = [
        # One word after no history, after one word, after two.
        (np.full(size, _EMPTY)[listed], words[listed], states.of_one[words[listed]], model.unigrams[listed]),
        (states.of_one[pair_first], pair_last, states.after(model.bigram_keys), model.bigrams),
        (
            states.of_pairs[positions(model.bigram_keys, model.trigram_keys // size)],
            triple_last,
            states.after(model.trigram_keys % (size * size)),
            model.trigrams,
        ),
    ]
    source, word, target, chance = (np.concatenate(column) for column in zip(*parts, strict=True))
    final = np.full(states.count, np.inf, np.float32)
    ending = word == END
    final[source[ending]] = -chance[ending]

    singles = np.flatnonzero(states.of_one != _EMPTY)
    pairs = np.flatnonzero(states.is_pair)
    shorter = pair_last[pairs]
    source = np.r_[source[~ending], states.of_one[singles], states.of_pairs[pairs]]
    label = np.r_[labels[word[~ending]], np.full(len(singles) + len(pairs), NO_LABEL)]
    target = np.r_[target[~ending], np.full(len(singles), _EMPTY), states.of_one[shorter]]
    # A pair whose last word has no state of its own backs off by two words at once.
    chance = np.r_[chance[~ending], model.unigram_backoffs[singles], model.bigram_backoffs[pairs]]
    graph = Transducer(
        source.astype(np.int32),
        label.astype(np.int32),
        label.astype(np.int32),
        (-chance).astype(np.float32),
        target.astype(np.int32),
        final,
        int(states.of_one[BEGIN]),
    )
    return graph.sorted_by(graph.input)


class _States:
    """The state of each history: `of_one` by word number, `of_pairs` by place among the bigrams."""

    def __init__(self, model: NGramModel) -> None:
        self._size = len(model.vocabulary)
        self._pairs = model.bigram_keys
        histories, _ = group_starts(model.bigram_keys, self._size)
        self.of_one = np.full(self._size, _EMPTY, np.int64)
        others = histories[histories != BEGIN]
        self.of_one[others] = np.arange(len(others)) + _START + 1
        self.of_one[BEGIN] = _START
        contexts, _ = group_starts(model.trigram_keys, self._size)
        self.of_pairs = self.of_one[model.bigram_keys % self._size]
        places = positions(model.bigram_keys, contexts)
        self.is_pair = np.zeros(len(model.bigram_keys), np.bool_)
        self.is_pair[places] = True
        self.of_pairs[places] = np.arange(len(places)) + _START + 1 + len(others)
        self.count = _START + 1 + len(others) + len(places)

    def after(self, pair: _Column) -> _Column:
        """Return the state for the history of two words, or the longest part of it that has one."""
        place = positions(self._pairs, pair)
        shorter = self.of_one[pair % self._size]
        return np.where(place >= 0, self.of_pairs[place] if len(self.of_pairs) else shorter, shorter)
