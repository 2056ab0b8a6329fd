"""A new language part for a model: ears that know the words of another guide.

The model's sounds stay as they are; its words and their order are learned anew, from the texts given and from the
general n-gram model that lies in the model's folder.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assistant.errors import MissingPartError, WrongInputError
from assistant.hearing.language_part.combining import DOMAIN_SHARE, Source, combined
from assistant.hearing.language_part.counting import Vocabulary
from assistant.hearing.language_part.graph import OTHER_WORD_COST, GraphSizes, write_graph
from assistant.hearing.language_part.listening import require_known_words
from assistant.hearing.language_part.packed import read_packed
from assistant.hearing.language_part.pronunciation import pronounced
from assistant.hearing.language_part.spelling import heard_sentences
from assistant.hearing.models.disk import disk_error, require_room
from assistant.hearing.models.manifest import write_manifest

GENERAL_FILE: Final = "general.ngram.xz"
"""The general n-gram model, in the folder of a model that can be adapted."""
NGRAMS: Final = 560_000
"""Bigrams and trigrams of an adapted model: 5.6 MB of word order, so that the whole model stays below 20 MB."""
_COPIED: Final = ("am", "conf")
_ROOM: Final = 60_000_000
"""Bytes: the new model, and the same again while it is being put in place."""
_CHECKED_WORDS: Final = 200
"""Words looked up in the finished model: the most frequent ones of the texts, and all new ones up to as many."""


class NoTextToLearnError(WrongInputError):
    """The texts have no words in them."""


class UnadaptableModelError(MissingPartError):
    """The model has no sounds of ours, or no general n-gram model."""


class FolderInUseError(WrongInputError):
    """There is something already where the new model was to go."""


@dataclass(frozen=True)
class Adaptation:
    """What was learned."""

    sentences: int
    words: int
    """Words of the vocabulary, general ones among them."""
    new_words: tuple[str, ...]
    """Words that the general model didn't know, in alphabetical order."""
    unpronounceable: tuple[str, ...]
    """Words left out, since nothing tells how they sound."""
    shares: Mapping[str, float]
    """What each source has in the mixture; the general model is called "general"."""
    graph: GraphSizes


def adapt(
    model: Path,
    texts: Mapping[str, Sequence[str]],
    out: Path,
    *,
    said: frozenset[str] = frozenset(),
    general: Path | None = None,
    ngrams: int = NGRAMS,
    domain_share: float = DOMAIN_SHARE,
    other_word_cost: float = OTHER_WORD_COST,
) -> Adaptation:
    """Write into the folder ``out`` the model in ``model``, with a language part learned from ``texts``.

    ``texts``: for each source (such as "asks", "answers") its texts, of any length. ``said`` names those sources
    that are what people say to Marigold; the sources are weighted by how well they foretell these. ``general``:
    the general n-gram model, if it isn't the model's own. ``domain_share``: what all texts together have in the
    mixture; the rest is general language. ``ngrams``: how many bigrams and trigrams are kept.

    Raises:
        NoTextToLearnError, UnadaptableModelError, FolderInUseError: see there.
        DamagedGeneralModelError: the general n-gram model can't be read.
        NoPronunciationsError: there are new words, and espeak-ng isn't there.
        NotEnoughDiskError, UnwritableFolderError: the new model can't be written.
        DamagedModelError: the new model doesn't work, as when the model given is damaged.
    """
    _require_adaptable(model)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FolderInUseError(f"{out} is there already. Name a new folder, or remove it first.")
    sources = [Source(name, heard_sentences(found), name in said) for name, found in texts.items()]
    counted = Counter(word for source in sources for sentence in source.sentences for word in sentence)
    if not counted:
        raise NoTextToLearnError("There is no text to learn words from.")
    require_room(out, _ROOM)
    general_model = read_packed(general or model / GENERAL_FILE)
    known = set(general_model.vocabulary.words)
    pronunciations = pronounced((*general_model.vocabulary.words, *counted))
    vocabulary = Vocabulary(tuple(sorted(pronunciations)))
    mixture = combined(general_model, sources, vocabulary, ngrams, domain_share=domain_share)
    new_words = tuple(sorted(word for word in counted if word in pronunciations and word not in known))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as place:
            made = Path(place) / "model"
            _copy_the_rest(model, general or model / GENERAL_FILE, made)
            sizes = write_graph(made / "graph", mixture.model, pronunciations, other_word_cost=other_word_cost)
            write_manifest(made)
            usual = [word for word, _ in counted.most_common() if word in pronunciations][:_CHECKED_WORDS]
            require_known_words(made, (*usual, *new_words[:_CHECKED_WORDS]))
            if out.is_dir():
                out.rmdir()
            made.rename(out)
    except OSError as fault:
        raise disk_error(fault, out.parent) from fault
    return Adaptation(
        sentences=sum(len(source.sentences) for source in sources),
        words=len(vocabulary.words),
        new_words=new_words,
        unpronounceable=tuple(sorted(word for word in counted if word not in pronunciations)),
        shares=mixture.shares,
        graph=sizes,
    )


def _require_adaptable(model: Path) -> None:
    if not model.is_dir():
        raise UnadaptableModelError(f"There is no speech model in {model}.")
    if not (model / "am" / "final.mdl").is_file():
        raise UnadaptableModelError(f"{model} is no speech model: am/final.mdl isn't in it.")


def _copy_the_rest(model: Path, general: Path, made: Path) -> None:
    """Copy everything but the graph: sounds, settings, licence, and the general n-gram model."""
    made.mkdir()
    # File by file: shutil.copytree would hide that the disk is full in an error of its own.
    chosen = [path for part in _COPIED for path in (model / part).rglob("*")]
    for path in (*chosen, *model.glob("*.md")):
        if path.is_file():
            target = made / path.relative_to(model)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    shutil.copyfile(general, made / GENERAL_FILE)
