"""Measures how well spoken starts and commands are taken: ``python tests/measure_spoken_commands.py [--show]``.

Wordings of ``tests/data/commands``, said by espeak voices, go through the ear with the model that ships, listening as
the assistant does: starts while nothing runs, with "hey marigold" before them and without, and commands in a routine.
Taken for another command is wrong, taken for none is missed. Takes some five minutes a voice. Batches named
``held_out_…`` are counted apart, and nothing may be chosen on them.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Final

import numpy as np
import yaml
from numpy.typing import NDArray

from assistant.app import COMPLETE_SCORE, COMPLETE_WORDS, GRAMMAR_WORDS, UNSURE_PAUSE
from assistant.content import Content, load_content
from assistant.hearing.ear import Ear
from assistant.hearing.events import CommandSpotted, Heard, HearingEvent, Hypothesis
from assistant.hearing.listening import Listening
from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.voice import VoiceSettings
from assistant.understanding.interpret import Weighted
from assistant.understanding.meaning import Context, Kind, Meaning
from assistant.understanding.starting import START
from assistant.understanding.wake import WAKE_PHRASES
from conversation import at_microphone_rate
from said import END, model, silence

BATCHES: Final = Path(__file__).parent / "data" / "commands"
HELD_OUT: Final = "held_out"
NO_COMMANDS: Final = "no_commands"
VOICES: Final = ("en-us", "en-gb", "en-gb-scotland", "en-us+f3")
RATE: Final = 150
"""Words a minute."""
STARTS: Final = 40
EACH: Final = 10
"""Wordings of each command."""
COMMANDS: Final = (
    *("resume", "next", "pause", "remaining", "extend", "acknowledge", "stop", "back", "repeat", "restart"),
)
NAME: Final = "hey marigold, "
TOLD: Final = ("right", "missed", "wrong")

Speak = Callable[[str], NDArray[np.int16]]
"""Gives a text as sound at 16 kHz."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said, the command that it is, where it is said, and whether nothing may be chosen on it."""

    text: str
    wanted: str
    context: Context
    held_out: bool
    named: bool = False

    @property
    def kind(self) -> str:
        """Return the table's line that it counts in."""
        if self.wanted.startswith(START):
            return "starts, named" if self.named else "starts"
        return self.wanted


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a saying: the outcome, what was heard turn by turn, and what it was taken for."""

    saying: Saying
    outcome: str
    heard: tuple[str, ...]
    taken_for: tuple[str, ...]


def sayings(*, held_out: bool) -> list[Saying]:
    """Return the wordings to be said: of each routine's start and of each command as many, spread over the batches."""
    lines: defaultdict[tuple[str, Context], list[str]] = defaultdict(list)
    for batch in sorted(BATCHES.glob("*.yaml")):
        if batch.stem.startswith(HELD_OUT) == held_out and not batch.stem.endswith(NO_COMMANDS):
            for command, contexts in yaml.safe_load(batch.read_text(encoding="utf-8")).items():
                for context, wordings in contexts.items():
                    lines[command, Context(context)] += wordings
    starts = [
        _spread(said, STARTS // 5, command)
        for (command, context), said in lines.items()
        if command.startswith(START) and context is Context.IDLE
    ]
    in_turn = [s for each in zip_longest(*starts) for s in each if s is not None][:STARTS]
    found = [Saying(line, command, Context.IDLE, held_out) for command, line in in_turn]
    found += [replace(each, text=NAME + each.text, named=True) for each in found]
    for command in COMMANDS:
        chosen = _spread(lines[command, Context.ROUTINE], EACH, command)
        found += [Saying(line, command, Context.ROUTINE, held_out) for _, line in chosen]
    return found


def _spread(lines: Sequence[str], count: int, command: str) -> list[tuple[str, str]]:
    step = max(1.0, len(lines) / count)
    return [(command, lines[int(i * step)]) for i in range(min(count, len(lines)))]


class Listener:
    """An ear that listens as the assistant does while nothing runs, or in a routine that is silent."""

    def __init__(self, content: Content, context: Context) -> None:
        """Build the ear."""
        self._interpreter = content.interpreter
        self._context = context
        self._events: list[HearingEvent] = []
        self._ear = Ear(model(), self._events.append, pause_needed=self._pause_needed)
        variants = content.phrases.variants
        alone = frozenset(variants("spotted_alone"))
        if context is Context.ROUTINE:
            commands = (*variants("heard_in_routine"), *WAKE_PHRASES)
            self._ear.listen(Listening(commands, spot=True, early=alone))
        else:
            self._ear.listen(Listening((*variants("spotted"), *WAKE_PHRASES), alone=alone))

    def hear(self, samples: NDArray[np.int16]) -> list[HearingEvent]:
        """Return what the ear tells of a recording with silence after it."""
        self._events.clear()
        self._ear.feed(np.concatenate([silence(0.3), samples, silence(END)]))
        return list(self._events)

    def meanings(self, told: Sequence[HearingEvent]) -> Iterator[Meaning]:
        """Yield what each turn and each spotted command is taken for."""
        for event in told:
            if isinstance(event, CommandSpotted):
                yield self._interpreter.interpret([event.text], Context.SPEAKING)
            elif isinstance(event, Heard) and (event.spotted is None or event.spotted in WAKE_PHRASES):
                yield self._understand(readings_of(event))

    def _understand(self, readings: Sequence[Hypothesis]) -> Meaning:
        return self._interpreter.interpret([Weighted(r.text, r.weight) for r in readings], self._context)

    def _pause_needed(self, readings: Sequence[Hypothesis]) -> float:
        """Return what `Assistant.pause_needed` does."""
        meaning = self._understand(readings)
        if meaning.kind is Kind.COMMAND:
            return 0.0
        left_open = meaning.kind is Kind.UNKNOWN and meaning.id is not None
        known = left_open or meaning.kind in (Kind.ANSWER, Kind.RED_FLAG, Kind.CLARIFY)
        if not known or not readings or len(readings[0].text.split()) < COMPLETE_WORDS:
            return math.inf
        return 0.0 if meaning.kind is not Kind.CLARIFY and meaning.score >= COMPLETE_SCORE else UNSURE_PAUSE


def readings_of(event: Heard) -> list[Hypothesis]:
    """Return the readings of a turn as the assistant takes them, with the grammar's beside them."""
    readings = list(event.hypotheses)
    if event.grammar and len(event.text.split()) <= GRAMMAR_WORDS:
        readings.insert(1, Hypothesis(event.grammar, readings[0].weight if readings else 1.0))
    return readings


def judge(saying: Saying, told: Sequence[HearingEvent], meanings: Sequence[Meaning]) -> Taken:
    """Return what became of a saying; any other command in it makes it wrong."""
    commands = [meaning.id for meaning in meanings if meaning.kind is Kind.COMMAND]
    outcome = "missed" if not commands else "right" if set(commands) == {saying.wanted} else "wrong"
    heard = tuple(
        event.text + (f" [{event.grammar}]" if event.grammar else "") for event in told if isinstance(event, Heard)
    )
    return Taken(saying, outcome, heard, tuple(f"{m.kind.value} {m.id or ''}".strip() for m in meanings))


def listen_to(voices: dict[str, Speak], content: Content, said: Sequence[Saying]) -> Iterator[tuple[str, Taken]]:
    """Yield what became of everything in ``said``, by voice."""
    listeners = {context: Listener(content, context) for context in (Context.IDLE, Context.ROUTINE)}
    for voice, speak in voices.items():
        for saying in said:
            listener = listeners[saying.context]
            told = listener.hear(speak(saying.text))
            yield voice, judge(saying, told, list(listener.meanings(told)))


def table(found: Sequence[tuple[str, Taken]]) -> Iterator[str]:
    """Yield the lines of a table: right, missed and wrong of what was said, by kind and by voice."""
    for held_out in (False, True):
        part = [(voice, taken) for voice, taken in found if taken.saying.held_out == held_out]
        if not part:
            continue
        yield f"{'kept apart' if held_out else 'for choosing':24}{'said':>6}" + "".join(f"{t:>8}" for t in TOLD)
        for name in dict.fromkeys(taken.saying.kind for _, taken in part):
            yield _line(name, [taken for _, taken in part if taken.saying.kind == name])
        for voice in dict.fromkeys(voice for voice, _ in part):
            mine = [taken for by, taken in part if by == voice]
            starts = [taken for taken in mine if taken.saying.wanted.startswith(START)]
            yield _line(f"{voice}: starts", starts)
            yield _line(f"{voice}: commands", [taken for taken in mine if taken not in starts])


def _line(name: str, taken: Sequence[Taken]) -> str:
    counts = Counter(each.outcome for each in taken)
    return f"{name:24}{len(taken):6}" + "".join(f"{counts[outcome]:8}" for outcome in TOLD)


def espeak(synthesiser: SupervisedSynthesiser, voice: str) -> Speak:
    """Return what speaks with an espeak voice."""
    settings = VoiceSettings(voice=voice, rate=RATE)

    def speak(text: str) -> NDArray[np.int16]:
        speech = synthesiser.synthesise(text, settings)
        return at_microphone_rate(speech.samples, speech.rate)

    return speak


def main() -> None:
    """Run the measurement."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--voices", nargs="+", default=VOICES, help="espeak voices")
    arguments.add_argument(
        "--show", action="store_true", help="show what was missed or wrong (not of held-out batches)"
    )
    given = arguments.parse_args()
    synthesiser = SupervisedSynthesiser()
    try:
        voices = {voice: espeak(synthesiser, voice) for voice in given.voices}
        said = [*sayings(held_out=False), *sayings(held_out=True)]
        found = list(listen_to(voices, load_content(), said))
    finally:
        synthesiser.close()
    print(*table(found), sep="\n")
    if given.show:
        for voice, taken in found:
            if taken.outcome != "right" and not taken.saying.held_out:
                print(f"{taken.outcome:7} {voice:16} {taken.saying.text} -> {taken.heard} {taken.taken_for}")


if __name__ == "__main__":
    main()
