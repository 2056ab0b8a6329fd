"""The mixture of a general n-gram model with texts of a domain, cut to a size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.hearing.language_part.counting import Vocabulary, count
from assistant.hearing.language_part.estimation import estimate
from assistant.hearing.language_part.mixing import best_weights, mixed, with_vocabulary
from assistant.hearing.language_part.ngram import NGramModel
from assistant.hearing.language_part.pruning import pruned

GENERAL: Final = "general"
DOMAIN_SHARE: Final = 0.3
"""Of the mixture. The rest is general language: people talk to each other, and their words must come out. From 0.5 to
0.3 the perplexity of sentences like the domain's rose by 3 %, that of what other people say fell by 10 to 21 %; at 0.2
the domain's had risen by 8 %."""
_HELD_OUT: Final = 3
"""Every third sentence of what is said chooses the weights of the sources, before all are counted together."""
_FEWEST: Final = 30
"""Sentences. Fewer are not held out: the sources then weigh the same."""

Sentences = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Source:
    """Sentences of one kind, as lists of words."""

    name: str
    sentences: Sentences
    is_said: bool
    """Whether people say these to the assistant, so that they tell what it will have to hear."""


@dataclass(frozen=True)
class Mixture:
    """The model, and what each source has in it; the shares sum to one."""

    model: NGramModel
    shares: Mapping[str, float]


def combined(
    general: NGramModel,
    sources: Sequence[Source],
    vocabulary: Vocabulary,
    ngrams: int,
    *,
    domain_share: float = DOMAIN_SHARE,
) -> Mixture:
    """Return the mixture with at most ``ngrams`` bigrams and trigrams, over ``vocabulary``.

    The sources share ``domain_share`` by how well each foretells held-out sentences of those that are said.
    """
    used = [source for source in sources if source.sentences]
    if not used:
        return Mixture(pruned(with_vocabulary(general, vocabulary), ngrams), {GENERAL: 1.0})
    wide = with_vocabulary(general, vocabulary)
    among_sources = _source_weights(used, wide, vocabulary)
    models = [estimate(count(vocabulary, vocabulary.encoded(source.sentences))) for source in used]
    weights = [1 - domain_share, *(domain_share * weight for weight in among_sources)]
    model = pruned(mixed([wide, *models], weights), ngrams)
    names = (GENERAL, *(source.name for source in used))
    return Mixture(model, dict(zip(names, weights, strict=True)))


def _source_weights(sources: Sequence[Source], general: NGramModel, vocabulary: Vocabulary) -> list[float]:
    """Return the weights among the sources, summing to one, chosen on held-out sentences of what is said."""
    held_out = [sentence for source in sources if source.is_said for sentence in source.sentences[::_HELD_OUT]]
    if len(held_out) < _FEWEST or len(sources) == 1:
        return [1 / len(sources)] * len(sources)
    taken = {tuple(sentence) for sentence in held_out}
    models = []
    for source in sources:
        rest = [sentence for sentence in source.sentences if tuple(sentence) not in taken]
        models.append(estimate(count(vocabulary, vocabulary.encoded(rest))))
    _, *weights = best_weights([general, *models], vocabulary.encoded(held_out))
    total = sum(weights)
    return [weight / total for weight in weights]
