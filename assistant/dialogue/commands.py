"""Commands in a conversation: what each one does in each state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from assistant.dialogue.actions import Forget, GoOn, Hold, SetVoice, Silence
from assistant.dialogue.leading import Leading
from assistant.dialogue.phrases import Phrases
from assistant.dialogue.reply import Outcome, Reply
from assistant.dialogue.safety import Safety
from assistant.dialogue.state import START_RATE, START_VOLUME, OfferQuestion, SafetyQuestion
from assistant.guide.model import Guide
from assistant.routines.plan import Cadence, Lengths
from assistant.understanding.meaning import Meaning
from assistant.understanding.starting import START

RATE_STEP: Final = 20
"""Words a minute; a step that is clearly heard (12 % of the usual rate)."""
RATE_RANGE: Final = (105, 285)
"""Below the voice drones, above it is hard to follow."""
VOLUME_STEP: Final = 15
VOLUME_RANGE: Final = (25, 100)
"""Never so quiet that a person thinks it is gone."""
WAIT_EXTRA: Final = 60.0
"""Seconds more that it listens after "wait a minute"."""
CADENCE: Final = "cadence:"
TICK: Final = "tick:"
VOICES: Final = ("en-gb", "en-us", "en-gb+f3", "en-us+f3", "en-gb-scotland")
"""What "another voice" goes through: men's and women's voices of espeak, British and American."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Carries out commands at ``now`` (s)."""

    leading: Leading
    now: float

    @property
    def guide(self) -> Guide:
        """The guide."""
        return self.leading.guide

    @property
    def phrases(self) -> Phrases:
        """The product's texts."""
        return self.leading.phrases

    def carry_out(self, reply: Reply, meaning: Meaning) -> Outcome:
        """Return what the command does."""
        command = meaning.id or ""
        if command.startswith(START):
            return self._start(reply, command.removeprefix(START))
        if command.startswith(CADENCE):
            return self._cadence(reply, Cadence(command.removeprefix(CADENCE)))
        if command.startswith(TICK):
            return self._tick(reply, on=command == f"{TICK}on")
        table: dict[str, Callable[[Reply], Outcome]] = {
            "stop": self._stop,
            "pause": self._pause,
            "resume": self._resume,
            "repeat": self._repeat,
            "restart": self._repeat,
            "more": self._more,
            "next": self._next,
            "back": self._repeat,
            "slower": lambda r: self._voice(r, rate=-RATE_STEP),
            "faster": lambda r: self._voice(r, rate=RATE_STEP),
            "quieter": lambda r: self._voice(r, volume=-VOLUME_STEP),
            "louder": lambda r: self._voice(r, volume=VOLUME_STEP),
            "help": lambda r: r.phrase("help"),
            "yes": self._yes,
            "no": self._no,
            "forget": self._forget,
            "voice": self._another_voice,
            "hurts": self._stop,
            "acknowledge": lambda r: r.phrase("no_ack", question=r.state.question),
        }
        # "remaining" and "extend" speak of a timer; while none can run they say so.
        known = table.get(command)
        return known(reply) if known is not None else reply.phrase("nothing_running")

    def _stop(self, reply: Reply) -> Outcome:
        """Fall silent and ask nothing more. A safety question that was put off comes back before a routine."""
        question = reply.state.question
        state = replace(reply.state, unscreened=question) if isinstance(question, SafetyQuestion) else reply.state
        if state.speaking is None:
            return Reply(self.phrases, state).phrase("stop_ack")
        return replace(state, speaking=None, held=False, question=None), (Silence(),)

    def _pause(self, reply: Reply) -> Outcome:
        """Hold what is being said; said in silence it asks for time, which "wait" does before an answer."""
        state = reply.state
        if state.speaking is None:
            waiting = replace(state, attentive_until=state.attentive_until + WAIT_EXTRA)
            return Reply(self.phrases, waiting).phrase("wait_ack", question=state.question)
        if state.held:
            return state, ()
        return replace(state, held=True), (Hold(),)

    def _resume(self, reply: Reply) -> Outcome:
        state = reply.state
        if state.held:
            return replace(state, held=False), (GoOn(),)
        if state.speaking is not None:
            return state, ()
        if state.last is not None and state.said < len(state.last.sentences):
            return reply.rest(state.last, max(state.said, 0))
        if isinstance(state.question, OfferQuestion):
            return self._yes(reply)
        return self._more(reply)

    def _repeat(self, reply: Reply) -> Outcome:
        if reply.state.last is None:
            return reply.phrase("nothing_to_repeat", question=reply.state.question)
        return reply.again(reply.state.last)

    def _more(self, reply: Reply) -> Outcome:
        last = reply.state.last
        if last is None:
            return reply.phrase("nothing_to_repeat")
        if last.entry is None:
            return reply.phrase("nothing_more", question=reply.state.question)
        entry = self.guide.entries[last.entry]
        if last.more or not entry.more:
            return reply.phrase("no_more", question=reply.state.question)
        return reply.more(entry)

    def _next(self, reply: Reply) -> Outcome:
        if reply.state.last is not None and reply.state.last.entry is not None:
            return self._more(reply)
        return reply.phrase("nothing_running")

    def _voice(self, reply: Reply, *, rate: int = 0, volume: int = 0) -> Outcome:
        """Change the voice; what is being said goes on in it, from the current sentence."""
        state = reply.state
        new_rate = min(max(state.rate + rate, RATE_RANGE[0]), RATE_RANGE[1])
        new_volume = min(max(state.volume + volume, VOLUME_RANGE[0]), VOLUME_RANGE[1])
        moved = (new_rate, new_volume) != (state.rate, state.volume)
        changed = Reply(self.phrases, replace(state, rate=new_rate, volume=new_volume))
        if new_rate != state.rate:
            changed = Reply(self.phrases, replace(changed.state, lengths=Lengths(rate=new_rate)))
        setting = SetVoice(new_rate, new_volume, state.voice)
        if state.speaking is not None and moved:
            return changed.state, (setting,)
        key = _voice_key(rate, volume, moved=moved)
        if state.last is not None and state.speaking is not None and state.last.utterance == state.speaking.utterance:
            # Whoever asks for more than there is has not followed: the answer is said again after it.
            after, said = changed.again(state.last, *changed.lines(key))
            return after, (setting, *said)
        after, said = changed.phrase(key, question=state.question)
        return after, (setting, *said)

    def _another_voice(self, reply: Reply) -> Outcome:
        state = reply.state
        place = VOICES.index(state.voice) if state.voice in VOICES else 0
        voice = VOICES[(place + 1) % len(VOICES)]
        changed = Reply(self.phrases, replace(state, voice=voice, lengths=Lengths(rate=state.rate)))
        after, said = changed.phrase("voice_changed", question=state.question)
        return after, (SetVoice(state.rate, state.volume, voice), *said)

    def _cadence(self, reply: Reply, cadence: Cadence) -> Outcome:
        changed = Reply(self.phrases, replace(reply.state, cadence=cadence))
        return changed.phrase(f"cadence_{cadence.value}", question=reply.state.question)

    def _tick(self, reply: Reply, *, on: bool) -> Outcome:
        changed = Reply(self.phrases, replace(reply.state, tick=on))
        return changed.phrase("tick_on" if on else "tick_off", question=reply.state.question)

    def _forget(self, reply: Reply) -> Outcome:
        """Erase what is kept, and speak as at the first start; a routine under way goes on."""
        state = replace(
            reply.state,
            rate=START_RATE,
            volume=START_VOLUME,
            voice=None,
            cadence=Cadence.NORMAL,
            tick=False,
            last_routine=None,
            lengths=Lengths(),
        )
        after, said = Reply(self.phrases, state).phrase("forgotten", question=state.question)
        return after, (Forget(), SetVoice(START_RATE, START_VOLUME), *said)

    def _yes(self, reply: Reply) -> Outcome:
        question = reply.state.question
        if not isinstance(question, OfferQuestion):
            return reply.phrase("yes_to_what")
        if question.routine is not None:
            return self._start(reply, question.routine)
        if question.entry is not None:
            return reply.answer(self.guide.entries[question.entry], None)
        return self._more(reply)

    def _no(self, reply: Reply) -> Outcome:
        if reply.state.speaking is not None and reply.state.question is None:
            return self._stop(reply)
        return reply.phrase("no_ack")

    def _start(self, reply: Reply, name: str) -> Outcome:
        state = reply.state
        if name not in self.guide.routines:
            return reply.phrase("unknown")
        if not state.may_lead:
            return Safety(self.phrases).refusal(reply)
        return self.leading.begin(reply, name, self.now)


def _voice_key(rate: int, volume: int, *, moved: bool) -> str:
    if rate:
        key = "faster" if rate > 0 else "slower"
        edge = "at_fastest" if rate > 0 else "at_slowest"
    else:
        key = "louder" if volume > 0 else "quieter"
        edge = "at_loudest" if volume > 0 else "at_quietest"
    return key if moved else edge
