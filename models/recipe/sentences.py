"""What synthetic speakers say: sentences of all kinds, and what is said in few words - commands, numbers, letters.

Variety of words counts for more than hours. Nearly half is general language, so that words which the guide doesn't
know come out as themselves; single words and short phrases lie beside the commands for the same reason.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from assistant.hearing.language_part.spelling import heard_words
from assistant.language.numbers import digits_to_words
from assistant.language.spoken import sentences_of, speakable
from models.recipe.text import PATTERNS, domain_sentences, filled_patterns, paragraphs

DATA: Final = Path(__file__).parent / "data"
SHARES: Final = {
    "general": 0.35,
    "talk": 0.10,
    "domain": 0.35,
    "command": 0.08,
    "number": 0.03,
    "record": 0.03,
    "letters": 0.03,
    "word": 0.03,
}
"""Of all lines. ``record``: dates, addresses, strings of digits, as people dictate them."""
COMMAND_SAID: Final = 12
"""Times that a command is said at most, as speakers are drawn anew for each; everything else is said once."""
_FEWEST_WORDS, _MOST_WORDS = 3, 16
_COMMON_WORDS: Final = 1500
_SEEN_OFTEN: Final = 3
"""A word that the general text holds less often is a typing error or a name that nobody can pronounce."""
_SPEAKABLE: Final = re.compile(r"[A-Za-z ,;:'?!.-]+")
_HYPHEN: Final = re.compile(r"(?<=[A-Za-z])-(?=[A-Za-z])")
_READ_AMISS: Final = re.compile(r"\b(?:[a-z]\.){2,}|\b(?:mr|mrs|ms|dr|st|vs|etc|prof|hon|jr|min|sec)\b", re.IGNORECASE)
_INITIALS: Final = re.compile(r"\b[A-Z]{2,}\b")
"""Abbreviations: it depends on the voice whether they are read out or spelled."""
_QUESTION: Final = re.compile(
    r"(?:what|how|why|when|where|who|which|can|could|should|is|are|do|does|did|will|would|has|have)\b"
)
_READ_BYTES: Final = 1_000_000
_EXCERPT_BYTES: Final = 300_000
"""Bytes read of a source and of a file at most: thousands of sentences, from more than one of its books."""
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_ORDINALS: Final = tuple(digits_to_words(f"{day}{'st' if day in (1, 21, 31) else 'th'}") for day in range(1, 32))
_DURATIONS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 25, 30, 35, 40, 45, 50, 60, 90)
_MINUTES: Final = ("oh five", "fifteen", "twenty", "thirty", "forty five", "fifty")
_OH_SHARE: Final = 0.3
"""Of strings of digits: in these a zero is read "oh", as people do."""


@dataclass(frozen=True)
class Line:
    """A text for a voice, and the words that are heard then: lower case, no digits, no signs but apostrophes."""

    kind: str
    spoken: str
    words: str


def as_line(kind: str, text: str) -> Line | None:
    """Return ``text`` as a line with its numbers as words, or None if voices may read it in different ways."""
    if _INITIALS.search(text):
        return None
    plain = _HYPHEN.sub(" ", text.replace("’", "'").replace('"', ""))
    spoken = digits_to_words(speakable(plain)).strip()
    if not spoken or not _SPEAKABLE.fullmatch(spoken) or _READ_AMISS.search(spoken):
        return None
    words = heard_words(spoken)
    return Line(kind, spoken, " ".join(words)) if words else None


def make_lines(
    data: Path, wordings: Iterable[str] = (), without: Iterable[str] = (), *, count: int = 9000, seed: int = 11
) -> list[Line]:
    """Return up to ``count`` lines in a random order; the same ones for the same seed.

    ``data`` is the folder of the recipe's data: ``training/domain.tsv``, and ``text`` with a folder for each source of
    general text. ``wordings`` are a guide's own (questions, answers, commands). A line that occurs in ``without``, the
    texts that measure, is left out, unless it has less than three words: nobody can avoid "stop".

    Raises:
        FileNotFoundError: ``data`` lacks the table or the texts.
    """
    chance = random.Random(seed)
    short: Mapping[str, Any] = yaml.safe_load((DATA / "short_speech.yaml").read_text(encoding="utf-8"))
    general, common = general_lines(data / "text", chance, int(count * SHARES["general"]) * 2)
    own = [(kind, " ".join(words)) for kind, words in domain_sentences(data / "training" / "domain.tsv")]
    most = {kind: int(count * share) for kind, share in SHARES.items()}
    drawn = {kind: 2 * number for kind, number in most.items()}  # some come twice, or are of no use
    to_spell = _to_spell(common, short, chance, drawn["letters"])
    own_commands = [text for kind, text in own if kind == "cmd"]
    pools: dict[str, list[Line]] = {
        "general": general,
        "talk": _lines("talk", _filled(DATA / "talk.yaml", drawn["talk"])),
        "domain": _lines("domain", [*(text for _, text in own), *wordings, *_filled(PATTERNS, most["domain"])]),
        "command": _lines("command", [*short["commands"] * COMMAND_SAID, *own_commands]),
        "number": _drawn("number", drawn["number"], lambda: _number(chance)),
        "record": _drawn("record", drawn["record"], lambda: _record(short, chance)),
        "letters": [_spelled(word, chance) for word in (*_LETTERS, *to_spell)],
        "word": _lines("word", [*short["words"], *common]),
    }
    measured = {" ".join(heard_words(text)) for text in without}
    chosen = []
    for kind, number in most.items():
        chosen += _choose(pools[kind], number, measured, chance, COMMAND_SAID if kind == "command" else 1)
    chance.shuffle(chosen)
    return [_with_end(line, chance) for line in chosen]


def general_lines(folder: Path, chance: random.Random, count: int) -> tuple[list[Line], list[str]]:
    """Return about ``count`` sentences of general text, as many of each source, and the most common words.

    Raises:
        FileNotFoundError: There is no text in ``folder``.
    """
    sources = sorted({path.parent for path in folder.rglob("*.txt") if "counts" not in path.parts})
    if not sources:
        raise FileNotFoundError(f"There is no text in {folder}: it needs a folder with .txt files for each source.")
    seen: Counter[str] = Counter()
    candidates: list[Line] = []
    for source in sources:
        pieces = [piece for text in _excerpts(sorted(source.glob("*.txt")), chance) for piece in paragraphs(text)]
        chance.shuffle(pieces)
        found: list[Line] = []
        for piece in pieces:
            if len(found) >= 2 * count // len(sources):
                break
            seen.update(heard_words(piece))
            found += [line for line in _lines("general", sentences_of(piece)) if _is_sentence(line)]
        candidates += found
    known = [line for line in candidates if all(seen[word] >= _SEEN_OFTEN for word in line.words.split())]
    common = [word for word, _ in seen.most_common(_COMMON_WORDS) if len(word) > 1 and "'" not in word]
    return known, common


def _excerpts(files: Sequence[Path], chance: random.Random) -> Iterator[str]:
    """Yield stretches of whole lines from files in a random order, up to `_READ_BYTES` in all."""
    left = _READ_BYTES
    for path in chance.sample(files, len(files)):
        if left <= 0:
            return
        with path.open("rb") as file:
            size = path.stat().st_size
            if size > _EXCERPT_BYTES:
                file.seek(chance.randrange(size - _EXCERPT_BYTES))
                file.readline()
            stretch = file.read(_EXCERPT_BYTES)
        left -= len(stretch)
        yield stretch.decode("utf-8", errors="ignore")


def _is_sentence(line: Line) -> bool:
    words = line.words.split()
    # Letters that stand alone are numerals, initials or remains of mark-up.
    return _FEWEST_WORDS <= len(words) <= _MOST_WORDS and all(len(word) > 1 or word in "aio" for word in words)


def _filled(patterns: Path, count: int) -> list[str]:
    return [" ".join(words) for words in filled_patterns(patterns, count=count)]


def _lines(kind: str, texts: Iterable[str]) -> list[Line]:
    pieces = (piece for text in texts for piece in sentences_of(text) if "{" not in piece)
    return [line for piece in pieces if (line := as_line(kind, piece)) and len(line.words.split()) <= 2 * _MOST_WORDS]


def _drawn(kind: str, count: int, draw: Callable[[], str]) -> list[Line]:
    made = {draw(): None for _ in range(count)}
    return [Line(kind, text[0].upper() + text[1:], " ".join(heard_words(text))) for text in made]


def _choose(pool: Sequence[Line], count: int, measured: set[str], chance: random.Random, most: int) -> list[Line]:
    said: Counter[str] = Counter()
    chosen: list[Line] = []
    for line in chance.sample(pool, len(pool)):
        if len(chosen) == count:
            break
        if said[line.words] < most and not (line.words in measured and len(line.words.split()) >= _FEWEST_WORDS):
            said[line.words] += 1
            chosen.append(line)
    return chosen


def _with_end(line: Line, chance: random.Random) -> Line:
    """Give a line without an end mark one, mostly: it changes the melody, and people's melodies differ."""
    if line.spoken[-1] in ".?!":
        return line
    if _QUESTION.match(line.words):
        mark = "?" if chance.random() < 0.8 else ""
    else:
        mark = chance.choice((".", ".", "", "!") if len(line.words.split()) < 4 else (".", ""))
    return Line(line.kind, line.spoken + mark, line.words)


def _number(chance: random.Random) -> str:
    if chance.random() < 0.4:
        return digits_to_words(str(chance.choice((chance.randrange(101), chance.randrange(101, 10_000)))))
    amount, unit = chance.choice(_DURATIONS), chance.choice(("second", "minute", "minute", "hour", "day", "week"))
    before = chance.choice(("", "", "for ", "about ", "another "))
    return f"{before}{digits_to_words(str(amount))} {unit}{'' if amount == 1 else 's'}"


def _record(names: Mapping[str, Sequence[str]], chance: random.Random) -> str:
    """Return something dictated: digits, a date, a time, an address, a birthday."""

    def number(low: int, high: int) -> str:
        return digits_to_words(str(chance.randrange(low, high)))

    month, day = chance.choice(names["months"]), chance.choice(_ORDINALS)
    address = f"{chance.choice(names['streets'])} {chance.choice(names['kinds_of_street'])}"
    forms = (
        _digits(chance.randrange(3, 8), chance),
        f"{month} {day} {_year(chance)}",
        f"the {day} of {month}",
        f"{chance.choice((number(1, 100), _digits(3, chance)))} {address} {chance.choice(names['places'])}",
        f"{chance.choice(names['days'])} the {day} at {number(1, 13)} {chance.choice(_MINUTES)}",
        f"{chance.choice(names['places'])} {_digits(5, chance)}",
        f"{chance.choice(names['names'])} born {month} {day} {_year(chance)}",
    )
    return chance.choice(forms)


def _digits(length: int, chance: random.Random) -> str:
    zero = "oh" if chance.random() < _OH_SHARE else "zero"
    return " ".join(
        zero if digit == "0" else digits_to_words(digit) for digit in chance.choices("0123456789", k=length)
    )


def _year(chance: random.Random) -> str:
    century, rest = divmod(chance.randrange(1920, 2030), 100)
    if century == 20 and rest < 10:
        return digits_to_words(f"{century}{rest:02d}")
    middle = "oh " if rest < 10 else ""
    return digits_to_words(f"{century} {middle}{rest}") if rest else f"{digits_to_words(str(century))} hundred"


def _to_spell(
    common: Sequence[str], names: Mapping[str, Sequence[str]], chance: random.Random, count: int
) -> list[str]:
    known = [word for word in (*common, *names["names"], *names["streets"]) if word.isalpha() and 3 <= len(word) <= 7]
    strings = ["".join(chance.choices(_LETTERS, k=chance.randrange(2, 7))) for _ in range(count // 3)]
    return [*(chance.choice(known) for _ in range(count)), *strings]


def _spelled(word: str, chance: random.Random) -> Line:
    """Return ``word`` said letter by letter. The commas keep an "A" from being read as the article."""
    between = chance.choice((", ", " "))
    spoken = "".join(f"{letter.upper()}{', ' if letter == 'a' else between}" for letter in word)
    return Line("letters", spoken.strip(", ") + ".", " ".join(word))
