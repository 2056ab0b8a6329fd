"""Finds the questions and answers in any FAQ document, and makes the answers fit to be spoken. No file is read here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bs4.exceptions import ParserRejectedMarkup

from assistant.errors import WrongInputError
from assistant.guide.faq_blocks import Block, Document, Kind, read_html, read_markdown, read_plain
from assistant.guide.faq_spoken import Spoken
from assistant.language import normal_form, speakable

READERS: Final[Mapping[str, Callable[[str], Document]]] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".txt": read_plain,
    ".text": read_plain,
}
"""How a document is read, by the ending of its name."""
CONTENTS_RUN: Final = 3
"""So many bare questions in a row of plain text are a table of contents; two are a question and its sub-heading."""
MOST: Final = 0.5
"""Share of a level's headings that must end in "?" for the others at that level to count as questions too."""
SPOKEN_AT_ONCE: Final = 4
"""Sentences that are spoken at once, about 20 seconds; the rest is said on "tell me more"."""
_CONTROL_SHARE: Final = 0.02
"""Share of control characters from which bytes are no text. Text has next to none; any picture has more."""


class NoQuestionsError(WrongInputError):
    """The document holds no question with an answer."""


class NotTextError(WrongInputError):
    """The document is no text."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question with the sentences of its answer, fit to be spoken.

    ``more`` is the part said when asked for more; ``also`` are other wordings of the question.
    """

    text: str
    answer: tuple[str, ...]
    more: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Faq:
    """A document's questions in order. ``notes`` say what was left out, for the person who imports it."""

    title: str
    questions: tuple[Question, ...]
    notes: tuple[str, ...] = ()


def text_of(data: bytes) -> str:
    """Return the text in a file's bytes: UTF-8 first, with single odd bytes dropped; then what old editors write.

    Raises:
        NotTextError: the bytes are no text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", errors="replace")
    elif data.startswith((b"%PDF", b"PK\x03\x04")) or b"\0" in data:
        raise NotTextError("it holds no text")
    else:
        text = data.decode("utf-8-sig", errors="replace")
        odd = text.count("\ufffd")
        if odd > sum(not c.isascii() for c in text) - odd:
            text = data.decode("cp1252", errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffd", "")
    controls = sum(ord(c) < ord(" ") and c not in "\n\t\f\v" for c in text)
    if controls > _CONTROL_SHARE * len(text):
        raise NotTextError("it holds no text")
    return text


def read_faq(text: str, ending: str, name: str) -> Faq:
    """Return the questions and answers of a document.

    ``ending`` is one of `READERS`; ``name`` is the title of a document that gives itself none.

    Raises:
        NoQuestionsError: no question with an answer is in it.
    """
    try:
        document = READERS[ending](text)
    except (RecursionError, ParserRejectedMarkup) as fault:
        raise NoQuestionsError("its mark-up is too broken, or nested too deeply, to be read") from fault
    notes: list[str] = []
    found = _answered(_marked(document), notes)
    spoken = Spoken(text)
    questions: dict[str, Question] = {}
    for asked, also, body in found:
        question = _question(asked)
        form = normal_form(question)
        answer = spoken.sentences(body)
        if not any(c.isalpha() for c in form) or not answer:
            notes.append(f"no answer found to: {question}")
        elif form in questions:
            notes.append(f"asked twice, the first answer is kept: {question}")
        else:
            now, later = answer[:SPOKEN_AT_ONCE], answer[SPOKEN_AT_ONCE:]
            questions[form] = Question(
                question,
                (spoken.attributed(now[0]), *now[1:]),
                (spoken.attributed(later[0]), *later[1:]) if later else (),
                tuple(_question(other) for other in also),
            )
    if not questions:
        raise NoQuestionsError("no question with an answer was found")
    return Faq(speakable(document.title) or name, tuple(questions.values()), tuple(notes))


def _question(text: str) -> str:
    text = re.sub(r"^\W*\d{1,3}[.):]\s+", "", speakable(text)).strip()
    return text[0].upper() + (text[1:].lower() if text.isupper() else text[1:]) if text else ""


# Which blocks are questions ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Marked:
    block: Block
    asked: bool
    lines: bool
    """Whether the document marks its questions in no way but the question mark."""

    @property
    def level(self) -> int:
        return self.block.level

    @property
    def ends(self) -> bool:
        """Whether this is a heading, which may end an answer, and no question."""
        return not self.asked and self.block.kind is Kind.HEADING


def _marked(document: Document) -> list[_Marked]:
    blocks = list(document.blocks)
    headings = [b for b in blocks if b.kind is Kind.HEADING]
    tops = [b for b in headings if b.level == 1]
    title = tops[0] if len(tops) == 1 and tops[0] is headings[0] and len(headings) > 1 else None
    asking = [b for b in headings if b.asks and b is not title]
    weak = sum(b.kind is Kind.WEAK and b.asks for b in blocks)
    marked = any(b.kind is Kind.ASKED for b in blocks)
    lines = not (asking or weak or marked)
    mostly = _levels_of_questions([b for b in headings if b is not title])

    def asked(block: Block, following: Block | None) -> bool:
        if block.kind is Kind.ASKED:
            return True
        if block.kind is Kind.HEADING and block is not title:
            text_below = following is not None and following.kind in (Kind.TEXT, Kind.ITEM)
            return block.asks or (block.level in mostly and text_below)
        if block.kind is Kind.WEAK:
            return block.asks and weak >= len(asking)
        return lines and block.kind is Kind.TEXT and block.asks

    return [
        _Marked(block, asked(block, following), lines)
        for block, following in zip(blocks, [*blocks[1:], None], strict=False)
    ]


def _levels_of_questions(headings: Sequence[Block]) -> set[int]:
    levels = Counter(b.level for b in headings)
    asking = Counter(b.level for b in headings if b.asks)
    return {level for level, count in asking.items() if count > 1 and count > MOST * levels[level]}


_Found = tuple[str, tuple[str, ...], tuple[Block, ...]]


def _answered(marked: Sequence[_Marked], notes: list[str]) -> list[_Found]:
    """Return question, other wordings of it, and the blocks of its answer."""
    found: list[_Found] = []
    waiting: list[_Marked] = []
    at = 0
    while at < len(marked):
        if not marked[at].asked:
            at += 1
            continue
        waiting.append(marked[at])
        at += 1
        body, at = _body(marked, at, waiting[-1])
        if body or at == len(marked) or not marked[at].asked:
            found += _settled(waiting, body, marked[at:], notes)
            waiting = []
    answered = {normal_form(asked) for asked, _, body in found if body}
    for asked, _, body in found:
        if not body and normal_form(asked) not in answered:
            notes.append(f"no answer found to: {_question(asked)}")
    return [item for item in found if item[2]]


def _body(marked: Sequence[_Marked], at: int, question: _Marked) -> tuple[tuple[Block, ...], int]:
    """Return the blocks of the answer that begins at ``at``, and where it ends: at a question or a section."""
    body: list[Block] = []
    while at < len(marked) and not marked[at].asked:
        if marked[at].ends and _is_section(marked, at, question):
            break
        body.append(marked[at].block)
        at += 1
    return tuple(body), at


def _is_section(marked: Sequence[_Marked], at: int, question: _Marked) -> bool:
    if question.block.kind is Kind.HEADING:
        return marked[at].level <= question.level
    if question.lines:  # Plain text: the line before the next question heads a section, others the answer's parts.
        return at + 1 < len(marked) and marked[at + 1].asked
    return marked[at].level < 6


def _settled(
    waiting: Sequence[_Marked], body: tuple[Block, ...], after: Sequence[_Marked], notes: list[str]
) -> list[_Found]:
    """Settle which of the questions in a row the answer below them belongs to."""
    *before, last = waiting
    text = last.block.text
    if not before:
        return [(text, (), body)]
    bare = [(one.block.text, (), ()) for one in before]
    if last.lines:
        if len(waiting) >= CONTENTS_RUN:
            return [*bare, (text, (), body)]
        return [(before[0].block.text, (text,), body)]
    if last.block.kind is Kind.ASKED:
        same = [one for one in before if one.block.kind is Kind.ASKED]
        first, *rest = [*same, last]
        return [(first.block.text, tuple(one.block.text for one in rest), body)]
    parent = before[-1]
    if parent.block.kind is Kind.HEADING and last.block.kind is Kind.HEADING and parent.level < last.level:
        if not _has_sister(last, after):
            return [*bare[:-1], (parent.block.text, (text,), body)]
        notes.append(f"taken for the title of a section: {_question(parent.block.text)}")
        return [*bare[:-1], (text, (), body)]
    return [*bare, (text, (), body)]


def _has_sister(question: _Marked, after: Iterable[_Marked]) -> bool:
    """Return whether another question of that level follows within the section."""
    for one in after:
        if one.block.kind is Kind.HEADING and one.level <= question.level:
            return one.level == question.level and one.asked
    return False
