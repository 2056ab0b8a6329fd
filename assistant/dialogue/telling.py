"""Tells how a routine stands: time left, which step it is, what has to be done now that its time is up."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.dialogue.leading import Leading
from assistant.dialogue.reply import Outcome, Reply
from assistant.guide.model import Layer, StepKind
from assistant.routines.run import Phase, Run, limit_of, routine_of, step_of


@dataclass(frozen=True, slots=True)
class Telling:
    """Says how things stand; changes nothing."""

    leading: Leading

    def remaining(self, reply: Reply, runs: tuple[Run, ...], now: float) -> Outcome:
        """Tell how long is left, of each clock that is meant."""
        state, words = reply.state, self.leading.words
        text = " ".join(self._left_of(run, now, named=len(runs) > 1) for run in runs)
        lines = tuple((line, Layer.PRODUCT) for line in words.sentences(text))
        return reply.say_lines(lines, Layer.PRODUCT, question=state.question, routine=runs[-1].routine)

    def _left_of(self, run: Run, now: float, *, named: bool) -> str:
        words, step = self.leading.words, step_of(run, self.leading.guide)
        if run.phase is Phase.OVER:
            over = (*self.leading.phrases.say("time_is_up"), step.done or "")
            return " ".join(over).strip()
        if step.kind is StepKind.OPEN_ENDED and run.at_clock:
            key, time = "held_for", run.clock.elapsed(now)
        elif run.clock.length is None:
            key, time = "no_set_time", 0.0
        elif not run.at_clock:
            key, time = "not_begun", run.clock.left(now)
        else:
            key, time = ("left_paused" if run.phase is Phase.PAUSED else "cue_left"), run.clock.left(now)
        told = " ".join(self.leading.phrases.say(key, time=words.time_left(time)))
        return words.named(words.name(run), told) if named else told

    def which_step(self, reply: Reply, run: Run) -> Outcome:
        """Say which routine and which step it is."""
        words, step = self.leading.words, step_of(run, self.leading.guide)
        if run.phase is Phase.OVER:
            return self.over_again(reply, run)
        routine = routine_of(run, self.leading.guide)
        place = {"number": str(run.step + 1), "of": str(len(routine.steps)), "title": routine.title}
        lines = words.phrase("which_step", **place) + words.lines(step.say[:1])
        return reply.say_lines(lines, Layer.GUIDE, routine=run.routine, question=reply.state.question)

    def over_again(self, reply: Reply, run: Run) -> Outcome:
        """Say again what has to be done now that the time is up."""
        step, words = step_of(run, self.leading.guide), self.leading.words
        lines = words.lines((step.done,)) if step.pad is not None and step.done else ()
        lines += words.phrase("say_off") if step.pad is not None else ()
        lines += words.lines((step.again,)) if step.again and self.may_extend(run) else ()
        return reply.say_lines(lines, Layer.GUIDE, routine=run.routine)

    def may_extend(self, run: Run) -> bool:
        """Return whether the guide allows more time in the run's step."""
        step = step_of(run, self.leading.guide)
        return (limit_of(step) or 0.0) - run.on_skin > (run.clock.length or 0.0)
