"""After a power cut: what ran, what ended meanwhile and how long ago, and what to do now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from assistant.dialogue.events import Returned
from assistant.dialogue.kept import exposures_of, runs_of
from assistant.dialogue.leading import Leading
from assistant.dialogue.reply import Line, Outcome, Reply
from assistant.dialogue.state import GoOnQuestion, State
from assistant.guide.model import Layer, StepKind
from assistant.language import spoken_duration
from assistant.routines.run import Phase, Run, step_of

MOMENT: Final = 10.0
"""Seconds away that are told as a moment."""
UNKNOWN_AWAY: Final = 86_400.0
"""Taken for an absence of which nobody knows the length: whatever was on is over then."""
LONG_GONE: Final = 6 * 3600.0
"""Seconds away after which nothing is led on or rung for: nobody has lain there since. It is still said."""


@dataclass(frozen=True, slots=True)
class Returning:
    """Takes up what was under way."""

    leading: Leading

    def back(self, state: State, event: Returned, now: float) -> Outcome:
        """Say what ran and how it stands; clocks that ran have run on."""
        if not event.kept.runs:  # nothing ran: only what pads were on lately has to be known
            worn = exposures_of(event.kept, now, event.away or 0.0)
            return replace(state, exposures=worn, flagged=event.kept.flagged), ()
        away = UNKNOWN_AWAY if event.away is None else max(0.0, event.away)
        words = self.leading.words
        exposures = exposures_of(event.kept, now, event.away or 0.0)  # unknown time is no rest for the skin
        before = {each.run.routine: each.run.clock.stood_at for each in event.kept.runs}
        runs = tuple(
            replace(run, cued=max(run.cued, run.clock.elapsed(now)), silent_since=None) if run.clock.runs else run
            for run in runs_of(event.kept, now, away)
            if self._known(run)
        )
        state = replace(state, runs=runs, exposures=exposures, flagged=event.kept.flagged)
        lines: tuple[Line, ...] = ()
        if event.away is None:
            lines += words.phrase("away_unknown")
        elif away < MOMENT:
            lines += words.phrase("away_moment")
        else:
            lines += words.phrase("away", time=_about(away))
        asks = False
        for run in runs:
            state, more, may_go_on = self._stands(state, run, event.away, now)
            lines += more + self._missed_check(state, run, before[run.routine], now)
            asks = asks or may_go_on
        if len(runs) < len(event.kept.runs):
            lines += words.phrase("other_guide")
        question = GoOnQuestion() if asks else None
        routine = runs[-1].routine if runs else None
        lines += words.phrase("shall_we_go_on") if asks else ()
        return Reply(self.leading.phrases, state).say_lines(lines, Layer.PRODUCT, routine=routine, question=question)

    def _known(self, run: Run) -> bool:
        """Return whether the guide of now has the step: it may be another guide."""
        routine = self.leading.guide.routines.get(run.routine)
        return routine is not None and run.step < len(routine.steps)

    def _stands(self, state: State, run: Run, away: float | None, now: float) -> tuple[State, tuple[Line, ...], bool]:
        """Return the state with the run as it stands, what is said of it, and whether it could go on."""
        words, step = self.leading.words, step_of(run, self.leading.guide)
        title = words.name(run)
        gone = away is not None and away >= LONG_GONE
        if run.clock.runs and (away is None or run.phase is Phase.OVER or run.clock.over(now)):
            return self._ended(state, run, away, now)
        if gone:
            return state.without_run(run.routine), words.phrase("was_at", title=title), False
        if run.clock.runs and step.kind is not StepKind.OPEN_ENDED:
            left = words.time_left(run.clock.left(now))
            return state, words.phrase("still_runs", title=title, time=left), True
        if run.clock.runs or run.phase in (Phase.ANNOUNCED, Phase.GOING):
            stands = replace(run, clock=run.clock.stopped(now), phase=Phase.PAUSED, paused_in=_resumes(run))
            return state.with_run(stands), words.phrase("was_at", title=title), True
        if run.at_clock and run.clock.length is not None:
            left = words.time_left(run.clock.left(now))
            return state, words.phrase("was_paused", title=title, time=left), True
        if run.phase is Phase.PAUSED:
            return state, words.phrase("was_at", title=title), True
        waits = state.with_run(replace(run, reminded=0))
        offer = words.lines((step.again,)) if run.phase is Phase.OVER and step.again else words.instruction(step)
        return waits, words.phrase("was_at", title=title) + offer, False

    def _missed_check(self, state: State, run: Run, before: float, now: float) -> tuple[Line, ...]:
        """Return the check of the skin that fell into the absence, while the pad is on."""
        step, here = step_of(run, self.leading.guide), state.run(run.routine)
        if here is None or here.phase is not Phase.RUNNING or not step.skin_check:
            return ()
        passed = [at for at in step.skin_checks if before < at - run.on_skin <= run.clock.elapsed(now)]
        return self.leading.words.lines((step.skin_check,)) if passed else ()

    def _ended(self, state: State, run: Run, away: float | None, now: float) -> tuple[State, tuple[Line, ...], bool]:
        words, step = self.leading.words, step_of(run, self.leading.guide)
        since = run.clock.elapsed(now) - (run.clock.length or 0.0)
        told = (
            words.phrase("ended_unknown", title=words.name(run))
            if away is None
            else words.phrase("ended_meanwhile", title=words.name(run), time=_about(since))
        )
        lines = told + words.lines((step.done,) if step.done else ())
        over = replace(run, phase=Phase.OVER, reminded=0, silent_since=now)
        if step.pad is not None:
            if away is not None and away >= LONG_GONE:
                return self.leading.put_away(state, over, now), lines, False
            return state.with_run(over), lines + words.phrase("say_off"), False
        length = run.clock.length or 0.0
        stands = replace(over, clock=replace(run.clock.stopped(now), stood_at=length))
        # The next step waits for the person.
        stands = replace(stands, phase=Phase.PAUSED, paused_in=Phase.OVER)
        return state.with_run(stands), lines, True


def _resumes(run: Run) -> Phase:
    return Phase.RUNNING if run.phase is Phase.ANNOUNCED else run.phase


def _about(seconds: float) -> str:
    """Return a length of time as one tells how long one was away."""
    if seconds < 120.0:
        return spoken_duration(max(1.0, round(seconds)))
    if seconds < 5400.0:
        return spoken_duration(round(seconds / 60.0) * 60.0)
    return spoken_duration(round(seconds / 3600.0) * 3600.0)
