"""Commands while a routine is led: what each one does in each phase. Other commands are left to `Commands`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from assistant.dialogue.actions import Action, DropCues, GoOn, Hold, Say, Silence
from assistant.dialogue.choosing import is_one_of, words_without_wake
from assistant.dialogue.extending import Extending
from assistant.dialogue.leading import Leading
from assistant.dialogue.reply import Outcome, Reply
from assistant.dialogue.safety import Safety
from assistant.dialogue.state import GoOnQuestion, SafetyQuestion, State, SwitchQuestion, WhichQuestion
from assistant.dialogue.switching import Switching
from assistant.dialogue.telling import Telling
from assistant.dialogue.timing import PAUSED_TOLD, Timing
from assistant.guide.model import Layer, StepKind
from assistant.routines.run import Phase, Run, has_clock, routine_of, step_of
from assistant.understanding.meaning import Kind, Meaning
from assistant.understanding.named import named_routines
from assistant.understanding.starting import START

_ASKS_WHICH: Final = frozenset({"stop", "pause", "extend", "length", "restart"})
"""Commands that would do harm at the wrong clock: with two of them it is asked which one is meant."""
_LEADS_ON: Final = frozenset(["resume", "yes", "next", "back", "restart", "extend", "length"])
"""Commands that lead a routine on: none of them after a red flag."""
WHICH_ASKED: Final = 2
"""How often "which one?" is asked before words are taken as something else."""
HANDLED: Final = frozenset(
    [
        "stop",
        "pause",
        "resume",
        "next",
        "back",
        "repeat",
        "restart",
        "remaining",
        "extend",
        "length",
        "help",
        "yes",
        "no",
        "acknowledge",
        "which-step",
        "hurts",
    ]
)


@dataclass(frozen=True, slots=True)
class RoutineCommands:
    """Carries out commands at the routines under way."""

    leading: Leading
    timing: Timing

    @property
    def _telling(self) -> Telling:
        return Telling(self.leading)

    def carry_out(self, reply: Reply, meaning: Meaning, now: float) -> Outcome | None:
        """Return what the command does; None where it has nothing to do with the routines."""
        command = meaning.id or ""
        state = reply.state
        if command.startswith(START):
            name = command.removeprefix(START)
            leads = name in self.leading.guide.routines and state.may_lead
            return Switching(self.leading).start(reply, name, now) if leads else None
        if command not in HANDLED or not state.runs:
            return None
        if command == "hurts":
            return self._stop_all(reply, state.runs, now)  # whatever runs, and before anything is asked
        if isinstance(state.question, SafetyQuestion) and command != "stop":
            return None
        if (command in _LEADS_ON or (command == "acknowledge" and not self._pad_on(state))) and not state.may_lead:
            return Safety(self.leading.phrases).refusal(reply)
        if state.question is not None and command in ("yes", "no", "resume"):
            return self._answer(reply, meaning, now)
        if command == "stop" and self._only_silences(state):
            return replace(state, speaking=None, held=False), (Silence(),)
        if command == "remaining":
            asked = self._named(state, meaning.heard) or state.runs
            return (
                (state, ()) if self.timing.tells_soon(state, asked, now) else self._telling.remaining(reply, asked, now)
            )
        named = self._named(state, meaning.heard)
        if len(state.runs) > 1 and not named and command in _ASKS_WHICH:
            if isinstance(state.question, WhichQuestion) and command == "stop":
                return self._each(reply, state.runs, meaning, now)  # said again: all of it, at once
            return self._ask_which(reply, meaning)
        return self._each(reply, named or (self._meant(state, command),), meaning, now)

    def _answer(self, reply: Reply, meaning: Meaning, now: float) -> Outcome | None:
        """Return what yes, no or "carry on" does to the open question; None where it is an answer's own offer."""
        question, command = reply.state.question, meaning.id
        if isinstance(question, SwitchQuestion):
            # "Carry on" to "shall I stop that?" is meant for the routine that runs.
            return Switching(self.leading).answered(reply, question, now, yes=command == "yes")
        if isinstance(question, GoOnQuestion):
            closed = Reply(reply.phrases, replace(reply.state, question=None))
            return self._go_on_answered(closed, yes=command != "no", now=now)
        if isinstance(question, WhichQuestion):
            return self._ask_which(reply, meaning, question) if command != "no" else reply.phrase("no_ack")
        return None

    def chosen(self, reply: Reply, question: WhichQuestion, meaning: Meaning, now: float) -> Outcome | None:
        """Return what follows from words after "which one?"; None where they are something else."""
        state = reply.state
        heard = words_without_wake(meaning)
        runs = self._named(state, heard)
        for key, chosen in (
            ("choose_both", state.runs),
            ("choose_first", state.runs[:1]),
            ("choose_second", state.runs[1:2]),
        ):
            if not runs and is_one_of(reply.phrases, key, heard):
                runs = chosen
        if not runs:
            if is_one_of(reply.phrases, "choose_neither", heard) or (
                meaning.kind is Kind.COMMAND and meaning.id == "no"
            ):
                return reply.phrase("no_ack")
            vague = meaning.kind in (Kind.UNKNOWN, Kind.CLARIFY) and question.asked < WHICH_ASKED
            return self._ask_which(reply, meaning, replace(question, asked=question.asked + 1)) if vague else None
        asked = replace(meaning, kind=Kind.COMMAND, id=question.command, seconds=question.seconds)
        # The question itself is not what a pause is meant to hold.
        silent = replace(state, question=None, speaking=None, held=False)
        after, actions = self._each(Reply(reply.phrases, silent), runs, asked, now)
        return after, ((Silence(),) if state.speaking is not None else ()) + actions

    # Which one is meant ----------------------------------------------------------------------------

    def _named(self, state: State, heard: str) -> tuple[Run, ...]:
        names = {run.routine: routine_of(run, self.leading.guide).names for run in state.runs}
        found = named_routines(heard, names)
        return tuple(run for run in state.runs if run.routine in found)

    def _meant(self, state: State, command: str) -> Run:
        """Return the routine that a command without a name is for: one that waits for it, or that spoke last."""
        pads = [r for r in state.runs if step_of(r, self.leading.guide).pad is not None]
        over = [r for r in pads if r.phase is Phase.OVER] or [r for r in pads if r.at_clock]
        if command == "acknowledge" and over:
            return over[-1]
        waiting = [r for r in state.runs if r.phase in (Phase.WAITING, Phase.OVER, Phase.PAUSED)]
        if command in ("resume", "yes", "no", "acknowledge") and waiting:
            return waiting[-1]
        return state.runs[-1]

    def _ask_which(self, reply: Reply, meaning: Meaning, again: WhichQuestion | None = None) -> Outcome:
        names = [self.leading.words.name(run) for run in reply.state.runs]
        question = again or WhichQuestion(meaning.id or "", meaning.seconds)
        return reply.phrase("which_one", question=question, a=names[0], b=names[1])

    def _only_silences(self, state: State) -> bool:
        """Return whether "stop" means the answer that is being read, and not the clock that runs beside it."""
        asks = isinstance(state.question, WhichQuestion | SwitchQuestion | GoOnQuestion)
        spoken, last = state.speaking, state.last
        answer = spoken is not None and last is not None and last.utterance == spoken.utterance
        return answer and spoken is not None and spoken.routine is None and not state.held and not asks

    def _each(self, reply: Reply, runs: tuple[Run, ...], meaning: Meaning, now: float) -> Outcome:
        """Carry a command out at each of ``runs``; the last one speaks of it, where only one can."""
        if len(runs) > 1 and meaning.id == "stop":
            return self._stop_all(reply, runs, now)
        state, actions = reply.state, tuple[Action, ...]()
        # The pad speaks last, as only one can: it may have to come off.
        for run in sorted(runs, key=lambda each: step_of(each, self.leading.guide).pad is not None):
            here = state.run(run.routine)
            if here is None:
                continue
            if actions:
                state = replace(state, speaking=None, held=False)
                actions = tuple(action for action in actions if not isinstance(action, Say))
            state, more = self._one(Reply(reply.phrases, state), here, meaning, now)
            actions += more
        return state, actions

    def _stop_all(self, reply: Reply, runs: tuple[Run, ...], now: float) -> Outcome:
        state = reply.state
        lines = self.leading.words.phrase("routine_stopped")
        for run in runs:
            lines += self.leading.early(run)
            state = self.leading.put_away(state, run, now)
        return self.leading.after_a_breath(state, lines, now)

    # One command at one routine ----------------------------------------------------------------------

    def _one(self, reply: Reply, run: Run, meaning: Meaning, now: float) -> Outcome:
        command = meaning.id or ""
        if run.phase is Phase.OVER and step_of(run, self.leading.guide).pad is not None and self._is_vague(meaning):
            return self._telling.over_again(reply, run)
        if run.phase is Phase.WAITING and command in ("resume", "yes") and self._notes_unheard(reply.state, run):
            return self._notes(reply, run)
        if command == "extend":
            return Extending(self.leading, self.timing).extend(reply, run, meaning.seconds, now)
        if command == "length":
            return Extending(self.leading, self.timing).set_length(reply, run, meaning.seconds, now)
        table: dict[str, Callable[[Reply, Run, float], Outcome]] = {
            "stop": self.leading.end,
            "pause": self._pause,
            "resume": self._resume,
            "next": self._next,
            "back": self._back,
            "repeat": self._repeat,
            "restart": self._restart,
            "help": lambda r, _, __: r.phrase("routine_help", question=r.state.question),
            "yes": self._yes,
            "no": self._no,
            "acknowledge": self._acknowledge,
            "which-step": lambda r, its_run, _: self._telling.which_step(r, its_run),
        }
        return table[command](reply, run, now)

    def _is_vague(self, meaning: Meaning) -> bool:
        """Return whether words are too mild, or ask what to do, where a pad has to come off."""
        heard = words_without_wake(meaning)
        asks = meaning.id == "next" and "what" in heard.split()
        ready = meaning.id == "resume" and "ready" in heard.split()
        return asks or ready or (meaning.id == "yes" and is_one_of(self.leading.phrases, "not_a_clear_answer", heard))

    def _notes_unheard(self, state: State, run: Run) -> bool:
        """Return whether "ready" came before what has to be heeded with a pad could be said."""
        spoken = state.speaking
        return spoken is not None and spoken.intro and step_of(run, self.leading.guide).pad is not None

    def _notes(self, reply: Reply, run: Run) -> Outcome:
        """Say what has to be heeded, and ask again."""
        words, step = self.leading.words, step_of(run, self.leading.guide)
        lines = words.notes(routine_of(run, self.leading.guide)) + words.lines((step.ready,) if step.ready else ())
        return reply.say_lines(lines, Layer.SAFETY, routine=run.routine)

    def _pad_on(self, state: State) -> bool:
        return any(
            step_of(run, self.leading.guide).pad is not None and (run.at_clock or run.phase is Phase.OVER)
            for run in state.runs
        )

    def _pause(self, reply: Reply, run: Run, now: float) -> Outcome:
        """Stop the clock; what is being said is held with it. A pad has to come off meanwhile."""
        state, words = reply.state, self.leading.words
        if run.phase is Phase.PAUSED:
            return reply.phrase("already_paused", question=state.question)
        if run.phase is Phase.OVER:
            return self._telling.over_again(reply, run)
        if run.phase in (Phase.WAITING, Phase.ANNOUNCED, Phase.GOING):
            if state.speaking is not None and not state.held:
                return replace(state, held=True), (Hold(),)
            waiting = state.with_run(replace(run, silent_since=now, reminded=0))
            return Reply(reply.phrases, waiting).phrase("wait_ack", question=state.question)
        elapsed = run.clock.elapsed(now)
        paused = replace(
            run,
            phase=Phase.PAUSED,
            paused_in=run.phase,
            clock=run.clock.stopped(now),
            cued=min(run.cued, max(elapsed, 0.0) if elapsed > 0 else -1.0),
        )
        after = state.with_run(paused)
        step = step_of(run, self.leading.guide)
        lines = words.phrase("routine_paused") + (words.phrase("pad_meanwhile") if step.pad is not None else ())
        if state.speaking is not None and not state.held and step.pad is None:
            return replace(after, held=True), (DropCues(), Hold())
        said, actions = Reply(reply.phrases, after).say_lines(lines, Layer.PRODUCT, routine=run.routine)
        return said, (DropCues(), *actions)

    def _resume(self, reply: Reply, run: Run, now: float) -> Outcome:
        """Go on: a paused clock, a step that waits for "ready", or more time where it is offered."""
        state = reply.state
        if run.phase is Phase.PAUSED:
            return self._unpause(reply, run, now)
        if state.held:
            return replace(state, held=False), (GoOn(),)
        if run.phase is Phase.WAITING:
            return self.leading.ready(reply, run, now)
        if run.phase is Phase.ANNOUNCED:
            return self.leading.start_clock(state, run, now)
        if run.phase is Phase.OVER:
            return Extending(self.leading, self.timing).carry_on(reply, run, now)
        return reply.phrase("runs_already", question=state.question)

    def _unpause(self, reply: Reply, run: Run, now: float) -> Outcome:
        state = reply.state
        before = run.paused_in or Phase.RUNNING
        if before is Phase.OVER and not self._telling.may_extend(run):
            return self.leading.leave(reply, run, now)
        if before is not Phase.RUNNING:
            back = replace(run, phase=before, paused_in=None, reminded=0)
            after = Reply(reply.phrases, state.with_run(back))
            return self._resume(after, back, now) if before is not Phase.GOING else self._repeat(after, back, now)
        say = " ".join(self.leading.phrases.say("resumed"))
        if state.held:
            # What was being said goes on with the clock, beside it.
            speaking = state.speaking
            going, actions = self.leading.start_clock(replace(state, speaking=None), run, now, say=say)
            return replace(going, speaking=speaking), (*actions, GoOn())
        return self.leading.start_clock(state, run, now, say=say)

    def _next(self, reply: Reply, run: Run, now: float) -> Outcome:
        """Go on to the next step; in the introduction, to the step itself."""
        state, step = reply.state, step_of(run, self.leading.guide)
        if state.speaking is not None and state.speaking.intro and run.phase is Phase.WAITING:
            return self.leading.enter(reply, run, run.step, now)
        waits = run.phase is Phase.WAITING or run.paused_in is Phase.WAITING
        if waits and not has_clock(step):
            return self.leading.leave(reply, run, now)
        if run.phase is Phase.OVER and step.pad is not None:
            return self._acknowledge(reply, run, now)
        done = run.phase in (Phase.GOING, Phase.OVER) or (run.at_clock and step.kind is StepKind.OPEN_ENDED)
        return self.leading.leave(reply, run, now, skipped=not done)

    def _acknowledge(self, reply: Reply, run: Run, now: float) -> Outcome:
        """Take it that the pad is off, or that what was asked for is done."""
        step = step_of(run, self.leading.guide)
        if run.phase is Phase.OVER:
            before = self.leading.words.phrase("pad_off_ack") if step.pad is not None else ()
            after, actions = self.leading.leave(reply, run, now, before)
            return after, (DropCues(), *actions)
        if run.phase is Phase.WAITING or run.paused_in is Phase.WAITING:
            # A pad that is off is not on; but "it's there" is what a position waits for.
            return self._no(reply, run, now) if step.pad is not None else self._yes(reply, run, now)
        if run.phase is Phase.PAUSED and step.pad is not None:
            noted = reply.state.with_run(replace(run, silent_since=None, reminded=PAUSED_TOLD))
            return Reply(reply.phrases, noted).phrase("off_in_pause", question=reply.state.question)
        if run.at_clock and step.pad is not None:
            # It came off before its time.
            after, actions = self.leading.leave(reply, run, now, self.leading.words.phrase("pad_off_ack"))
            return after, (DropCues(), *actions)
        return self._telling.which_step(reply, run)

    def _back(self, reply: Reply, run: Run, now: float) -> Outcome:
        return self._to_step(reply, run, max(0, run.step - 1), now)

    def _restart(self, reply: Reply, run: Run, now: float) -> Outcome:
        return self._to_step(reply, run, 0, now)

    def _to_step(self, reply: Reply, run: Run, index: int, now: float) -> Outcome:
        here = step_of(run, self.leading.guide)
        if here.pad is not None and index == run.step and run.at_clock:
            left = self.leading.words.time_left(run.clock.left(now))
            return reply.phrase("pad_goes_on", question=reply.state.question, time=left)
        refused = self.leading.refused(reply, run, index, now)
        if refused is not None:
            return refused
        state = self.leading.with_exposure(reply.state, run, now)
        step = step_of(run, self.leading.guide)
        if step.kind is StepKind.TIMED and step.pad is None and run.clock.elapsed(now) > 0:
            run = run.with_pressed(now)
        begun = run.at_clock or run.phase is Phase.OVER
        before = self.leading.words.lines((step.early,)) if begun and step.early and index != run.step else ()
        stood = replace(run, clock=run.clock.stopped(now), phase=Phase.PAUSED, paused_in=Phase.WAITING)
        kept = replace(state.with_run(stood), question=None)
        after, actions = self.leading.enter(Reply(reply.phrases, kept), stood, index, now, before)
        return after, (DropCues(), *actions)

    def _repeat(self, reply: Reply, run: Run, now: float) -> Outcome:
        """Say again what the step is; its clock goes on."""
        state, last = reply.state, reply.state.last
        if last is not None and last.entry is not None and (state.speaking is not None or now < state.attentive_until):
            return reply.again(last)
        if run.phase is Phase.OVER:
            return self._telling.over_again(reply, run)
        step = step_of(run, self.leading.guide)
        lines = self.leading.words.instruction(step)
        if run.phase is Phase.RUNNING:
            lines = self.leading.words.lines(step.say)
        return reply.say_lines(lines, Layer.GUIDE, routine=run.routine, question=state.question)

    def _yes(self, reply: Reply, run: Run, now: float) -> Outcome:
        """Yes to "are you ready?", or to more time. To "take the pad off" it means that it is off."""
        if run.phase is Phase.OVER and step_of(run, self.leading.guide).pad is not None:
            return self._acknowledge(reply, run, now)
        if run.phase is Phase.RUNNING or run.phase is Phase.GOING:
            return reply.phrase("runs_already", question=reply.state.question)
        return self._resume(reply, run, now)

    def _no(self, reply: Reply, run: Run, now: float) -> Outcome:
        """No to "are you ready?" waits on; no to more time goes on to the next step."""
        if run.phase is Phase.OVER:
            pad = step_of(run, self.leading.guide).pad is not None
            return self._telling.over_again(reply, run) if pad else self.leading.leave(reply, run, now)
        if run.phase in (Phase.WAITING, Phase.ANNOUNCED):
            waiting = reply.state.with_run(replace(run, silent_since=now, reminded=0))
            return Reply(reply.phrases, waiting).phrase("wait_ack")
        return reply.phrase("no_ack")

    def _go_on_answered(self, reply: Reply, *, yes: bool, now: float) -> Outcome:
        stands = [run for run in reply.state.runs if run.phase is not Phase.RUNNING]
        run = (stands or list(reply.state.runs))[-1]
        if not yes:
            return self._stop_all(reply, reply.state.runs, now)
        if run.phase in (Phase.PAUSED, Phase.WAITING, Phase.GOING):
            return self._unpause(reply, run, now) if run.phase is Phase.PAUSED else self._repeat(reply, run, now)
        return reply.phrase("no_ack")
