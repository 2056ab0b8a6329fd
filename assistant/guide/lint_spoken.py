"""Lint of what is spoken: copies, residue of web pages, length, and who is named as the source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from assistant.guide.lint_finding import Finding, error, warning
from assistant.guide.lint_places import FACTS, entry_file, is_disowned, source_name, spoken_by
from assistant.guide.model import Guide, Layer, Sentence
from assistant.guide.source_runs import RUN_LENGTH, copied_from
from assistant.language import digits_to_words, sentences_of, speakable, words_of

WORDS_A_MINUTE: Final = 165
"""The rate of the voice unless a household sets another."""
BREATH_SECONDS: Final = 10.0
"""A sentence should fit one breath, and who lies in pain can't keep a longer one in mind: 27 words at that rate."""
ANSWER_SECONDS: Final = 25.0
"""An answer longer than this is waited for rather than listened to; what is left belongs into the part "more"."""
_SOURCE_VERBS: Final = "says|said|lists|names|suggests|gives|mentions|adds|describes|recommends|covers"
_RESIDUE: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"\b[a-z]{2,}\d+\b"), "a number glued to a word, as a footnote mark is"),
    (re.compile(r"\bit is interesting\b|\binteresting:"), "a cross-link of the page"),
    (re.compile(r"\bshare on\b"), "the text of a button"),
    (re.compile(r"\b(?:\d+|two|three|four|five|six|seven|eight|nine|ten) best\b"), "a headline's ranking"),
    (re.compile(r"\.\.|…"), "an ellipsis: the page was cut off there"),
)
"""What web pages leave in a text that was copied from them; none of it is to be spoken."""


def check_spoken(guide: Guide, beside: Mapping[str, Iterable[str]]) -> Iterator[Finding]:
    """Find what shouldn't be said, or not so.

    ``beside`` are the texts that the product and the safety layer say, by place.
    """
    yield from _copies(guide, beside)
    for spoken in spoken_by(guide):
        yield from _residue(spoken.text, spoken.file, spoken.place)
        yield from _breath(spoken.text, spoken.file, spoken.place)
    for place, texts in beside.items():
        for text in texts:
            yield from _residue(text, place, "")
            yield from _breath(text, place, "")
    yield from _answers(guide)


def spoken_seconds(text: str) -> float:
    """Return about how long ``text`` takes to say, in seconds."""
    return len(words_of(digits_to_words(speakable(text).replace("-", " ")))) * 60 / WORDS_A_MINUTE


def _copies(guide: Guide, beside: Mapping[str, Iterable[str]]) -> Iterator[Finding]:
    if not guide.copied_runs and not guide.facts:
        return  # an imported pack speaks its document's own sentences
    if not guide.copied_runs:
        yield warning(
            "no-runs", "source.runs", "", "is missing or empty, so that sentences copied from the document aren't found"
        )
        return
    texts = [(spoken.file, spoken.place, spoken.text) for spoken in spoken_by(guide)]
    # What facts.yaml says is never spoken, and is published all the same.
    texts += [(FACTS, fact.id, fact.says) for fact in guide.facts.values()]
    texts += [(place, "", text) for place, lines in beside.items() for text in lines]
    seen: set[str] = set()
    for file, place, text in texts:
        for run in copied_from(text, guide.copied_runs):
            seen.add(run)
            yield _copy(file, place, run)
    # Sentences that are short by themselves may be a copy in a row.
    for entry in guide.entries.values():
        for part, sentences in (("answer", entry.answer), ("more", entry.more)):
            for run in copied_from(" ".join(s.text for s in sentences), guide.copied_runs):
                if run not in seen:
                    yield _copy(entry_file(entry.id), part, run)


def _copy(file: str, place: str, run: str) -> Finding:
    return error("copied", file, place, f"has {RUN_LENGTH} words in a row of the document: '{run}'")


def _residue(text: str, file: str, place: str) -> Iterator[Finding]:
    for pattern, what in _RESIDUE:
        found = pattern.search(text.lower())
        if found is not None:
            yield error("residue", file, place, f"'{found.group()}' is {what}")


def _breath(text: str, file: str, place: str) -> Iterator[Finding]:
    for sentence in sentences_of(text):
        seconds = spoken_seconds(sentence)
        if seconds > BREATH_SECONDS:
            yield warning("long-sentence", file, place, f"takes {seconds:.0f} s in one breath: {sentence}")


def _answers(guide: Guide) -> Iterator[Finding]:
    name = re.escape(source_name(guide))
    says_source = re.compile(rf"\b{name} (?:\w+ly )?(?:{_SOURCE_VERBS})\b|\baccording to {name}\b")
    for entry in guide.entries.values():
        file = entry_file(entry.id)
        for part, sentences in (("answer", entry.answer), ("more", entry.more)):
            yield from _layers(sentences, file, part, guide, says_source)
            seconds = sum(spoken_seconds(sentence.text) for sentence in sentences)
            if part == "answer" and seconds > ANSWER_SECONDS:
                yield warning(
                    "long-answer", file, part, f"takes {seconds:.0f} s; over {ANSWER_SECONDS:g} nobody listens"
                )


def _layers(
    sentences: Iterable[Sentence], file: str, part: str, guide: Guide, says_source: re.Pattern[str]
) -> Iterator[Finding]:
    """Find parts that don't name the guide as their source, and safety sentences that don't say they aren't from it."""
    first = next(((n, s) for n, s in enumerate(sentences, start=1) if s.layer is Layer.GUIDE), None)
    if first is not None and not says_source.search(first[1].text.lower()):
        yield error(
            "not-attributed",
            file,
            f"{part} {first[0]}",
            f"the first sentence of the guide doesn't say '{guide.attribution}'",
        )
    for number, sentence in enumerate(sentences, start=1):
        if sentence.layer is Layer.SAFETY and not is_disowned(sentence.text, guide):
            yield error(
                "not-disowned", file, f"{part} {number}", f"doesn't say that it is not from {source_name(guide)}"
            )
