"""The training speech: manifests, the split into training and validation, and the phones of every recording."""

from __future__ import annotations

import csv
import functools
import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from assistant.errors import WrongInputError
from assistant.hearing.language_part.phone_set import BASE_INDEX

Pronounce = Callable[[str], Sequence[Sequence[str]]]
"""Gives the pronunciations of a word as phones of ``BASE_PHONES``, the usual one first; none for an unknown word."""

COLUMNS: Final = ("path", "text", "speaker", "source", "label", "seconds", "licence")
VALIDATION_PER_CENT: Final = 5
SHORTEST_SECONDS: Final = 0.25
LONGEST_SECONDS: Final = 20.0
"""Longer recordings would need batches of a shape of their own; longer ones are best cut at pauses."""
OUTPUT_SECONDS: Final = 0.03
MOST_PHONES_A_FRAME: Final = 0.8
"""Every phone takes at least one output frame. Past this share there is no room for a phone to last: nobody talks
that fast, and the transcript must be wrong."""
MOST_PHONES: Final = 230
_NOT_A_WORD: Final = re.compile(r"[^a-z' ]")


class BadManifestError(WrongInputError):
    """A manifest that is missing or lacks something."""


@dataclass(frozen=True)
class Recording:
    """One recording of a manifest; ``key`` names it among all manifests."""

    key: str
    path: Path
    text: str
    speaker: str
    source: str
    label: str
    seconds: float
    licence: str

    @property
    def validates(self) -> bool:
        """Whether it belongs to the validation set."""
        return is_validation(self.speaker)


@dataclass(frozen=True)
class Utterance:
    """A recording with the phones of its words, as indices into ``BASE_PHONES``."""

    recording: Recording
    words: tuple[tuple[int, ...], ...]


@dataclass
class Skipped:
    """Why recordings were left out, and which words were unknown, with counts."""

    reasons: Counter[str] = field(default_factory=Counter)
    unknown_words: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        if not self.reasons:
            return "none left out"
        parts = [f"{count} {reason}" for reason, count in self.reasons.most_common()]
        often = ", ".join(word for word, _ in self.unknown_words.most_common(10))
        return "left out: " + ", ".join(parts) + (f" (such as {often})" if often else "")


def read_manifests(paths: Iterable[Path]) -> list[Recording]:
    """Read manifests: tables with tabs between the columns of `COLUMNS`, paths relative to the manifest's folder.

    Raises:
        BadManifestError: A manifest is missing, lacks a column, or has a bad length; or two name the same recording.
    """
    recordings: dict[str, Recording] = {}
    for path in paths:
        for recording in _read_manifest(path):
            if recording.key in recordings:
                raise BadManifestError(f"{path} names {recording.key} a second time.")
            recordings[recording.key] = recording
    return list(recordings.values())


def _read_manifest(path: Path) -> list[Recording]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise BadManifestError(f"The manifest {path} can't be read: {fault}") from fault
    table = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    if missing := [column for column in COLUMNS if column not in (table.fieldnames or ())]:
        raise BadManifestError(f"The manifest {path} lacks the column {missing[0]}; it needs: {', '.join(COLUMNS)}.")
    recordings = []
    for row in table:
        try:
            seconds = float(row["seconds"])
        except (TypeError, ValueError) as fault:
            raise BadManifestError(f"Line {table.line_num} of {path} has no number of seconds.") from fault
        stated = {column: row[column] for column in ("text", "speaker", "source", "label", "licence")}
        key = f"{path.parent.name}/{row['path']}"
        recordings.append(Recording(key=key, path=path.parent / row["path"], seconds=seconds, **stated))
    return recordings


def is_validation(speaker: str) -> bool:
    """Return whether a speaker's recordings are kept for validation: 5 % of speakers, by a hash of the name."""
    digest = hashlib.md5(speaker.encode(), usedforsecurity=False).hexdigest()
    return int(digest, 16) % 100 < VALIDATION_PER_CENT


def words_of(text: str) -> list[str]:
    """Return the words of a transcript: lower case, without accents, with letters and apostrophes only."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return [word for word in _NOT_A_WORD.sub(" ", plain.replace("’", "'")).split() if word.strip("'")]


def transcribe(recordings: Iterable[Recording], pronounce: Pronounce) -> tuple[list[Utterance], Skipped]:
    """Give every recording its phones; leave out those that can't be trained on, and count why."""
    utterances, skipped = [], Skipped()

    @functools.cache
    def phones_of(word: str) -> tuple[int, ...]:
        # "'em" is a word of its own, "the dogs'" is not.
        ways = pronounce(word) or pronounce(word.strip("'"))
        return tuple(BASE_INDEX[phone] for phone in ways[0]) if ways else ()

    for recording in recordings:
        words = words_of(recording.text)
        phones = tuple(phones_of(word) for word in words)
        unknown = [word for word, found in zip(words, phones, strict=True) if not found]
        if reason := _why_not(recording, phones, unknown):
            skipped.reasons[reason] += 1
            skipped.unknown_words.update(unknown)
        else:
            utterances.append(Utterance(recording, phones))
    return utterances, skipped


def _why_not(recording: Recording, phones: Sequence[Sequence[int]], unknown: Sequence[str]) -> str | None:
    count = sum(map(len, phones))
    if unknown:
        return "with unknown words"
    if not phones:
        return "without words"
    if any(character.isdigit() for character in recording.text):
        return "with digits"  # who knows how they were read
    if recording.seconds < SHORTEST_SECONDS:
        return "too short"
    if recording.seconds > LONGEST_SECONDS:
        return "too long"
    if count > MOST_PHONES or count > MOST_PHONES_A_FRAME * recording.seconds / OUTPUT_SECONDS:
        return "with more phones than fit"
    return None
