"""The conversation: ``advance(state, event, now) -> (state, actions)``. No clock, thread, device or file.

Answers come from the guide, warnings from the safety layer, the rest from the product's phrases; a `Say`
names its source, and no sentence mixes two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from assistant.dialogue.actions import Action, Silence, WakeAt
from assistant.dialogue.commands import Commands
from assistant.dialogue.events import Event, PartBack, PartLost, SpeechEnded, Started, Tick, Understood
from assistant.dialogue.phrases import Phrases
from assistant.dialogue.reply import Reply
from assistant.dialogue.state import ClarifyQuestion, SafetyQuestion, State
from assistant.guide.model import Guide, Layer
from assistant.understanding.meaning import Kind, Meaning

FIRST_WINDOW: Final = 120.0
"""Seconds after the start in which no wake phrase is needed: whoever starts the assistant wants to talk to it."""
FOLLOW_UP_WINDOW: Final = 25.0
"""Seconds after the assistant has spoken in which a follow-up needs no wake phrase: time to try what was said
and ask again, short enough to leave other talk alone."""
WAKE_WINDOW: Final = 10.0
"""Seconds to ask after the wake phrase alone."""
MISSES_BEFORE_HELP: Final = 2
"""Turns not understood before the assistant offers what it can do."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What the conversation knows. It holds no state: that is passed in and handed back."""

    guide: Guide
    phrases: Phrases

    def advance(self, state: State, event: Event, now: float) -> tuple[State, tuple[Action, ...]]:
        """Return the state after ``event`` at ``now`` (s, any clock that only goes forward) and what to do."""
        if isinstance(event, Understood):
            return self._understood(state, event, now)
        if isinstance(event, SpeechEnded):
            return self._speech_ended(state, event, now)
        if isinstance(event, Started):
            return self._started(state, event, now)
        if isinstance(event, PartLost | PartBack):
            return self._part(state, event, now)
        assert isinstance(event, Tick)
        return self._tick(state, now)

    # What happens -----------------------------------------------------------------------------------

    def _started(self, state: State, event: Started, now: float) -> tuple[State, tuple[Action, ...]]:
        reply = Reply(self.phrases, replace(state, attentive_until=now + FIRST_WINDOW))
        sentences = reply.words("greeting_typed" if event.typed else "greeting")
        if event.first_use:
            sentences += reply.words("disclaimer_first_use")
        return reply.say(sentences, Layer.PRODUCT)

    def _tick(self, state: State, now: float) -> tuple[State, tuple[Action, ...]]:
        if state.question is not None and now >= state.attentive_until and state.speaking is None:
            return replace(state, question=None), ()
        return state, ()

    def _part(self, state: State, event: PartLost | PartBack, now: float) -> tuple[State, tuple[Action, ...]]:
        lost = isinstance(event, PartLost)
        key = {
            ("microphone", True): "microphone_lost",
            ("microphone", False): "microphone_back",
            ("speaker", True): "speaker_lost",
            ("speaker", False): "speaker_back",
            ("voice", True): "voice_failed",
            ("recogniser", True): "recogniser_restarted",
        }.get((event.part, lost))
        if key is None:
            return state, ()
        reply = Reply(self.phrases, replace(state, attentive_until=now + FOLLOW_UP_WINDOW))
        return reply.say(reply.words(key), Layer.PRODUCT)

    def _speech_ended(self, state: State, event: SpeechEnded, now: float) -> tuple[State, tuple[Action, ...]]:
        if state.speaking is None or state.speaking.utterance != event.utterance:
            return state, ()
        until = max(state.attentive_until, now + FOLLOW_UP_WINDOW)
        return replace(state, speaking=None, held=False, attentive_until=until), (WakeAt(until),)

    def _understood(self, state: State, event: Understood, now: float) -> tuple[State, tuple[Action, ...]]:
        meaning = event.meaning
        meant_for_us = event.typed or meaning.addressed or state.attentive(now)
        if meaning.kind is Kind.RED_FLAG:
            return self._red_flag(state, meaning)
        if not meant_for_us:
            return state, ()
        if meaning.kind is Kind.SILENCE:
            return self._silence(state, meaning, now)
        reply = Reply(self.phrases, replace(state, attentive_until=now + FOLLOW_UP_WINDOW))
        if meaning.kind is Kind.COMMAND and meaning.id is not None:
            return Commands(self.guide, self.phrases).carry_out(reply, meaning)
        chosen = self._chosen(state, meaning)
        if chosen is not None:
            return reply.answer(self.guide.entries[chosen], meaning.facet)
        if meaning.kind is Kind.ANSWER and meaning.id is not None:
            return reply.answer(self.guide.entries[meaning.id], meaning.facet)
        if meaning.kind is Kind.CLARIFY:
            return self._clarify(reply, meaning)
        return self._unknown(reply, meaning)

    # What is said -----------------------------------------------------------------------------------

    def _silence(self, state: State, meaning: Meaning, now: float) -> tuple[State, tuple[Action, ...]]:
        """Wake phrase alone: say that we listen. No words at all: nothing."""
        if not meaning.addressed:
            return state, ()
        stopping: tuple[Action, ...] = (Silence(),) if state.speaking else ()
        woken = replace(state, attentive_until=now + WAKE_WINDOW, held=False)
        after, actions = Reply(self.phrases, woken).phrase("wake_ack")
        return after, (*stopping, *actions)

    def _red_flag(self, state: State, meaning: Meaning) -> tuple[State, tuple[Action, ...]]:
        assert meaning.script is not None
        asks = meaning.tier == "ASK"
        flagged = replace(
            state,
            question=SafetyQuestion(meaning.id or "", meaning.script) if asks else None,
            flagged=state.flagged if asks else meaning.id,
            misses=0,
        )
        reply = Reply(self.phrases, flagged)
        return reply.say(self.phrases.script(meaning.script, meaning.heard), Layer.SAFETY, urgent=True)

    def _clarify(self, reply: Reply, meaning: Meaning) -> tuple[State, tuple[Action, ...]]:
        titles = [self.guide.entries[choice].title for choice in meaning.choices]
        words = reply.words("clarify", a=titles[0], b=titles[1])
        return reply.say(words, Layer.PRODUCT, question=ClarifyQuestion(meaning.choices))

    def _chosen(self, state: State, meaning: Meaning) -> str | None:
        """Return the entry picked after "did you mean A or B": the likelier of the two offered."""
        if not isinstance(state.question, ClarifyQuestion):
            return None
        if meaning.kind is Kind.ANSWER and meaning.id in state.question.choices:
            return meaning.id
        if meaning.kind not in (Kind.CLARIFY, Kind.UNKNOWN):
            return None
        offered = {f"entry:{choice}": choice for choice in state.question.choices}
        return next((offered[r.label] for r in meaning.reasons if r.label in offered), None)

    def _unknown(self, reply: Reply, meaning: Meaning) -> tuple[State, tuple[Action, ...]]:
        open_question = self.guide.unanswered.get(meaning.id) if meaning.id else None
        if open_question is not None:
            sentences = (open_question.speech, *((open_question.safety,) if open_question.safety else ()))
            return reply.say(sentences, Layer.PRODUCT)
        misses = reply.state.misses + 1
        missed = reply.with_state(misses=misses)
        if misses > MISSES_BEFORE_HELP:
            return missed.say((*missed.words("unknown"), *missed.words("help")), Layer.PRODUCT)
        return missed.say(missed.words("unknown"), Layer.PRODUCT, keeps_misses=True)
