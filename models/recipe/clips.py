"""From recordings, features, teacher's outputs and alignment on disk to the clips that are trained on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from assistant.hearing.language_part.phone_set import BASE_INDEX, BASE_PHONES, OTHER_WORD
from models.recipe.array_store import ArrayStore
from models.recipe.batches import GARBAGE_SHARE, Clip
from models.recipe.corpus import Utterance
from models.recipe.feature_cache import ECHO
from models.recipe.lfmmi import phone_trigram

GARBAGE_PHONE: Final = BASE_INDEX[OTHER_WORD]
# Of each source, so that the longest doesn't decide alone when training looks well.
VALIDATION_PER_SOURCE: Final = 30


@dataclass(frozen=True)
class ClipSets:
    """What is trained on, and what tells how well it goes."""

    training: list[Clip]
    validation: list[Clip]

    @property
    def hours(self) -> float:
        """Length of the training clips, echoed copies included."""
        return sum(len(clip.features) for clip in self.training) / 360_000


def make_clips(
    utterances: Sequence[Utterance],
    features: ArrayStore,
    teacher: ArrayStore | None = None,
    alignment: Mapping[str, NDArray[np.int16]] | None = None,
) -> ClipSets:
    """Put together what is known of each utterance; those without features are left out.

    Validation speakers' clips come without their echoed copies, at most `VALIDATION_PER_SOURCE` of a source.
    """
    training, by_source = [], dict[str, list[Clip]]()
    for utterance in utterances:
        recording = utterance.recording
        for key in (recording.key, recording.key + ECHO):
            if key not in features:
                continue
            clip = Clip(
                features=features[key],
                words=[list(word) for word in utterance.words],
                teacher=teacher[recording.key] if teacher is not None and recording.key in teacher else None,
                states=alignment.get(recording.key) if alignment is not None else None,
                speaker=recording.speaker,
                source=recording.source,
                echo=key != recording.key,
            )
            if not recording.validates:
                training.append(clip)
            elif not clip.echo:
                by_source.setdefault(recording.source, []).append(clip)
    shuffle = np.random.default_rng(0)
    validation = [
        clips[i]
        for _, clips in sorted(by_source.items())
        for i in shuffle.permutation(len(clips))[:VALIDATION_PER_SOURCE]
    ]
    return ClipSets(training, validation)


def trigram_of(clips: Iterable[Clip], seed: int = 0) -> NDArray[np.float32]:
    """Return the phone trigram of the clips' words, some of them replaced by the garbage phone as in training."""
    random = np.random.default_rng(seed)
    sentences: list[list[Any]] = [
        [[GARBAGE_PHONE] if random.random() < GARBAGE_SHARE else word for word in clip.words]
        for clip in clips
        if clip.words and not clip.echo
    ]
    return phone_trigram(sentences, len(BASE_PHONES), seed=seed)
