"""The conversation: ``advance(state, event, now) -> (state, actions)``. No clock, thread, device or file.

Answers come from the guide, warnings from the safety layer, the rest from the product's phrases; a `Say`
names the source of each sentence, and no sentence mixes two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import Final

from assistant.dialogue.actions import DropCues, Silence, WakeAt
from assistant.dialogue.choosing import Chosen, chosen_of, words_without_wake
from assistant.dialogue.commands import Commands
from assistant.dialogue.events import (
    Begin,
    Event,
    Measured,
    PartBack,
    PartLost,
    Returned,
    Slept,
    SpeechEnded,
    Started,
    Tick,
    Understood,
)
from assistant.dialogue.leading import Leading
from assistant.dialogue.phrases import Phrases
from assistant.dialogue.reply import Line, Outcome, Reply
from assistant.dialogue.returning import Returning
from assistant.dialogue.routine_commands import RoutineCommands
from assistant.dialogue.safety import ASK, EARLY, EMERGENCY, SAFETY_WAIT, Safety, breaks_in, is_release
from assistant.dialogue.state import ClarifyQuestion, SafetyQuestion, State, WhichQuestion
from assistant.dialogue.switching import Switching
from assistant.dialogue.timing import Timing
from assistant.guide.model import Guide, Layer
from assistant.routines.plan import Lengths
from assistant.routines.run import Phase, step_of
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
CHOICES_ASKED: Final = 2
"""How often "did you mean A or B" is asked before the words are taken as something else."""
ABOUT_PADS: Final = frozenset({"pad-temperature", "sleeping-on-a-pad", "patches-and-creams"})
"""What the guide leaves open and whoever has a pad on asks in need: answered also without the wake phrase."""
CLEAR: Final = 0.72
"""Score from which a question is clear enough to be answered without the wake phrase; as for end-pointing."""
CHOICE_WORDS: Final = 6
"""More words than these, not understood, are something else and not a choice."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What the conversation knows. It holds no state: that is passed in and handed back."""

    guide: Guide
    phrases: Phrases
    speed: float = 1.0
    """How many times faster than time the clock runs that events are dated with."""

    @property
    def leading(self) -> Leading:
        """What leads routines."""
        return Leading(self.guide, self.phrases)

    @property
    def timing(self) -> Timing:
        """What time brings to routines."""
        return Timing(self.leading, self.speed)

    def advance(self, state: State, event: Event, now: float) -> Outcome:
        """Return the state after ``event`` at ``now`` (s, any clock that only goes forward) and what to do."""
        if isinstance(event, Tick) and state.woken_at <= now + EARLY:
            state = replace(state, woken_at=inf)  # timers and clocks differ a little: this is the one asked for
        before = state
        state, actions = self._happened(state, event, now)
        drops = [action for action in actions if isinstance(action, DropCues)]
        if drops:
            state = self.timing.dropped(before, state, now, begun=any(drop.begun for drop in drops))
        state = self.timing.noted(state, actions, now)
        if not state.runs:
            return state, actions
        state, due = self.timing.due(state, now)
        state, wake = self.timing.woken(state, now)
        return state, (*actions, *due, *wake)

    def texts_to_measure(self, state: State) -> frozenset[str]:
        """Return the texts of the routines under way whose length has to be known, to say them on their second."""
        return self.timing.texts(state)

    def _happened(self, state: State, event: Event, now: float) -> Outcome:
        if isinstance(event, Understood):
            return self._understood(state, event, now)
        if isinstance(event, SpeechEnded):
            return self._speech_ended(state, event, now)
        if isinstance(event, Started):
            return self._started(state, event, now)
        if isinstance(event, PartLost | PartBack):
            return self._part(state, event, now)
        if isinstance(event, Returned):
            return Returning(self.leading).back(_attentive(state, now + FIRST_WINDOW), event, now)
        if isinstance(event, Begin):
            reply = Reply(self.phrases, _attentive(state, now + FIRST_WINDOW))
            return Switching(self.leading).by_hand(reply, event.routine, now, step=event.step)
        if isinstance(event, Measured):
            return self._measured(state, event), ()
        if isinstance(event, Slept):
            state, drop = self.timing.rescheduled(state, now)
            moved = tuple(replace(run, clock=run.clock.moved(event.seconds)) for run in state.runs)
            return replace(state, runs=moved), drop if moved else ()
        assert isinstance(event, Tick)
        return self._tick(state, now)

    # What happens -----------------------------------------------------------------------------------

    def _started(self, state: State, event: Started, now: float) -> Outcome:
        reply = Reply(self.phrases, _attentive(state, now + FIRST_WINDOW))
        sentences = reply.words("greeting_typed" if event.typed else "greeting")
        if event.first_use:
            sentences += reply.words("disclaimer_first_use")
        return reply.say(sentences, Layer.PRODUCT)

    def _tick(self, state: State, now: float) -> Outcome:
        if isinstance(state.question, SafetyQuestion):
            return Safety(self.phrases).unheard(state, state.question, now)
        if state.question is not None and now + EARLY >= state.attentive_until and state.speaking is None:
            return replace(state, question=None), ()
        return state, ()

    @staticmethod
    def _measured(state: State, event: Measured) -> State:
        if (event.rate, event.voice) != (state.rate, state.voice):
            return state  # the voice has changed meanwhile
        return replace(state, lengths=Lengths({**state.lengths.measured, **event.seconds}, event.rate))

    def _part(self, state: State, event: PartLost | PartBack, now: float) -> Outcome:
        lost = isinstance(event, PartLost)
        key = {
            ("microphone", True): "microphone_lost",
            ("microphone", False): "microphone_back",
            ("speaker", True): "speaker_lost",
            ("speaker", False): "speaker_back",
            ("voice", True): "voice_failed",
            ("recogniser", True): "recogniser_restarted",
            ("forgetting", True): "not_forgotten",
        }.get((event.part, lost))
        if key is None:
            return state, ()
        reply = Reply(self.phrases, _attentive(state, now + FOLLOW_UP_WINDOW))
        speaker = event.part == "speaker"
        if not speaker and state.speaking is not None and state.speaking.urgent:
            return reply.state, ()  # the script matters more than the state of the machine
        if speaker and not lost and state.last is not None and state.last.urgent:
            return reply.again(state.last, *reply.lines(key))  # nobody may have heard it
        return reply.phrase(key, question=state.question)

    def _speech_ended(self, state: State, event: SpeechEnded, now: float) -> Outcome:
        state = _counted(state, event)
        if state.speaking is None:
            return self.timing.silent(state, now)
        if state.speaking.utterance != event.utterance:
            return state, ()
        silent = replace(_attentive(state, now + FOLLOW_UP_WINDOW), speaking=None, held=False)
        if isinstance(silent.question, SafetyQuestion):
            deadline = now + SAFETY_WAIT
            return replace(silent, question=replace(silent.question, deadline=deadline)), (WakeAt(deadline),)
        after, actions = self.timing.silent(silent, now)
        return after, (WakeAt(silent.attentive_until), *actions)

    def _understood(self, state: State, event: Understood, now: float) -> Outcome:
        meaning = event.meaning
        safety = Safety(self.phrases)
        if meaning.kind is Kind.RED_FLAG:
            return self._flagged(state, meaning, now)
        if not self.takes(state, event, now):
            return state, ()
        if meaning.kind is Kind.SILENCE:
            return self._silence(state, meaning, now)
        reply = Reply(self.phrases, _attentive(state, now + FOLLOW_UP_WINDOW))
        if is_release(self.phrases, state, meaning):
            return safety.release(reply)
        outcome: Outcome | None = None
        if isinstance(state.question, SafetyQuestion):
            outcome = safety.answered(reply, state.question, meaning)
        elif isinstance(state.question, ClarifyQuestion):
            outcome = self._chosen(reply, state.question, meaning)
        elif isinstance(state.question, WhichQuestion):
            outcome = self._routine_commands.chosen(reply, state.question, meaning, now)
        return outcome or self._replied(reply, meaning, now)

    @property
    def _routine_commands(self) -> RoutineCommands:
        return RoutineCommands(self.leading, self.timing)

    def _flagged(self, state: State, meaning: Meaning, now: float) -> Outcome:
        """Let the safety layer speak; clocks stop while it asks, and end where it warns. A pad comes off first."""
        before: tuple[Line, ...] = ()
        stops = meaning.tier not in (ASK, "D")
        ended = state
        for run in state.runs:
            pad = step_of(run, self.guide).pad is not None
            if stops:
                # An emergency number comes first, but for a pad; else a hold or a press is let go of too.
                before += self.leading.early(run) if pad or meaning.tier != EMERGENCY else ()
                ended = self.leading.put_away(ended, run, now)
            elif run.phase in (Phase.RUNNING, Phase.ANNOUNCED):
                before += self.leading.words.phrase("pad_meanwhile") if pad else ()
                stood = replace(run, clock=run.clock.stopped(now), phase=Phase.PAUSED, paused_in=Phase.RUNNING)
                ended = ended.with_run(stood)
        after, actions = Safety(self.phrases).raise_flag(ended, meaning, before)
        return after, (DropCues(), *actions) if state.runs else actions

    def takes(self, state: State, event: Understood, now: float) -> bool:
        """Return whether words are meant for the assistant, and may be heard now."""
        meaning = event.meaning
        if event.typed or meaning.kind is Kind.RED_FLAG:
            return True
        if state.speaking is not None and state.speaking.urgent:
            return breaks_in(self.phrases, state, meaning)
        if meaning.addressed or state.always_listening:
            return True
        if state.runs and not state.attentive(now):
            return self._taken_in_routine(state, meaning)
        if state.held and now >= state.attentive_until:
            return meaning.kind is Kind.COMMAND  # it waits for "go on", not for other people's talk
        return state.attentive(now)

    @staticmethod
    def _taken_in_routine(state: State, meaning: Meaning) -> bool:
        """Return whether words without the wake phrase are meant for a routine that has been silent for a while.

        Whole commands are: other people's talk is seldom one. What is only like a command, or a clear question, is
        taken where it waits for the person, or counts seconds; in a long wait the television would be answered.
        """
        if meaning.kind is Kind.COMMAND:
            return meaning.literal or meaning.id == "stop" or state.waits_for_person
        if meaning.id is not None and meaning.kind is Kind.UNKNOWN:
            return meaning.id in ABOUT_PADS
        return meaning.kind is Kind.ANSWER and meaning.score >= CLEAR and not state.in_long_wait

    # What is said -----------------------------------------------------------------------------------

    def _replied(self, reply: Reply, meaning: Meaning, now: float) -> Outcome:
        if meaning.kind is Kind.COMMAND and meaning.id is not None:
            led = self._routine_commands.carry_out(reply, meaning, now)
            return led or self._at_the_voice(Commands(self.leading, now).carry_out(reply, meaning), now)
        if meaning.kind is Kind.ANSWER and meaning.id in self.guide.entries:
            return reply.answer(self.guide.entries[meaning.id], meaning.facet)
        if meaning.kind is Kind.CLARIFY and meaning.choices:
            return self._clarify(reply, ClarifyQuestion(meaning.choices))
        return self._unknown(reply, meaning)

    def _at_the_voice(self, outcome: Outcome, now: float) -> Outcome:
        """Give out the cues anew where the voice or the cadence that they were planned with may have changed."""
        state, actions = outcome
        if not any(run.phase is Phase.RUNNING for run in state.runs):
            return outcome
        state, drop = self.timing.rescheduled(state, now)
        return state, (*drop, *actions)

    def _silence(self, state: State, meaning: Meaning, now: float) -> Outcome:
        """Wake phrase alone: say that we listen. No words at all: nothing."""
        if not meaning.addressed:
            return state, ()
        woken = replace(_attentive(state, now + WAKE_WINDOW), held=False)
        after, actions = Reply(self.phrases, woken).phrase("wake_ack", question=state.question)
        return after, ((Silence(),) if state.speaking else ()) + actions

    def _clarify(self, reply: Reply, question: ClarifyQuestion, *before: Line) -> Outcome:
        titles = [self.guide.entries[choice].title for choice in question.choices]
        if len(titles) == 1:
            return reply.answer(self.guide.entries[question.choices[0]], None)
        key = "clarify" if len(titles) == 2 else "clarify_three"
        slots = dict(zip("abc", titles, strict=False))
        lines = (*before, *reply.lines(key, **slots))
        return reply.say_lines(lines, Layer.PRODUCT, question=replace(question, choices=question.choices[:3]))

    def _chosen(self, reply: Reply, question: ClarifyQuestion, meaning: Meaning) -> Outcome | None:
        """Return the reply to words after "did you mean A or B"; None where they are something else."""
        chosen = chosen_of(question.choices, meaning, self.guide, self.phrases)
        if chosen is Chosen.NEITHER:
            return reply.phrase("neither_ack")
        if chosen is Chosen.BOTH:
            first, second = (self.guide.entries[choice] for choice in question.choices[:2])
            return reply.answer(first, meaning.facet, then=second)
        if chosen is not None:
            return reply.answer(self.guide.entries[chosen], meaning.facet)
        vague = meaning.kind in (Kind.UNKNOWN, Kind.CLARIFY) and meaning.id is None
        if vague and question.asked < CHOICES_ASKED and len(words_without_wake(meaning).split()) <= CHOICE_WORDS:
            return self._clarify(reply, replace(question, asked=question.asked + 1), *reply.lines("choose_again"))
        return None

    def _unknown(self, reply: Reply, meaning: Meaning) -> Outcome:
        left_open = self.guide.unanswered.get(meaning.id) if meaning.id else None
        if left_open is not None:
            safety = ((left_open.safety, Layer.SAFETY),) if left_open.safety else ()
            return reply.say_lines(((left_open.speech, Layer.PRODUCT), *safety), Layer.PRODUCT)
        misses = reply.state.misses + 1
        missed = reply.with_state(misses=misses)
        if reply.state.runs:
            return missed.say(missed.words("unknown_in_routine"), Layer.PRODUCT, keeps_misses=True)
        if misses > MISSES_BEFORE_HELP:
            return missed.say((*missed.words("unknown"), *missed.words("help")), Layer.PRODUCT)
        return missed.say(missed.words("unknown"), Layer.PRODUCT, keeps_misses=True)


def _attentive(state: State, until: float) -> State:
    """Return ``state`` listening at least until then; a window is never shortened."""
    return replace(state, attentive_until=max(state.attentive_until, until))


def _counted(state: State, event: SpeechEnded) -> State:
    """Return ``state`` knowing how much of what can be gone on with has come out."""
    if state.last is None or state.last.utterance != event.utterance:
        return state
    whole = len(state.last.sentences)
    return replace(state, said=whole if event.finished else min(max(state.said + event.sentences_done, 0), whole))
