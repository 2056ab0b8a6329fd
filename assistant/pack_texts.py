"""All texts that tell which words the ears need: what people say with a content pack, and what they hear.

Gathered for `assistant.hearing.language_part.adapt`. What stands beside every pack belongs to it: commands, warning
signs, the product's own phrases.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from assistant.content import NoContentError, load_commands, load_off_topic, shipped
from assistant.guide.model import Guide, Routine
from assistant.guide.pack import load_yaml
from assistant.hearing.language_part.spelling import heard_words
from assistant.understanding.wake import WAKE_PHRASES
from assistant.understanding.wordings import Wordings

SAID: Final = frozenset({"asks", "called", "commands", "vocabulary", "warnings", "off-topic"})
"""The sources that are what people say to Marigold; it says the others itself, and people then use its words."""
CALLED: Final = 7
"""Every so manieth ask and command is learned after the wake phrase too: the name must not end a sentence."""
SOUGHT: Final = 3
"""Every so manieth wording of a warning sign is one of what people say, and tells what the sources weigh. The others
are learned with that weight's remainder: there are three times as many as ways of asking, and would outweigh them."""
_SLOT: Final = re.compile(r"\{\w*\}")
_REFERENCE: Final = re.compile(r"\\\d")


@dataclass(frozen=True, slots=True)
class Beside:
    """What belongs to every pack."""

    commands: Mapping[str, Iterable[str]]
    """Ways of saying each command."""
    off_topic: Iterable[str]
    """Questions that are to be refused."""
    red_flags: Mapping[str, Any]
    """The definition of the red flags, as `RedFlags` takes it."""
    phrases: Mapping[str, Any]
    """What the product says, by its keys: a text or several."""
    scripts: Mapping[str, Any]
    """The scripts of the safety layer: each has ``sentences``."""


def load_beside() -> Beside:
    """Return what ships."""
    return Beside(
        load_commands(),
        load_off_topic(),
        _read("safety/red_flags.yaml"),
        _read("product/phrases.yaml"),
        _read("safety/scripts.yaml")["scripts"],
    )


def pack_texts(guide: Guide, beside: Beside, known: Sequence[Collection[str]]) -> dict[str, tuple[str, ...]]:
    """Return the texts of each source, each text once; `SAID` names those sources that people say.

    ``known``: lists of words, the most trusted first, that complete what the warning signs leave open ("tingl…").
    """
    asks = list(_asks(guide))
    commands = [line for lines in beside.commands.values() for line in lines]
    called = [
        f"{WAKE_PHRASES[nth % len(WAKE_PHRASES)]} {line}" for nth, line in enumerate((*asks, *commands)[::CALLED])
    ]
    warnings = list(dict.fromkeys(_warnings(beside.red_flags, known)))
    found: dict[str, Iterable[str]] = {
        "asks": asks,
        "called": called,
        "commands": [*commands, *WAKE_PHRASES],
        # What the words were misheard as is left out: it is what the ears must learn no more.
        "vocabulary": [*_joined(guide.vocabulary.concepts), *guide.vocabulary.sound_alikes.values()],
        "warnings": warnings[::SOUGHT],
        "off-topic": [*beside.off_topic, *guide.off_topic],
        "answers": _answers(guide),
        "phrases": _phrases(guide, beside),
        "more-warnings": [line for nth, line in enumerate(warnings) if nth % SOUGHT],
    }
    return {source: tuple(dict.fromkeys(texts)) for source, texts in found.items()}


def has_texts(guide: Guide) -> bool:
    """Return whether a pack says anything of its own, of a question or a routine."""
    return bool(guide.entries or guide.routines)


def foreign_words(texts: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the words with letters that English spelling doesn't have, in alphabetical order."""
    found = set()
    for word in (word for source in texts.values() for text in source for word in text.split()):
        if not word.isascii():
            letters = unicodedata.normalize("NFKD", word)
            if any(letter.isalpha() and not letter.isascii() for letter in letters):
                found.add("".join(letter for letter in word if letter.isalnum()))
    return sorted(found)


def where_said(words: Iterable[str], texts: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return for each of ``words`` the shortest text of the first source that has it, the most frequent words first.

    The sources are looked through in their order: what people say stands before what they hear.
    """
    wanted = frozenset(words)
    times: Counter[str] = Counter()
    found: dict[str, tuple[int, int, str]] = {}
    for rank, source in enumerate(texts.values()):
        for text in source:
            for word in wanted.intersection(heard_words(text)):
                times[word] += 1
                found[word] = min(found.get(word, (rank, len(text), text)), (rank, len(text), text))
    return {word: found[word][2] for word in sorted(found, key=lambda word: (found[word][0], -times[word], word))}


def _asks(guide: Guide) -> Iterator[str]:
    for entry in guide.entries.values():
        yield from entry.ways
    for routine in guide.routines.values():
        yield from _joined(routine.asks)
    for unanswered in guide.unanswered.values():
        yield from unanswered.asks


def _answers(guide: Guide) -> Iterator[str]:
    yield guide.title
    for entry in guide.entries.values():
        yield entry.title
        yield from (sentence.text for sentence in (*entry.answer, *entry.more))
    yield from (fact.says for fact in guide.facts.values())
    for unanswered in guide.unanswered.values():
        yield from filter(None, (unanswered.title, unanswered.speech, unanswered.safety))
    for routine in guide.routines.values():
        yield from _routine(routine)


def _routine(routine: Routine) -> Iterator[str]:
    yield from (routine.title, *routine.needs, *routine.describe, *routine.before)
    for step in routine.steps:
        yield from (*step.say, *filter(None, (step.ready, step.done)))


def _warnings(red_flags: Mapping[str, Any], known: Sequence[Collection[str]]) -> Iterator[str]:
    """Return wordings of all that raises a flag; what only keeps one from being raised isn't sought."""
    make = Wordings({str(name): str(pattern) for name, pattern in red_flags.get("parts", {}).items()}, known)
    raising = dict.fromkeys(name for flag in red_flags["flags"] for rule in flag["rules"] for name in rule["all"])
    for name in raising:
        yield from make.of(red_flags["concepts"][name])
    # Mishearings stand with the words that were meant.
    yield from (str(meant) for meant in red_flags.get("heard-as", {}).values() if not _REFERENCE.search(str(meant)))


def _phrases(guide: Guide, beside: Beside) -> Iterator[str]:
    """Return what the product says, cut where something is filled in: what stands there is learned elsewhere."""
    product: Mapping[str, Any] = {**beside.phrases, **guide.phrases}
    spoken = [*product.values(), *(script["sentences"] for script in beside.scripts.values())]
    for texts in spoken:
        for text in (texts,) if isinstance(texts, str) else texts:
            yield from (part for part in _SLOT.split(str(text)) if part.strip(" .,?!"))


def _joined(lists: Mapping[str, Iterable[str]]) -> Iterator[str]:
    return (line for lines in lists.values() for line in lines)


def _read(name: str) -> dict[str, Any]:
    path = shipped("content") / name
    try:
        data = load_yaml(path.name, path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise NoContentError(f"The content file {path.name} is missing. Install Marigold again.") from fault
    assert isinstance(data, dict)
    return data
