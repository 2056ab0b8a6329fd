"""What a guide is made of. Frozen values, validated as they are built; no file is read here."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LEADING_FACETS = frozenset({"how-long", "does-it-hurt", "order", "healing-time", "what-is-it", "why"})
"""Facets that are asked for so plainly that their part of an answer comes first."""


class _Value(BaseModel):
    """A frozen value that refuses keys it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Layer(StrEnum):
    """Who says a sentence. Speech keeps the layers apart."""

    GUIDE = "guide"
    SAFETY = "safety"
    PRODUCT = "product"


class Fact(_Value):
    """One separate statement of the document, in our own words."""

    id: str = Field(pattern=r"^F\d{2,}$")
    entry: str
    says: str
    figures: tuple[str, ...] = ()
    """The figures of the fact with their units, such as "30 to 60 seconds"."""
    must: tuple[tuple[str, ...], ...] = ()
    """Groups of words; at least one of each group occurs where the fact is spoken."""


class Sentence(_Value):
    """One sentence to be spoken, with the facts it carries."""

    text: str
    facts: tuple[str, ...] = ()
    layer: Layer = Layer.GUIDE
    facet: str | None = None
    """Which side of the question it answers: ``how-long``, ``how``, ``why`` …"""


class ConceptRule(_Value):
    """What concepts mean for an entry.

    A question without any of ``needs`` is not for this entry; ``prefers`` count for it, ``forbids`` against.
    """

    needs: tuple[str, ...] = ()
    prefers: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()


class Entry(_Value):
    """One question of the document with its answer and the ways people ask it."""

    id: str
    title: str
    question: str
    answer: tuple[Sentence, ...] = Field(min_length=1)
    more: tuple[Sentence, ...] = ()
    asks: dict[str, tuple[str, ...]] = {}
    """Ways of asking by author batch, as a recogniser would write them."""
    concepts: ConceptRule = ConceptRule()
    routine: str | None = None

    @property
    def ways(self) -> tuple[str, ...]:
        """All ways of asking, the document's own question first."""
        return (self.question, *(line for batch in self.asks.values() for line in batch))

    def lead_with(self, facet: str | None) -> tuple[Sentence, ...]:
        """Return the answer's sentences, those of ``facet`` first; as written where it has none."""
        first = tuple(s for s in self.answer if facet in LEADING_FACETS and s.facet == facet)
        return first + tuple(s for s in self.answer if s not in first)


class Unanswered(_Value):
    """A question that people ask and the guide does not answer, and what is said then."""

    id: str
    title: str
    asks: tuple[str, ...] = Field(min_length=1)
    speech: str
    safety: str | None = None


class StepKind(StrEnum):
    """How a step of a routine ends."""

    TIMED = "timed"
    UNTIMED = "untimed"
    OPEN_ENDED = "open-ended"
    POSITION = "position"
    BREAK = "break"


class Pad(StrEnum):
    """What lies on the skin during a step, and has to come off at its end."""

    HEAT = "heat"
    COLD = "cold"


class Step(_Value):
    """One step of a routine; figures are in seconds and are limits."""

    id: str
    say: tuple[str, ...] = Field(min_length=1)
    kind: StepKind
    seconds: float | None = Field(default=None, gt=0)
    extend_to: float | None = Field(default=None, gt=0)
    check_in: float | None = Field(default=None, gt=0)
    """Every so many seconds of an open-ended step; the product's own figure, announced as such."""
    check_ins: tuple[str, ...] = ()
    """What is said then, in turn, again and again."""
    skin_checks: tuple[float, ...] = ()
    skin_check: str | None = None
    """What is said at each of ``skin_checks``."""
    pad: Pad | None = None
    """Then the end of the step is repeated until the person says that the pad is off."""
    rest: float | None = Field(default=None, gt=0)
    """Seconds after a pad came off in which a new start counts what was used before."""
    begin: str | None = None
    """What is said on the first second of the clock."""
    ready: str | None = None
    waits: bool = True
    """Whether an untimed step goes on until the person ends it; otherwise it is over once it was said."""
    done: str | None = None
    alarm: tuple[str, ...] = ()
    """What follows ``done`` until it is acknowledged, each more urgent than the one before."""
    early: str | None = None
    """What is said where the step ends early: a pad has to come off then too."""
    again: str | None = None
    """Offers to go on to ``extend_to``."""
    resting: str | None = None
    """What is said where it is started again before ``rest`` is over, all of its time used up."""
    facts: tuple[str, ...] = ()


class Routine(_Value):
    """A guided routine: what is needed, what is said before, and its steps in order."""

    id: str
    title: str
    names: tuple[str, ...] = ()
    """What people call it while it runs: "the pad", "the pressing"."""
    offer: str | None = None
    """How it is offered after an answer."""
    needs: tuple[str, ...] = ()
    describe: tuple[str, ...] = Field(min_length=1)
    before: tuple[str, ...] = ()
    finish: tuple[str, ...] = ()
    """What is said when all of it is done."""
    steps: tuple[Step, ...] = Field(min_length=1)
    facts: tuple[str, ...] = ()
    asks: dict[str, tuple[str, ...]] = {}
    """Ways of asking for it to be started, by author batch."""


class Vocabulary(_Value):
    """Colloquial words and phrases for concepts, and what recognisers make of domain words."""

    concepts: dict[str, tuple[str, ...]] = {}
    sound_alikes: dict[str, str] = {}


class Subject(_Value):
    """What the guide is about: who names one of ``others`` and none of ``own`` asks about something else."""

    own: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    """Concepts that tell how is asked and not what about ("how long", "why"): alone they name no subject."""
    pointers: tuple[str, ...] = ()
    """Words that point at a subject without naming it ("it", "this")."""


class Guide(_Value):
    """A whole content pack."""

    id: str
    title: str
    language: Literal["en"] = "en"
    attribution: str
    entries: dict[str, Entry]
    facts: dict[str, Fact] = {}
    routines: dict[str, Routine] = {}
    unanswered: dict[str, Unanswered] = {}
    vocabulary: Vocabulary = Vocabulary()
    subject: Subject = Subject()
    """Concepts of the vocabulary."""
    phrases: dict[str, tuple[str, ...]] = {}
    """What the product says otherwise with this guide, by its keys."""
    off_topic: tuple[str, ...] = ()
    """Authored questions that this guide has nothing on: they teach the matcher what to refuse."""
    copied_runs: frozenset[str] = frozenset()
    """Digests of the document's runs of six words, so that copies are found without the document."""
