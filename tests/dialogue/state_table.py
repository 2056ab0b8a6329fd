"""What every command does in every state, found out by doing it: ``python tests/dialogue/state_table.py`` prints it.

The tables in docs/routines.md are made by this (``--write``), and a test compares them, so that they stay true.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from assistant.content import load_content
from assistant.dialogue.actions import Action, DropCues, Forget, GoOn, Hold, Say, SayAt, SetVoice, Silence, WakeAt
from assistant.dialogue.advance import Dialogue
from assistant.dialogue.events import Event, Returned, SpeechEnded, Tick, Understood
from assistant.dialogue.kept import kept_of
from assistant.dialogue.state import State
from assistant.routines.run import Phase, Run
from assistant.understanding.commands import COMMANDS
from assistant.understanding.meaning import Kind, Meaning

DOCUMENT = Path(__file__).parents[2] / "docs" / "routines.md"
BEGIN, END = "<!-- state x command: begin -->", "<!-- state x command: end -->"
SHOWN_LETTERS = 90
LENGTH = {"length": 600.0}
SPEECH_SECONDS = 5.0
"""How long every utterance takes here."""


@cache
def dialogue() -> Dialogue:
    """Return the dialogue on the content that ships."""
    content = load_content()
    return Dialogue(content.guide, content.phrases)


@dataclass
class Scene:
    """A conversation up to the state that is wanted."""

    state: State = field(default_factory=lambda: State(attentive_until=1e6))
    now: float = 100.0
    wakes: list[float] = field(default_factory=list)

    def happens(self, event: Event) -> tuple[Action, ...]:
        """Take in an event."""
        self.state, actions = dialogue().advance(self.state, event, self.now)
        self.wakes += [action.time for action in actions if isinstance(action, WakeAt)]
        return actions

    def told(self, command: str, heard: str = "", *, seconds: float | None = None) -> Scene:
        """A command is said."""
        self.happens(Understood(Meaning(Kind.COMMAND, id=command, heard=heard or command, seconds=seconds)))
        return self

    def asked(self, entry: str = "heat-for-a-spasm") -> Scene:
        """A question is asked."""
        self.happens(Understood(Meaning(Kind.ANSWER, id=entry, heard="does heat help", score=0.9)))
        return self

    def said(self) -> Scene:
        """What is being said has been said."""
        self.now += SPEECH_SECONDS
        if self.state.speaking is not None:
            self.happens(SpeechEnded(self.state.speaking.utterance, finished=True, sentences_done=99))
        return self

    def passes(self, seconds: float) -> Scene:
        """Time passes; nothing is said by anybody but the clocks."""
        until = self.now + seconds
        while self.wakes and min(self.wakes) < until:
            due = min(self.wakes)
            self.wakes = [each for each in self.wakes if each > due]
            self.now = max(self.now, due)
            self.happens(Tick())
        self.now = until
        return self


def _led(routine: str) -> Scene:
    return Scene().told(f"start:{routine}").said()


def _counting(routine: str, seconds: float) -> Scene:
    return _led(routine).told("resume").passes(seconds)


def _break() -> Scene:
    return _counting("hot-and-cold", 1202.0).told("acknowledge").said().passes(60.0)


def _two() -> Scene:
    return _counting("heating-pad", 60.0).told("start:press-and-rub").told("yes").said().told("resume").passes(10.0)


def _returned() -> Scene:
    before = _counting("heating-pad", 120.0)
    after = Scene(now=200.0)
    after.happens(Returned(kept_of(before.state, before.now), 30.0))
    return after.said()


def _flagged(tier: str) -> Scene:
    scene = _counting("press-and-rub", 10.0)
    script = {"E": "E", "ASK": "ASK"}[tier]
    scene.happens(
        Understood(Meaning(Kind.RED_FLAG, id="R04", tier=tier, script=script, heard="both my legs have gone weak"))
    )
    return scene


STATES: dict[str, Callable[[], Scene]] = {
    "idle": lambda: Scene(),
    "an answer is read": lambda: Scene().asked(),
    "a routine is offered": lambda: Scene().asked().said(),
    "the introduction is said": lambda: Scene().told("start:press-and-rub"),
    "it waits for ready, to press": lambda: _led("press-and-rub"),
    "it waits for ready, with a pad": lambda: _led("heating-pad"),
    "it counts, pressing": lambda: _counting("press-and-rub", 12.0),
    "it counts, heat": lambda: _counting("heating-pad", 120.0),
    "it counts, the break": _break,
    "it holds the stretch": lambda: _led("stretch-and-hold").told("resume").said().passes(30.0),
    "it rubs, without a set time": lambda: _counting("press-and-rub", 12.0).told("next").said(),
    "it waits in a position": lambda: _led("sleep-on-side"),
    "it is paused": lambda: _counting("press-and-rub", 12.0).told("pause").said(),
    "it paused, as nobody answered": lambda: _led("heating-pad").passes(26.0).said().passes(31.0).said(),
    "pressing is over, more is offered": lambda: _counting("press-and-rub", 33.0),
    "a pad rings, more is offered": lambda: _counting("heating-pad", 920.0),
    "a pad rings, at the guide's limit": lambda: _counting("heating-pad", 903.0).told("resume").said().passes(320.0),
    "an answer is read while it counts": lambda: _counting("press-and-rub", 5.0).asked(),
    "two clocks run": _two,
    "which one is asked": lambda: _two().told("pause").said(),
    "another routine was asked for": lambda: _counting("heating-pad", 60.0).told("start:stretch-and-hold").said(),
    "it came back after a power cut": _returned,
    "a warning is read": lambda: _flagged("E"),
    "a safety question is open": lambda: _flagged("ASK").said(),
}
OTHERS = ("start:sleep-on-back", "start:press-and-rub")


def commands() -> list[str]:
    """Return every command, with two starts: of another routine, and perhaps of the same."""
    return [*COMMANDS, *OTHERS]


def outcome(state: str, command: str) -> tuple[Scene, State, tuple[Action, ...]]:
    """Do ``command`` in ``state``; return the scene after it, the state before it, and what was done."""
    scene = STATES[state]()
    before = scene.state
    said = Meaning(Kind.COMMAND, id=command, heard=command.partition(":")[0], seconds=LENGTH.get(command))
    actions = scene.happens(Understood(said))
    return scene, before, actions


def described(state: str, command: str) -> str:
    """Return in words what ``command`` does in ``state``."""
    scene, before, actions = outcome(state, command)
    parts = [text for action in actions if (text := _action(action)) is not None]
    parts += _changes(before, scene.state, scene.now)
    return "; ".join(dict.fromkeys(parts)) or "nothing"


def _action(action: Action) -> str | None:
    if isinstance(action, Say | SayAt):
        text = action.text
        return f"“{text if len(text) <= SHOWN_LETTERS else text[:SHOWN_LETTERS].rsplit(' ', 1)[0] + ' …'}”"
    if isinstance(action, SetVoice):
        return f"voice: {action.rate} words a minute, volume {action.volume}"
    names = {Silence: "silent", Hold: "speech held", GoOn: "speech goes on", Forget: "all erased"}
    return names.get(type(action)) if not isinstance(action, DropCues | WakeAt) else None


def _changes(before: State, after: State, now: float) -> list[str]:
    names = {run.routine for run in (*before.runs, *after.runs)}
    changes = []
    for name in sorted(names):
        old, new = before.run(name), after.run(name)
        if new is None:
            changes.append(f"{name} ends")
        elif old is None or (old.step, old.phase) != (new.step, new.phase):
            changes.append(f"{name} {_place(new)}")
        elif old.clock.length != new.clock.length:
            changes.append(f"{name} lasts {new.clock.length:g} s")
    if after.question != before.question:
        asked = type(after.question).__name__.removesuffix("Question").lower()
        changes.append(f"asks: {asked}" if after.question is not None else "its question is closed")
    return changes


def _place(run: Run) -> str:
    routine = dialogue().guide.routines[run.routine]
    if run.phase is Phase.RUNNING and run.opening is not None:
        return f"counts on with “{run.opening}”"
    told = {Phase.OVER: "is over", Phase.RUNNING: "counts", Phase.GOING: "goes on", Phase.ANNOUNCED: "begins by itself"}
    return f"step {routine.steps[run.step].id} {told.get(run.phase, run.phase.value)}"


def tables() -> str:
    """Return all tables as Markdown."""
    lines = []
    for state in STATES:
        lines += [f"### {state[0].upper()}{state[1:]}", "", "| said | what happens |", "| --- | --- |"]
        lines += [f"| {command} | {described(state, command)} |" for command in commands()]
        lines.append("")
    return "\n".join(lines)


def document(text: str) -> str:
    """Return the document's text with the tables of now between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"


def main() -> None:
    """Print the tables, or write them into the document."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--write", action="store_true", help="write them into docs/routines.md")
    if arguments.parse_args().write:
        DOCUMENT.write_text(document(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(tables())


if __name__ == "__main__":
    main()
