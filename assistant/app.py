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

from assistant.content import Content
from assistant.dialogue import actions, events
from assistant.dialogue.advance import Dialogue
from assistant.dialogue.safety import is_release
from assistant.dialogue.state import ClarifyQuestion, State
from assistant.guide.model import Layer
from assistant.hearing.ear import Listening
from assistant.hearing.events import CommandSpotted, Heard, HeardSoFar, HearingEvent, HearingFailed, Hypothesis
from assistant.hearing.recogniser import join
from assistant.own_words import OwnWords
from assistant.settings import Settings
from assistant.speaking.mouth import (
    Mouth,
    MouthEvent,
    SentenceBegan,
    SpeakingBegan,
    SpeakingEnded,
)
from assistant.speaking.voice import VoiceSettings
from assistant.understanding.interpret import Weighted
from assistant.understanding.meaning import Context, Kind, Meaning
from assistant.understanding.wake import WAKE_PHRASES

GRAMMAR_WORDS: Final = 3
"""What the grammar recogniser takes for a command counts only where the open one heard about as few words."""
COMPLETE_SCORE: Final = 0.72
"""Share of the vote from which an answer is taken without waiting for more words."""
UNSURE_PAUSE: Final = 0.4
"""Seconds of silence after what is understood, but less surely: the goal of 0.6 s to the first sound less what
final decoding, voice and output take (0.15 s)."""
COMPLETE_WORDS: Final = 4
"""Fewer words are seldom a whole question: "how long" waits for more."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one answer took to begin, by stage, in seconds from the last sound of the question."""

    endpointing: float
    final_result: float
    understanding: float
    speaking: float
    """Synthesis of the first sentence and the way to the speaker."""

    @property
    def total(self) -> float:
        """From the end of speech to the first sound."""
        return self.endpointing + self.final_result + self.understanding + self.speaking


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


class Screen:
    """What an onlooker sees. This one shows nothing; `assistant.cli.talk` has one that prints."""

    def heard_so_far(self, text: str) -> None:
        """Show a partial result."""

    def heard(self, text: str) -> None:
        """Show what was heard."""

    def ignored(self, text: str) -> None:
        """Show what was heard and not taken as meant for the assistant."""

    def says(self, text: str) -> None:
        """Show what is being said."""

    def notice(self, text: str) -> None:
        """Show a message about the assistant itself."""

    def timing(self, timing: Timing) -> None:
        """Show how long an answer took to begin."""


class Assistant:
    """Joins hearing, understanding, dialogue and speaking. Build it inside a running event loop."""

    def __init__(
        self,
        content: Content,
        settings: Settings,
        make_mouth: Callable[[Callable[[MouthEvent], None]], Mouth],
        screen: Screen,
        *,
        listen: Callable[[Listening], None] = lambda _: None,
    ) -> None:
        self._content = content
        self._dialogue = Dialogue(content.guide, content.phrases)
        self._screen = screen
        self._listen = listen
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[object] = asyncio.Queue()
        self._mouth = make_mouth(self.hand_over)
        self._own = OwnWords(self._mouth.words_played)
        self._voice = VoiceSettings(
            rate=settings.rate, volume=settings.volume, pitch=settings.pitch, voice=settings.voice
        )
        self.state = State(always_listening=settings.always_listening, rate=settings.rate, volume=settings.volume)
        self._sentence = 0
        self._before = 0
        """Sentences of the current utterance that were said before it was begun again in a changed voice."""
        self._begun_again = 0
        """Ends still to come of the parts that were broken off for that; they end nothing."""
        self._waiting: tuple[Heard, float, float] | None = None
        self._last_turn: _LastTurn | None = None
        self._alone = frozenset(content.phrases.variants("spotted_alone"))
        self._commands = (*content.phrases.variants("spotted"), *WAKE_PHRASES)

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

    async def run(self, *, typed: bool, first_use: bool, greet: bool = True) -> None:
        """Talk until cancelled or until typed input ends."""
        self._set_listening()
        if greet:
            self._advance(events.Started(typed=typed, first_use=first_use))
        while True:
            event = await self._queue.get()
            if isinstance(event, Typed) and event.line is None:
                await self._finish_speaking()
                return
            self._handle(event)

    async def _finish_speaking(self) -> None:
        while self.state.speaking is not None:
            self._handle(await self._queue.get())

    def _handle(self, event: object) -> None:
        if isinstance(event, HearingEvent):
            self._handle_hearing(event)
        elif isinstance(event, MouthEvent):
            self._handle_mouth(event)
        elif isinstance(event, Typed) and event.line:
            meaning = self._content.interpreter.interpret([event.line], self.state.context())
            self._advance(events.Understood(meaning, typed=True))
        elif isinstance(event, events.PartLost | events.PartBack | events.Tick):
            self._advance(event)

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
        if self.state.speaking is None:
            return
        self._screen.heard(event.text)
        meaning = self._content.interpreter.interpret([event.text], Context.SPEAKING)
        self._advance(events.Understood(replace(meaning, addressed=True)))

    def _heard(self, event: Heard) -> None:
        if event.spotted is not None or not event.hypotheses:
            return
        arrived = time.monotonic()
        readings = self._readings(event)
        length = event.ended - event.began
        mine = self._own.explain(event.text, arrived - length - event.stages.endpointing, arrived)
        meaning = (self._rest_of_last(readings) if event.goes_on and not mine else None) or self._understand(readings)
        if mine or (self._speaks() and not self._gets_through(meaning)):
            self._screen.ignored(event.text)
            return
        if not (meaning.addressed or self.state.attentive(arrived) or meaning.kind is Kind.RED_FLAG):
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
            self._sentence = self._before + event.index
        elif isinstance(event, SpeakingEnded):
            self._speaking_ended(event)

    def _speaking_ended(self, event: SpeakingEnded) -> None:
        spoken = self.state.speaking
        current = spoken is not None and spoken.utterance == event.utterance_id
        if current and event.how == "stopped" and self._begun_again:
            self._begun_again -= 1
            return
        if event.how == "failed":
            self._screen.notice("The voice failed; the answer is on the screen.")
        done = event.sentences_done + (self._before if current else 0)
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
        self.state, wanted = self._dialogue.advance(self.state, event, time.monotonic())
        for action in wanted:
            self._carry_out(action)
        self._set_listening()

    def _carry_out(self, action: actions.Action) -> None:
        if isinstance(action, actions.Say):
            self._sentence = self._before = self._begun_again = 0
            self._screen.says(action.text)
            self._mouth.say(action.utterance, action.sentences, self._voice)
        elif isinstance(action, actions.Silence):
            self._mouth.stop()
        elif isinstance(action, actions.Hold):
            self._mouth.pause()
        elif isinstance(action, actions.GoOn):
            self._mouth.resume()
        elif isinstance(action, actions.SetVoice):
            self._voice = replace(self._voice, rate=action.rate, volume=action.volume)
            self._say_again()
        elif isinstance(action, actions.WakeAt):
            delay = max(0.0, action.time - time.monotonic())
            self._loop.call_later(delay, self._queue.put_nowait, events.Tick())

    def _say_again(self) -> None:
        """Go on in the changed voice from the begin of the sentence that is being said."""
        spoken = self.state.speaking
        if spoken is not None:
            self._before = self._sentence
            self._begun_again += 1
            self._mouth.say(spoken.utterance, spoken.sentences[self._before :], self._voice)

    def _set_listening(self) -> None:
        spoken = self.state.speaking
        # An echo that a grammar takes for "stop" must not cut off a safety script: there both recognisers hear it.
        alone = frozenset[str]() if spoken is not None and spoken.urgent else self._alone
        self._listen(Listening(self._commands, spot=self._speaks(), alone=alone))

    def close(self) -> None:
        """Fall silent and end the voice."""
        self._mouth.close()
