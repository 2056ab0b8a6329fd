"""From words to one `Meaning`: red flags, then commands, then questions, then unknown. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from assistant.guide.model import Guide
from assistant.language import normal_form
from assistant.understanding.commands import CommandLexicon, command_seconds
from assistant.understanding.facets import facet_of
from assistant.understanding.features import FeatureReader
from assistant.understanding.matcher import Candidate, Example, Matcher
from assistant.understanding.meaning import Context, Kind, Meaning, Reason
from assistant.understanding.red_flags import RedFlag, RedFlags
from assistant.understanding.wake import split_wake

ENTRY: Final = "entry:"
OPEN: Final = "open:"
COMMAND: Final = "command:"
START: Final = "start:"
OFF: Final = "off"

# The gate's thresholds: see docs/matching.md for how each was chosen.
ANSWER_SIMILARITY: Final = 0.36
ANSWER_PROBABILITY: Final = 0.5
CLARIFY_SIMILARITY: Final = 0.40
CLARIFY_SECOND: Final = 0.22
"""The runner-up's share of the vote from which a person would ask back too."""
COMMAND_SIMILARITY: Final[dict[Context, float]] = {
    Context.IDLE: 0.62,
    Context.QUESTION: 0.55,
    Context.SPEAKING: 0.55,
    Context.ROUTINE: 0.50,
}
"""Commands are likelier while something runs, so that less is asked of them there."""
COMMAND_PRIOR: Final[dict[Context, float]] = {
    Context.IDLE: 0.5,
    Context.QUESTION: 1.0,
    Context.SPEAKING: 2.0,
    Context.ROUTINE: 2.0,
}
TAIL_WORDS: Final = 14
"""Long utterances ramble and end with the question; their last words are tried on their own too."""
RANK_DISCOUNT: Final = 0.6
"""What the second, third … hypothesis counts where no weights are given."""
EXPLAINED: Final = 5


@dataclass(frozen=True, slots=True)
class Weighted:
    """One hypothesis with its weight; weights need not sum to 1."""

    text: str
    weight: float


class Interpreter:
    """Understands utterances about one guide. Built once; immutable, safe to share between threads."""

    def __init__(
        self,
        guide: Guide,
        commands: Mapping[str, Sequence[str]],
        red_flags: RedFlags,
        off_topic: Sequence[str] = (),
    ) -> None:
        self._guide = guide
        self._red_flags = red_flags
        starts = {
            f"{START}{routine.id}": [line for batch in routine.asks.values() for line in batch]
            for routine in guide.routines.values()
        }
        self._lexicon = CommandLexicon({**commands, **starts})
        reader = FeatureReader(guide.vocabulary.concepts, guide.vocabulary.sound_alikes)
        self._matcher = Matcher(_examples(guide, commands, starts, off_topic), reader)

    def interpret(self, hypotheses: Sequence[Weighted | str], context: Context = Context.IDLE) -> Meaning:
        """Return what was meant by an utterance, given its readings, best first.

        Red flags are looked for in all readings and before anything else.
        """
        readings = _weighted(hypotheses)
        if not readings:
            return Meaning(Kind.SILENCE)
        heard = readings[0].text
        split = [(Weighted(rest, r.weight), woke) for r in readings for woke, rest in [split_wake(r.text)]]
        addressed = any(woke for _, woke in split)
        flag = self._red_flags.find([r.text for r, _ in split], context=context.value)
        if flag is not None:
            return replace(_flagged(flag, heard), addressed=addressed)
        rests = [r for r, _ in split if normal_form(r.text, keep_fillers=True)]
        if not rests:
            return Meaning(Kind.SILENCE, heard=heard, addressed=addressed)
        meaning = self._command(rests, context) or self._question(rests, context)
        return replace(meaning, heard=heard, addressed=addressed)

    def _command(self, readings: Sequence[Weighted], context: Context) -> Meaning | None:
        """Return the command that the best reading is as a whole; lesser readings count where it isn't idle."""
        considered = readings[:1] if context is Context.IDLE else readings[:3]
        for reading in considered:
            command = self._lexicon.find(reading.text, context)
            if command is not None:
                return Meaning(Kind.COMMAND, id=command, score=1.0, seconds=command_seconds(reading.text))
        return None

    def _question(self, readings: Sequence[Weighted], context: Context) -> Meaning:
        ranked = self._ranked(readings, context)
        reasons = tuple(Reason(c.label, round(c.probability, 4), c.nearest) for c in ranked[:EXPLAINED])
        if not ranked:
            return Meaning(Kind.UNKNOWN)
        meaning = self._gate(ranked, readings[0].text, context)
        return replace(meaning, reasons=reasons)

    def _ranked(self, readings: Sequence[Weighted], context: Context) -> list[Candidate]:
        total = sum(r.weight for r in readings) or 1.0
        merged: dict[str, Candidate] = {}
        for reading in readings:
            share = reading.weight / total
            for candidate in self._rank_one(reading.text):
                known = merged.get(candidate.label)
                probability = share * candidate.probability + (known.probability if known else 0.0)
                best = candidate if known is None or candidate.similarity > known.similarity else known
                merged[candidate.label] = replace(best, probability=probability)
        prior = COMMAND_PRIOR[context]
        weighed = [
            replace(c, probability=c.probability * (prior if c.label.startswith((COMMAND, START)) else 1.0))
            for c in merged.values()
        ]
        mass = sum(c.probability for c in weighed) or 1.0
        shares = [replace(c, probability=c.probability / mass) for c in weighed]
        return sorted(shares, key=lambda c: (-c.probability, c.label))

    def _rank_one(self, text: str) -> list[Candidate]:
        ranked = self._matcher.rank(text)
        words = text.split()
        if len(words) <= TAIL_WORDS:
            return ranked
        tail = self._matcher.rank(" ".join(words[-TAIL_WORDS:]))
        if tail and (not ranked or tail[0].similarity > ranked[0].similarity):
            return tail
        return ranked

    def _gate(self, ranked: Sequence[Candidate], text: str, context: Context) -> Meaning:
        top = ranked[0]
        kind, _, name = top.label.partition(":")
        if top.label.startswith((COMMAND, START)):
            if top.similarity < COMMAND_SIMILARITY[context]:
                return Meaning(Kind.UNKNOWN, score=top.probability)
            command = name if kind == "command" else top.label
            return Meaning(Kind.COMMAND, id=command, score=top.probability, seconds=command_seconds(text))
        if top.label == OFF:
            return Meaning(Kind.UNKNOWN, score=top.probability)
        if top.label.startswith(OPEN):
            sure = top.similarity >= ANSWER_SIMILARITY and top.probability >= ANSWER_PROBABILITY
            return Meaning(Kind.UNKNOWN, id=name if sure else None, score=top.probability)
        return self._entry_gate(ranked, text)

    def _entry_gate(self, ranked: Sequence[Candidate], text: str) -> Meaning:
        top = ranked[0]
        entries = [c for c in ranked if c.label.startswith(ENTRY) and self._fits(c.label, text)]
        if top not in entries:
            return Meaning(Kind.UNKNOWN, score=top.probability)
        second = entries[1] if len(entries) > 1 else None
        name = top.label.removeprefix(ENTRY)
        both = top.probability + (second.probability if second else 0.0)
        close = (
            second is not None
            and second.probability >= CLARIFY_SECOND
            and top.similarity >= CLARIFY_SIMILARITY
            and both >= ANSWER_PROBABILITY
        )
        if second is not None and close:
            choices = (name, second.label.removeprefix(ENTRY))
            return Meaning(Kind.CLARIFY, score=top.probability, choices=choices)
        if top.probability < ANSWER_PROBABILITY or top.similarity < ANSWER_SIMILARITY:
            return Meaning(Kind.UNKNOWN, score=top.probability)
        facet = facet_of(normal_form(text))
        return Meaning(Kind.ANSWER, id=name, score=top.probability, facet=facet)

    def _fits(self, label: str, text: str) -> bool:
        """Return whether the words hold one of the concepts that the entry needs, and none that it forbids."""
        rule = self._guide.entries[label.removeprefix(ENTRY)].concepts
        concepts = self._matcher.features(text).concepts
        if rule.needs and not concepts & set(rule.needs):
            return False
        return not concepts & set(rule.forbids)


def _weighted(hypotheses: Sequence[Weighted | str]) -> list[Weighted]:
    readings: list[Weighted] = []
    for rank, item in enumerate(hypotheses):
        readings.append(Weighted(item, RANK_DISCOUNT**rank) if isinstance(item, str) else item)
    return [r for r in readings if r.text.strip()]


def _flagged(flag: RedFlag, heard: str) -> Meaning:
    return Meaning(
        Kind.RED_FLAG,
        id=flag.id,
        heard=heard,
        score=flag.confidence,
        tier=flag.tier,
        script=flag.script,
        evidence=flag.evidence,
    )


def _examples(
    guide: Guide,
    commands: Mapping[str, Sequence[str]],
    starts: Mapping[str, Sequence[str]],
    off_topic: Sequence[str],
) -> list[Example]:
    examples = [Example(ENTRY + entry.id, way) for entry in guide.entries.values() for way in entry.ways]
    examples += [Example(OPEN + item.id, line) for item in guide.unanswered.values() for line in item.asks]
    examples += [Example(COMMAND + name, line) for name, lines in commands.items() for line in lines]
    examples += [Example(label, line) for label, lines in starts.items() for line in lines]
    examples += [Example(OFF, line) for line in (*guide.off_topic, *off_topic)]
    return examples
