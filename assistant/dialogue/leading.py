"""Leading a routine: from its introduction through its steps to its end. Pure; every method gives an outcome.

A step says what to do and waits for "ready"; then its clock runs, or the next step comes. Nothing here needs a hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from assistant.dialogue.actions import DropCues, SayAt, Silence
from assistant.dialogue.phrases import Phrases
from assistant.dialogue.reply import Line, Outcome, Reply
from assistant.dialogue.routine_words import RoutineWords
from assistant.dialogue.state import SafetyQuestion, State
from assistant.guide.model import Guide, Layer, Step, StepKind
from assistant.routines.run import (
    NO_CUE,
    Exposure,
    Phase,
    Run,
    counted_before,
    has_clock,
    limit_of,
    routine_of,
    step_of,
)
from assistant.routines.step_clock import StepClock

BREATH: Final = 0.7
"""Seconds of silence after "stop" before it is said what has stopped."""
INSTANT: Final = 1e-6
"""Seconds: what comes on the very second where a clock goes on, comes after what is said there."""
START_DELAY: Final = 0.8
"""Seconds from "ready" to the first second of the clock: a cue needs some lead to begin exactly then."""
TOLD_FROM: Final = 30.0
"""Seconds by which a step is shorter than usual, from which that is said."""
SHORTEST: Final = {True: 60.0, False: 10.0}
"""What is allowed for fewer seconds than this any more is not begun again; True: a pad."""


@dataclass(frozen=True, slots=True)
class Leading:
    """Leads the guide's routines."""

    guide: Guide
    phrases: Phrases

    @property
    def words(self) -> RoutineWords:
        """The words of the routines."""
        return RoutineWords(self.guide, self.phrases)

    # Begin and end -----------------------------------------------------------------------------------

    def begin(self, reply: Reply, name: str, now: float, before: tuple[Line, ...] = (), *, step: int = 0) -> Outcome:
        """Introduce the routine ``name`` and its first step, or another one."""
        routine = self.guide.routines[name]
        refused = self.refused(reply, Run(name), step, now, before)
        if refused is not None:
            return refused[0].without_run(name), refused[1]
        known = replace(reply.state, last_routine=name)
        intro = (*before, *self.words.intro(routine))
        return self.enter(Reply(self.phrases, known), Run(name), step, now, intro, intro=True)

    def enter(
        self,
        reply: Reply,
        run: Run,
        index: int,
        now: float,
        before: tuple[Line, ...] = (),
        *,
        intro: bool = False,
    ) -> Outcome:
        """Say what step ``index`` is, after ``before``; it goes on with "ready", or by itself."""
        routine = routine_of(run, self.guide)
        step = routine.steps[index]
        refused = self.refused(reply, run, index, now, before if not intro else ())
        if refused is not None:  # there is no way on
            return refused[0].without_run(run.routine), refused[1]
        limit, used = self._used(reply.state, run, index, now)
        length = step.seconds if limit is None or step.seconds is None else min(step.seconds, limit - used)
        entered = replace(
            run,
            step=index,
            phase=self._first_phase(step),
            clock=StepClock(length),
            cued=NO_CUE,
            opening=None,
            paused_in=None,
            silent_since=None,
            reminded=0,
            on_skin=used,
        )
        less: tuple[Line, ...] = ()
        if length is not None and step.seconds is not None and step.seconds - length > TOLD_FROM:
            told = {"used": self.words.time_left(used), "time": self.words.time_left(length)}
            less = self.words.phrase("less_time", **told)
        lines = (*before, *self.words.instruction(step, less))
        if entered.phase is Phase.GOING and not step.waits:
            return self._finished(reply, entered, lines)
        state = spoke_last(reply.state, entered)
        return Reply(self.phrases, state).say_lines(lines, Layer.GUIDE, routine=run.routine, intro=intro)

    def _first_phase(self, step: Step) -> Phase:
        if step.ready is not None:
            return Phase.WAITING
        return Phase.ANNOUNCED if has_clock(step) else Phase.GOING

    def _used(self, state: State, run: Run, index: int, now: float) -> tuple[float | None, float]:
        """Return the guide's limit for step ``index``, and how much of it has been used, in seconds."""
        step = routine_of(run, self.guide).steps[index]
        if step.kind is not StepKind.TIMED:
            return None, 0.0
        here = run.clock.elapsed(now) if run.step == index and (run.at_clock or run.phase is Phase.OVER) else 0.0
        before = counted_before(step, state.exposures, now) if step.pad else run.pressed_in(index)
        return limit_of(step), before + max(0.0, here)

    def refused(self, reply: Reply, run: Run, index: int, now: float, before: tuple[Line, ...] = ()) -> Outcome | None:
        """Say that step ``index`` may not be done again yet, where its time is used up; all else stays as it is."""
        step = routine_of(run, self.guide).steps[index]
        limit, used = self._used(reply.state, run, index, now)
        if limit is None or not used or limit - used >= SHORTEST[step.pad is not None]:
            return None
        texts = (step.resting,) if step.resting else ()
        lines = (*before, *(self.words.lines(texts) or self.words.phrase("used_up")))
        return reply.say_lines(lines, Layer.GUIDE, routine=run.routine)

    def _finished(self, reply: Reply, run: Run, before: tuple[Line, ...]) -> Outcome:
        """Say that it is done, and leave it."""
        step, routine = step_of(run, self.guide), routine_of(run, self.guide)
        said = step.done if step.done and step.seconds is None and step.kind is not StepKind.OPEN_ENDED else None
        last = self.words.lines((said,) if said else ()) + self.words.lines(routine.finish)
        lines = (*before, *(last or self.words.phrase("routine_over")))
        return Reply(self.phrases, reply.state.without_run(run.routine)).say_lines(lines, Layer.GUIDE)

    def end(self, reply: Reply, run: Run, now: float, key: str = "routine_stopped") -> Outcome:
        """End a routine at once; a pad that may be on has to come off."""
        state = self.put_away(reply.state, run, now)
        spoken = reply.state.speaking
        early = () if spoken is not None and spoken.intro else self.early(run)  # nothing was put on yet
        lines = (*self.words.phrase(key), *early)
        return self.after_a_breath(state, lines, now)

    def after_a_breath(self, state: State, lines: tuple[Line, ...], now: float) -> Outcome:
        """Fall silent at once, and say ``lines`` a moment later: whoever says "stop" wants to hear that it is."""
        text = " ".join(line for line, _ in lines)
        # A safety question that was put off comes back before a routine.
        unscreened = state.question if isinstance(state.question, SafetyQuestion) else state.unscreened
        silent = replace(state, question=None, unscreened=unscreened, speaking=None, held=False, turns=state.turns + 1)
        told = SayAt(f"stopped-{silent.turns}", text, now + BREATH, essential=True)
        return silent, (Silence(), DropCues(), told)

    def early(self, run: Run) -> tuple[Line, ...]:
        """Return what is said of a step that ends before its time: whether something has to come off."""
        step = step_of(run, self.guide)
        if run.at_clock or run.phase is Phase.OVER:
            return self.words.lines((step.early,)) if step.early else ()
        # Whoever was asked whether the pad is on may have it on.
        return self.words.phrase("if_it_is_on") if step.pad is not None and run.phase is not Phase.ANNOUNCED else ()

    def put_away(self, state: State, run: Run, now: float) -> State:
        """Return the state without ``run``, knowing how long its pad was on."""
        return self.with_exposure(state, run, now).without_run(run.routine)

    # Steps -------------------------------------------------------------------------------------------

    def ready(self, reply: Reply, run: Run, now: float) -> Outcome:
        """Begin the step that waited for "ready": its clock, or else the next step."""
        step = step_of(run, self.guide)
        if not has_clock(step):
            return self.leave(reply, run, now)
        return self.start_clock(reply.state, run, now)

    def start_clock(self, state: State, run: Run, now: float, *, say: str | None = None) -> Outcome:
        """Start the clock a moment from now, with ``say`` or the step's own words on its first second."""
        at = now + START_DELAY
        begun = replace(
            run,
            phase=Phase.RUNNING,
            clock=run.clock.started(at),
            paused_in=None,
            silent_since=None,
            reminded=0,
        )
        begun = replace(begun, opening=say, cued=run.clock.stood_at - INSTANT if say is not None else run.cued)
        silent = replace(spoke_last(state, begun), speaking=None, held=False, question=None)
        return silent, (Silence(),) if state.speaking is not None else ()

    def leave(
        self, reply: Reply, run: Run, now: float, before: tuple[Line, ...] = (), *, skipped: bool = False
    ) -> Outcome:
        """Go from a step to the next one, or to the end. ``skipped``: its time was not up."""
        step = step_of(run, self.guide)
        state = self.with_exposure(reply.state, run, now)
        run = run.with_pressed(now) if step.pad is None and step.kind is StepKind.TIMED else run
        last = run.step + 1 == len(routine_of(run, self.guide).steps)
        ends_itself = step.kind is StepKind.OPEN_ENDED or (step.kind is StepKind.UNTIMED and not last)
        if skipped:
            before += self.early(run) or self.words.phrase("skipped")
        elif ends_itself and step.done:
            before += self.words.lines((step.done,))
        onward = Reply(self.phrases, replace(state, question=None))
        if last:
            after, actions = self._finished(onward, run, before)
        else:
            after, actions = self.enter(onward, run, run.step + 1, now, before)
        return after, (DropCues(), *actions) if skipped or step.kind is StepKind.OPEN_ENDED else actions

    def with_exposure(self, state: State, run: Run, now: float) -> State:
        """Return the state knowing how long the run's pad was on the skin until now."""
        step = step_of(run, self.guide)
        seconds = run.clock.elapsed(now)
        if step.pad is None or seconds <= 0.0 or not (run.at_clock or run.phase is Phase.OVER):
            return state
        # One a pad: what was worn without a whole rest between counts together.
        exposure = Exposure(step.pad, run.on_skin + seconds, now, step.rest or 0.0)
        lately = tuple(e for e in state.exposures if now < e.ended + e.rest and e.pad is not step.pad)
        return replace(state, exposures=(*lately, exposure))


def spoke_last(state: State, run: Run) -> State:
    """Return the state with ``run`` as the one that spoke last."""
    others = tuple(each for each in state.runs if each.routine != run.routine)
    return replace(state, runs=(*others, run))
