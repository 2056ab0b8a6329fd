"""Commands in a conversation: what each one does in each state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from assistant.dialogue.actions import Action, GoOn, Hold, SetVoice, Silence
from assistant.dialogue.phrases import Phrases
from assistant.dialogue.reply import Reply
from assistant.dialogue.state import ClarifyQuestion, OfferQuestion, SafetyQuestion, State
from assistant.guide.model import Guide, Layer
from assistant.routines.describe import spoken_steps
from assistant.understanding.meaning import Meaning

RATE_STEP: Final = 20
"""Words a minute; a step that is clearly heard (12 % of the usual rate)."""
RATE_RANGE: Final = (105, 285)
"""Below the voice drones, above it is hard to follow."""
VOLUME_STEP: Final = 15
VOLUME_RANGE: Final = (25, 100)
"""Never so quiet that a person thinks it is gone."""
START: Final = "start:"

_Outcome = tuple[State, tuple[Action, ...]]


@dataclass(frozen=True, slots=True)
class Commands:
    """Carries out commands."""

    guide: Guide
    phrases: Phrases

    def carry_out(self, reply: Reply, meaning: Meaning) -> _Outcome:
        """Return what the command does."""
        command = meaning.id or ""
        if command.startswith(START):
            return self._start(reply, command.removeprefix(START))
        table: dict[str, Callable[[Reply], _Outcome]] = {
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
        }
        # "remaining" and "extend" speak of a timer; while none can run they say so.
        known = table.get(command)
        return known(reply) if known is not None else reply.phrase("nothing_running")

    def _stop(self, reply: Reply) -> _Outcome:
        if reply.state.speaking is None:
            return reply.phrase("stop_ack")
        return replace(reply.state, speaking=None, held=False, question=None), (Silence(),)

    def _pause(self, reply: Reply) -> _Outcome:
        if reply.state.speaking is None:
            return reply.phrase("nothing_running")
        return replace(reply.state, held=True), (Hold(),)

    def _resume(self, reply: Reply) -> _Outcome:
        if reply.state.held:
            return replace(reply.state, held=False), (GoOn(),)
        if reply.state.speaking is not None:
            return reply.state, ()
        if isinstance(reply.state.question, OfferQuestion):
            return self._yes(reply)
        return self._more(reply)

    def _repeat(self, reply: Reply) -> _Outcome:
        last = reply.state.last
        if last is None:
            return reply.phrase("nothing_to_repeat")
        return reply.say(
            last.sentences,
            last.source,
            entry=last.entry,
            more=last.more,
            urgent=last.urgent,
            question=reply.state.question,
        )

    def _more(self, reply: Reply) -> _Outcome:
        last = reply.state.last
        if last is None or last.entry is None:
            return reply.phrase("nothing_to_repeat" if last is None else "no_more")
        entry = self.guide.entries[last.entry]
        if last.more or not entry.more:
            return reply.phrase("no_more")
        return reply.more(entry)

    def _next(self, reply: Reply) -> _Outcome:
        if reply.state.last is not None and reply.state.last.entry is not None:
            return self._more(reply)
        return reply.phrase("nothing_running")

    def _voice(self, reply: Reply, *, rate: int = 0, volume: int = 0) -> _Outcome:
        """Change the voice; what is being said goes on in it, from the current sentence."""
        state = reply.state
        new_rate = min(max(state.rate + rate, RATE_RANGE[0]), RATE_RANGE[1])
        new_volume = min(max(state.volume + volume, VOLUME_RANGE[0]), VOLUME_RANGE[1])
        moved = (new_rate, new_volume) != (state.rate, state.volume)
        changed = Reply(self.phrases, replace(state, rate=new_rate, volume=new_volume))
        setting = SetVoice(new_rate, new_volume)
        if state.speaking is not None and moved:
            return changed.state, (setting,)
        words = changed.words(_voice_key(rate, volume, moved=moved))
        after, said = changed.say(words, Layer.PRODUCT, worth_repeating=False, question=state.question)
        return after, (setting, *said)

    def _yes(self, reply: Reply) -> _Outcome:
        question = reply.state.question
        if isinstance(question, OfferQuestion):
            if question.routine is not None:
                return self._start(reply, question.routine)
            if question.entry is not None:
                return reply.answer(self.guide.entries[question.entry], None)
            return self._more(reply)
        if isinstance(question, ClarifyQuestion):
            return reply.answer(self.guide.entries[question.choices[0]], None)
        if isinstance(question, SafetyQuestion):
            sentences = self.phrases.script("E", "")
            flagged = Reply(self.phrases, replace(reply.state, question=None, flagged=question.flag))
            return flagged.say(sentences, Layer.SAFETY, urgent=True)
        return reply.phrase("yes_to_what")

    def _no(self, reply: Reply) -> _Outcome:
        if reply.state.speaking is not None and reply.state.question is None:
            return self._stop(reply)
        return reply.phrase("no_ack")

    def _start(self, reply: Reply, routine: str) -> _Outcome:
        if reply.state.flagged is not None:
            return reply.say(reply.words("after_flag"), Layer.SAFETY, worth_repeating=False)
        steps = spoken_steps(self.guide.routines[routine])
        return reply.say((*reply.words("routine_not_timed"), *steps), Layer.GUIDE)


def _voice_key(rate: int, volume: int, *, moved: bool) -> str:
    if rate:
        key = "faster" if rate > 0 else "slower"
        edge = "at_fastest" if rate > 0 else "at_slowest"
    else:
        key = "louder" if volume > 0 else "quieter"
        edge = "at_loudest" if volume > 0 else "at_quietest"
    return key if moved else edge
