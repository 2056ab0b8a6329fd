"""The text that the word-order model learns from: folders of general text, and sentences of the domain.

General text lies in folders, one a source (``text/austen/*.txt``), with a table of their licences beside them.
Domain sentences are written by us: a table of sentences, and patterns whose slots are filled at random.
Text that the model is measured on must lie in neither.
"""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from assistant.hearing.language_part.spelling import heard_sentences, heard_words

PATTERNS: Final = Path(__file__).parent / "data" / "templates.yaml"
LEFT_OUT: Final = frozenset({"counts", "europarl", "evals", "news", "parlspeech", "tales"})
"""Folders not used: tables of word counts (no word order, unclear terms), and texts whose packages don't state their
terms, or declare free terms that the writers may not have given."""
FILLED_PATTERNS: Final = 30_000
"""Sentences made of the patterns. More add little: the slots, not the patterns, then repeat."""
_OPENING_SHARE: Final = 0.04
_WRAPPED_SHARE: Final = 0.04
"""Of lines that are blank, from which on a file is taken for paragraphs of wrapped lines."""
_TOKENS_APART: Final = re.compile(r"(?<=[a-z])\s*(n)?\s?'\s?(s|m|t|re|ve|ll|d)\b", re.IGNORECASE)
"""Dialogue data has "I 'm" and "do n't" in pieces."""
_BLANKED: Final = re.compile(r"<\w+>")
"""Names that dialogue data has taken out; a sentence without its names teaches a wrong order."""
_SLOT: Final = re.compile(r"\{(\w+)\}")
_LONGEST_PARAGRAPH: Final = 20_000
"""Letters. Longer ones are tables, or files without line ends."""

Sentences = list[list[str]]


def general_sources(folder: Path) -> dict[str, Sentences]:
    """Return the sentences of each sub-folder's ``.txt`` files as lists of words.

    Raises:
        FileNotFoundError: there is no text in ``folder``.
    """
    found: dict[str, Sentences] = {}
    for source in sorted(path for path in folder.iterdir() if path.is_dir() and path.name not in LEFT_OUT):
        sentences = [
            sentence
            for file in sorted(source.rglob("*.txt"))
            if file.relative_to(folder).as_posix() not in LEFT_OUT
            for sentence in heard_sentences(paragraphs(file.read_text(encoding="utf-8", errors="ignore")))
        ]
        if sentences:
            found[source.name] = sentences
    if not found:
        raise FileNotFoundError(f"There is no text in {folder}: it needs a folder with .txt files for each source.")
    return found


def paragraphs(text: str) -> Iterator[str]:
    """Return the paragraphs of a file: between blank lines, or each line where the file has hardly any."""
    lines = [line.strip() for line in text.splitlines()]
    blank = sum(not line for line in lines)
    if blank < _WRAPPED_SHARE * len(lines):
        whole = (line for line in lines if line and not _BLANKED.search(line))
        yield from (_TOKENS_APART.sub(_joined, line[:_LONGEST_PARAGRAPH]) for line in whole)
        return
    gathered: list[str] = []
    for line in (*lines, ""):
        if line:
            gathered.append(line)
        elif gathered:
            yield " ".join(gathered)[:_LONGEST_PARAGRAPH]
            gathered = []


def _joined(found: re.Match[str]) -> str:
    return f"{found[1] or ''}'{found[2]}"


def transcripts(manifest: Path) -> list[list[str]]:
    """Return the different texts of the training speech, from its table (columns: path, text, ...)."""
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        texts = dict.fromkeys(row["text"] for row in rows)
    return [words for text in texts if (words := heard_words(text))]


def domain_sentences(table: Path) -> list[tuple[str, list[str]]]:
    """Return (category, words) of each row of our own sentences (two columns: category, sentence)."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if len(row) >= 2]
    return [(row[0], words) for row in rows if (words := heard_words(row[1]))]


def filled_patterns(patterns: Path = PATTERNS, *, count: int = FILLED_PATTERNS, seed: int = 1) -> list[list[str]]:
    """Return different sentences made of the patterns; the same ones for the same ``seed``.

    ``count`` is how many are drawn; the same sentence drawn twice counts once.

    Raises:
        KeyError: a pattern has a slot that the file doesn't fill.
    """
    content: Mapping[str, Any] = yaml.safe_load(patterns.read_text(encoding="utf-8"))
    slots, openings = content["slots"], content["openings"]
    chance = random.Random(seed)
    made: dict[str, None] = {}
    for _ in range(count):
        pattern = chance.choice(content["patterns"])
        sentence = _SLOT.sub(lambda slot: chance.choice(slots[slot[1]]), pattern)
        if chance.random() < _OPENING_SHARE:
            sentence = f"{chance.choice(openings)} {sentence}"
        made[sentence] = None
    return [heard_words(sentence) for sentence in made]
