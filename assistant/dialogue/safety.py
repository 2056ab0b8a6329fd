"""The safety layer in the conversation: scripts read to the end, one short question, and its plain release."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from assistant.dialogue.choosing import is_one_of, words_without_wake
from assistant.dialogue.phrases import Phrases
from assistant.dialogue.reply import Line, Outcome, Reply
from assistant.dialogue.state import SafetyQuestion, State
from assistant.guide.model import Layer
from assistant.language import normal_form
from assistant.understanding.meaning import Kind, Meaning
from assistant.understanding.red_flags import URGENCY

ASK: Final = "ASK"
EMERGENCY: Final = "E"
SAFETY_WAIT: Final = 12.0
"""Seconds of silence after the safety question that count as no answer: time to feel both legs, no more."""
EARLY: Final = 0.05
"""Seconds by which a tick may come early and still count: timers and clocks differ a little."""
TIMES_ASKED: Final = 2
HEARD_WORDS: Final = 20
"""More of the person's own words can't be told over the telephone in one breath; then only those that matter."""
RELEASE_EXTRA_WORDS: Final = 3
"""Words that may stand beside "you misheard me" ("no no, you misheard me")."""
_UNSURE: Final = frozenset({"not", "never", "if", "until", "when", "should", "unless", "nobody"})
"""Words beside a release that turn it round: "I have not been checked"."""
_THROUGH_SCRIPT: Final = frozenset(
    {"stop", "pause", "resume", "repeat", "restart", "back", "louder", "quieter", "slower", "faster"}
)
"""Commands that are about the speaking itself: they are heard while a script is read, and leave its question open."""


def breaks_in(phrases: Phrases, state: State, meaning: Meaning) -> bool:
    """Return whether ``meaning`` is heard while an urgent script is being read.

    A yes or no isn't: the microphone may take the script's own words for it.
    """
    if meaning.kind is Kind.COMMAND:
        return meaning.id in _THROUGH_SCRIPT
    return is_release(phrases, state, meaning)


def is_release(phrases: Phrases, state: State, meaning: Meaning) -> bool:
    """Return whether the person says plainly, after a red flag, that they were checked or misheard."""
    asked = isinstance(state.question, SafetyQuestion)
    if meaning.kind is Kind.RED_FLAG or (state.may_lead and not asked):
        return False
    said = f" {normal_form(words_without_wake(meaning))} "
    for line in phrases.variants("cleared"):
        before, found, after = said.partition(f" {normal_form(line)} ")
        beside = [*before.split(), *after.split()]
        if found and len(beside) <= RELEASE_EXTRA_WORDS and not _UNSURE.intersection(beside):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Safety:
    """Says what the safety layer has to say."""

    phrases: Phrases

    def raise_flag(self, state: State, meaning: Meaning, before: tuple[Line, ...] = ()) -> Outcome:
        """Read the script of a red flag, after ``before``, in place of anything but a more urgent script."""
        asks = meaning.tier == ASK
        flag = meaning.id or ""
        heard = _own_words(meaning)
        flagged = state.flagged if asks else flag
        spoken = state.speaking
        if spoken is not None and spoken.urgent and _rank(spoken.tier) < _rank(meaning.tier):
            return replace(state, flagged=state.flagged or flagged), ()
        question = SafetyQuestion(flag, meaning.script or "", heard) if asks else None
        kept = replace(state, flagged=flagged, unscreened=None if asks else state.unscreened, misses=0)
        return Reply(self.phrases, kept).say_lines(
            (*before, *self._script(meaning.script or "", heard)),
            Layer.SAFETY,
            tier=meaning.tier or EMERGENCY,
            question=question,
        )

    def release(self, reply: Reply) -> Outcome:
        """Take back a red flag: routines are offered again."""
        free = Reply(self.phrases, replace(reply.state, flagged=None, unscreened=None, question=None))
        return free.phrase("cleared_ack")

    def refusal(self, reply: Reply) -> Outcome:
        """Say why no routine is led now: after a red flag, or before a question of this layer has its answer."""
        if reply.state.flagged is None and reply.state.unscreened is not None:
            return self.ask(reply, reply.state.unscreened, *reply.lines("safety_first"))
        return reply.say(reply.words("after_flag"), Layer.SAFETY, worth_repeating=False)

    def answered(self, reply: Reply, question: SafetyQuestion, meaning: Meaning) -> Outcome | None:
        """Return what follows from words after the safety question; None for a command about the speaking itself."""
        command = meaning.id if meaning.kind is Kind.COMMAND else None
        if command in _THROUGH_SCRIPT and (command != "resume" or reply.state.speaking is not None):
            return None
        plain = not is_one_of(self.phrases, "not_a_clear_answer", words_without_wake(meaning))
        if command == "yes" and plain:
            return self._emergency(reply, question)
        if command == "no" and plain:
            free = Reply(self.phrases, replace(reply.state, unscreened=None))
            return free.say(free.words("safety_no"), Layer.SAFETY, worth_repeating=False)
        return self._ask_again(reply, question, "safety_unclear")

    def unheard(self, state: State, question: SafetyQuestion, now: float) -> Outcome:
        """Ask once more after silence, then let it be and say so."""
        if question.deadline is None or state.speaking is not None or now + EARLY < question.deadline:
            return state, ()
        return self._ask_again(Reply(self.phrases, state), question, "safety_unheard")

    def ask(self, reply: Reply, question: SafetyQuestion, *before: Line) -> Outcome:
        """Ask the safety question of a flag (again)."""
        lines = (*before, *self._script(question.script, question.heard))
        asked = replace(question, deadline=None)
        open_again = Reply(self.phrases, replace(reply.state, unscreened=None))
        return open_again.say_lines(lines, Layer.SAFETY, tier=ASK, question=asked)

    def _ask_again(self, reply: Reply, question: SafetyQuestion, key: str) -> Outcome:
        if question.asked < TIMES_ASKED:
            again = replace(question, asked=question.asked + 1)
            return self.ask(reply, again, *reply.lines(key))
        dropped = Reply(self.phrases, replace(reply.state, unscreened=replace(question, asked=1, deadline=None)))
        return dropped.say(dropped.words("safety_dropped"), Layer.SAFETY)

    def _emergency(self, reply: Reply, question: SafetyQuestion) -> Outcome:
        flagged = Reply(self.phrases, replace(reply.state, flagged=question.flag, unscreened=None))
        return flagged.say_lines(self._script(EMERGENCY, question.heard), Layer.SAFETY, tier=EMERGENCY)

    def _script(self, key: str, heard: str) -> tuple[Line, ...]:
        return tuple((sentence, Layer.SAFETY) for sentence in self.phrases.script(key, heard))


def _rank(tier: str | None) -> int:
    return URGENCY.index(tier) if tier in URGENCY else 0


def _own_words(meaning: Meaning) -> str:
    """Return the person's words for the script: whole where they are short, else those that raised the flag."""
    heard = words_without_wake(meaning).strip(" .!?,;")
    if len(heard.split()) <= HEARD_WORDS:
        return heard
    return ", ".join(meaning.evidence) or " ".join(heard.split()[:HEARD_WORDS])
