from __future__ import annotations

import math

import numpy as np
import pytest
from small_language import PRONUNCIATIONS, WORDS

from assistant.hearing.language_part.lexicon import VARIANT_COST, lexicon_graph
from assistant.hearing.language_part.phone_set import (
    PHONE_ID,
    PHONES,
    entering_transition,
    in_word,
    staying_transition,
)
from assistant.hearing.language_part.transducer import Transducer

LOOSE = 7.5
GRAPH = lexicon_graph(WORDS, PRONUNCIATIONS, LOOSE)
HALF = -math.log(0.5)


def read(graph: Transducer, phones: list[str]) -> dict[tuple[int, ...], float]:
    """Return every word sequence for phones (each one frame long) with its least cost, at the graph's end."""
    found: dict[tuple[int, tuple[int, ...]], float] = {(graph.start, ()): 0.0}
    for phone in [*phones, ""]:
        found = _silently(graph, found)
        if not phone:
            break
        after: dict[tuple[int, tuple[int, ...]], float] = {}
        for (state, words), cost in found.items():
            for arc in np.flatnonzero((graph.source == state) & (graph.input == entering_transition(PHONE_ID[phone]))):
                _keep(after, graph, int(arc), words, cost)
        found = after
    ends = {words: cost + float(graph.final[state]) for (state, words), cost in found.items()}
    return {words: cost for words, cost in ends.items() if math.isfinite(cost)}


def _keep(
    into: dict[tuple[int, tuple[int, ...]], float], graph: Transducer, arc: int, words: tuple[int, ...], cost: float
) -> None:
    written = (*words, int(graph.output[arc])) if graph.output[arc] else words
    key = (int(graph.target[arc]), written)
    into[key] = min(into.get(key, math.inf), cost + float(graph.weight[arc]))


def _silently(
    graph: Transducer, found: dict[tuple[int, tuple[int, ...]], float]
) -> dict[tuple[int, tuple[int, ...]], float]:
    result = dict(found)
    for _ in range(3):
        for (state, words), cost in list(result.items()):
            for arc in np.flatnonzero((graph.source == state) & (graph.input == 0)):
                _keep(result, graph, int(arc), words, cost)
    # States between words are ends.
    return result


def phones_of(*pronunciations: tuple[str, ...]) -> list[str]:
    return [PHONES[number] for pronunciation in pronunciations for number in in_word(pronunciation)]


@pytest.mark.parametrize("word", WORDS)
def test_each_pronunciation_gives_its_word(word: str) -> None:
    label = WORDS.index(word) + 1
    for variant, phones in enumerate(PRONUNCIATIONS[word]):
        found = read(GRAPH, phones_of(phones))
        assert (label,) in found
        expected = 2 * HALF + (VARIANT_COST if variant else 0)
        assert found[(label,)] == pytest.approx(expected, abs=1e-3)


def test_words_that_sound_alike_are_all_found() -> None:
    found = read(GRAPH, phones_of(("T", "UW")))
    assert {words[0] for words in found} == {WORDS.index(w) + 1 for w in ("two", "to", "too")}


def test_words_follow_each_other_with_and_without_a_pause() -> None:
    stop, tomato = PRONUNCIATIONS["stop"][0], PRONUNCIATIONS["tomato"][0]
    labels = (WORDS.index("stop") + 1, WORDS.index("tomato") + 1)
    together = read(GRAPH, phones_of(stop, tomato))
    apart = read(GRAPH, ["SIL", *phones_of(stop), "SIL", *phones_of(tomato)])
    assert together[labels] == pytest.approx(3 * HALF, abs=1e-3)
    assert apart[labels] == pytest.approx(3 * HALF, abs=1e-3)


def test_half_a_word_is_none() -> None:
    assert read(GRAPH, ["S_B", "T_I"]) == {}
    assert read(GRAPH, ["S_B", "T_I", "AA_I", "T_E"]) == {}


def test_the_garbage_phone_is_another_word() -> None:
    found = read(GRAPH, ["SPN_S"])
    assert found == {(len(WORDS) + 1,): pytest.approx(2 * HALF + LOOSE, abs=1e-3)}


def test_every_state_stays_in_its_phone() -> None:
    loops = {int(s): int(i) for s, i, t in zip(GRAPH.source, GRAPH.input, GRAPH.target, strict=True) if s == t}
    for source, label, target in zip(GRAPH.source, GRAPH.input, GRAPH.target, strict=True):
        if label and source != target:
            phone = (int(label) - 2) // 2 + 1
            assert entering_transition(phone) == label
            assert loops[int(target)] == staying_transition(phone)


def test_ends_are_shared() -> None:
    """Words that differ in their first phone only share all that follows; those that differ later too don't."""
    words = {f"w{i}": [(first, "AX", "T", "EY", "T", "OW")] for i, first in enumerate(("P", "B", "M", "S", "L"))}
    shared = lexicon_graph(tuple(words), words, LOOSE)
    apart = {
        w: [(p[0][0], second, *p[0][2:])]
        for (w, p), second in zip(words.items(), ("AX", "IH", "UW", "OW", "AE"), strict=True)
    }
    assert shared.state_count < lexicon_graph(tuple(apart), apart, LOOSE).state_count


def test_a_word_without_pronunciation_is_refused() -> None:
    with pytest.raises(KeyError):
        lexicon_graph(("stop", "unheard"), PRONUNCIATIONS, LOOSE)
