"""What is measured: which clips are heard, in which surroundings, with which grammar."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import soundfile

from models.recipe.check_commands import NINE, SIXTEEN
from models.recipe.check_hearing import UNKNOWN, Grammar, Task
from models.recipe.check_noise import CLEAN, Condition
from models.recipe.check_sets import (
    PEOPLE,
    READ_SPEECH,
    TALK,
    WORDS,
    Clip,
    Surroundings,
    people,
    reserved,
    spread,
    surroundings,
)

NOISE_LEVELS: Final = (20, 10, 5)
"""Speech over noise (dB): a quiet kitchen, a television in the room, a tap running."""
VOICES_KEPT_APART: Final = "synthetic voices kept apart"
THEIR_COMMANDS: Final = "of these, commands"
READ: Final = "real people, reading (four sets)"
ALL_PEOPLE: Final = "real people (all eight sets)"


class Measure(StrEnum):
    """What is counted."""

    ERRORS = "errors"
    COMMANDS = "commands"
    WORDS = "words"
    FALSE_WORDS = "false words"


@dataclass(frozen=True, slots=True)
class Entry:
    """A figure to measure: some tasks that are scored together."""

    measure: Measure
    group: str
    condition: str
    tasks: tuple[Task, ...]
    commands: Grammar = ()
    """For commands: the phrases of the grammar, without `UNKNOWN`."""

    @property
    def open(self) -> bool:
        """Whether the whole vocabulary is listened for."""
        return not self.tasks[0].grammar


@dataclass(frozen=True, slots=True)
class Amount:
    """How many clips are heard, at the most."""

    voices: int | None
    """Of the synthetic voices; None for all."""
    a_set: int | None
    """Of a set of real people."""
    words: int | None
    """Of the single words."""
    talk: int | None
    """Of each set of other people's talk."""
    noisy_voices: int
    """Of the synthetic voices under each noise and in each kind of room."""
    noisy_set: int
    noisy_words: int
    noises: int | None = None
    """Pieces of noise, and of babble, that are listened to for false words: the shortest."""


FULL: Final = Amount(voices=None, a_set=None, words=None, talk=None, noisy_voices=28, noisy_set=10, noisy_words=60)
QUICK: Final = Amount(voices=28, a_set=3, words=30, talk=2, noisy_voices=7, noisy_set=1, noisy_words=10, noises=1)


def make_plan(data: Path, amount: Amount, phrases: Sequence[str] = ()) -> list[Entry]:
    """Return all that is measured. ``phrases``: the assistant's own command phrases, for false ones in talk.

    Raises:
        MissingDataError: Something to measure on is missing in ``data``.
    """
    around = surroundings(data)
    said = [clip for clip in reserved(data) if clip.kind != "word"]
    voices = _some(said, amount.voices)
    sets = {name: _some(people(data, [name]), amount.a_set) for name in PEOPLE}
    words = _some(people(data, [WORDS]), amount.words)
    entries = _errors(CLEAN.name, voices, sets, lambda _: CLEAN)
    entries += _single_words(words, data)
    few_voices = spread(voices, amount.noisy_voices)
    few_of_sets = {name: spread(clips, amount.noisy_set) for name, clips in sets.items()}
    few_words = spread(words, amount.noisy_words)
    for name, under in _conditions(around):
        entries += _errors(name, few_voices, few_of_sets, under)
        entries.append(_commands(few_words, NINE, "nine commands, single words", name, under))
    talk = [clip for name in TALK for clip in _some(people(data, [name]), amount.talk)]
    return entries + _false_words(around, talk, phrases, amount.noises)


def seconds_of(entry: Entry) -> float:
    """Return how long the clips of an entry are together."""
    return float(sum(soundfile.info(task.clip.path).duration for task in entry.tasks))


def _some(clips: Sequence[Clip], most: int | None) -> list[Clip]:
    return list(clips) if most is None else spread(clips, most)


def _conditions(around: Surroundings) -> list[tuple[str, Callable[[Clip], Condition]]]:
    """Return the surroundings by name; a clip has the same noise at all levels."""

    def noise(snr: int) -> Callable[[Clip], Condition]:
        def under(clip: Clip) -> Condition:
            chance = _chance(clip, "noise")
            path = chance.choice((*around.noises, *around.babble))
            return Condition(f"noise, {snr} dB", noise=path, snr=float(snr), seed=chance.randrange(1 << 31))

        return under

    def room(name: str, rooms: Sequence[Path]) -> Callable[[Clip], Condition]:
        return lambda clip: Condition(name, room=_chance(clip, name).choice(rooms))

    named = [(f"noise, {snr} dB", noise(snr)) for snr in NOISE_LEVELS]
    rooms = (("recorded rooms", around.recorded_rooms), ("simulated rooms", around.simulated_rooms))
    return [*named, *((name, room(name, paths)) for name, paths in rooms if paths)]


def _chance(clip: Clip, what: str) -> random.Random:
    """Return a source of chance that is the same for a clip on every run and every machine."""
    return random.Random(f"{what} {clip.group} {clip.path.parent.name}/{clip.path.name}")


def _errors(
    name: str, voices: Sequence[Clip], sets: dict[str, list[Clip]], under: Callable[[Clip], Condition]
) -> list[Entry]:
    def entry(group: str, clips: Iterable[Clip]) -> Entry:
        return Entry(Measure.ERRORS, group, name, tuple(Task(clip, under(clip)) for clip in clips))

    commands = [clip for clip in voices if clip.kind == "command"]
    entries = [entry(VOICES_KEPT_APART, voices)]
    if commands:
        entries.append(entry(THEIR_COMMANDS, commands))
    entries += [entry(group, clips) for group, clips in sets.items()]
    entries.append(entry(READ, [clip for group in READ_SPEECH for clip in sets[group]]))
    entries.append(entry(ALL_PEOPLE, [clip for clips in sets.values() for clip in clips]))
    return entries


def _commands(
    clips: Iterable[Clip], commands: Grammar, group: str, name: str, under: Callable[[Clip], Condition]
) -> Entry:
    tasks = tuple(Task(clip, under(clip), (*commands, UNKNOWN)) for clip in clips)
    return Entry(Measure.COMMANDS, group, name, tasks, commands)


def _single_words(words: Sequence[Clip], data: Path) -> list[Entry]:
    an4 = [clip for clip in people(data, ["an4"]) if clip.kind == "word"]
    by_voices = [clip for clip in reserved(data) if clip.kind == "word"]
    all_words = tuple(sorted({clip.text for clip in words}))

    def clean(_: Clip) -> Condition:
        return CLEAN

    entries = [
        _commands(words, NINE, "nine commands, single words", CLEAN.name, clean),
        _commands(words, SIXTEEN, "sixteen commands, single words", CLEAN.name, clean),
        _commands(an4, NINE, "nine commands, AN4's words", CLEAN.name, clean),
        Entry(
            Measure.WORDS,
            f"{len(all_words)} words, a grammar of them",
            CLEAN.name,
            tuple(Task(clip, CLEAN, all_words) for clip in words),
        ),
        Entry(Measure.WORDS, "single words, whole vocabulary", CLEAN.name, tuple(Task(clip) for clip in words)),
    ]
    if by_voices:
        entries.append(_commands(by_voices, NINE, "nine commands, synthetic voices", CLEAN.name, clean))
    return entries


def _false_words(around: Surroundings, talk: Sequence[Clip], phrases: Sequence[str], most: int | None) -> list[Entry]:
    def clips_of(paths: Iterable[Path], kind: str) -> list[Clip]:
        shortest_first = sorted(paths, key=lambda path: (soundfile.info(path).duration, path))
        return [Clip(path, "", kind, path.stem, kind) for path in shortest_first[:most]]

    noises = clips_of(around.noises, "noise")
    babble = clips_of(around.babble, "babble")
    grammars: list[tuple[str, Grammar]] = [("nine commands", (*NINE, UNKNOWN))]
    if phrases:
        grammars.append(("the assistant's phrases", (*phrases, UNKNOWN)))
    entries = [
        Entry(Measure.FALSE_WORDS, f"{listened}; {name}", CLEAN.name, tuple(Task(c, CLEAN, grammar) for c in clips))
        for listened, grammar in grammars
        for name, clips in (("noise", noises), ("babble", babble), ("other people's talk", talk))
    ]
    open_ = tuple(Task(clip) for clip in noises)
    return [*entries, Entry(Measure.FALSE_WORDS, "whole vocabulary; noise", CLEAN.name, open_)]
