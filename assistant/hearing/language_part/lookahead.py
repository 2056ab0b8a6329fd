"""OpenFst's ``olabel_lookahead`` file: a transducer that tells from each state which words are still to come.

libvosk composes the lexicon graph with the word-order graph while it listens. To know early whether a path of
sounds can still become an allowed word, and at what cost, it looks up the words that each state of the lexicon
graph can reach before it writes one. Words are renumbered so that these sets are few intervals of numbers: in
the order in which a depth-first walk meets them (Allauzen, Riley & Schalkwyk 2009, "A generalized composition
algorithm for weighted finite-state transducers").
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.hearing.language_part.transducer import (
    NO_LABEL,
    Transducer,
    const_fst,
    fst_header,
    properties_of,
)

_ADD_ON_MAGIC: Final = 446_681_434
_ADD_ON_VERSION: Final = 1
_ADD_ON_FLAGS: Final = bytes((1, 0, 1, 0, 0))
"""There is an add-on; none for the inputs; one for the outputs; it isn't of inputs; the old numbers aren't kept."""
_NO_STATE: Final = -1

Intervals = list[tuple[int, int]]
"""Sorted, apart from each other, each from its first number up to before its last."""


class SilentLoopError(ValueError):
    """States that reach each other without a word on the way: the walk would never end."""


class Reachability:
    """Which words each state can still write first, as intervals of new word numbers.

    ``numbers[old]`` is a word's new number (0 for epsilon; words on no arc come after all others);
    ``intervals[state]`` the numbers reachable from the state, among them ``final_number`` where an end of the
    graph is reachable.
    """

    def __init__(self, graph: Transducer, word_count: int) -> None:
        """Walk through ``graph``, whose outputs are word numbers up to ``word_count``.

        Raises:
            SilentLoopError: see there.
        """
        order = np.argsort(graph.source, kind="stable")
        self._targets: list[int] = graph.target[order].tolist()
        self._outputs: list[int] = graph.output[order].tolist()
        self._first: list[int] = np.searchsorted(graph.source[order], np.arange(graph.state_count + 1)).tolist()
        self._is_final: list[bool] = np.isfinite(graph.final).tolist()
        self.intervals: list[Intervals] = [[] for _ in range(graph.state_count)]
        self.numbers: NDArray[np.int32] = np.zeros(word_count + 1, np.int32)
        self.final_number = 0
        self._next = 1
        self._done = bytearray(graph.state_count)
        for state in (graph.start, *range(graph.state_count)):
            if not self._done[state]:
                self._walk(state)
        self._number_the_rest()

    def _walk(self, root: int) -> None:
        """Visit ``root`` and all states that it reaches without a word, deepest first."""
        on_path = {root}
        path = [root]
        while path:
            state = path[-1]
            below = self._silent_target(state)
            if below is None:
                self._finish(state)
                on_path.discard(path.pop())
            elif below in on_path:
                raise SilentLoopError(f"states {state} and {below} reach each other without a word")
            else:
                on_path.add(below)
                path.append(below)

    def _silent_target(self, state: int) -> int | None:
        """Return a target of ``state`` that isn't done, reached without a word; number the words on the way."""
        for arc in range(self._first[state], self._first[state + 1]):
            word, target = self._outputs[arc], self._targets[arc]
            if word != NO_LABEL:
                self._number(word)
            elif target != state and not self._done[target]:
                return target
        return None

    def _number(self, word: int) -> int:
        if not self.numbers[word]:
            self.numbers[word] = self._next
            self._next += 1
        return int(self.numbers[word])

    def _finish(self, state: int) -> None:
        found: Intervals = []
        if self._is_final[state]:
            if not self.final_number:
                self.final_number = self._next
                self._next += 1
            found.append((self.final_number, self.final_number + 1))
        for arc in range(self._first[state], self._first[state + 1]):
            word, target = self._outputs[arc], self._targets[arc]
            if word != NO_LABEL:
                found.append((number := self._number(word), number + 1))
            elif target != state:
                found.extend(self.intervals[target])
        self.intervals[state] = joined(found)
        self._done[state] = 1

    def _number_the_rest(self) -> None:
        for word in range(1, len(self.numbers)):
            self._number(word)


def joined(intervals: Iterable[tuple[int, int]]) -> Intervals:
    """Return the same numbers in as few intervals as possible, in order."""
    result: Intervals = []
    for begin, end in sorted(intervals):
        if result and begin <= result[-1][1]:
            if end > result[-1][1]:
                result[-1] = (result[-1][0], end)
        else:
            result.append((begin, end))
    return result


def lookahead_fst(graph: Transducer, word_count: int) -> tuple[bytes, NDArray[np.int32]]:
    """Return the file's bytes, and the new number of each word (index: the number it has in ``graph``).

    Whatever else speaks of words (the word-order graph, ``words.txt``) must use the new numbers.

    Raises:
        SilentLoopError: states reach each other without a word on the way.
    """
    reach = Reachability(graph, word_count)
    renumbered = Transducer(
        graph.source,
        graph.input,
        reach.numbers[graph.output],
        graph.weight,
        graph.target,
        graph.final,
        graph.start,
    )
    in_order = renumbered.sorted_by(renumbered.output)
    properties = properties_of(in_order)
    parts = [
        fst_header("olabel_lookahead", _ADD_ON_VERSION, properties, _NO_STATE, 0, 0),
        struct.pack("<i", _ADD_ON_MAGIC),
        const_fst(in_order, properties),
        _ADD_ON_FLAGS,
        struct.pack("<iq", reach.final_number, in_order.state_count),
    ]
    for intervals in reach.intervals:
        flat = [bound for interval in intervals for bound in interval]
        size = sum(end - begin for begin, end in intervals)
        parts.append(struct.pack(f"<q{len(flat)}ii", len(intervals), *flat, size))
    return b"".join(parts), reach.numbers
