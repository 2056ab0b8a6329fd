"""Builds what is said and the state that follows from saying it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assistant.dialogue.actions import Action, Say
from assistant.dialogue.phrases import Phrases
from assistant.dialogue.state import OfferQuestion, Question, Spoken, State
from assistant.guide.model import Entry, Layer, Sentence


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

    def phrase(self, key: str, *, question: Question | None = None, **slots: str) -> tuple[State, tuple[Action, ...]]:
        """Say one of the product's phrases; it does not become what "repeat" repeats."""
        return self.say(self.words(key, **slots), Layer.PRODUCT, question=question, worth_repeating=False)

    def answer(self, entry: Entry, facet: str | None) -> tuple[State, tuple[Action, ...]]:
        """Give an entry's answer, what was asked for first, and offer to lead its routine."""
        sentences = [sentence.text for sentence in entry.lead_with(facet)]
        if sentences[0] != entry.answer[0].text:
            sentences[0] = self._attributed(sentences[0])
        question: OfferQuestion | None = None
        if entry.routine is not None and self.state.flagged is None:
            sentences += self.words("routine_offer")
            question = OfferQuestion(routine=entry.routine)
        return self.say(tuple(sentences), Layer.GUIDE, entry=entry.id, question=question)

    def _attributed(self, sentence: str) -> str:
        """Begin with who says it; sentences other than an answer's first don't say it themselves."""
        intro = self.words("attribution")[0].rstrip(".")
        return f"{intro}: {sentence[0].lower()}{sentence[1:]}"

    def more(self, entry: Entry) -> tuple[State, tuple[Action, ...]]:
        """Give the longer part of an entry's answer."""
        sentences: tuple[Sentence, ...] = entry.more
        return self.say(tuple(s.text for s in sentences), Layer.GUIDE, entry=entry.id, more=True)

    def say(
        self,
        sentences: tuple[str, ...],
        source: Layer,
        *,
        entry: str | None = None,
        more: bool = False,
        urgent: bool = False,
        question: Question | None = None,
        worth_repeating: bool = True,
        keeps_misses: bool = False,
    ) -> tuple[State, tuple[Action, ...]]:
        """Say ``sentences`` in place of what is being said."""
        utterance = f"u{self.state.turns + 1}"
        spoken = Spoken(utterance, sentences, source, entry=entry, more=more, urgent=urgent)
        keep_question = question if question is not None else self.state.question if urgent else None
        state = replace(
            self.state,
            turns=self.state.turns + 1,
            speaking=spoken,
            held=False,
            last=spoken if worth_repeating else self.state.last,
            question=keep_question,
            misses=self.state.misses if keeps_misses else 0,
        )
        return state, (Say(utterance, sentences, source),)
