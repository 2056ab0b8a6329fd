"""Builds what is said and the state that follows from saying it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from assistant.dialogue.actions import Action, Say
from assistant.dialogue.phrases import Phrases
from assistant.dialogue.state import OfferQuestion, Question, Spoken, State
from assistant.guide.model import Entry, Layer, Sentence

Line = tuple[str, Layer]
"""One sentence and who says it."""
Outcome = tuple[State, tuple[Action, ...]]
OFFER: Final = "offer:"
"""Key of the words with which a guide offers a routine of its own, before the routine's id."""
_ATTRIBUTED: Final = "the guide"
"""A sentence that names the guide says itself whose it is."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply in the making to what was said in ``state``."""

    phrases: Phrases
    state: State

    def with_state(self, *, misses: int) -> Reply:
        """Return this reply with another count of misses."""
        return Reply(self.phrases, replace(self.state, misses=misses))

    def words(self, key: str, **slots: str) -> tuple[str, ...]:
        """Return the sentences of a phrase, its variant taken by turn."""
        return self.phrases.say(key, self.state.turns, **slots)

    def lines(self, key: str, layer: Layer = Layer.PRODUCT, /, **slots: str) -> tuple[Line, ...]:
        """Return the sentences of a phrase with who says them."""
        return tuple((sentence, layer) for sentence in self.words(key, **slots))

    def phrase(self, key: str, *, question: Question | None = None, **slots: str) -> Outcome:
        """Say one of the product's phrases; it does not become what "repeat" repeats."""
        return self.say(self.words(key, **slots), Layer.PRODUCT, question=question, worth_repeating=False)

    def answer(self, entry: Entry, facet: str | None, *, then: Entry | None = None) -> Outcome:
        """Give an entry's answer, what was asked for first, and offer ``then``, or to lead its routine."""
        lines = _lines(entry.lead_with(facet))
        first, layer = lines[0]
        if first != entry.answer[0].text and layer is Layer.GUIDE and _ATTRIBUTED not in first.lower():
            lines = ((self._attributed(first), layer), *lines[1:])
        question: OfferQuestion | None = None
        if then is not None:
            lines += self.lines("offer_entry", title=then.title)
            question = OfferQuestion(entry=then.id)
        elif entry.routine is not None and self.state.may_lead and not self.state.runs:
            own = f"{OFFER}{entry.routine}"
            lines += self.lines(own if own in self.phrases else "routine_offer")
            question = OfferQuestion(routine=entry.routine)
        return self.say_lines(lines, Layer.GUIDE, entry=entry.id, question=question)

    def _attributed(self, sentence: str) -> str:
        """Begin with who says it; sentences other than an answer's first don't say it themselves."""
        intro = self.words("attribution")[0].rstrip(".")
        return f"{intro}: {sentence[0].lower()}{sentence[1:]}"

    def more(self, entry: Entry) -> Outcome:
        """Give the longer part of an entry's answer."""
        return self.say_lines(_lines(entry.more), Layer.GUIDE, entry=entry.id, more=True)

    def again(self, spoken: Spoken, *before: Line) -> Outcome:
        """Say ``spoken`` once more from its begin, after ``before``; an open question stays open."""
        said = replace(
            spoken,
            sentences=(*(text for text, _ in before), *spoken.sentences),
            layers=(*(layer for _, layer in before), *_layers(spoken)),
        )
        return self._say(said, whole=spoken, said=-len(before), question=self._asked(spoken))

    def rest(self, spoken: Spoken, said: int) -> Outcome:
        """Say what is left of ``spoken`` after ``said`` sentences."""
        left = replace(spoken, sentences=spoken.sentences[said:], layers=_layers(spoken)[said:])
        return self._say(left, whole=spoken, said=said, question=self._asked(spoken))

    def _asked(self, spoken: Spoken) -> Question | None:
        """Return the question that is open once ``spoken`` was said again."""
        return self.state.question or spoken.asks

    def say_lines(
        self,
        lines: Sequence[Line],
        source: Layer,
        *,
        entry: str | None = None,
        more: bool = False,
        tier: str | None = None,
        question: Question | None = None,
        routine: str | None = None,
        intro: bool = False,
    ) -> Outcome:
        """Say sentences of several layers, each with its own; ``tier`` makes it a script that is read to its end.

        ``routine`` is the one that this leads, ``intro`` that it comes before its first step.
        """
        spoken = Spoken(
            "",
            tuple(text for text, _ in lines),
            source,
            tuple(layer for _, layer in lines),
            entry=entry,
            more=more,
            urgent=tier is not None,
            tier=tier,
            routine=routine,
            intro=intro,
        )
        return self._say(spoken, whole=spoken, question=question)

    def say(
        self,
        sentences: tuple[str, ...],
        source: Layer,
        *,
        question: Question | None = None,
        worth_repeating: bool = True,
        keeps_misses: bool = False,
    ) -> Outcome:
        """Say ``sentences``, all of one layer, in place of what is being said."""
        spoken = Spoken("", sentences, source, (source,) * len(sentences))
        whole = spoken if worth_repeating else None
        return self._say(spoken, whole=whole, question=question, keeps_misses=keeps_misses)

    def _say(
        self,
        spoken: Spoken,
        *,
        whole: Spoken | None,
        said: int = 0,
        question: Question | None = None,
        keeps_misses: bool = False,
    ) -> Outcome:
        utterance = f"u{self.state.turns + 1}"
        spoken = replace(spoken, utterance=utterance, asks=question)
        state = replace(
            self.state,
            turns=self.state.turns + 1,
            speaking=spoken,
            held=False,
            last=self.state.last if whole is None else replace(whole, utterance=utterance, asks=question),
            said=self.state.said if whole is None else said,
            question=question,
            misses=self.state.misses if keeps_misses else 0,
        )
        return state, (Say(utterance, spoken.sentences, spoken.source, spoken.layers),)


def _lines(sentences: Sequence[Sentence]) -> tuple[Line, ...]:
    return tuple((sentence.text, sentence.layer) for sentence in sentences)


def _layers(spoken: Spoken) -> tuple[Layer, ...]:
    return spoken.layers or (spoken.source,) * len(spoken.sentences)
