"""Time added to a step or taken off it, never beyond what the guide allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from assistant.dialogue.actions import DropCues
from assistant.dialogue.leading import Leading
from assistant.dialogue.reply import Outcome, Reply
from assistant.dialogue.timing import Timing
from assistant.guide.model import StepKind
from assistant.language import spoken_duration
from assistant.routines.plan import LONG_STEP
from assistant.routines.run import Phase, Run, limit_of, step_of

MORE: Final = 60.0
"""Seconds that "a bit longer" adds to a wait."""
SHORT_MORE: Final = 10.0
"""... and to a step of less than two minutes."""
LEAST_LEFT: Final = 5.0
"""Seconds that have to be left after time was taken off; less is the end, and that is said with "next"."""


@dataclass(frozen=True, slots=True)
class Extending:
    """Changes the length of a step."""

    leading: Leading
    timing: Timing

    def extend(self, reply: Reply, run: Run, seconds: float | None, now: float) -> Outcome:
        """Add ``seconds`` (below 0: take them off), or a little where no figure was said."""
        state, step = reply.state, step_of(run, self.leading.guide)
        length = run.clock.length
        if length is None or step.seconds is None:
            return reply.phrase("no_time_to_add", question=state.question)
        if run.phase is Phase.OVER and (seconds is None or seconds > 0):
            return self.carry_on(reply, run, now, seconds)
        more = seconds if seconds is not None else (MORE if length >= LONG_STEP else SHORT_MORE)
        if more < 0:
            return self._shorten(reply, run, -more, now)
        limit = (limit_of(step) or length) - run.on_skin
        wanted = min(length + more, limit)
        told = spoken_duration(limit_of(step) or length)
        if wanted <= length:
            key = "break_limit" if step.kind is StepKind.BREAK else "at_limit"
            return reply.phrase(key, question=state.question, limit=told)
        key = "time_added" if wanted == length + more else "added_to_limit"
        return self._set(reply, run, wanted, key, now, limit=told)

    def set_length(self, reply: Reply, run: Run, seconds: float | None, now: float) -> Outcome:
        """Make the step last ``seconds`` in all: "make it ten minutes"."""
        length = run.clock.length
        if length is None or seconds is None or step_of(run, self.leading.guide).seconds is None:
            return reply.phrase("no_time_to_add", question=reply.state.question)
        if seconds == length:
            left = self.leading.words.time_left(run.clock.left(now))
            return reply.phrase("time_added" if run.at_clock else "time_will_be", time=left)
        return self.extend(reply, run, seconds - length, now)

    def carry_on(self, reply: Reply, run: Run, now: float, seconds: float | None = None) -> Outcome:
        """Go on past a step's time: up to what the guide allows, counted from when it began."""
        state, step = reply.state, step_of(run, self.leading.guide)
        length, limit = run.clock.length or 0.0, (limit_of(step) or 0.0) - run.on_skin
        wanted = limit if seconds is None else min(limit, max(length, run.clock.elapsed(now)) + seconds)
        if step.kind is not StepKind.TIMED or wanted <= max(length, run.clock.elapsed(now)) + LEAST_LEFT / 2:
            told = spoken_duration(limit_of(step) or length)
            key = "at_limit_off" if step.pad is not None else "at_limit"
            return reply.phrase(key, question=state.question, limit=told)
        longer = replace(run, clock=run.clock.lasting(wanted), reminded=0, silent_since=None)
        if step.pad is None:  # the hand let go: its clock stood, and goes on with a new start
            begin = step.begin or " ".join(self.leading.phrases.say("resumed"))
            after, actions = self.leading.start_clock(state, longer, now, say=begin)
            return after, (DropCues(), *actions)  # the offer itself may still be on its way
        going = replace(longer, phase=Phase.RUNNING, cued=max(run.cued, run.clock.elapsed(now)))
        after, actions = self.timing.rescheduled(state.with_run(going), now)
        left = self.leading.words.time_left(going.clock.left(now))
        said, more = Reply(reply.phrases, replace(after, question=None)).phrase("carrying_on", time=left)
        return said, (*actions, *more)

    def _shorten(self, reply: Reply, run: Run, seconds: float, now: float) -> Outcome:
        length = run.clock.length or 0.0
        wanted = length - seconds
        if run.phase is Phase.OVER or wanted < max(run.clock.elapsed(now), 0.0) + LEAST_LEFT:
            left = self.leading.words.time_left(run.clock.left(now))
            return reply.phrase("too_little_left", question=reply.state.question, time=left)
        return self._set(reply, run, wanted, "time_taken", now)

    def _set(self, reply: Reply, run: Run, length: float, key: str, now: float, **slots: str) -> Outcome:
        changed = replace(run, clock=run.clock.lasting(length))
        state, actions = self.timing.rescheduled(reply.state.with_run(changed), now)
        left = self.leading.words.time_left(changed.clock.left(now))
        if not run.at_clock:
            key = "limit_will_be" if key == "added_to_limit" else "time_will_be"
        after, said = Reply(reply.phrases, state).phrase(key, question=state.question, time=left, **slots)
        return after, (*actions, *said)
