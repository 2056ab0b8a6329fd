"""Starting a routine while others may run: beside them, in their place, or not before it was asked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assistant.dialogue.actions import DropCues
from assistant.dialogue.leading import Leading
from assistant.dialogue.reply import Line, Outcome, Reply
from assistant.dialogue.state import SwitchQuestion
from assistant.routines.run import can_run_beside, routine_of


@dataclass(frozen=True, slots=True)
class Switching:
    """Goes from one routine to another."""

    leading: Leading

    def start(self, reply: Reply, name: str, now: float) -> Outcome:
        """Begin a routine; while another one runs, ask first."""
        state, guide = reply.state, self.leading.guide
        if not state.runs:
            return self.leading.begin(reply, name, now)
        question = SwitchQuestion(name, self._beside(reply, name))
        key = "start_again" if state.run(name) else "start_beside" if question.beside else "start_instead"
        running = self.leading.words.name(state.runs[-1])
        return reply.phrase(key, question=question, running=running, title=guide.routines[name].title)

    def answered(self, reply: Reply, question: SwitchQuestion, now: float, *, yes: bool) -> Outcome:
        """Do what the answer to that question wants."""
        closed = Reply(reply.phrases, replace(reply.state, question=None))
        if not yes:
            return closed.phrase("no_ack")
        if question.beside:
            return self.leading.begin(closed, question.routine, now)
        return self._in_place(closed, question.routine, now)

    def by_hand(self, reply: Reply, name: str, now: float, *, step: int = 0) -> Outcome:
        """Begin a routine that was chosen by hand; what can't run beside it ends."""
        if not reply.state.runs or self._beside(reply, name):
            return self.leading.begin(reply, name, now, step=step)
        return self._in_place(reply, name, now, step=step)

    def _beside(self, reply: Reply, name: str) -> bool:
        runs, guide = reply.state.runs, self.leading.guide
        return len(runs) == 1 and can_run_beside(guide.routines[name], routine_of(runs[0], guide))

    def _in_place(self, reply: Reply, name: str, now: float, *, step: int = 0) -> Outcome:
        """Begin a routine in the place of all that run; a pad comes off first."""
        before: tuple[Line, ...] = ()
        state = reply.state
        for run in state.runs:
            before += self.leading.early(run)
            state = self.leading.put_away(state, run, now)
        after, actions = self.leading.begin(Reply(reply.phrases, state), name, now, before, step=step)
        return after, (DropCues(), *actions)
