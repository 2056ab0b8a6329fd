"""The speech that measures: recordings of people, and synthetic voices that no training has heard.

The data folder holds ``corpus/`` (``manifest.tsv``, ``speech/``, ``noise/``, ``rir/``) and ``reserved/``
(``audio.jsonl`` and the sound that `models.recipe.reserved` makes).
"""

from __future__ import annotations

import csv
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile

from assistant.errors import MissingPartError
from models.recipe.held_out import for_measuring

SAMPLE_RATE: Final = 16_000
Samples = npt.NDArray[np.int16]

PEOPLE: Final = (
    "librispeech_test_other",
    "an4",
    "harvard_osr",
    "cmu_arctic",
    "speech_to_phrase",
    "rhasspy",
    "speechbrain_asr",
    "google_samples",
)
"""Sets of real people that are scored by word errors."""
READ_SPEECH: Final = ("librispeech_test_other", "harvard_osr", "cmu_arctic", "speechbrain_asr")
"""Those of them that are read aloud from a page."""
TALK: Final = ("picovoice_barista", "librispeech_test_other", "harvard_osr", "cmu_arctic", "speechbrain_asr")
"""Other people's talk, in which no command is meant."""
WORDS: Final = "speech_commands"
"""Single words, each by many people, cut from their recordings at one second."""
_BABBLE: Final = "babble"
_SIMULATED: Final = ("sim_", "_sim_")


class MissingDataError(MissingPartError):
    """The data folder lacks what is measured on."""


@dataclass(frozen=True, slots=True, order=True)
class Clip:
    """A recording and what is said in it."""

    path: Path
    text: str
    group: str
    """The set that it belongs to."""
    voice: str
    kind: str
    """What is said: "question", "command", "word", "sentence" ..."""


class Surroundings(NamedTuple):
    """Noises and impulse responses of rooms; paths."""

    noises: tuple[Path, ...]
    """Without talk: kitchens, machines, wind."""
    babble: tuple[Path, ...]
    recorded_rooms: tuple[Path, ...]
    simulated_rooms: tuple[Path, ...]


def people(data: Path, sets: Iterable[str]) -> list[Clip]:
    """Return the clips of real people of the named sets that have a transcript (``picovoice_barista`` has none needed).

    Raises:
        MissingDataError: There is no corpus in ``data``.
    """
    wanted = frozenset(sets)
    manifest = data / "corpus" / "manifest.tsv"
    if not manifest.is_file():
        raise MissingDataError(
            f"{data} has no corpus/manifest.tsv.\nGive the folder with the test recordings as --data."
        )
    clips = []
    with manifest.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            place, _, rest = row["path"].partition("/")
            group = rest.partition("/")[0]
            if place == "speech" and group in wanted and (row["transcript"].strip() or group == TALK[0]):
                path = manifest.parent / row["path"]
                clips.append(Clip(path, row["transcript"].strip(), group, row["speaker"], row["kind"]))
    if missing := wanted - {clip.group for clip in clips}:
        raise MissingDataError(f"{manifest} lists no clips of {', '.join(sorted(missing))}.\nIs the corpus complete?")
    return clips


def reserved(data: Path) -> list[Clip]:
    """Return the clips of the synthetic voices kept apart.

    Raises:
        MissingDataError: They have not been made, or not all of them.
    """
    folder = data / "reserved"
    index = folder / "audio.jsonl"
    if not index.is_file():
        raise MissingDataError(f"{folder} has no audio.jsonl.\nMake the voices first: python -m models.recipe reserved")
    with index.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    clips = [Clip(folder / row["file"], row["text"], "reserved", row["voice"], row["kind"]) for row in rows]
    if lacking := sum(not clip.path.is_file() for clip in clips):
        raise MissingDataError(
            f"{folder} lacks {lacking} of its {len(clips)} clips.\nMake the rest: python -m models.recipe reserved"
        )
    return clips


def surroundings(data: Path) -> Surroundings:
    """Return the noises and rooms that measure (see `models.recipe.held_out`).

    Raises:
        MissingDataError: There is no noise, no babble, or no room.
    """
    corpus = data / "corpus"
    noises = for_measuring((corpus / "noise").glob("*.flac"))
    rooms = for_measuring((corpus / "rir").glob("*.wav"))
    found = Surroundings(
        noises=tuple(path for path in noises if _BABBLE not in path.name),
        babble=tuple(path for path in noises if _BABBLE in path.name),
        recorded_rooms=tuple(path for path in rooms if not _is_simulated(path)),
        simulated_rooms=tuple(path for path in rooms if _is_simulated(path)),
    )
    for name, there in (("noise", found.noises), ("babble", found.babble), ("rooms", rooms)):
        if not there:
            raise MissingDataError(f"{corpus} has no {name} kept apart for measuring.\nIs the corpus complete?")
    return found


def _is_simulated(room: Path) -> bool:
    return any(mark in f"{room.name}" for mark in _SIMULATED)


def spread(clips: Sequence[Clip], most: int, seed: int = 0) -> list[Clip]:
    """Return at most ``most`` clips, from as many voices and kinds as there are, drawn with ``seed``."""
    if len(clips) <= most:
        return list(clips)
    order = sorted(clips)
    random.Random(seed).shuffle(order)
    by_voice: dict[tuple[str, str], list[Clip]] = defaultdict(list)
    for clip in order:
        by_voice[clip.voice, clip.kind].append(clip)
    turns = sorted(by_voice.values(), key=len, reverse=True)
    random.Random(seed).shuffle(turns)
    drawn: list[Clip] = []
    while len(drawn) < most:
        drawn += [voice.pop() for voice in turns if voice]
    return sorted(drawn[:most])


def load(path: Path) -> Samples:
    """Return the samples of a 16 kHz recording; of several channels the first.

    Raises:
        MissingDataError: The file can't be read, or has another rate.
    """
    try:
        samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as fault:
        raise MissingDataError(f"{path} can't be read: {fault}") from fault
    if rate != SAMPLE_RATE:
        raise MissingDataError(f"{path} has {rate} samples a second; the recordings must have {SAMPLE_RATE}.")
    return np.ascontiguousarray(samples[:, 0])
