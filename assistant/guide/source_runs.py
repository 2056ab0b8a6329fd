"""Digests of a document's runs of words: copies from it are found without the document at hand.

A pack keeps them in ``source.runs``. Nobody can read the document out of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final

from assistant.language import word_runs

RUN_LENGTH: Final = 6
"""Words in a row that make a copy. Five are still chance ("in the small of the back"), seven let a sentence
through in which every seventh word was changed."""
_DIGEST_BYTES: Final = 8
"""64 bits: among some thousand runs, two different ones with one digest are not to be expected."""
_CHUNK: Final = 200
_OVERLAP: Final = 40
"""Words are taken in chunks, for `word_runs` cuts what is longer than an utterance. The overlap is far more than
a run, so that none is lost where a chunk ends, even among signs that are no words."""
_FOOTNOTE: Final = re.compile(r"(?<=[A-Za-z]{2})\d+\b")
"""The residue of a footnote mark, as in "knees7"."""


def runs_in(text: str) -> list[tuple[str, ...]]:
    """Return the runs of `RUN_LENGTH` words of ``text``, each once, in alphabetical order."""
    return sorted({run for chunk in _chunks(text) for run in word_runs(chunk, RUN_LENGTH)})


def digest_of(run: Iterable[str]) -> str:
    """Return the digest of a run of words: 16 hexadecimal digits."""
    return blake2b(" ".join(run).encode(), digest_size=_DIGEST_BYTES).hexdigest()


def runs_of_document(text: str) -> frozenset[str]:
    """Return the digests of a document's runs, with and without the footnote marks in it."""
    versions = {text, _FOOTNOTE.sub("", text)}
    return frozenset(digest_of(run) for version in versions for run in runs_in(version))


def file_of(digests: Iterable[str]) -> str:
    """Return the text of a ``source.runs`` file."""
    return "".join(f"{digest}\n" for digest in sorted(digests))


def copied_from(text: str, digests: frozenset[str]) -> list[str]:
    """Return the pieces of ``text`` that the document has word for word, each a run of `RUN_LENGTH` words."""
    return [" ".join(run) for run in runs_in(text) if digest_of(run) in digests]


def _chunks(text: str) -> Iterator[str]:
    words = text.split()
    step = _CHUNK - _OVERLAP
    for start in range(0, max(1, len(words) - _OVERLAP), step):
        yield " ".join(words[start : start + _CHUNK])
