"""Starts of routines in words that only resemble those that are written down.

They are compared with each other alone and not with the ways of asking the guide: "let's do the hot and cold" has the
words of questions, so that among them it would take their votes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from assistant.language import normal_form, stems
from assistant.understanding.features import FeatureReader
from assistant.understanding.matcher import Candidate, Example, Matcher
from assistant.understanding.meaning import Context
from assistant.understanding.named import RoutineNames
from assistant.understanding.starting import START, as_meant, asks_plainly, may_start
from assistant.understanding.word_set import word_set

SIMILARITY: Final[dict[Context, float]] = {
    Context.IDLE: 0.5,
    Context.QUESTION: 0.45,
    Context.SPEAKING: 0.55,
    Context.ROUTINE: 0.55,
}
"""How near the nearest way of starting must be. While something is said or led, more is said to others."""
PLAIN_SIMILARITY: Final[dict[Context, float]] = {Context.IDLE: 0.4, Context.QUESTION: 0.4, Context.ROUTINE: 0.5}
"""... and where the words ask for a start plainly: "lead my husband through the stretch". Never while it speaks."""
PLAIN_COVER: Final[dict[Context, float]] = {Context.IDLE: 0.2, Context.QUESTION: 0.2, Context.ROUTINE: 0.35}
"""Cover that is enough then."""
MEANT_SIMILARITY: Final = 0.7
"""How near it must be where a misheard begin was put right and the words don't ask plainly: "art press and rub"."""
_MAY_MISHEAR: Final = frozenset({Context.IDLE, Context.QUESTION})
"""Elsewhere too much is said to others to take anything for a misheard start."""
SHARE: Final = 0.6
"""Share of the votes that the routine needs among the routines."""
COVER: Final = 0.6
"""Share of the words, by weight, that some way of starting it must know."""
MAX_WORDS: Final = 24
"""Longer talk tells a story."""
_SMALL: Final = word_set("the one on my and both in of it thing bedtim posit sleep lie time")
"""Stems of names that don't tell routines apart from other things."""


class StartLikeness:
    """Finds which routine is to be started. Built once, immutable."""

    def __init__(
        self,
        starts: Mapping[str, Sequence[str]],
        names: RoutineNames,
        reader: FeatureReader,
        others: Iterable[str] = (),
    ) -> None:
        """Take the ways of starting by command (``start:<routine>``), and ``others``' ways of saying other things."""
        lines = [*others, *(line for each in starts.values() for line in each)]
        self._known = frozenset(stem for line in lines for stem in stems(normal_form(line)))
        self._matcher = Matcher([Example(label, line) for label, lines in starts.items() for line in lines], reader)
        self._subject = {label: names.stems_of(label.removeprefix(START)) - _SMALL for label in starts}
        self._concepts = {
            label: frozenset().union(*(self._matcher.features(stem).concepts for stem in subject))
            for label, subject in self._subject.items()
        }

    def find(self, text: str, context: Context, rival: float) -> Candidate | None:
        """Return the start that ``text`` asks for and how near it is, or None.

        ``rival`` is how near the nearest question or command is; it counts unless a start is asked for plainly.
        """
        normal = normal_form(text)
        found = self._near(normal, context, max(rival, SIMILARITY[context]))
        meant = as_meant(normal)
        if found is None and meant != normal and context in _MAY_MISHEAR:
            found = self._near(meant, context, max(rival, MEANT_SIMILARITY))
        return found

    def _near(self, normal: str, context: Context, similarity: float) -> Candidate | None:
        """Return the start that words in normal form ask for; ``similarity`` is needed where they don't so plainly."""
        if len(normal.split()) > MAX_WORDS or not may_start(normal, asked_which=context is Context.QUESTION):
            return None
        ranked = self._matcher.rank(normal)
        if not ranked:
            return None
        top = ranked[0]
        features = self._matcher.features(normal)
        named = set(features.stems) & self._subject[top.label] or features.concepts & self._concepts[top.label]
        if not named or top.probability < SHARE or self._goes_on(normal, top.label):
            return None
        if asks_plainly(normal) and context in PLAIN_COVER:
            near = top.similarity >= PLAIN_SIMILARITY[context] and top.cover >= PLAIN_COVER[context]
        else:
            near = top.similarity >= similarity and top.cover >= COVER
        return top if near else None

    def _goes_on(self, normal: str, label: str) -> bool:
        """Return whether the last name has an unheard-of word after it: "start with the press conference"."""
        read = stems(normal)
        last = max((at for at, stem in enumerate(read) if stem in self._subject[label]), default=len(read))
        return any(stem not in self._known for stem in read[last + 1 :])
