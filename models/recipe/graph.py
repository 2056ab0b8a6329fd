"""The recipe's ``graph`` step: from texts to the model's language part.

First the general n-gram model: one model for each source of general text, mixed with the weights that explain
held-out sentences best, and pruned. It is kept beside the model, since ``marigold models adapt`` mixes other
guides' texts with it. Then the mixture with the domain's sentences, and the graph.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from assistant.hearing.language_part.adapt import GENERAL_FILE, NGRAMS
from assistant.hearing.language_part.combining import DOMAIN_SHARE, Source, combined
from assistant.hearing.language_part.counting import Vocabulary, count
from assistant.hearing.language_part.estimation import estimate
from assistant.hearing.language_part.graph import OTHER_WORD_COST, GraphSizes, write_graph
from assistant.hearing.language_part.mixing import best_weights, mixed
from assistant.hearing.language_part.ngram import NGramModel
from assistant.hearing.language_part.packed import write_packed
from assistant.hearing.language_part.pronunciation import dictionary, pronounced
from assistant.hearing.language_part.pruning import pruned
from assistant.hearing.language_part.spelling import heard_words
from models.recipe import text
from models.recipe.arpa import arpa_words, read_arpa
from models.recipe.corpus import read_manifests
from models.recipe.measured_text import SHORTEST, cleaned

VOCABULARY_SIZE: Final = 40_000
GENERAL_NGRAMS: Final = 540_000
"""Bigrams and trigrams of the general model: 1.9 MB packed, and the most that the graph has room for."""
_FIRST_PRUNING: Final = 4
"""Each source's own model is pruned to this many times the general model's size before they are mixed."""
_HELD_OUT_EVERY: Final = 20
"""Every twentieth sentence of the chosen sources is held out to choose the weights."""
HELD_OUT_FROM: Final = ("transcripts", "chitchat")
"""Sources that sound most like what people say and read aloud."""
_LIKE_SPEECH: Final = {"transcripts": 20.0, "chitchat": 3.0, "chatterbot": 3.0, "bible": 0.3}
"""How much a source's word frequencies count when the vocabulary is chosen; 1 for those not named."""
_ARPA_SHARE: Final = 20.0
"""The same for ready n-gram models: they were made of far more text than we have."""

Sentences = Sequence[Sequence[str]]


@dataclass(frozen=True)
class LanguagePart:
    """What was built, with the figures that tell how good it is."""

    graph: GraphSizes
    general_weights: Mapping[str, float]
    domain_shares: Mapping[str, float]
    general_perplexity: float
    """Of the pruned general model, on its held-out sentences."""


def build(
    general_sources: Mapping[str, Sentences],
    domain: Sequence[Source],
    model: Path,
    *,
    vocabulary_size: int = VOCABULARY_SIZE,
    general_ngrams: int = GENERAL_NGRAMS,
    ngrams: int = NGRAMS,
    domain_share: float = DOMAIN_SHARE,
    other_word_cost: float = OTHER_WORD_COST,
    british: bool = False,
    arpa_models: Sequence[Path] = (),
) -> LanguagePart:
    """Write the general n-gram model and the folder ``graph`` into the folder ``model``.

    ``arpa_models``: n-gram models in the ARPA form, as further general sources. ``british``: add British
    pronunciations.

    Raises:
        NoPronunciationsError: words of the domain aren't in CMUdict, and espeak-ng isn't there.
    """
    needed = {word for source in domain for sentence in source.sentences for word in sentence}
    words = chosen_words(general_sources, needed, vocabulary_size, arpa_models)
    pronunciations = pronounced(words, british=british)
    vocabulary = Vocabulary(tuple(sorted(pronunciations)))
    general, weights, perplexity = general_model(general_sources, vocabulary, general_ngrams, arpa_models)
    model.mkdir(parents=True, exist_ok=True)
    write_packed(general, model / GENERAL_FILE)
    mixture = combined(general, domain, vocabulary, ngrams, domain_share=domain_share)
    sizes = write_graph(model / "graph", mixture.model, pronunciations, other_word_cost=other_word_cost)
    return LanguagePart(sizes, weights, mixture.shares, perplexity)


def chosen_words(
    sources: Mapping[str, Sentences], needed: set[str], size: int, arpa_models: Sequence[Path] = ()
) -> list[str]:
    """Return ``needed`` and the most frequent words of the sources that CMUdict has, ``size`` in all.

    A source counts by its share, so that a long one doesn't outvote the others.
    """
    scores: Counter[str] = Counter()
    for name, sentences in sources.items():
        found = Counter(word for sentence in sentences for word in sentence)
        share = _LIKE_SPEECH.get(name, 1.0) / max(sum(found.values()), 1)
        for word, times in found.items():
            scores[word] += times * share  # type: ignore[assignment]  # a Counter adds any numbers
    for path in arpa_models:
        for word, chance in arpa_words(path).items():
            scores[word] += _ARPA_SHARE * chance  # type: ignore[assignment]
    known = dictionary()
    letters = {letter for letter in known if len(letter) == 1 and letter.isalpha()}
    words = dict.fromkeys(sorted(needed | letters))
    for word, _ in scores.most_common():
        if len(words) >= size:
            break
        if word in known:
            words[word] = None
    return list(words)


def general_model(
    sources: Mapping[str, Sentences], vocabulary: Vocabulary, ngrams: int, arpa_models: Sequence[Path] = ()
) -> tuple[NGramModel, dict[str, float], float]:
    """Return the pruned mixture of all sources, the sources' weights, and its perplexity on held-out sentences.

    Raises:
        ValueError: none of the sources is one of `HELD_OUT_FROM`.
    """
    held_out = []
    models = []
    for name, sentences in sources.items():
        kept = sentences
        if name in HELD_OUT_FROM or len(sources) == 1:
            held_out.append(vocabulary.encoded(sentences[::_HELD_OUT_EVERY]))
            kept = [sentence for i, sentence in enumerate(sentences) if i % _HELD_OUT_EVERY]
        one = estimate(count(vocabulary, vocabulary.encoded(kept)))
        models.append(pruned(one, _FIRST_PRUNING * ngrams))
    if not held_out:
        raise ValueError(f"the weights are chosen on one of {HELD_OUT_FROM}, and there is none of them")
    models += [read_arpa(path, vocabulary) for path in arpa_models]
    names = (*sources, *(path.stem for path in arpa_models))
    # Each held-out text has the same say, however long it is.
    weights = [float(share) for share in np.mean([best_weights(models, encoded) for encoded in held_out], axis=0)]
    model = pruned(mixed(models, weights), ngrams)
    perplexity = math.exp(sum(math.log(model.perplexity(encoded)) for encoded in held_out) / len(held_out))
    return model, dict(zip(names, weights, strict=True)), perplexity


def gathered(texts: Path, training: Path, unheard: Sequence[Path] = ()) -> tuple[dict[str, Sentences], list[Source]]:
    """Return the general sources and the domain's, from the folder of texts and that of the training speech.

    ``unheard``: manifests whose validation speakers' sentences are left out of all sources, so that a graph built
    without them can be judged on those recordings.

    Raises:
        BadManifestError: one of ``unheard`` can't be read.
    """
    general: dict[str, Sentences] = dict(text.general_sources(texts))
    general["transcripts"] = text.transcripts(training / "manifest.tsv")
    ours = [words for _, words in text.domain_sentences(training / "domain.tsv")]
    domain = [Source("domain", ours, is_said=True), Source("patterns", text.filled_patterns(), is_said=False)]
    if unheard:
        validating = [heard_words(recording.text) for recording in read_manifests(unheard) if recording.validates]
        left_out = {tuple(words) for words in validating if len(words) >= SHORTEST}
        general, domain, _ = cleaned(general, domain, left_out)
    return general, domain
