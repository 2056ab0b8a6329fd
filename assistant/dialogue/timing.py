"""What time brings to a routine: cues on their second, ends of steps, alarms, and answers to silence. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from assistant.dialogue.actions import Action, DropCues, SayAt, SoftTick, WakeAt
from assistant.dialogue.leading import Leading, spoke_last
from assistant.dialogue.reply import Outcome, Reply
from assistant.dialogue.routine_words import timeline_of
from assistant.dialogue.state import State
from assistant.guide.model import Layer, Step, StepKind
from assistant.routines.plan import ESSENTIAL, GAP, Cue, CueKind, check_ins, plan, without_overlaps
from assistant.routines.run import NO_CUE, Phase, Run, limit_of, step_of

EARLY: Final = 0.02
"""Seconds by which a tick may come early and still count: timers and clocks differ a little."""
LEAD: Final = 0.6
"""Seconds before its time at which a cue is given out: it takes 5 to 50 ms to be made and handed over, and a busy
small computer may be late by some tenths."""
LATE: Final = 0.15
"""Seconds after which a number is not said any more; it would be wrong."""
AFTER_DONE: Final = 0.4
"""Seconds between the last cue and what follows it."""
LOOK: Final = 15.0
"""Seconds ahead in which the cues of two clocks are kept apart: longer than any cue."""
HEARTBEAT: Final = 5.0
"""Seconds after which a running clock is looked at anyway."""
TELLS_TIME: Final = frozenset({CueKind.LEFT, CueKind.COUNT, CueKind.EVERY_TEN})
ANSWER_SECONDS: Final = 2.0
"""Seconds that "19 seconds left" takes, with a little room."""
TICK_AHEAD: Final = 1.5
WAIT: Final = 25.0
"""Seconds of silence after "say ready" before it is said again: time to fetch a pad without standing up."""
WAIT_AGAIN: Final = 30.0
"""... and then before it pauses, and says so."""
RUB_WAIT: Final = 150.0
"""Seconds of an untimed step before it says once how to end it: the guide gives it no time, so we press for none."""
PAUSED_WAIT: Final = 60.0
"""Seconds of a pause after which it is asked whether the pad is off."""
PAUSED_TOLD: Final = 3
"""How often that is asked."""
RING_FIRST: Final = 15.0
RING_LEAST: Final = 8.0
RING_STEP: Final = 2.0
"""An alarm comes after 15 s, then 2 s sooner each time, at last every 8 s."""
RING_SLOW_AFTER: Final = 40
"""Alarms after which it rings once a minute: about 6 minutes; whoever has not answered by then is not in the room."""
RING_SLOW: Final = 60.0
RING_GAIN: Final = 1.5
"""As loud as the speaker's own limit allows, from the third alarm on."""
RING_GAIN_STEP: Final = 0.25


@dataclass(frozen=True, slots=True)
class _Due:
    run: Run
    cue: Cue
    at: float


@dataclass(frozen=True, slots=True)
class Timing:
    """Does what is due."""

    leading: Leading
    speed: float = 1.0
    """How many times faster than time the clock runs: what a machine needs beforehand is more on that clock."""

    @property
    def lead(self) -> float:
        """Seconds before its time at which a cue is given out."""
        return LEAD * self.speed

    def due(self, state: State, now: float) -> Outcome:
        """Do all that is due at ``now``: ends of steps first, then silence, then cues."""
        actions: tuple[Action, ...] = ()
        for name in [run.routine for run in state.runs]:
            run = state.run(name)
            if run is None:
                continue
            state, more = self._of(state, run, now)
            state = self.noted(state, more, now)
            actions += more
        state, cues = self.give_cues(state, now)
        return state, actions + cues

    def _of(self, state: State, run: Run, now: float) -> Outcome:
        step = step_of(run, self.leading.guide)
        if run.phase is Phase.RUNNING and run.clock.over(now, EARLY):
            # The next step's instruction does not cut an answer off: it comes once that was said.
            return (state, ()) if self._must_wait(state, run) else self.over(state, run, step, now)
        if run.phase is Phase.OVER and step.pad is not None:
            return self._ring(state, run, step, now)
        wait = self.wait_of(run, step)
        if wait is None or run.silent_since is None or now + EARLY < run.silent_since + wait:
            return state, ()
        if state.speaking is not None or state.question is not None or not state.may_lead:
            return state.with_run(replace(run, silent_since=now)), ()
        return self._silence(state, run, step)

    def _must_wait(self, state: State, run: Run) -> bool:
        answering = state.speaking is not None and state.speaking.routine is None and not state.held
        return answering and self._leads_on(run)

    def _leads_on(self, run: Run) -> bool:
        """Return whether the next step follows by itself at the end of this one."""
        step = step_of(run, self.leading.guide)
        return step.kind is StepKind.BREAK or (step.pad is None and not self._may_extend(run, step))

    @staticmethod
    def _may_extend(run: Run, step: Step) -> bool:
        return (limit_of(step) or 0.0) - run.on_skin > (run.clock.length or 0.0) + EARLY

    # The end of a step -------------------------------------------------------------------------------

    def over(self, state: State, run: Run, step: Step, now: float) -> Outcome:
        """Do what follows when a step's time is up; its last cue stands on that second."""
        words, length = self.leading.words, run.clock.length or 0.0
        given = run.cued + EARLY >= length
        # The machine may have slept through the end: then its last cue is said now.
        lines = () if given else words.lines((step.done,) if step.done else ())
        if self._leads_on(run):
            return self.leading.leave(Reply(self.leading.phrases, state), run, now, lines)
        clock = run.clock if step.pad else run.clock.stopped(min(now, (run.clock.began or now) + length))
        ended = replace(run, phase=Phase.OVER, clock=clock, silent_since=None, reminded=0)
        lines += words.phrase("say_off") if step.pad is not None else ()
        lines += words.lines((step.again,)) if step.again and self._may_extend(run, step) else ()
        after_done = now + (state.lengths(step.done) if step.done and given else 0.0) + AFTER_DONE
        said = " ".join(text for text, _ in lines)
        state = spoke_last(state, run)
        cue = SayAt(f"{run.routine}/{run.step}/over", said, after_done, run.clock.elapsed(after_done), essential=True)
        return state.with_run(replace(ended, silent_since=now)), (cue,) if said else ()

    def _ring(self, state: State, run: Run, step: Step, now: float) -> Outcome:
        """Repeat that the pad has to come off, sooner and louder each time, until somebody says that it is."""
        since = run.silent_since if run.silent_since is not None else now
        if now + EARLY < since + ring_after(run.reminded):
            return state, ()
        texts = step.alarm or ((step.done,) if step.done else ())
        rung = replace(run, silent_since=now, reminded=run.reminded + 1)
        if not texts:
            return state.with_run(rung), ()
        text = texts[min(run.reminded, len(texts) - 1)]
        gain = min(RING_GAIN, 1.0 + RING_GAIN_STEP * run.reminded)
        name = f"{run.routine}/{run.step}/alarm-{run.reminded}"
        at = self._free(state, now)
        cue = SayAt(name, text, at, run.clock.elapsed(at), essential=True, gain=gain)
        return state.with_run(rung), (cue,)

    # Silence -------------------------------------------------------------------------------------------

    def wait_of(self, run: Run, step: Step) -> float | None:
        """Return the seconds of silence that are answered in this phase, or None where none are."""
        if run.phase is Phase.WAITING or (run.phase is Phase.OVER and step.pad is None):
            return (WAIT, WAIT_AGAIN)[run.reminded] if run.reminded < 2 else None
        if run.phase is Phase.GOING:
            return RUB_WAIT if run.reminded == 0 else None
        if run.phase is Phase.PAUSED and run.paused_in is Phase.RUNNING and step.pad is not None:
            return PAUSED_WAIT if run.reminded < PAUSED_TOLD else None
        return None

    def _silence(self, state: State, run: Run, step: Step) -> Outcome:
        """Ask once more; after that pause, and say so."""
        words = self.leading.words
        prompt = step.again if run.phase is Phase.OVER else step.ready
        if run.phase is Phase.PAUSED:
            lines, later = words.phrase("still_paused"), replace(run, reminded=run.reminded + 1, silent_since=None)
        elif run.phase is Phase.GOING:
            lines, later = words.phrase("say_next"), replace(run, reminded=1, silent_since=None)
        elif run.reminded == 0:
            lines = words.phrase("reminder") + words.lines((prompt,) if prompt else ())
            later = replace(run, reminded=1, silent_since=None)
        else:
            lines = words.phrase("paused_unheard")
            later = replace(run, phase=Phase.PAUSED, paused_in=run.phase, silent_since=None, reminded=2)
        return Reply(self.leading.phrases, spoke_last(state, later)).say_lines(
            lines, Layer.PRODUCT, routine=run.routine
        )

    def silent(self, state: State, now: float) -> Outcome:
        """Take in that nothing is being said any more: clocks that waited for it start, waits for an answer begin."""
        actions: tuple[Action, ...] = ()
        for run in state.runs:
            step = step_of(run, self.leading.guide)
            if run.phase is Phase.ANNOUNCED and state.may_lead:
                state, more = self.leading.start_clock(state, run, now)
                actions += more
            elif run.silent_since is None and self.wait_of(run, step) is not None:
                state = state.with_run(replace(run, silent_since=now))
        state, cues = self.give_cues(state, now)
        return state, actions + cues

    # Cues ----------------------------------------------------------------------------------------------

    def give_cues(self, state: State, now: float) -> Outcome:
        """Give out the cues whose time is near; what is too late is left out, unless it is essential.

        A number that another cue sounds over is left out too; what is essential comes after that.
        """
        running = [run for run in state.runs if run.phase is Phase.RUNNING]
        if not running:
            return state, ()
        upcoming = self._upcoming(state, running, now)
        actions: list[Action] = []
        for due in self._near(upcoming, now):
            essential = due.cue.kind in ESSENTIAL
            ends = due.at + state.lengths(due.cue.text)
            covered = any(begin < ends + GAP and due.at < end + GAP for begin, end in state.sounding)
            if not essential and covered:
                continue
            at = self._free(state, due.at) if covered else max(due.at, now)
            name = f"{due.run.routine}/{due.run.step}/{due.cue.kind.value}-{due.cue.at:g}"
            cue = SayAt(name, due.cue.text, at, due.cue.at, essential=essential)
            state = self.noted(state, (cue,), now)
            actions.append(cue)
        for run in running:
            passed = min(run.clock.elapsed(now) + self.lead + EARLY, run.clock.length or math.inf)
            if passed > run.cued:
                state = state.with_run(replace(run, cued=self._cued(run, passed, state, now)))
        return state, (*actions, *self._ticks(state, upcoming, now))

    def _near(self, upcoming: list[_Due], now: float) -> list[_Due]:
        """Return the cues to give out now. Of essential ones that are late, the last of each kind is enough."""
        near = [due for due in upcoming if due.at <= now + self.lead + EARLY]
        late = now - LATE * self.speed
        last = {(due.run.routine, due.cue.kind): due for due in near if due.at < late and due.cue.kind in ESSENTIAL}
        return [due for due in near if due.at >= late or due in last.values()]

    def noted(self, state: State, actions: Iterable[Action], now: float) -> State:
        """Return the state knowing when the cues among ``actions`` sound."""
        new = [(cue.at, cue.at + state.lengths(cue.text)) for cue in actions if isinstance(cue, SayAt)]
        kept = [(begin, end) for begin, end in state.sounding if end + GAP > now - LATE]
        return replace(state, sounding=(*kept, *new)) if new or len(kept) != len(state.sounding) else state

    @staticmethod
    def _free(state: State, at: float) -> float:
        """Return the first time from ``at`` on when none of the cues that were given out sounds."""
        for begin, end in sorted(state.sounding):
            if begin - GAP < at < end + GAP:
                at = end + GAP
        return at

    def _cued(self, run: Run, passed: float, state: State, now: float) -> float:
        """Return the time of the last cue up to ``passed``: so a state changes with its cues only."""
        return max((cue.at for cue in self._cues(run, state, now) if cue.at <= passed), default=run.cued)

    def _upcoming(self, state: State, running: list[Run], now: float) -> list[_Due]:
        """Return the cues of the next seconds, none over another, in order of time."""
        due = [
            _Due(run, cue, (run.clock.began or 0.0) + cue.at)
            for run in running
            for cue in self._cues(run, state, now)
            if (run.clock.began or 0.0) + cue.at <= now + max(LOOK, self.lead + EARLY)
        ]
        if len(running) > 1:
            kept = without_overlaps([replace(each.cue, at=each.at) for each in due], state.lengths)
            # What is essential at one clock comes after what is more so at the other one: late, not lost.
            due = [each for each in due if each.cue.kind in ESSENTIAL or replace(each.cue, at=each.at) in kept]
        return sorted(due, key=lambda each: each.at)

    def _cues(self, run: Run, state: State, now: float) -> Iterator[Cue]:
        """Yield the cues of a step that have not been given out, those of the next seconds where it has no end."""
        guide = self.leading.guide
        named = sum(each.phase is Phase.RUNNING for each in state.runs) > 1
        texts, timeline = self.leading.words.cue_texts(run, named=named), timeline_of(run, guide)
        if run.opening is not None and run.clock.stood_at > run.cued:
            yield Cue(run.clock.stood_at, run.opening, CueKind.BEGIN)
        for cue in plan(timeline, texts, state.cadence, state.lengths):
            if cue.at > run.cued and not (cue.kind is CueKind.BEGIN and run.opening is not None):
                yield cue
        if timeline.length is None:
            yield from check_ins(timeline, texts, max(run.cued, 0.0), run.clock.elapsed(now) + LOOK)

    def next_cue(self, state: State, run: Run, now: float) -> Cue | None:
        """Return the next cue of a running clock that is still to come, or None."""
        if run.phase is not Phase.RUNNING:
            return None
        began = replace(run, cued=max(NO_CUE, run.clock.elapsed(now)))
        return next(self._cues(began, state, now), None)

    def tells_soon(self, state: State, runs: tuple[Run, ...], now: float) -> bool:
        """Return whether the next cue tells the time left in a moment: an answer would be cut in two by it."""
        cue = self.next_cue(state, runs[0], now) if len(runs) == 1 else None
        return cue is not None and cue.kind in TELLS_TIME and cue.at - runs[0].clock.elapsed(now) < ANSWER_SECONDS

    def texts(self, state: State) -> frozenset[str]:
        """Return all that may be said on the clocks of the routines under way, so that it can be measured."""
        found: set[str] = set()
        guide = self.leading.guide
        for run in state.runs:
            timeline = timeline_of(run, guide)
            for named in (False, True) if len(state.runs) > 1 else (False,):
                texts = self.leading.words.cue_texts(run, named=named)
                found.update(cue.text for cue in plan(timeline, texts, state.cadence, state.lengths))
                found.update(texts.count(number) for number in range(1, 11))
                found.update(texts.check_in)
        return frozenset(found)

    def _ticks(self, state: State, upcoming: list[_Due], now: float) -> tuple[Action, ...]:
        """Return the soft ticks of the next second or so, where no cue sounds. Of two clocks the later one ticks."""
        running = [run for run in state.runs if run.phase is Phase.RUNNING]
        if not state.tick or not running:
            return ()
        run = running[-1]
        began = run.clock.began or 0.0
        first = max(1, math.ceil(now - began))
        times = [began + second for second in range(first, first + 2) if began + second <= now + TICK_AHEAD]
        spans = [(each.at - 0.1, each.at + state.lengths(each.cue.text)) for each in upcoming]
        return tuple(
            SoftTick(at)
            for at in times
            if (run.clock.length is None or at <= began + run.clock.length)
            and not any(begin <= at <= end for begin, end in spans)
        )

    def next_wake(self, state: State, now: float) -> float:
        """Return when the next thing is due; infinity where nothing is."""
        times = [math.inf]
        for run in state.runs:
            step = step_of(run, self.leading.guide)
            if run.phase is Phase.RUNNING:
                began = run.clock.began or 0.0
                times += [began + cue.at - self.lead for cue in self._cues(run, state, now)][:1]
                if not (run.clock.over(now, EARLY) and self._must_wait(state, run)):
                    times.append(began + (run.clock.length or math.inf))
                times.append(now + (1.0 if state.tick else HEARTBEAT))
            elif run.phase is Phase.OVER and step.pad is not None and run.silent_since is not None:
                times.append(run.silent_since + ring_after(run.reminded))
            elif (wait := self.wait_of(run, step)) is not None and run.silent_since is not None:
                times.append(run.silent_since + wait)
        return max(min(times), now)

    def rescheduled(self, state: State, now: float) -> tuple[State, tuple[Action, ...]]:
        """Take back the cues that have not begun, for a timeline or a voice that changed."""
        return self.dropped(state, state, now, begun=False), (DropCues(begun=False),)

    def dropped(self, before: State, state: State, now: float, *, begun: bool) -> State:
        """Return the state after cues were dropped: clocks that run on as ``before`` give theirs out anew."""
        for run in before.runs:
            here = state.run(run.routine)
            same = here is not None and run.phase is here.phase is Phase.RUNNING and run.clock.began == here.clock.began
            if here is not None and same and here.cued > here.clock.elapsed(now):
                state = state.with_run(replace(here, cued=here.clock.elapsed(now)))
        sounding = () if begun else tuple(each for each in state.sounding if each[0] <= now)
        return replace(state, sounding=sounding)

    def woken(self, state: State, now: float) -> Outcome:
        """Ask for the next tick, where none is under way that comes early enough."""
        wake = self.next_wake(state, now)
        if wake == math.inf or (now < state.woken_at <= wake):
            return state, ()
        return replace(state, woken_at=wake), (WakeAt(wake),)


def ring_after(rung: int) -> float:
    """Return the seconds from one alarm to the next, after it rang ``rung`` times."""
    if rung >= RING_SLOW_AFTER:
        return RING_SLOW
    return max(RING_LEAST, RING_FIRST - RING_STEP * rung)
