from __future__ import annotations

import math

import numpy as np
import pytest
from small_language import sentences, small_model

from assistant.hearing.language_part.counting import BEGIN, END, FIRST_WORD
from assistant.hearing.language_part.pruning import pruned
from assistant.hearing.language_part.transducer import Transducer
from assistant.hearing.language_part.word_order import word_order_graph


def cost(graph: Transducer, labels: list[int]) -> float:
    """Return the cost of a sentence, backing off only where a word isn't listed."""
    state, total = graph.start, 0.0
    for label in [*labels, -1]:
        while True:
            own = np.flatnonzero(graph.source == state)
            if label == -1 and math.isfinite(graph.final[state]):
                return total + float(graph.final[state])
            match = own[graph.input[own] == label]
            if len(match):
                assert len(match) == 1
                total += float(graph.weight[match[0]])
                state = int(graph.target[match[0]])
                break
            back = own[graph.input[own] == 0]
            assert len(back) == 1
            total += float(graph.weight[back[0]])
            state = int(graph.target[back[0]])
    raise AssertionError("the end is always reached")


@pytest.mark.parametrize("target", [10_000, 120, 30, 0])
def test_a_sentence_costs_what_the_model_says(target: int) -> None:
    model = pruned(small_model(), target)
    size = len(model.vocabulary)
    labels = np.zeros(size, np.int32)
    labels[2:] = np.random.default_rng(0).permutation(size - 2) + 1
    graph = word_order_graph(model, labels)
    for sentence in sentences(60, seed=4):
        encoded = model.vocabulary.encoded([sentence])
        expected = -float(model.scores(encoded).sum())
        found = cost(graph, [int(labels[number]) for number in encoded[1:-1]])
        assert found == pytest.approx(expected, abs=1e-3)


def test_arcs_are_in_order_and_lead_on() -> None:
    model = small_model()
    labels = np.arange(len(model.vocabulary), dtype=np.int32)
    labels[[BEGIN, END]] = 0
    graph = word_order_graph(model, labels)
    for state in range(graph.state_count):
        own = graph.input[graph.source == state]
        assert (np.diff(own) > 0).all()
    assert np.isfinite(graph.weight).all()
    assert set(graph.input.tolist()) == {0, *range(FIRST_WORD - 1, len(model.vocabulary))}
    assert np.array_equal(graph.input, graph.output)
