"""Everything of a pack that is spoken, with the place it stands at and who says it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.guide.model import Entry, Guide, Layer, Routine, Step
from assistant.language import sentences_of

FACTS = "facts.yaml"
UNANSWERED = "unanswered.yaml"


@dataclass(frozen=True, slots=True)
class Spoken:
    """One text that is spoken."""

    file: str
    place: str
    text: str
    layer: Layer
    facts: tuple[str, ...] = ()
    """The facts that it may take its figures from."""


def entry_file(name: str) -> str:
    """Return the file of an entry."""
    return f"entries/{name}.md"


def routine_file(name: str) -> str:
    """Return the file of a routine."""
    return f"routines/{name}.yaml"


def source_name(guide: Guide) -> str:
    """Return what the guide calls itself: "the guide" where the attribution is "the guide says"."""
    words = guide.attribution.lower().split()
    return " ".join(words[:-1] or words)


def is_disowned(text: str, guide: Guide) -> bool:
    """Return whether ``text`` says of itself that it isn't the guide's."""
    return re.search(rf"\bnot (?:from )?{re.escape(source_name(guide))}\b", text.lower()) is not None


def spoken_by(guide: Guide) -> Iterator[Spoken]:
    """Give every sentence of answers and routines, every title, and what is said to unanswered questions."""
    for entry in guide.entries.values():
        yield from spoken_of_entry(entry)
    for routine in guide.routines.values():
        yield from spoken_of_routine(routine, guide)
    every_fact = tuple(guide.facts)
    for item in guide.unanswered.values():
        yield Spoken(UNANSWERED, f"{item.id} title", item.title, Layer.PRODUCT)
        yield Spoken(UNANSWERED, f"{item.id} speech", item.speech, Layer.GUIDE, every_fact)
        if item.safety is not None:
            yield Spoken(UNANSWERED, f"{item.id} safety", item.safety, Layer.SAFETY)


def spoken_of_entry(entry: Entry) -> Iterator[Spoken]:
    """Give an entry's title and sentences."""
    file = entry_file(entry.id)
    yield Spoken(file, "title", entry.title, Layer.PRODUCT)
    for part, sentences in (("answer", entry.answer), ("more", entry.more)):
        for number, sentence in enumerate(sentences, start=1):
            yield Spoken(file, f"{part} {number}", sentence.text, sentence.layer, sentence.facts)


def spoken_of_routine(routine: Routine, guide: Guide) -> Iterator[Spoken]:
    """Give a routine's title and sentences."""
    file = routine_file(routine.id)
    yield Spoken(file, "title", routine.title, Layer.PRODUCT)
    for thing in routine.needs:
        yield Spoken(file, "needs", thing, Layer.PRODUCT)
    for text in routine.describe:
        for sentence in sentences_of(text):
            layer = Layer.PRODUCT if is_disowned(sentence, guide) else Layer.GUIDE
            yield Spoken(file, "describe", sentence, layer, routine.facts)
    for text in routine.before:  # what is said before a routine is the safety layer's
        for sentence in sentences_of(text):
            yield Spoken(file, "before", sentence, Layer.SAFETY)
    for place, texts, facts in (
        *((f"step {step.id}", texts_of_step(step), step.facts) for step in routine.steps),
        ("finish", routine.finish, routine.facts),
    ):
        for text in texts:
            for sentence in sentences_of(text):
                layer = Layer.PRODUCT if is_disowned(sentence, guide) else Layer.GUIDE
                yield Spoken(file, place, sentence, layer, facts)


def texts_of_step(step: Step) -> tuple[str, ...]:
    """Return all that a step says."""
    single = (step.ready, step.begin, step.skin_check, step.done, step.again, step.early, step.resting)
    return (*step.say, *step.check_ins, *step.alarm, *(text for text in single if text is not None))
