"""The assistant itself: all rooms built and joined. One event loop owns the state.

Threads and callbacks only hand events over to the loop; the loop understands, advances the dialogue, and carries
out what it wants done.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from assistant.clock import Clock
from assistant.content import Content
from assistant.dialogue import actions, events
from assistant.dialogue.advance import Dialogue
from assistant.dialogue.safety import is_release
from assistant.dialogue.state import ClarifyQuestion, State
from assistant.dialogue.view import RoutineView, views_of
from assistant.guide.model import Layer
from assistant.hearing.events import CommandSpotted, Heard, HeardSoFar, HearingEvent, HearingFailed, Hypothesis
from assistant.hearing.listening import Listening
from assistant.hearing.recogniser import UNKNOWN, join
from assistant.own_words import OwnWords
from assistant.remembering import Remembering
from assistant.screen import Screen, Timing
from assistant.settings import Settings, voice_settings
from assistant.speaking.cue_voice import CueBegan, CueEnded
from assistant.speaking.mouth import MouthEvent, SentenceBegan, SpeakingBegan, SpeakingEnded
from assistant.stand_in import answer_of
from assistant.understanding.interpret import Weighted
from assistant.understanding.meaning import Context, Kind, Meaning
from assistant.understanding.wake import WAKE_PHRASES
from assistant.voices import Voices

GRAMMAR_WORDS: Final = 3
"""What the grammar recogniser takes for a command counts only where the open one heard about as few words."""
COMPLETE_SCORE: Final = 0.72
"""Share of the vote from which an answer is taken without waiting for more words."""
UNSURE_PAUSE: Final = 0.4
"""Seconds of silence after what is understood, but less surely: the goal of 0.6 s to the first sound less what
final decoding, voice and output take (0.15 s)."""
COMPLETE_WORDS: Final = 4
"""Fewer words are seldom a whole question: "how long" waits for more."""

_AT_ONCE: Final = (actions.Silence, actions.Hold, actions.DropCues)
"""Actions that make it quieter: these come before what takes time."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A typed line; None is the end of the keyboard's input."""

    line: str | None


@dataclass(frozen=True, slots=True)
class _LastTurn:
    """What was taken last, for the case that it was only the begin of what the person wanted to say."""

    readings: tuple[Hypothesis, ...]
    before: State
    meaning: Meaning


class Assistant:
    """Joins hearing, understanding, dialogue and speaking. Build it inside a running event loop."""

    def __init__(
        self,
        content: Content,
        settings: Settings,
        make_voices: Callable[[Callable[[object], None], Clock], Voices],
        screen: Screen,
        *,
        listen: Callable[[Listening], None] = lambda _: None,
        clock: Clock | None = None,
        remembering: Remembering | None = None,
    ) -> None:
        self._content = content
        self._clock = clock or Clock()
        self._dialogue = Dialogue(content.guide, content.phrases, self._clock.speed)
        self._screen = screen
        self._listen = listen
        self._remembering = remembering or Remembering(None)
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[object] = asyncio.Queue()
        self._voices = make_voices(self.hand_over, self._clock)
        self._own = OwnWords(self._voices.words_played)
        begin = State(always_listening=settings.always_listening, rate=settings.rate, volume=settings.volume)
        self.state = self._remembering.started(begin)
        chosen = replace(voice_settings(settings), rate=self.state.rate, volume=self.state.volume)
        self._voices.use_settings(chosen, self.state.voice)
        self._cues: dict[str, actions.SayAt] = {}
        self._stand_in = False
        self._waiting: tuple[Heard, float, float] | None = None
        self._last_turn: _LastTurn | None = None
        self._alone = frozenset(content.phrases.variants("spotted_alone"))
        self._commands = (*content.phrases.variants("spotted"), *WAKE_PHRASES)
        self._routine_commands = (*content.phrases.variants("heard_in_routine"), *WAKE_PHRASES)

    # From any thread -------------------------------------------------------------------------------

    def hand_over(self, event: object) -> None:
        """Hand an event over to the loop. A loop that has ended takes no more."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._queue.put_nowait, event)

    def pause_needed(self, readings: Sequence[Hypothesis]) -> float:
        """Return how much silence (s) ends a turn with these readings. Called by the ear's thread."""
        meaning = self._understand(readings)
        if meaning.kind is Kind.COMMAND:
            return 0.0
        words = len(readings[0].text.split()) if readings else 0
        left_open = meaning.kind is Kind.UNKNOWN and meaning.id is not None
        known = left_open or meaning.kind in (Kind.ANSWER, Kind.RED_FLAG, Kind.CLARIFY)
        if not known or words < COMPLETE_WORDS:
            return math.inf
        sure = meaning.kind is not Kind.CLARIFY and meaning.score >= COMPLETE_SCORE
        return 0.0 if sure else UNSURE_PAUSE

    # The loop ----------------------------------------------------------------------------------------

    async def run(self, *, typed: bool, first_use: bool, greet: bool = True, begin: events.Begin | None = None) -> None:
        """Talk until cancelled or until typed input ends. With ``begin`` it leads that routine, and ends with it."""
        self._set_listening()
        returned = self._remembering.returned()
        if returned is not None:
            self._advance(returned)
        if greet and (returned is None or not returned.kept.runs):
            self._advance(events.Started(typed=typed, first_use=first_use))
        under_way = {kept.run.routine for kept in returned.kept.runs} if returned is not None else set()
        if begin is not None and begin.routine not in under_way:
            self._advance(begin)
        while begin is None or self.state.runs:
            event = await self._queue.get()
            if isinstance(event, Typed) and event.line is None:
                break
            self._handle(event)
        await self._finish_speaking()

    async def _finish_speaking(self) -> None:
        while self.state.speaking is not None or (self._cues and not self.state.runs):
            self._handle(await self._queue.get())

    def _handle(self, event: object) -> None:
        if isinstance(event, HearingEvent):
            self._handle_hearing(event)
        elif isinstance(event, MouthEvent):
            self._handle_mouth(event)
        elif isinstance(event, Typed) and event.line:
            meaning = self._content.interpreter.interpret([event.line], self.state.context())
            self._advance(events.Understood(meaning, typed=True))
        elif isinstance(event, CueBegan):
            if event.cue_id in self._cues:
                cue = self._cues[event.cue_id]
                self._screen.counts(cue.text, cue.moment)
        elif isinstance(event, CueEnded):
            self._cues.pop(event.cue_id, None)
        elif isinstance(event, events.Tick):
            slept = self._remembering.time_went_on(self.state, self._clock.now())
            if slept is not None:
                self._advance(slept)
            self._advance(event)
        elif isinstance(event, events.PartLost | events.PartBack | events.Measured):
            self._advance(event)
        if isinstance(event, events.Tick | SpeakingEnded | CueEnded):
            self._stand_in_for_person()

    def _handle_hearing(self, event: HearingEvent) -> None:
        if isinstance(event, HeardSoFar):
            self._screen.heard_so_far(event.text)
        elif isinstance(event, CommandSpotted):
            self._spotted(event)
        elif isinstance(event, Heard):
            self._heard(event)
        elif isinstance(event, HearingFailed):
            self._screen.notice(f"Hearing failed and was started again ({event.reason}).")
            self._advance(events.PartLost("recogniser"))

    def is_own(self, event: CommandSpotted) -> bool:
        """Return whether the assistant's own voice was taken for a command. Called by the ear's thread."""
        now = time.monotonic()
        if self._own.explain_command(event.text, now):
            return True
        agreed = f" {event.said}".endswith(f" {event.text}")
        return not agreed and self._own.explain_voice(event.said, now)

    def _spotted(self, event: CommandSpotted) -> None:
        if self.state.speaking is None and not self.state.runs:
            return
        self._screen.heard(event.text)
        meaning = self._content.interpreter.interpret([event.text], Context.SPEAKING)
        self._advance(events.Understood(replace(meaning, addressed=True)))

    def _heard(self, event: Heard) -> None:
        woken = event.spotted in WAKE_PHRASES
        if not set(event.text.split()) - {UNKNOWN} or (event.spotted is not None and not woken):
            return
        arrived = time.monotonic()
        readings = self._readings(event)
        if woken and self._understand(readings).kind is Kind.SILENCE:
            return  # its name alone has had its answer; what was said in the same breath has not
        length = event.ended - event.began
        began = arrived - length - event.stages.endpointing
        mine = self._own.explain(event.text, began, arrived)
        meaning = (self._rest_of_last(readings) if event.goes_on and not mine else None) or self._understand(readings)
        if mine and self.state.runs and meaning.kind is Kind.COMMAND and meaning.literal:
            mine = not self._own.embeds(
                event.text, began, began + length
            )  # "say next": who answers quickly says it too
        if mine or (self._speaks() and not self._gets_through(meaning)):
            self._screen.ignored(event.text)
            return
        if not self._dialogue.takes(self.state, events.Understood(meaning), self._clock.at(arrived)):
            self._screen.ignored(event.text)
            return
        self._screen.heard(event.text)
        self._waiting = (event, time.monotonic() - arrived, time.monotonic())
        self._last_turn = _LastTurn(tuple(readings), self.state, meaning)
        self._advance(events.Understood(meaning))

    def _rest_of_last(self, readings: Sequence[Hypothesis]) -> Meaning | None:
        """Return what the last turn and this one mean together, where that is more than the last one alone.

        Whoever stops for breath where the sentence could have ended is answered too early; then the conversation
        goes on from before that answer.
        """
        last, self._last_turn = self._last_turn, None
        if last is None or last.meaning.kind not in (Kind.ANSWER, Kind.CLARIFY):
            return None
        joined = join([last.readings, tuple(readings)])
        weighted = [Weighted(r.text, r.weight) for r in joined]
        meaning = self._content.interpreter.interpret(weighted, last.before.context())
        if meaning.asks_for == last.meaning.asks_for or (meaning.kind is Kind.UNKNOWN and meaning.id is None):
            return None
        self.state = replace(last.before, turns=self.state.turns)
        return meaning

    def _speaks(self) -> bool:
        return self.state.speaking is not None and not self.state.held

    def _gets_through(self, meaning: Meaning) -> bool:
        """Half duplex: while the assistant speaks, only these are heard.

        A clear question breaks into what the product says of itself (a greeting, an offer), not into an answer;
        the answer to "did you mean A or B" may come before B was said.
        """
        if meaning.addressed or meaning.kind in (Kind.RED_FLAG, Kind.COMMAND):
            return True
        if isinstance(self.state.question, ClarifyQuestion) or is_release(self._content.phrases, self.state, meaning):
            return True
        spoken = self.state.speaking
        clear = meaning.kind is Kind.ANSWER and meaning.score >= COMPLETE_SCORE
        return clear and spoken is not None and spoken.source is Layer.PRODUCT

    def _readings(self, event: Heard) -> list[Hypothesis]:
        """Return the readings; what the grammar takes for a whole command stands beside them."""
        readings = list(event.hypotheses)
        if event.grammar and len(event.text.split()) <= GRAMMAR_WORDS:
            readings.insert(1, Hypothesis(event.grammar, readings[0].weight))
        return readings

    def _understand(self, readings: Iterable[Hypothesis]) -> Meaning:
        weighted = [Weighted(r.text, r.weight) for r in readings]
        return self._content.interpreter.interpret(weighted, self.state.context())

    def _handle_mouth(self, event: MouthEvent) -> None:
        if isinstance(event, SpeakingBegan):
            self._report_timing(event)
        elif isinstance(event, SentenceBegan):
            self._voices.sentence = self._voices.before + event.index
        elif isinstance(event, SpeakingEnded):
            self._speaking_ended(event)

    def _speaking_ended(self, event: SpeakingEnded) -> None:
        spoken = self.state.speaking
        current = spoken is not None and spoken.utterance == event.utterance_id
        if current and event.how == "stopped" and self._voices.begun_again:
            self._voices.begun_again -= 1
            return
        if event.how == "failed":
            self._screen.notice("The voice failed; the answer is on the screen.")
        done = event.sentences_done + (self._voices.before if current else 0)
        self._advance(events.SpeechEnded(event.utterance_id, event.how == "finished", done))

    def _report_timing(self, event: SpeakingBegan) -> None:
        if self._waiting is None:
            return
        heard, understanding, then = self._waiting
        self._waiting = None
        speaking = max(0.0, event.at - then)
        stages = heard.stages
        self._screen.timing(Timing(stages.endpointing, stages.final_result, understanding, speaking))

    def _advance(self, event: events.Event) -> None:
        """Take in an event. Silence comes first, then what has changed is written down, then the rest is done."""
        now, before = self._clock.now(), self.state
        self.state, wanted = self._dialogue.advance(before, event, now)
        for action in wanted:
            if isinstance(action, _AT_ONCE):
                self._carry_out(action)
        self._remembering.changed(before, self.state, now)
        for action in wanted:
            if not isinstance(action, _AT_ONCE):
                self._carry_out(action)
        problem = self._remembering.news()
        if problem is not None:
            self._screen.notice(problem)
        if self.state.runs:
            self._voices.measure(self._dialogue.texts_to_measure(self.state), self.state.rate, self.state.voice)
        self._set_listening()

    def _carry_out(self, action: actions.Action) -> None:
        if isinstance(action, actions.Say):
            self._screen.says(action.text)
        elif isinstance(action, actions.SayAt):
            self._cues[action.cue] = action
        spoken = self.state.speaking
        if self._voices.carry_out(action, (spoken.utterance, spoken.sentences) if spoken is not None else None):
            return
        if isinstance(action, actions.WakeAt):
            delay = max(0.0, self._clock.monotonic(action.time) - time.monotonic())
            self._loop.call_later(delay, self._queue.put_nowait, events.Tick())
        elif isinstance(action, actions.Forget) and not self._remembering.forget():
            self._loop.call_soon(self._queue.put_nowait, events.PartLost("forgetting"))

    def answer_itself(self) -> None:
        """Take every question of a routine as answered, where nobody is there to answer."""
        self._stand_in = True

    def _stand_in_for_person(self) -> None:
        if not self._stand_in or self._cues:
            return  # what is on its way is heard first
        meaning = answer_of(self.state, self._content.guide, self._clock.now())
        if meaning is not None:
            self._advance(events.Understood(meaning, typed=True))

    def views(self) -> tuple[RoutineView, ...]:
        """Return what is to be seen of the routines under way. From any thread."""
        return views_of(self.state, self._dialogue.timing, self._clock.now())

    def _set_listening(self) -> None:
        spoken = self.state.speaking
        # An echo that a grammar takes for "stop" must not cut off a safety script: there both recognisers hear it.
        alone = frozenset[str]() if spoken is not None and spoken.urgent else self._alone
        if self.state.runs and not self._speaks():
            # "Ready" may be the end of "I'm not ready": only "stop" is taken before the turn is over.
            self._listen(Listening(self._routine_commands, spot=True, early=self._alone))
            return
        self._listen(Listening(self._commands, spot=self._speaks(), alone=alone))

    def close(self) -> None:
        """Fall silent and end the voice."""
        self._voices.close()
        self._remembering.close()
