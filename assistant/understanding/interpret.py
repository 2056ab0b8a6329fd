"""From words to one `Meaning`: red flags, then commands, then questions, then unknown. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from assistant.guide.model import Guide
from assistant.language import normal_form
from assistant.understanding.commands import WHOLE, CommandLexicon
from assistant.understanding.facets import facet_of
from assistant.understanding.features import FeatureReader, Features
from assistant.understanding.lengths import command_seconds
from assistant.understanding.matcher import Candidate, Example, Matcher
from assistant.understanding.meaning import Context, Kind, Meaning, Reason
from assistant.understanding.named import RoutineNames
from assistant.understanding.plausible import OF_THE_VOICE, STRICT, TOLD_AS, plausible_by_likeness
from assistant.understanding.red_flags import RedFlag, RedFlags
from assistant.understanding.start_likeness import StartLikeness
from assistant.understanding.starting import START
from assistant.understanding.wake import split_wake

ENTRY: Final = "entry:"
OPEN: Final = "open:"
COMMAND: Final = "command:"
OFF: Final = "off"

# The gate's thresholds: see docs/matching.md for how each was chosen.
ANSWER_SIMILARITY: Final = 0.36
COVER: Final = 0.45
"""Share of the words, by weight, that an entry's ways of asking must know: the second gate, against questions that
share only their small words with them."""
ON_TOPIC: Final = 0.5
"""Share of the vote that all entries together need before any of them is given as an answer."""
ANSWER_SHARE: Final = 0.6
"""Share of the entries' votes from which one of them is the answer."""
ANSWER_MARGIN: Final = 0.3
"""... or so much more than the runner-up."""
CLARIFY_SHARE: Final = 0.55
"""Share of the entries' votes that two together need to be asked back between."""
NEARLY_THE_SAME: Final = 0.85
"""A way of asking so near needs no concepts to confirm it."""
NEEDED: Final = 0.25
"""What the votes for an entry count where none of the concepts that it needs was named."""
FORBIDDEN: Final = 0.2
ELSEWHERE: Final = 0.1
"""What the votes for any entry count where another subject was named and not the guide's own."""
COMMAND_SIMILARITY: Final[dict[Context, float]] = {
    Context.IDLE: 0.62,
    Context.QUESTION: 0.55,
    Context.SPEAKING: 0.55,
    Context.ROUTINE: 0.50,
}
"""Commands are likelier while something runs, so that less is asked of them there."""
COMMAND_COVER: Final = 0.4
"""Share of the words, by weight, that a command's phrases must know."""
STRICT_COVER: Final = 0.9
"""... and where the guide's subject is named ("can you get rid of a spasm faster"), or for a yes or no: to "is it
numb?" the answer "no i can't feel it" is no no."""
RULED_OUT: Final = 0.1
"""What the votes for a command that it can't be count, against an answer: whoever talks like that asks little."""
COMMAND_PRIOR: Final[dict[Context, float]] = {
    Context.IDLE: 0.5,
    Context.QUESTION: 1.0,
    Context.SPEAKING: 2.0,
    Context.ROUTINE: 2.0,
}
TAILS: Final = (12, 20)
"""Long utterances ramble and end with the question: so many last words are tried on their own too."""
RANK_DISCOUNT: Final = 0.6
"""What the second, third … hypothesis counts where no weights are given."""
EXPLAINED: Final = 5
OTHER_READINGS: Final = 3
"""Readings beside the best in which a start is looked for where the assistant was called by its name."""


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
        names = self._names = RoutineNames({routine.id: routine.names for routine in guide.routines.values()})
        self._lexicon = CommandLexicon({**commands, **starts}, names)
        vocabulary = guide.vocabulary
        reader = FeatureReader(vocabulary.concepts, vocabulary.sound_alikes)
        examples = _examples(guide, commands, off_topic)
        self._matcher = Matcher(examples, reader)
        own_reader = FeatureReader(vocabulary.concepts, vocabulary.sound_alikes)
        self._starts = StartLikeness(starts, names, own_reader, [e.text for e in examples if e.label != OFF])

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
        if addressed and meaning.kind is not Kind.COMMAND and context in (Context.IDLE, Context.QUESTION):
            meaning = self._other_start(rests[1 : 1 + OTHER_READINGS], context) or meaning
        return replace(meaning, heard=heard, addressed=addressed)

    def _other_start(self, readings: Sequence[Weighted], context: Context) -> Meaning | None:
        """Return the one start that readings beside the best ask for: "did you start the heat" was "could you"."""
        meanings = [self._command([reading], context) or self._question([reading], context) for reading in readings]
        starts = {m.id: m for m in meanings if m.kind is Kind.COMMAND and m.id and m.id.startswith(START)}
        return next(iter(starts.values())) if len(starts) == 1 else None

    def _command(self, readings: Sequence[Weighted], context: Context) -> Meaning | None:
        """Return the command that the best reading is as a whole; a lesser one where it isn't idle and says no more."""
        considered = readings[:1] if context is Context.IDLE else readings[:3]
        for rank, reading in enumerate(considered):
            found = self._lexicon.find(reading.text, context)
            if found is not None and (rank == 0 or found.sure >= WHOLE):
                reason = Reason(_label_of(found.command), found.sure, found.phrase)
                return Meaning(
                    Kind.COMMAND,
                    id=found.command,
                    score=found.sure,
                    literal=True,
                    seconds=found.seconds,
                    reasons=(reason,),
                )
        return None

    def _question(self, readings: Sequence[Weighted], context: Context) -> Meaning:
        ranked = self._ranked(readings, context)
        reasons = tuple(Reason(c.label, round(c.probability, 4), c.nearest) for c in ranked[:EXPLAINED])
        start = self._start(readings[0].text, ranked, context)
        if start is not None:
            return start
        if not ranked:
            return Meaning(Kind.UNKNOWN)
        meaning = self._gate(ranked, readings[0].text, context)
        return replace(meaning, reasons=reasons)

    def _start(self, text: str, ranked: Sequence[Candidate], context: Context) -> Meaning | None:
        """Return the start of a routine that is asked for in other words; none where a question lies nearer."""
        nearest = max((c.similarity for c in ranked if c.label != OFF), default=0.0)
        start = self._starts.find(text, context, nearest)
        if start is None:
            return None
        reason = Reason(start.label, round(start.probability, 4), start.nearest)
        return Meaning(Kind.COMMAND, id=start.label, score=start.probability, reasons=(reason,))

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
        features = self._matcher.features(readings[0].text)
        normal = normal_form(readings[0].text)
        weighed = [self._weighed(c, features, normal, context) for c in merged.values()]
        if self._names_another(features):
            entries = sum(c.probability for c in merged.values() if c.label.startswith(ENTRY))
            left = sum(c.probability for c in weighed if c.label.startswith(ENTRY))
            weighed.append(Candidate(OFF, entries - left, 0.0, 0.0, "another subject was named"))
        mass = sum(c.probability for c in weighed) or 1.0
        shares = [replace(c, probability=c.probability / mass) for c in weighed]
        return sorted(shares, key=lambda c: (-c.probability, c.label))

    def _rank_one(self, text: str) -> list[Candidate]:
        """Rank the whole utterance, and the ends of a long one; the ranking that knows most of its words counts."""
        words = text.split()
        rankings = [self._matcher.rank(text)]
        rankings += [self._matcher.rank(" ".join(words[-length:])) for length in TAILS if length < len(words)]
        return max(rankings, key=lambda ranked: ranked[0].similarity + ranked[0].cover if ranked else 0.0)

    def _gate(self, ranked: Sequence[Candidate], text: str, context: Context) -> Meaning:
        """Decide first which kind of thing was said, by the votes of all its labels, then which one it is.

        Three entries that share the vote are no reason to say that the guide has nothing on it.
        """
        votes: defaultdict[str, float] = defaultdict(float)
        for candidate in ranked:
            votes[_kind_of(candidate.label)] += candidate.probability
        kind = max(votes, key=lambda name: votes[name])
        inside = [c for c in ranked if _kind_of(c.label) == kind]
        top = inside[0]
        if kind == COMMAND:
            if top.similarity < COMMAND_SIMILARITY[context]:
                return Meaning(Kind.UNKNOWN, score=top.probability)
            command = top.label.removeprefix(COMMAND)
            seconds = command_seconds(command, text)
            return Meaning(Kind.COMMAND, id=TOLD_AS.get(command, command), score=top.probability, seconds=seconds)
        if kind == OPEN:
            sure = top.similarity >= ANSWER_SIMILARITY
            return Meaning(Kind.UNKNOWN, id=top.label.removeprefix(OPEN) if sure else None, score=top.probability)
        if kind == ENTRY and votes[kind] >= ON_TOPIC and top.similarity >= ANSWER_SIMILARITY and top.cover >= COVER:
            return self._entry_gate(inside, votes[kind], text)
        return Meaning(Kind.UNKNOWN, score=top.probability)

    def _entry_gate(self, entries: Sequence[Candidate], votes: float, text: str) -> Meaning:
        """Answer where one entry has most of the entries' votes; ask back between two that share them."""
        top = entries[0]
        name = top.label.removeprefix(ENTRY)
        score = top.probability / votes
        second = entries[1].probability / votes if len(entries) > 1 else 0.0
        if score >= ANSWER_SHARE or score - second >= ANSWER_MARGIN:
            return Meaning(Kind.ANSWER, id=name, score=top.probability, facet=_facet(text))
        if score + second < CLARIFY_SHARE:
            return Meaning(Kind.UNKNOWN, score=top.probability)
        choices = (name, entries[1].label.removeprefix(ENTRY))
        return Meaning(Kind.CLARIFY, score=top.probability, choices=choices)

    def _weighed(self, candidate: Candidate, features: Features, normal: str, context: Context) -> Candidate:
        """Return a candidate with its votes as what else is known of the utterance makes them count."""
        if _kind_of(candidate.label) != COMMAND:
            return replace(candidate, probability=candidate.probability * self._fit(candidate, features))
        if self._may_be_told(candidate, features, normal, context):
            return replace(candidate, probability=candidate.probability * COMMAND_PRIOR[context])
        return replace(candidate, label=OFF, probability=candidate.probability * RULED_OUT)

    def _may_be_told(self, candidate: Candidate, features: Features, normal: str, context: Context) -> bool:
        command = candidate.label.removeprefix(COMMAND)
        if not plausible_by_likeness(command, normal, context):
            return False
        if command in OF_THE_VOICE and self._names.named(normal):
            return False  # "turn the heat down"
        subject = features.concepts & set(self._guide.subject.own)
        # "Go back to the last step" names no back: the command's own phrase has the word.
        strict = command in STRICT or (subject and subject - self._matcher.features(candidate.nearest).concepts)
        return candidate.cover >= (STRICT_COVER if strict else COMMAND_COVER)

    def _fit(self, candidate: Candidate, features: Features) -> float:
        """Return what an entry's votes count given the concepts that were named."""
        if not candidate.label.startswith(ENTRY) or candidate.similarity >= NEARLY_THE_SAME:
            return 1.0
        if self._names_another(features) or self._names_nothing(features):
            return ELSEWHERE
        concepts = features.concepts
        rule = self._guide.entries[candidate.label.removeprefix(ENTRY)].concepts
        if concepts & set(rule.forbids):
            return FORBIDDEN
        return 1.0 if not rule.needs or concepts & set(rule.needs) else NEEDED

    def _names_another(self, features: Features) -> bool:
        subject, concepts = self._guide.subject, features.concepts
        return bool(concepts & set(subject.others)) and not concepts & set(subject.own)

    def _names_nothing(self, features: Features) -> bool:
        """Return whether no subject was named, not even by "it"."""
        subject = self._guide.subject
        named = features.concepts - set(subject.forms)
        return bool(subject.forms) and not named and not set(features.stems) & set(subject.pointers)


def _kind_of(label: str) -> str:
    return label if label == OFF else label.partition(":")[0] + ":"


def _facet(text: str) -> str | None:
    """Return the side that is asked for. "Okay" and "all right" are fillers, but not in "is it okay"."""
    return facet_of(normal_form(text, keep_fillers=True)) or facet_of(normal_form(text))


def _label_of(command: str) -> str:
    return command if command.startswith(START) else COMMAND + command


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
    off_topic: Sequence[str],
) -> list[Example]:
    examples = [Example(ENTRY + entry.id, way) for entry in guide.entries.values() for way in entry.ways]
    examples += [Example(OPEN + item.id, line) for item in guide.unanswered.values() for line in item.asks]
    examples += [Example(COMMAND + name, line) for name, lines in commands.items() for line in lines]
    examples += [Example(OFF, line) for line in (*guide.off_topic, *off_topic)]
    return examples
