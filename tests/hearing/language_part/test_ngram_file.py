from __future__ import annotations

import math
import struct
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from small_language import sentences, small_model

from assistant.hearing.language_part.counting import BEGIN, END, FIRST_WORD, OTHER
from assistant.hearing.language_part.ngram import NGramModel, with_backoffs
from assistant.hearing.language_part.ngram_file import ngram_fst
from assistant.hearing.language_part.pruning import pruned

Context = tuple[int, ...]


@dataclass
class Graph:
    """What a reader of the file finds; contexts are labels, the latest word last, 0 for the sentence's beginning."""

    contexts: list[Context]
    arcs: list[dict[int, float]]
    backoffs: list[float]
    final: list[float]

    def after(self, context: Context, label: int) -> int:
        """Return the state for the longest end of the context and the word that is a context."""
        longest = (*context, label)
        return next(
            self.contexts.index(longest[begin:])
            for begin in range(len(longest) + 1)
            if longest[begin:] in self.contexts
        )

    def cost(self, labels: list[int]) -> float:
        """Return the cost of a sentence, backing off only where a word isn't listed."""
        state, total = 1, 0.0
        for label in labels:
            while label not in self.arcs[state]:
                total += self.backoffs[state]
                state = self.contexts.index(self.contexts[state][1:])
            total += self.arcs[state][label]
            state = self.after(self.contexts[state], label)
        while not math.isfinite(self.final[state]):
            total += self.backoffs[state]
            state = self.contexts.index(self.contexts[state][1:])
        return total + self.final[state]


def read(data: bytes) -> Graph:
    """Read the file as OpenFst would: the numbers of children and of words, then the columns in their order."""
    assert data[8:13] == b"ngram"
    assert data[17:25] == b"standard"
    header = struct.Struct("<iiQqqq")
    version, _, _, start, states, _ = header.unpack_from(data, 25)
    assert (version, start) == (4, 1)
    place = 25 + header.size
    count, futures, finals = struct.unpack_from("<QQQ", data, place)
    place += 24
    assert count == states

    def bits(length: int) -> NDArray[np.uint8]:
        nonlocal place
        size = (length + 63) // 64 * 8
        found = np.unpackbits(np.frombuffer(data, np.uint8, size, place), bitorder="little")
        place += size
        assert not found[length:].any()
        return found[:length]

    def column(kind: str, length: int) -> list[float]:
        nonlocal place
        found = np.frombuffer(data, kind, length, place)
        place += found.nbytes
        return [float(value) for value in found]

    tree, listed, ends = bits(2 * count + 1), bits(futures + count + 1), bits(count)
    assert tree[:2].tolist() == [1, 0]
    assert listed[0] == 0
    last_labels, words = column("<i4", count + 1), column("<i4", futures)
    backoffs, final_costs, costs = column("<f4", count + 1), column("<f4", finals), column("<f4", futures + 1)
    assert place == len(data)
    graph = Graph([()], [], backoffs[:count], [])
    for children in lengths(tree[2:]):
        parent = graph.contexts[len(graph.arcs)]
        for _ in range(children):
            graph.contexts.append((int(last_labels[len(graph.contexts)]), *parent))
        graph.arcs.append({})
    begin = 0
    for arcs, number in zip(graph.arcs, lengths(listed[1:]), strict=True):
        own = slice(begin, begin + number)
        arcs |= dict(zip(map(int, words[own]), costs[own], strict=True))
        assert len(arcs) == number
        assert list(arcs) == sorted(arcs)
        begin += number
    left = iter(final_costs)
    graph.final = [next(left) if end else math.inf for end in ends]
    return graph


def lengths(bits: NDArray[np.uint8]) -> list[int]:
    """Return how many ones stand before each zero."""
    zeros = np.flatnonzero(bits == 0)
    return [int(length) for length in np.diff(np.r_[-1, zeros]) - 1]


def shuffled_labels(model: NGramModel) -> NDArray[np.int32]:
    size = len(model.vocabulary)
    labels = np.zeros(size, np.int32)
    labels[OTHER:] = np.random.default_rng(0).permutation(size - OTHER) + 1
    return labels


@pytest.mark.parametrize("target", [10_000, 120, 30, 0])
def test_a_sentence_costs_what_the_model_says(target: int) -> None:
    model = pruned(small_model(), target)
    labels = shuffled_labels(model)
    made = ngram_fst(model, labels)
    graph = read(made.data)
    assert made.states == len(graph.contexts)
    assert made.arcs == sum(map(len, graph.arcs)) + made.states - 1
    for sentence in sentences(60, seed=4):
        encoded = model.vocabulary.encoded([sentence])
        expected = -float(model.scores(encoded).sum())
        assert graph.cost([int(labels[number]) for number in encoded[1:-1]]) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("target", [10_000, 60, 30, 12, 0])
def test_the_tree_is_one_that_openfst_takes(target: int) -> None:
    """Contexts are different, each without its first word is one too, and those below a node ascend."""
    model = pruned(small_model(), target)
    graph = read(ngram_fst(model, shuffled_labels(model)).data)
    assert len(set(graph.contexts)) == len(graph.contexts)
    assert graph.contexts[:2] == [(), (0,)]
    assert all(context[1:] in graph.contexts for context in graph.contexts[1:])
    keys = [(len(context), context[::-1]) for context in graph.contexts]
    assert keys == sorted(keys)
    assert all(math.isfinite(cost) for cost in graph.backoffs[1:])
    assert len(graph.arcs[0]) == len(model.vocabulary) - 2  # every word and the class of others; no beginning, no end


def test_a_history_gets_its_shorter_one_even_where_that_has_no_words() -> None:
    """A trigram "to two stop" without any bigram "two ...": the state "two" must be there for "to two" to lie below."""
    whole = small_model()
    size = len(whole.vocabulary)
    to, two, stop = (whole.vocabulary.index[word] for word in ("to", "two", "stop"))
    model = with_backoffs(
        whole.vocabulary,
        whole.unigrams,
        np.array([to * size + two]),
        np.log([0.5]),
        np.array([(to * size + two) * size + stop]),
        np.log([0.25]),
    )
    labels = np.arange(size, dtype=np.int32)
    labels[[BEGIN, END]] = 0
    graph = read(ngram_fst(model, labels).data)
    assert graph.contexts == [(), (0,), (to,), (two,), (to, two)]
    state = graph.contexts.index((two,))
    assert graph.arcs[state] == {}
    assert graph.backoffs[state] == 0
    for words in (["to", "two", "stop"], ["two", "stop"], ["start", "to", "two", "to"]):
        encoded = model.vocabulary.encoded([words])
        cost = graph.cost([int(labels[number]) for number in encoded[1:-1]])
        assert cost == pytest.approx(-float(model.scores(encoded).sum()), abs=1e-3)


def test_labels_are_those_given() -> None:
    model = small_model()
    labels = np.arange(len(model.vocabulary), dtype=np.int32)
    labels[[BEGIN, END]] = 0
    graph = read(ngram_fst(model, labels).data)
    assert set(graph.arcs[0]) == set(range(FIRST_WORD - 1, len(model.vocabulary)))
