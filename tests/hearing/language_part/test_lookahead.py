from __future__ import annotations

import struct

import numpy as np
import pytest

from assistant.hearing.language_part.lookahead import Reachability, SilentLoopError, joined, lookahead_fst
from assistant.hearing.language_part.transducer import Transducer, const_fst


def transducer(arcs: list[tuple[int, int, int, int]], finals: list[int], states: int) -> Transducer:
    """Arcs as (source, input, output, target), all at cost 1."""
    source, inputs, outputs, target = (np.array(column, np.int32) for column in zip(*sorted(arcs), strict=True))
    final = np.full(states, np.inf, np.float32)
    final[finals] = 0.5
    return Transducer(source, inputs, outputs, np.ones(len(arcs), np.float32), target, final)


# 0 -1-> 1 -(word 5)-> 3;  0 -2-> 2 -(word 3 or 7)-> 3;  3 -4-> 0 without a word; 3 ends; loops everywhere.
DIAMOND = transducer(
    [(0, 1, 0, 1), (1, 6, 5, 3), (0, 2, 0, 2), (2, 6, 3, 3), (2, 7, 7, 3), (3, 4, 0, 0), (1, 9, 0, 1), (3, 9, 0, 3)],
    [3],
    4,
)


def numbers_at(reach: Reachability, state: int) -> set[int]:
    return {number for begin, end in reach.intervals[state] for number in range(begin, end)}


def test_states_know_the_words_to_come() -> None:
    reach = Reachability(DIAMOND, 8)
    new = {old: int(reach.numbers[old]) for old in range(1, 9)}
    assert sorted(new.values()) == sorted(set(new.values()))
    assert numbers_at(reach, 0) == {new[3], new[5], new[7]}
    assert numbers_at(reach, 1) == {new[5]}
    assert numbers_at(reach, 2) == {new[3], new[7]}
    assert numbers_at(reach, 3) == {new[3], new[5], new[7], reach.final_number}
    assert reach.final_number not in new.values()
    assert len(reach.intervals[0]) == len(reach.intervals[2]) == 1


def test_the_same_sets_as_by_trying_every_path() -> None:
    """A random acyclic graph: sets found by walking forward from each state."""
    chance = np.random.default_rng(5)
    arcs = {(int(a), 1, int(w) if w < 40 else 0, int(b)) for a, b, w in chance.integers(0, 60, (300, 3)) if a < b}
    graph = transducer(sorted(arcs), [59], 60)
    reach = Reachability(graph, 60)
    for state in range(60):
        seen, todo, words = {state}, [state], set()
        while todo:
            at = todo.pop()
            words |= {reach.final_number} if at == 59 else set()
            for source, _, word, target in arcs:
                if source == at and word:
                    words.add(int(reach.numbers[word]))
                elif source == at and target not in seen:
                    seen.add(target)
                    todo.append(target)
        assert numbers_at(reach, state) == words


def test_a_loop_without_a_word_is_refused() -> None:
    with pytest.raises(SilentLoopError):
        Reachability(transducer([(0, 1, 0, 1), (1, 1, 0, 0)], [1], 2), 1)


def test_intervals_are_joined() -> None:
    assert joined([(5, 7), (1, 3), (3, 4), (6, 9)]) == [(1, 4), (5, 9)]
    assert joined([(1, 9), (2, 3)]) == [(1, 9)]
    assert joined([]) == []


def test_the_file_has_the_graph_and_its_sets() -> None:
    """Read back field by field: OpenFst's header, the const graph, the add-on."""
    content, numbers = lookahead_fst(DIAMOND, 8)
    kind = b"olabel_lookahead"
    assert content[:24] == struct.pack("<ii", 2125659606, len(kind)) + kind
    at = content.index(b"const") - 8
    states, arcs = struct.unpack_from("<qq", content, at + 8 + 5 + 4 + 8 + 8 + 16)
    assert (states, arcs) == (4, 8)
    begin = at + 8 + 5 + 4 + 8 + 8 + 32
    records = np.frombuffer(content, "<i4,<i4,<f4,<i4", arcs, begin + 20 * states)
    for state in range(4):
        _, first, count, in_eps, out_eps = struct.unpack_from("<fIIII", content, begin + 20 * state)
        own = records[first : first + count]
        labels = [int(arc[1]) for arc in own]
        assert labels == sorted(labels)
        assert out_eps == labels.count(0)
        assert in_eps == 0
        wanted = {(int(i), int(numbers[o]), int(t)) for s, i, o, t in zip(*_columns(), strict=True) if s == state}
        assert {(int(arc[0]), int(arc[1]), int(arc[3])) for arc in own} == wanted
    rest = content[begin + 20 * states + 16 * arcs :]
    assert rest[:5] == bytes((1, 0, 1, 0, 0))
    final, sets = struct.unpack_from("<iq", rest, 5)
    assert sets == 4
    reach = Reachability(DIAMOND, 8)
    assert final == reach.final_number
    place = 17
    for state in range(4):
        (count,) = struct.unpack_from("<q", rest, place)
        bounds = struct.unpack_from(f"<{2 * count}ii", rest, place + 8)
        assert list(zip(bounds[:-1:2], bounds[1:-1:2], strict=True)) == reach.intervals[state]
        assert bounds[-1] == len(numbers_at(reach, state))
        place += 8 + 8 * count + 4
    assert place == len(rest)


def _columns() -> tuple[list[int], list[int], list[int], list[int]]:
    return (DIAMOND.source.tolist(), DIAMOND.input.tolist(), DIAMOND.output.tolist(), DIAMOND.target.tolist())


def test_a_const_file_must_be_in_order_and_whole() -> None:
    reversed_ = Transducer(
        DIAMOND.source[::-1],
        DIAMOND.input,
        DIAMOND.output,
        DIAMOND.weight,
        DIAMOND.target,
        DIAMOND.final,
    )
    with pytest.raises(ValueError, match="sorted"):
        const_fst(reversed_, 1)
    with pytest.raises(ValueError, match="isn't there"):
        const_fst(transducer([(0, 1, 1, 9)], [0], 1), 1)
