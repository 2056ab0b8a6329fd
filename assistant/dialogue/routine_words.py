"""The words of a routine: what is said before and in its steps, on their clocks, and when something goes otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from assistant.dialogue.phrases import Phrases
from assistant.dialogue.reply import Line
from assistant.guide.model import Guide, Layer, Routine, Step, StepKind
from assistant.language import digits_to_words, sentences_of, spoken_duration
from assistant.routines.describe import layer_of
from assistant.routines.plan import CueTexts, Timeline
from assistant.routines.run import Run, has_clock, routine_of, step_of

EXACT_BELOW: Final = 120.0
"""Seconds left that are told to the second; longer waits are told in half minutes, as a person would."""
HALF_MINUTE: Final = 30.0


@dataclass(frozen=True, slots=True)
class RoutineWords:
    """Finds the words. Everything comes from the content."""

    guide: Guide
    phrases: Phrases

    def lines(self, texts: Iterable[str]) -> tuple[Line, ...]:
        """Return texts of a routine by sentence, with who says each."""
        return tuple((sentence, layer_of(sentence)) for text in texts for sentence in sentences_of(text))

    def phrase(self, key: str, /, **slots: str) -> tuple[Line, ...]:
        """Return the sentences of one of the product's phrases."""
        return tuple((sentence, Layer.PRODUCT) for sentence in self.phrases.say(key, **slots))

    def intro(self, routine: Routine) -> tuple[Line, ...]:
        """Return what is said before the first step: what it is, how long, what is needed, what to heed."""
        lines = self.phrase("routine_begin", title=routine.title)
        if routine.needs:
            lines += self.phrase("routine_needs", needs=_listed(routine.needs))
        return lines + self.notes(routine) + self.phrase("guide_says") + self.lines(routine.describe)

    def notes(self, routine: Routine) -> tuple[Line, ...]:
        """Return what has to be heeded, all of it the safety layer's."""
        return tuple((s, Layer.SAFETY) for text in routine.before for s in sentences_of(text))

    def instruction(self, step: Step, besides: tuple[Line, ...] = ()) -> tuple[Line, ...]:
        """Return what a step says at its begin, then ``besides``, and the question whether the person is ready."""
        ready = tuple((sentence, Layer.PRODUCT) for sentence in sentences_of(step.ready or ""))
        return (*self.lines(step.say), *besides, *ready)

    def cue_texts(self, run: Run, *, named: bool) -> CueTexts:
        """Return the words on the clock of the run's step; ``named``: with its name, as two clocks run."""
        step = step_of(run, self.guide)
        name = self.name(run) if named else None
        checks = step.check_ins or self.phrases.say("check_in") if step.kind is StepKind.OPEN_ENDED else ()
        return CueTexts(
            left=_Left(self, name),
            count=_Count(),
            begin=step.begin,
            half=_named(name, " ".join(self.phrases.say("cue_half"))),
            done=step.done if step.seconds is not None else None,
            skin_check=step.skin_check,
            check_in=tuple(checks),
        )

    def left(self, seconds: float) -> str:
        """Return "5 minutes left."."""
        return " ".join(self.phrases.say("cue_left", time=spoken_duration(seconds)))

    def name(self, run: Run) -> str:
        """Return what the run is called beside another one: "the heating pad"."""
        routine = routine_of(run, self.guide)
        return routine.names[0] if routine.names else routine.title

    def sentences(self, text: str) -> tuple[str, ...]:
        """Return the sentences of a text."""
        return tuple(sentences_of(text))

    def named(self, name: str, text: str) -> str:
        """Return ``text`` with the name of what it is about before it."""
        return _named(name, text)

    def time_left(self, seconds: float) -> str:
        """Return a length of time as it is told to somebody who asks."""
        if seconds < EXACT_BELOW:
            return spoken_duration(max(1.0, seconds))
        return spoken_duration(round(seconds / HALF_MINUTE) * HALF_MINUTE)


def timeline_of(run: Run, guide: Guide) -> Timeline:
    """Return what is to be counted in the run's step. Checks of a pad that was on before come at the same total."""
    step = step_of(run, guide)
    checks = tuple(at - run.on_skin for at in step.skin_checks if at > run.on_skin)
    return Timeline(run.clock.length if has_clock(step) else None, checks, step.check_in)


@dataclass(frozen=True, slots=True)
class _Left:
    """Hashable, so that plans made with it can be kept."""

    words: RoutineWords
    name: str | None

    def __call__(self, seconds: float) -> str:
        return _named(self.name, self.words.left(seconds))

    def __hash__(self) -> int:
        return hash((id(self.words.phrases), self.name))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Left) and self.words.phrases is other.words.phrases and self.name == other.name


@dataclass(frozen=True, slots=True)
class _Count:
    def __call__(self, number: int) -> str:
        return f"{digits_to_words(str(number)).capitalize()}."


def _named(name: str | None, text: str) -> str:
    return text if name is None else f"{name[0].upper()}{name[1:]}: {text[0].lower()}{text[1:]}"


def _listed(things: tuple[str, ...]) -> str:
    if len(things) == 1:
        return things[0]
    return f"{', '.join(things[:-1])}{',' if len(things) > 2 else ''} and {things[-1]}"
