"""Reads a document (Markdown, HTML or plain text) into blocks: headings, prompts, paragraphs and list items.

Markdown becomes HTML first, so that there is one reader of structure. No file is read here.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

import frontmatter
import yaml
from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag
from markdown_it import MarkdownIt

from assistant.language import sentences_of, words_of

MAX_QUESTION_WORDS: Final = 40
"""Whatever is longer and ends with a question mark is a paragraph, not a question somebody asks."""
MAX_QUESTION_LINES: Final = 4
"""Lines that one question is wrapped over in plain text."""
MAX_HEADING_WORDS: Final = 8
"""A line of plain text without an end mark, this short, is a sub-heading; longer ones are sentences."""
_MARKDOWN_HEADINGS: Final = 2
"""Lines like "## Title" in a plain text file from which it is read as Markdown."""


class Kind(Enum):
    """What a block is."""

    HEADING = auto()
    ASKED = auto()
    """Marked as a question by the document itself: ``Q:``, ``<dt>``, ``<summary>``."""
    WEAK = auto()
    """Looks like a question, but may be emphasis: a bold line, a list item with text of its own below."""
    TEXT = auto()
    ITEM = auto()


@dataclass(frozen=True, slots=True)
class Block:
    """One block; ``level`` of a heading is 1 to 6, ``number`` is an item's place in a numbered list."""

    kind: Kind
    text: str
    level: int = 0
    number: int | None = None

    @property
    def asks(self) -> bool:
        """Whether the whole block is one question."""
        return self.text.endswith("?") and len(words_of(self.text)) <= MAX_QUESTION_WORDS and _is_one(self.text)


@dataclass(frozen=True, slots=True)
class Document:
    """A document as blocks in order; ``title`` is empty where it has none."""

    title: str
    blocks: tuple[Block, ...]


# Text --------------------------------------------------------------------------------------------------

_Q_MARK: Final = re.compile(r"^(?:Q(?:uestion)?|q(?:uestion)?)\s*\d*\s*[:.]\s*(?=\S)")
A_MARK: Final = re.compile(r"^(?:A(?:nswer)?|a(?:nswer)?)\s*\d*\s*[:.]\s*(?=\S)")
_Q_AND_A: Final = re.compile(r"^(?P<q>.+?\?)\s+(?:A|Answer)\s*\d*\s*[:.]\s+(?P<a>.+)$", re.DOTALL)
_MARK_LINE: Final = re.compile(r"\n\s*(?=(?:Q|A|Question|Answer)\s*\d*\s*[:.]\s)")
_CROSS_LINK: Final = re.compile(
    r"^(?:[A-Z][A-Z']*(?: [A-Z'&]+)+|(?i:see also|related(?: questions?)?|also read|read also|read more|read next"
    r"|you (?:may|might) also (?:like|ask)))\s*[:–—-]\s.*\?$"
)
"""A link to another question ("SEE THIS TOO: Does …?"): it has no answer here."""
_SPACES: Final = re.compile(r"\s+")


def _is_one(text: str) -> bool:
    return len(sentences_of(text)) == 1


def _tidy(text: str) -> str:
    return _SPACES.sub(" ", text.replace("¶", " ").replace("\u00ad", "")).strip()


def _blocks_of(text: str, plain: Block) -> list[Block]:
    """Cut a paragraph at its ``Q:`` and ``A:`` marks; without any it stays one block, made like ``plain``."""
    found: list[Block] = []
    for part in _MARK_LINE.split(text):
        tidy = _tidy(part)
        mark = _Q_MARK.match(tidy)
        if mark is None:
            if tidy and not _CROSS_LINK.match(tidy):
                found.append(replace(plain, text=tidy))
            continue
        asked = tidy[mark.end() :]
        both = _Q_AND_A.match(asked)
        found.append(Block(Kind.ASKED, both["q"] if both else asked))
        if both:
            found.append(Block(Kind.TEXT, both["a"]))
    return found


# HTML and Markdown -----------------------------------------------------------------------------------


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


_SKIPPED: Final = _names("script style nav footer aside form noscript template svg iframe head select textarea figure")
_BLOCKS: Final = _names(
    "address article blockquote body center dd details dialog div dl fieldset figcaption header hgroup hr html"
    " main ol p section table tbody tfoot thead ul [document]"
)
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_MARKED: Final = frozenset({"dt", "summary"})
_LEFT_OPEN: Final = frozenset({"dt", "dd"})
_BOLD: Final = frozenset({"b", "strong"})
_FOOTNOTE: Final = re.compile(r"^\s*\[?\^?\d+\]?\s*$")
_MARKED_SECTION: Final = re.compile(r"<!\[(?!CDATA\[|if|endif)")
"""What no page has on purpose, and what the parser gives up at."""
_PARAGRAPH_TAG: Final = re.compile(r"</?p(?:\s[^<>]*)?>", re.IGNORECASE)
"""Many pages leave paragraphs open, and each would hold the rest of the page: a mark between them is all it takes."""
_FOOTNOTE_TEXT: Final = re.compile(r"^\[\^[^\]]+\]:.*\n?", re.MULTILINE)
_TO_TOP: Final = re.compile(r"^\W*(?:back to )?(?:the )?top\W*$", re.IGNORECASE)


def read_html(text: str) -> Document:
    """Return an HTML page as blocks; navigation, scripts, forms and footnote marks are left out."""
    text = _PARAGRAPH_TAG.sub("<hr>", _MARKED_SECTION.sub("&lt;![", text))
    soup = BeautifulSoup(text, "html.parser")
    title = soup.title.get_text(" ") if soup.title is not None else ""
    walk = _Walk()
    walk.into(soup)
    walk.flush()
    return _document(_tidy(title), walk.blocks)


def read_markdown(text: str) -> Document:
    """Return a Markdown text as blocks; its front matter gives at most the title."""
    title = ""
    try:
        post = frontmatter.loads(text)
        named = post.metadata.get("title")
        title, text = named if isinstance(named, str) else "", post.content
    except (yaml.YAMLError, AttributeError, TypeError):
        pass  # A first line of dashes that opens no front matter: the whole text is the document.
    text = _FOOTNOTE_TEXT.sub("", text)
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    page = read_html(str(parser.render(text)))
    return _document(_tidy(title), page.blocks) if title else page


def _document(title: str, blocks: Iterable[Block]) -> Document:
    kept = tuple(block for block in blocks if block.text)
    first = next((b.text for b in kept if b.kind is Kind.HEADING and b.level == 1), "")
    return Document(title or first, kept)


class _Walk:
    """Walks a page's elements and gathers blocks; runs of inline text become one paragraph."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._run: list[tuple[str, bool]] = []
        """Pieces of the paragraph in the making, and whether each is bold."""
        self._item: Block | None = None
        """What the next paragraph is if it is the first of a list item."""

    def into(self, node: Tag, *, bold: bool = False) -> None:
        number = 0
        for child in node.children:
            if isinstance(child, PreformattedString):
                continue  # Comments, doctypes and their like.
            if isinstance(child, NavigableString):
                self._run.append((str(child), bold))
            elif isinstance(child, Tag) and child.name == "li":
                number += 1
                self._list_item(child, number if node.name == "ol" else None)
            elif isinstance(child, Tag):
                self._element(child, bold=bold)

    def _element(self, tag: Tag, *, bold: bool) -> None:
        name = tag.name
        if name in _SKIPPED or tag.has_attr("hidden") or _is_noise(tag):
            return
        if name in _HEADINGS or name in _MARKED or name == "button":
            self.flush()
            self._titled(tag)
        elif name == "br":
            self._run.append(("\n", bold))
        elif name == "tr":
            self.flush()
            self._add(Block(Kind.ITEM, _row(tag)))
        elif name in _BLOCKS or name == "pre":
            self.flush()
            self.into(tag)
            self.flush()
        else:
            self.into(tag, bold=bold or name in _BOLD)

    def _titled(self, tag: Tag) -> None:
        # Old pages leave <dt> and <dd> open: what follows then lies within.
        children = list(tag.children)
        end = next((i for i, child in enumerate(children) if getattr(child, "name", None) in _LEFT_OPEN), len(children))
        text = _Q_MARK.sub("", _tidy(" ".join(child.get_text(" ") for child in children[:end])))
        text = re.sub(r"\s+([?.!,;:])", r"\1", text)
        if tag.name == "button":
            if text.endswith("?"):
                self._add(Block(Kind.WEAK, text))
        elif tag.name in _MARKED:
            self._add(Block(Kind.ASKED, text))
        elif text and not _CROSS_LINK.match(text):
            self._add(Block(Kind.HEADING, text, _HEADINGS[tag.name]))
        for child in children[end:]:
            if isinstance(child, Tag):
                self._element(child, bold=False)

    def _list_item(self, tag: Tag, number: int | None) -> None:
        self.flush()
        within = _Walk()
        within._item = Block(Kind.ITEM, "", number=number)
        within.into(tag)
        within.flush()
        found = within.blocks
        if len(found) > 1 and found[0].kind is Kind.ITEM and found[0].asks:
            found[0] = Block(Kind.WEAK, found[0].text)
        self.blocks += found

    def _add(self, block: Block) -> None:
        if block.text:
            self.blocks.append(block)
            self._item = None

    def flush(self) -> None:
        """End the paragraph in the making."""
        run, self._run = self._run, []
        text = "".join(piece for piece, _ in run)
        if not text.strip():
            return
        plain = self._item or Block(Kind.TEXT, "")
        bold, rest = _bold_lead(run)
        if bold.endswith("?") and not _Q_MARK.match(bold):
            self._add(Block(Kind.WEAK, bold))
            plain, text = Block(Kind.TEXT, ""), rest
        elif bold and not rest and bold[-1].isalnum() and len(words_of(bold)) <= MAX_HEADING_WORDS:
            self._add(Block(Kind.HEADING, bold, 6))  # A bold line of its own that is no sentence: a sub-heading.
            return
        for block in _blocks_of(text, plain):
            self._add(block)


def _bold_lead(run: list[tuple[str, bool]]) -> tuple[str, str]:
    """Return the bold text that a paragraph begins with, and what follows it."""
    end = 0
    while end < len(run) and (run[end][1] or not run[end][0].strip()):
        end += 1
    lead = _tidy("".join(text for text, _ in run[:end]))
    return lead, "".join(text for text, _ in run[end:])


def _is_noise(tag: Tag) -> bool:
    """Return whether an element is a footnote's mark or a link to the top."""
    if tag.name == "sup":
        return tag.find("a") is not None or bool(re.match(r"^\s*\[", tag.get_text()))
    return tag.name == "a" and bool(_FOOTNOTE.match(tag.get_text()) or _TO_TOP.match(tag.get_text()))


def _row(row: Tag) -> str:
    """Return a table's row as words: what it is about, then its cells. The row of column names says nothing alone."""
    if row.find("td") is None:
        return ""
    first, *rest = (_tidy(cell.get_text(" ")) for cell in row.find_all(["td", "th"]))
    values = ", ".join(cell for cell in rest if cell)
    return f"{first}: {values}" if first and values else first or values


# Plain text -------------------------------------------------------------------------------------------

_RULE: Final = re.compile(r"^\s*([=\-~_*#.])\1{2,}\s*$")
_BULLET: Final = re.compile(r"^\s*(?:[•*▪◦·‣–-])\s+(?=\S)")
_NUMBERED: Final = re.compile(r"^\s*(\d{1,3})[.)]\s+(?=\S)")
_MARKDOWN_HEADING: Final = re.compile(r"^#{1,6}\s+\S", re.MULTILINE)


def read_plain(text: str) -> Document:
    """Return plain text as blocks: paragraphs stand between empty lines, a question stands on lines of its own.

    A text file that is Markdown after all is read as such.
    """
    if len(_MARKDOWN_HEADING.findall(text)) >= _MARKDOWN_HEADINGS:
        return read_markdown(text)
    blocks: list[Block] = []
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.splitlines() if line.strip() and not _RULE.match(line)]
        blocks += _paragraph(lines)
    title = ""
    if blocks and blocks[0].kind is Kind.HEADING:
        title = blocks[0].text
    return Document(title, tuple(blocks))


def _paragraph(lines: list[str]) -> list[Block]:
    found: list[Block] = []
    text: list[str] = []
    kind = Block(Kind.TEXT, "")
    indent = 0

    def end() -> None:
        nonlocal text, kind
        if text:
            found.extend(_blocks_of(" ".join(text), kind))
        text, kind = [], Block(Kind.TEXT, "")

    for line in lines:
        numbered, bullet = _NUMBERED.match(line), _BULLET.match(line)
        plain = _tidy(line[(numbered or bullet).end() :] if (numbered or bullet) else line)  # type: ignore[union-attr]
        if _CROSS_LINK.match(plain):
            end()
            continue
        if kind.kind is Kind.ITEM and _indent(line) <= indent and indent:
            end()  # A line further out than an item's own is no part of the item.
        if text and text[-1][-1] in ".!" and plain[0].isupper() and Block(Kind.TEXT, plain).asks:
            end()  # A sentence ended with the line before: this one asks anew.
        if numbered or bullet or _Q_MARK.match(plain) or A_MARK.match(plain):
            end()
        if bullet or (numbered and not plain.endswith("?")):
            kind = Block(Kind.ITEM, "", number=int(numbered[1]) if numbered else None)
            indent = _indent(line)
        text.append(plain)
        if kind.kind is Kind.TEXT and len(text) <= MAX_QUESTION_LINES and Block(Kind.TEXT, " ".join(text)).asks:
            end()
    alone = len(lines) == 1 and kind.kind is Kind.TEXT
    end()
    if alone and len(found) == 1 and _is_heading(found[0].text):
        capitals = found[0].text.isupper()
        return [
            Block(Kind.HEADING, string.capwords(found[0].text) if capitals else found[0].text, 1 if capitals else 6)
        ]
    return found


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_heading(text: str) -> bool:
    return text[-1].isalnum() and len(words_of(text)) <= MAX_HEADING_WORDS
