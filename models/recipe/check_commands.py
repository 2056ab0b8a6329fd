"""Commands in a grammar: how many are heard, and how much else is taken for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from models.recipe.check_hearing import UNKNOWN
from models.recipe.check_text import best_reading, normalise

NINE: Final = ("stop", "pause", "resume", "next", "back", "repeat", "yes", "no", "help")
"""Commands of one word that the assistant takes."""
SIXTEEN: Final = (*NINE, "go", "up", "down", "left", "right", "on", "off")
"""With others that the recordings of single words have: many short words that sound alike."""
_HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True)
class CommandScore:
    """What became of single words. Shares are in per cent."""

    said: int
    """Commands said."""
    right: int
    wrong: int
    """Taken for another command, or for several."""
    others: int
    """Other words said."""
    accepted: int
    """Of these, taken for a command."""

    @property
    def accuracy(self) -> float:
        """Share of the commands said that were heard as what they are."""
        return 100 * self.right / self.said if self.said else float("nan")

    @property
    def false_accepts(self) -> float:
        """Share of the other words that were taken for a command."""
        return 100 * self.accepted / self.others if self.others else float("nan")


def commands_in(heard: str, grammar: Collection[str]) -> list[str]:
    """Return the commands in a result of the recogniser that knows ``grammar``; what's "something else" falls away.

    Of a recogniser without grammars the whole text has to be a command.
    """
    if UNKNOWN in grammar:
        return [word for word in heard.split() if word != UNKNOWN]
    text = normalise(heard)
    return [text] if text in grammar else []


def score_commands(pairs: Sequence[tuple[str, str]], commands: Collection[str], *, limited: bool) -> CommandScore:
    """Return what became of pairs (word said, text heard).

    ``limited``: the recogniser had a grammar of ``commands`` and of `UNKNOWN`; else its whole vocabulary.
    """
    grammar = (*commands, UNKNOWN) if limited else tuple(commands)
    counts: Counter[str] = Counter()
    for said, heard in pairs:
        word, found = normalise(said), commands_in(heard, grammar)
        if word in commands:
            counts["said"] += 1
            counts["right"] += found == [word]
            counts["wrong"] += bool(found) and found != [word]
        else:
            counts["others"] += 1
            counts["accepted"] += bool(found)
    return CommandScore(**{name: counts[name] for name in ("said", "right", "wrong", "others", "accepted")})


def accuracy(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the share (%) of the pairs (said, heard) that are the same words.

    Raises:
        ValueError: There is no pair.
    """
    if not pairs:
        raise ValueError("There is no clip to score.")
    same = [said == heard for said, heard in (best_reading(*pair) for pair in pairs)]
    return 100 * sum(same) / len(same)


@dataclass(frozen=True, slots=True)
class FalseWords:
    """Words heard that nobody said."""

    count: int
    clips: int
    """Clips in which there was one."""
    seconds: float

    @property
    def per_hour(self) -> float:
        """Such words in an hour of sound."""
        return _HOUR * self.count / self.seconds


def false_words(pairs: Sequence[tuple[str, str]], seconds: float) -> FalseWords:
    """Return the words heard, but not said, in pairs (said, heard) of ``seconds`` of sound.

    A word that was really said once may be heard once.
    """
    count = clips = 0
    for said, heard in pairs:
        extra = Counter(normalise(heard.replace(UNKNOWN, " ")).split()) - Counter(normalise(said).split())
        count += extra.total()
        clips += bool(extra)
    return FalseWords(count, clips, seconds)
