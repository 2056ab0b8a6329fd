"""Sentences that measure, which no language model may have read.

A model that has seen the very sentence hears it from memory. Sentences of one or two words stay: nobody can avoid
"stop".
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from assistant.hearing.language_part.combining import Source
from assistant.hearing.language_part.spelling import heard_sentences
from models.recipe.reserved import strings

SHORTEST: Final = 3
"""Words from which on a sentence is somebody's own."""
_TEXT_COLUMNS: Final = ("transcript", "text", "question", "faq_question", "paraphrase")

Sentence = tuple[str, ...]


def measured_sentences(test_data: Path, corpus: Path | None = None) -> set[Sentence]:
    """Return the sentences of the development tests, and of the corpus (transcripts and texts) where there is one."""
    texts: list[str] = []
    for path in sorted(test_data.rglob("*.yaml")):
        # The parser in C, where there is one, is ten times as quick.
        tree: Any = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        texts += strings(tree)
    if corpus is not None:
        for path in [corpus / "manifest.tsv", *sorted((corpus / "text").glob("*.tsv"))]:
            if path.is_file():
                texts += _cells(path)
    return {tuple(words) for words in heard_sentences(texts) if len(words) >= SHORTEST}


def _cells(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield from (row[column] for column in _TEXT_COLUMNS if row.get(column))


def without(sentences: Iterable[Sequence[str]], measured: set[Sentence]) -> list[Sequence[str]]:
    """Return the sentences that don't measure."""
    return [words for words in sentences if tuple(words) not in measured]


def cleaned(
    general: Mapping[str, Sequence[Sequence[str]]], domain: Sequence[Source], measured: set[Sentence]
) -> tuple[dict[str, Sequence[Sequence[str]]], list[Source], int]:
    """Return both kinds of sources without what measures, and how many sentences were taken out."""
    kept: dict[str, Sequence[Sequence[str]]] = {
        name: without(sentences, measured) for name, sentences in general.items()
    }
    sources = [Source(one.name, without(one.sentences, measured), one.is_said) for one in domain]
    before = sum(map(len, general.values())) + sum(len(one.sentences) for one in domain)
    after = sum(map(len, kept.values())) + sum(len(one.sentences) for one in sources)
    return kept, sources, before - after
