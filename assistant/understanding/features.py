"""Turns a normal form into features: stems, pairs of stems, and the concepts behind colloquial phrases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from assistant.language import normal_form, stems

CONCEPT: Final = "#"
"""Marks a concept among the features, so that "#heat" and the word "heat" stay two features."""
PAIR: Final = "_"
MAX_PHRASE: Final = 6
"""Longest phrase of the vocabulary, in words."""
REPAIR_CUTOFF: Final = 84.0
"""How alike (rapidfuzz ratio, 0 to 100) an unknown word must be to be read as a known one: high enough that
"spasam" becomes "spasm" and "pasta" stays what it is."""
REPAIR_MIN_LETTERS: Final = 5
"""Shorter words are too alike by chance."""


@dataclass(frozen=True, slots=True)
class Features:
    """The features of one utterance."""

    stems: tuple[str, ...]
    behind: tuple[frozenset[str], ...]
    """The concepts that each stem stands for, alone or within a phrase."""

    @property
    def concepts(self) -> frozenset[str]:
        """All concepts that were named."""
        return frozenset().union(*self.behind)

    def all(self) -> frozenset[str]:
        """Return stems, pairs of neighbouring stems and concepts as one set of names."""
        pairs = (f"{a}{PAIR}{b}" for a, b in zip(self.stems, self.stems[1:], strict=False))
        return frozenset(self.stems) | frozenset(pairs) | frozenset(CONCEPT + c for c in self.concepts)


class FeatureReader:
    """Reads features with a vocabulary and repairs words that a recogniser or a typist got wrong."""

    def __init__(self, concepts: Mapping[str, Iterable[str]], sound_alikes: Mapping[str, str]) -> None:
        self._phrases: dict[tuple[str, ...], set[str]] = {}
        for concept, phrases in concepts.items():
            for phrase in phrases:
                key = tuple(stems(normal_form(phrase)))[:MAX_PHRASE]
                if key:
                    self._phrases.setdefault(key, set()).add(concept)
        self._longest = max((len(key) for key in self._phrases), default=0)
        self._alikes = {
            tuple(normal_form(said).split()): normal_form(meant).split() for said, meant in sound_alikes.items()
        }
        self._known: frozenset[str] = frozenset()
        self._targets: list[str] = []

    def learn_words(self, known: Iterable[str]) -> None:
        """Set the stems that count as known; unknown ones may be repaired to one of them."""
        self._known = frozenset(known) | {word for key in self._phrases for word in key}
        self._targets = sorted(word for word in self._known if len(word) >= REPAIR_MIN_LETTERS)

    def read(self, text: str, *, repair: bool = True) -> Features:
        """Return the features of ``text``."""
        words = self._sound_alike(normal_form(text).split())
        read = [self._repaired(stem) if repair else stem for stem in stems(" ".join(words))]
        return Features(stems=tuple(read), behind=tuple(self._concepts(read)))

    def _sound_alike(self, words: list[str]) -> list[str]:
        if not self._alikes:
            return words
        out: list[str] = []
        i = 0
        while i < len(words):
            for length in (3, 2, 1):
                meant = self._alikes.get(tuple(words[i : i + length]))
                if meant is not None:
                    out += meant
                    i += length
                    break
            else:
                out.append(words[i])
                i += 1
        return out

    def _repaired(self, stem: str) -> str:
        if not self._known or stem in self._known or len(stem) < REPAIR_MIN_LETTERS:
            return stem
        best = process.extractOne(stem, self._targets, scorer=fuzz.ratio, score_cutoff=REPAIR_CUTOFF)
        return str(best[0]) if best else stem

    def _concepts(self, read: list[str]) -> list[frozenset[str]]:
        found: list[frozenset[str]] = []
        while len(found) < len(read):
            at = len(found)
            for length in range(min(self._longest, len(read) - at), 0, -1):
                concepts = self._phrases.get(tuple(read[at : at + length]))
                if concepts:
                    found += [frozenset(concepts)] * length
                    break
            else:
                found.append(frozenset())
        return found
