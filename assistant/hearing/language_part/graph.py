"""The folder ``graph`` of a Vosk model, from pronunciations and a word-order model.

libvosk composes the two graphs while it listens (``HCLr.fst`` with ``Gr.fst``, or with the graph of a grammar
given at run time), so they are kept apart; both are in OpenFst's binary form (`lookahead`, `ngram_file`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from assistant.hearing.language_part.counting import OTHER
from assistant.hearing.language_part.lexicon import OTHER_WORD_LABEL, Pronunciations, lexicon_graph
from assistant.hearing.language_part.lookahead import lookahead_fst
from assistant.hearing.language_part.ngram import NGramModel
from assistant.hearing.language_part.ngram_file import ngram_fst
from assistant.hearing.language_part.phone_set import (
    TRANSITION_COUNT,
    phone_table,
    word_boundary_table,
)

OTHER_WORD_COST: Final = 0.0
"""Natural logarithm; on top of what the word-order model takes for other words. With a grammar of nine commands, -2
made 5 instead of 7 of 77 other words sound like a command, but 40 instead of 42 of 44 commands were then heard."""


@dataclass(frozen=True)
class GraphSizes:
    """What was built."""

    words: int
    lexicon_states: int
    lexicon_arcs: int
    order_states: int
    order_arcs: int
    size: int
    """Bytes of the three large files together."""


def write_graph(
    folder: Path,
    model: NGramModel,
    pronunciations: Pronunciations,
    *,
    other_word_cost: float = OTHER_WORD_COST,
) -> GraphSizes:
    """Write the graph of ``model``'s whole vocabulary into ``folder``, which is made.

    Raises:
        KeyError: a word of the vocabulary has no pronunciation.
        OSError: the folder can't be written.
    """
    words = model.vocabulary.words
    lexicon = lexicon_graph(words, pronunciations, other_word_cost)
    lexicon_file, numbers = lookahead_fst(lexicon, len(words) + 1)
    # The lexicon counts words from 1 and other words last; the model has them first.
    labels = np.zeros(len(model.vocabulary), np.int32)
    labels[OTHER + 1 :] = numbers[1:-1]
    labels[OTHER] = numbers[-1]
    order = ngram_fst(model, labels)
    named = sorted(zip(numbers[1:].tolist(), (*words, OTHER_WORD_LABEL), strict=True))
    word_table = "<eps> 0\n" + "".join(f"{word} {number}\n" for number, word in named)

    (folder / "phones").mkdir(parents=True, exist_ok=True)
    (folder / "HCLr.fst").write_bytes(lexicon_file)
    (folder / "Gr.fst").write_bytes(order.data)
    (folder / "words.txt").write_text(word_table, encoding="utf-8")
    # libvosk wants to know the disambiguation symbols. There are none; this number is on no arc.
    (folder / "disambig_tid.int").write_text(f"{TRANSITION_COUNT + 1}\n", encoding="ascii")
    (folder / "phones.txt").write_text(phone_table(), encoding="ascii")
    (folder / "phones" / "word_boundary.int").write_text(word_boundary_table(), encoding="ascii")
    return GraphSizes(
        len(words),
        lexicon.state_count,
        lexicon.arc_count,
        order.states,
        order.arcs,
        len(lexicon_file) + len(order.data) + len(word_table.encode()),
    )
