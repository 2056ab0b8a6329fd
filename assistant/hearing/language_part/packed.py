"""A general n-gram model in a small file, so that it can be shipped and mixed with other texts.

Keys are sorted, so of each n-gram only the step to the next word is kept, and of each history how many words
follow it; log probabilities are kept in 16 bits. Bytes of one place value lie together, and xz does the rest: some
two to three bytes an n-gram. Back-off weights aren't kept: they follow from the probabilities.
"""

from __future__ import annotations

import io
import lzma
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.errors import WrongInputError
from assistant.hearing.language_part.counting import FIRST_WORD, Keys, Vocabulary
from assistant.hearing.language_part.ngram import Logs, NGramModel, with_backoffs

FORM: Final = 1
"""Raised when the file's form changes."""
_LOWEST: Final = -40.0
"""Log probabilities are kept between this and 0; what is less is never chosen anyway."""
_LEVELS: Final = 65_535


class DamagedGeneralModelError(WrongInputError):
    """The file of the general n-gram model can't be used."""


def write_packed(model: NGramModel, path: Path) -> None:
    """Write ``model`` to ``path``."""
    size = len(model.vocabulary)
    bigram_counts = np.bincount(model.bigram_keys // size, minlength=size)
    places = np.searchsorted(model.bigram_keys, model.trigram_keys // size)
    trigram_counts = np.bincount(places, minlength=len(model.bigram_keys))
    columns: dict[str, NDArray[np.uint8] | NDArray[np.int64]] = {
        "form": np.array([FORM]),
        "words": np.frombuffer("\n".join(model.vocabulary.words).encode(), np.uint8),
        "unigrams": _planes(_levels(model.unigrams)),
        "bigram_counts": _planes(bigram_counts),
        "bigram_steps": _planes(_steps(model.bigram_keys % size, bigram_counts)),
        "bigrams": _planes(_levels(model.bigrams)),
        "trigram_counts": _planes(trigram_counts),
        "trigram_steps": _planes(_steps(model.trigram_keys % size, trigram_counts)),
        "trigrams": _planes(_levels(model.trigrams)),
    }
    buffer = io.BytesIO()
    np.savez(buffer, **columns)  # type: ignore[arg-type]
    path.write_bytes(lzma.compress(buffer.getvalue(), preset=9 | lzma.PRESET_EXTREME))


def read_packed(path: Path) -> NGramModel:
    """Return the model written by `write_packed`.

    Raises:
        DamagedGeneralModelError: it isn't there, is damaged, or is of another form.
    """
    try:
        with np.load(io.BytesIO(lzma.decompress(path.read_bytes())), allow_pickle=False) as file:
            columns = {name: file[name] for name in file.files}
        if columns["form"].tolist() != [FORM]:
            raise DamagedGeneralModelError(f"{path} is of another version of Marigold; install the model again.")
        return _unpacked(columns)
    except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile, KeyError, ValueError, IndexError) as fault:
        why = "it isn't there" if isinstance(fault, FileNotFoundError) else "it is damaged"
        raise DamagedGeneralModelError(f"The general word model {path} can't be used: {why}.") from fault


def _unpacked(columns: dict[str, NDArray[np.uint8]]) -> NGramModel:
    words = tuple(columns["words"].tobytes().decode().split("\n"))
    vocabulary = Vocabulary(words)
    size = len(vocabulary)
    pairs = _keys(np.arange(size), _whole(columns["bigram_counts"]), _whole(columns["bigram_steps"]), size)
    triples = _keys(pairs, _whole(columns["trigram_counts"]), _whole(columns["trigram_steps"]), size)
    unigrams, bigrams, trigrams = (_logs(columns[name]) for name in ("unigrams", "bigrams", "trigrams"))
    if len(unigrams) != size or len(bigrams) != len(pairs) or len(trigrams) != len(triples) or size <= FIRST_WORD:
        raise ValueError("columns of different lengths")
    return with_backoffs(vocabulary, unigrams, pairs, bigrams, triples, trigrams)


def _steps(words: Keys, counts: NDArray[np.int64]) -> Keys:
    """Return each word's distance from the one before it in its history; a history's first word as it is."""
    before = np.r_[0, words[:-1]] if len(words) else words
    before = before.copy()
    starts = np.cumsum(counts) - counts
    before[starts[counts > 0]] = 0
    return words - before


def _keys(histories: Keys, counts: Keys, steps: Keys, size: int) -> Keys:
    """Return the keys of `_steps`: running sums within each history."""
    running = np.cumsum(steps)
    starts = (np.cumsum(counts) - counts)[counts > 0]
    used = counts[counts > 0]
    words = running - np.repeat(running[starts] - steps[starts], used)
    keys: Keys = np.repeat(histories, counts) * size + words
    return keys


def _levels(logs: Logs) -> Keys:
    return np.rint(np.clip(logs / _LOWEST, 0, 1) * _LEVELS).astype(np.int64)


def _logs(planes: NDArray[np.uint8]) -> Logs:
    return np.asarray(_whole(planes) * (_LOWEST / _LEVELS), np.float64)


def _planes(numbers: Keys) -> NDArray[np.uint8]:
    """Return whole numbers below 2**24 as three rows of bytes, the lowest first."""
    return np.stack([(numbers >> shift & 255).astype(np.uint8) for shift in (0, 8, 16)])


def _whole(planes: NDArray[np.uint8]) -> Keys:
    low, middle, high = planes.astype(np.int64)
    numbers: Keys = low + (middle << 8) + (high << 16)
    return numbers
