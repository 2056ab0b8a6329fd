"""Finds which label (entry, command, routine …) an utterance comes nearest to, by authored examples.

Three stages, each with its own view, so that one view's blindness is made good by another:

1. *Overlap*: idf-weighted cosine between the features of the utterance and of each example, by an inverted
   index, so that the cost follows the features that are shared and not the number of examples.
2. *Words*: rapidfuzz (``token_sort_ratio`` and ``token_set_ratio``) on the nearest examples: forgives spelling,
   order and missing words. Neither is used alone: on its own ``token_set_ratio`` calls off-topic lines equal.
3. *Vote*: the best examples of each label vote; a label's probability is its share. A naive Bayes score over all
   examples of a label joins the vote: it knows words that no single near example holds.

Weights and temperatures are chosen by leaving one author batch out (``docs/matching.md``).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from assistant.understanding.features import CONCEPT, FeatureReader, Features

NEAREST: Final = 60
"""Examples that the second stage looks at: past this many the vote no longer changes."""
VOTERS: Final = 6
"""Examples of one label that vote: a label with many examples has no louder voice."""
OVERLAP_WEIGHT: Final = 0.55
SORT_WEIGHT: Final = 0.2
SET_WEIGHT: Final = 0.25
VOTE_TEMPERATURE: Final = 0.07
BAYES_WEIGHT: Final = 0.5
BAYES_SMOOTHING: Final = 0.2
CONCEPT_GAIN: Final = 1.5
"""How much more a concept counts than a word as rare as it: it stands for what many say in many ways."""
PAIR_GAIN: Final = 0.45
"""Pairs of words count less than words: they are rare, so their idf overstates them."""


@dataclass(frozen=True, slots=True)
class Example:
    """One authored utterance and the label it belongs to."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A label with its share of the vote, and how near its nearest example is."""

    label: str
    probability: float
    similarity: float
    cover: float
    """Share (0 to 1) of the utterance's words, by weight, that some example of the label says too."""
    nearest: str


class Matcher:
    """Ranks labels for an utterance. Built once; immutable afterwards and free of files and clocks."""

    def __init__(self, examples: Sequence[Example], reader: FeatureReader) -> None:
        self._reader = reader
        drafts = [reader.read(example.text, repair=False) for example in examples]
        reader.learn_words(stem for draft in drafts for stem in draft.stems)
        self._examples = list(examples)
        self._labels = sorted({example.label for example in examples})
        index = {label: i for i, label in enumerate(self._labels)}
        self._label_of: NDArray[np.intp] = np.array([index[e.label] for e in examples], dtype=np.intp)
        self._joined = [" ".join(draft.stems) for draft in drafts]
        bags = [draft.all() for draft in drafts]
        self._weights = _feature_weights(bags, self._label_of, len(self._labels))
        self._norms = np.array([self._norm(bag) for bag in bags])
        self._rarest = max(self._weights.values(), default=1.0)
        self._said: list[set[str]] = [set() for _ in self._labels]
        for row, bag in enumerate(bags):
            self._said[self._label_of[row]] |= bag
        self._postings = self._index(bags)
        self._bayes = self._bayes_table(bags)

    @property
    def size(self) -> int:
        """How many examples there are."""
        return len(self._examples)

    def features(self, text: str) -> Features:
        """Return the features of ``text`` as the matcher sees them."""
        return self._reader.read(text)

    def _cover(self, features: Features, label: int) -> float:
        """Return a label's cover: a word is covered where its examples have it, or a concept behind it."""
        said = self._said[label]
        rare = self._rarest
        total = covered = 0.0
        for stem, concepts in zip(features.stems, features.behind, strict=True):
            weight = self._weights.get(stem, rare)
            total += weight
            if stem in said or any(CONCEPT + concept in said for concept in concepts):
                covered += weight
        return covered / total if total else 0.0

    def rank(self, text: str) -> list[Candidate]:
        """Return the labels that come near, best first; empty where nothing is shared."""
        features = self.features(text)
        bag = features.all()
        overlap = self._overlap(bag)
        rows = np.flatnonzero(overlap)
        if rows.size == 0:
            return []
        if rows.size > NEAREST:
            rows = rows[np.argpartition(overlap[rows], -NEAREST)[-NEAREST:]]
        query = " ".join(features.stems)
        near = [self._joined[row] for row in rows]
        sort = process.cdist([query], near, scorer=fuzz.token_sort_ratio, dtype=np.float32)[0] / 100.0
        same = process.cdist([query], near, scorer=fuzz.token_set_ratio, dtype=np.float32)[0] / 100.0
        similarity = OVERLAP_WEIGHT * overlap[rows] + SORT_WEIGHT * sort + SET_WEIGHT * same
        return self._vote(features, rows, similarity, self._bayes_scores(bag))

    def _norm(self, bag: Iterable[str]) -> float:
        return math.sqrt(sum(self._weights.get(name, 0.0) ** 2 for name in bag)) or 1.0

    def _index(self, bags: Sequence[frozenset[str]]) -> dict[str, NDArray[np.intp]]:
        rows: defaultdict[str, list[int]] = defaultdict(list)
        for row, bag in enumerate(bags):
            for name in bag:
                rows[name].append(row)
        return {name: np.array(where, dtype=np.intp) for name, where in rows.items()}

    def _overlap(self, bag: frozenset[str]) -> NDArray[np.float64]:
        shared = np.zeros(len(self._examples))
        unseen = self._rarest
        total = 0.0
        for name in bag:
            where = self._postings.get(name)
            weight = self._weights.get(name, unseen if name.isalpha() else 0.0)
            total += weight**2
            if where is not None:
                shared[where] += weight**2
        return shared / (self._norms * (math.sqrt(total) or 1.0))

    def _bayes_table(self, bags: Sequence[frozenset[str]]) -> dict[str, NDArray[np.float64]]:
        """Complement naive Bayes: for each feature, how much it speaks for each label against all others."""
        names = {name: row for row, name in enumerate({name for bag in bags for name in bag})}
        counts = np.zeros((len(names), len(self._labels)))
        for bag, label in zip(bags, self._label_of, strict=True):
            counts[[names[name] for name in bag], label] += 1.0
        sizes = np.bincount(self._label_of, minlength=len(self._labels)).astype(float)
        here = (counts + BAYES_SMOOTHING) / (sizes + 2 * BAYES_SMOOTHING)
        others = counts.sum(axis=1, keepdims=True) - counts
        there = (others + BAYES_SMOOTHING) / (sizes.sum() - sizes + 2 * BAYES_SMOOTHING)
        values = np.log(here / there)
        return {name: values[row] for name, row in names.items()}

    def _bayes_scores(self, bag: frozenset[str]) -> NDArray[np.float64]:
        scores = np.zeros(len(self._labels))
        total = 0.0
        for name in bag:
            row = self._bayes.get(name)
            if row is not None:
                weight = self._weights.get(name, 1.0)
                scores += weight * row
                total += weight
        return scores / math.sqrt(total) if total else scores

    def _vote(
        self, features: Features, rows: NDArray[np.intp], similarity: NDArray[np.float64], bayes: NDArray[np.float64]
    ) -> list[Candidate]:
        order = np.argsort(-similarity)
        voices: defaultdict[int, list[int]] = defaultdict(list)
        for place in order:
            label = int(self._label_of[rows[place]])
            if len(voices[label]) < VOTERS:
                voices[label].append(int(place))
        top = float(similarity[order[0]])
        logits = {}
        for label, places in voices.items():
            heard = sum(math.exp((similarity[p] - top) / VOTE_TEMPERATURE) for p in places) / VOTERS
            logits[label] = math.log(heard) + BAYES_WEIGHT * float(bayes[label])
        peak = max(logits.values())
        total = sum(math.exp(value - peak) for value in logits.values())
        found = [
            Candidate(
                label=self._labels[label],
                probability=math.exp(logits[label] - peak) / total,
                similarity=float(similarity[places[0]]),
                cover=self._cover(features, label),
                nearest=self._examples[rows[places[0]]].text,
            )
            for label, places in voices.items()
        ]
        return sorted(found, key=lambda c: (-c.probability, c.label))


def _feature_weights(bags: Sequence[frozenset[str]], label_of: NDArray[np.intp], labels: int) -> dict[str, float]:
    """Return each feature's weight: rare among examples, and at home in few labels."""
    seen: Counter[str] = Counter()
    homes: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for row, bag in enumerate(bags):
        for name in bag:
            seen[name] += 1
            homes[name][int(label_of[row])] += 1
    spread = math.log(max(2, labels))
    weights = {}
    for name, count in seen.items():
        shares = [n / count for n in homes[name].values()]
        entropy = -sum(share * math.log(share) for share in shares) / spread
        rarity = math.log(1 + len(bags) / count) / math.log(1 + len(bags))
        gain = CONCEPT_GAIN if name.startswith("#") else PAIR_GAIN if "_" in name else 1.0
        weights[name] = gain * rarity * (1.15 - entropy)
    return weights
