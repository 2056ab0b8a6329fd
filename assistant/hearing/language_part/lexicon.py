"""The lexicon as a graph of sounds: a tree of all pronunciations, with shared ends, ready for libvosk's search.

Kaldi composes four transducers (HMM, context, lexicon, then determinises and minimises). For phones without
context and one state a phone the result can be built directly: words that begin alike share their beginning
(a prefix tree); a word is written as soon as it is the only one left; from there on, equal remainders of
different words are one and the same state. That is the minimal deterministic transducer, without the
disambiguation symbols that Kaldi's way needs.

Every state stands for a phone that has begun: an arc enters it with the phone's first frame, a loop stays in it
for each further frame.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np

from assistant.hearing.language_part.phone_set import (
    OTHER_WORD,
    PHONE_ID,
    SILENCE,
    entering_transition,
    in_word,
    staying_transition,
)
from assistant.hearing.language_part.transducer import NO_LABEL, Transducer

OTHER_WORD_LABEL: Final = "[unk]"
"""How libvosk writes a word that isn't in the vocabulary."""
PAUSE_PROBABILITY: Final = 0.5
"""That silence follows a word, and stands at the beginning. Kaldi's own default."""
VARIANT_COST: Final = 0.3
"""Of each pronunciation but a word's first: a factor of 0.74, so that variants don't tip the balance."""

Pronunciations = Mapping[str, Sequence[Sequence[str]]]
"""For each word its pronunciations, the usual one first, each a sequence of `SPEECH_PHONES`."""

_PAUSING, _BETWEEN_WORDS = 1, 0
"""State numbers. The graph begins between words and may end there; in both no phone of a word is open."""


@dataclass(frozen=True)
class _Entry:
    phones: tuple[int, ...]
    word: int
    cost: float


_Arc = tuple[int, int, float, int]
"""Entered phone, word written or `NO_LABEL`, cost, target state."""


def lexicon_graph(words: Sequence[str], pronunciations: Pronunciations, other_word_cost: float) -> Transducer:
    """Return the graph from transition ids to words; a word's label is 1 + its position in ``words``.

    The label after the last word's is `OTHER_WORD_LABEL`'s. ``other_word_cost`` is what it costs to take a word
    for one outside the vocabulary (natural logarithm).

    Raises:
        KeyError: a word without pronunciation, or an unknown phone.
    """
    entries = [
        _Entry(in_word(phones), label, VARIANT_COST if variant else 0.0)
        for label, word in enumerate(words, start=1)
        for variant, phones in enumerate(pronunciations[word])
    ]
    entries.append(_Entry((PHONE_ID[f"{OTHER_WORD}_S"],), len(words) + 1, other_word_cost))
    return _Builder(entries).graph()


class _Builder:
    """Builds the tree from its leaves, so that a state that exists already is found before it is made again."""

    def __init__(self, entries: list[_Entry]) -> None:
        self._entries = sorted(entries, key=lambda entry: (entry.phones, entry.word))
        self._arcs: list[tuple[int, int, int, float, int]] = []
        self._states: dict[tuple[int, tuple[_Arc, ...]], int] = {}
        self._count = 2
        self._word_ends: dict[int, int] = {}

    def graph(self) -> Transducer:
        pause, no_pause = -math.log(PAUSE_PROBABILITY), -math.log(1 - PAUSE_PROBABILITY)
        start = self._count
        self._count += 1
        silence = PHONE_ID[SILENCE]
        self._arcs.append((_PAUSING, staying_transition(silence), NO_LABEL, 0.0, _PAUSING))
        self._arcs.append((_PAUSING, 0, NO_LABEL, 0.0, _BETWEEN_WORDS))
        for phone, word, cost, target in self._onwards(0, len(self._entries), 0, 0.0, written=False):
            self._arcs.append((_BETWEEN_WORDS, entering_transition(phone), word, cost, target))
        for state in (start, *self._word_ends.values()):
            self._arcs.append((state, 0, NO_LABEL, no_pause, _BETWEEN_WORDS))
            self._arcs.append((state, entering_transition(silence), NO_LABEL, pause, _PAUSING))
        columns = list(zip(*sorted(self._arcs), strict=True))
        final = np.full(self._count, np.inf, np.float32)
        final[_BETWEEN_WORDS] = 0.0
        return Transducer(
            np.array(columns[0], np.int32),
            np.array(columns[1], np.int32),
            np.array(columns[2], np.int32),
            np.array(columns[3], np.float32),
            np.array(columns[4], np.int32),
            final,
            start,
        )

    def _onwards(self, begin: int, end: int, depth: int, paid: float, *, written: bool) -> list[_Arc]:
        """Return the arcs for the entries ``begin`` to ``end``, which share their first ``depth`` phones.

        ``paid`` is the cost on the way here, ``written`` whether their word is (then they are of one word).
        """
        arcs: list[_Arc] = []
        for phone, group in groupby(range(begin, end), key=lambda i: self._entries[i].phones[depth]):
            chosen = list(group)
            first, last = chosen[0], chosen[-1] + 1
            entries = self._entries[first:last]
            if len(entries[0].phones) == depth + 1:
                # A phone at a word's end is no phone inside a word, so all these end here: they sound alike.
                target = self._word_end(phone)
                arcs += [(phone, NO_LABEL if written else e.word, round(e.cost - paid, 4), target) for e in entries]
                continue
            alone = not written and all(entry.word == entries[0].word for entry in entries)
            cost = min(entry.cost for entry in entries)
            onwards = self._onwards(first, last, depth + 1, cost, written=written or alone)
            target = self._state(phone, tuple(onwards))
            arcs.append((phone, entries[0].word if alone else NO_LABEL, round(cost - paid, 4), target))
        return arcs

    def _state(self, phone: int, onwards: tuple[_Arc, ...]) -> int:
        known = self._states.get((phone, onwards))
        if known is not None:
            return known
        state = self._new_state(phone)
        self._states[phone, onwards] = state
        for entered, word, cost, target in onwards:
            self._arcs.append((state, entering_transition(entered), word, cost, target))
        return state

    def _word_end(self, phone: int) -> int:
        if phone not in self._word_ends:
            self._word_ends[phone] = self._new_state(phone)
        return self._word_ends[phone]

    def _new_state(self, phone: int) -> int:
        state = self._count
        self._count += 1
        self._arcs.append((state, staying_transition(phone), NO_LABEL, 0.0, state))
        return state
