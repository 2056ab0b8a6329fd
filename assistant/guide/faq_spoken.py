"""Makes the blocks of an answer into sentences fit to be spoken."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from assistant.guide.faq_blocks import A_MARK, Block, Kind
from assistant.language import normal_form, sentences_of, speakable

ATTRIBUTION: Final = "the guide says"
SHORT_ITEM_WORDS: Final = 6
"""List items up to this length are read as one sentence; longer ones as a sentence each."""
ITEMS_A_SENTENCE: Final = 7
"""Items that one spoken sentence holds: more can't be kept in mind."""
_SHARE: Final = re.compile(r"\bShare on (?:Pinterest|Facebook|Twitter|X|LinkedIn|WhatsApp)\b\s*", re.IGNORECASE)
_TRAILING_DOTS: Final = re.compile(r"\s*(?:…|\.{3,})\s*$")
_FOOTNOTES: Final = re.compile(r"\[\^?\d+\]|(?<=\b[a-z]{4})\d(?=[.,;:)]|\s|$)|(?<=[a-z]{5})\d(?=[.,;:)]|\s|$)")
"""Marks like "[3]", and the digit that copying glues to a word ("knees7."). Short words keep theirs ("mp3")."""
_ADDRESS: Final = re.compile(r"\b(?:https?://)(?:www\.)?([^\s/)]*[^\s/).,;:])(?:/[^\s)]*[^\s).,;:])?/?")
"""A web address: only the site's name can be said."""
_CLAUSE_END: Final = re.compile(r";\s+(\w)")
"""A semicolon is heard as a full stop, and gives room to breathe."""
_EITHER: Final = re.compile(r"(?<=[a-z]{3})/(?=[a-z]{3})")
_ABBREVIATED: Final = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|approx|e\.g|i\.e|vs|cf|Fig)\.$", re.IGNORECASE)
_ORDINALS: Final = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth")
_LOWERED: Final = frozenset(
    "a an the this that these those it its you your we our they their there if when while because after before once"
    " in on at for from to with without by as and or but no not yes most some many all both each every"
)
"""Words that lose their capital within a sentence though a title may write them large."""
_NAMES: Final = re.compile(r"(?<=[a-z,] )[A-Z][a-z']+")
"""Words that the document writes with a capital within a sentence."""

_CALENDAR: Final = frozenset(
    re.findall(
        r"\w+",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August"
        " September October November December",
    )
)


class Spoken:
    """Makes an answer's blocks into spoken sentences; knows the names that the document writes large."""

    def __init__(self, document: str) -> None:
        self._names = frozenset(_NAMES.findall(document)) | _CALENDAR

    def sentences(self, body: Sequence[Block]) -> list[str]:
        """Return the sentences of an answer; its sub-headings are left out unless it has nothing else."""
        texts = [b for b in body if b.kind is not Kind.HEADING] or list(body)
        said: list[str] = []
        items: list[Block] = []
        for block in [*texts, Block(Kind.TEXT, "")]:
            if block.kind is Kind.ITEM:
                items.append(block)
                continue
            said = self._with_items(said, items)
            items = []
            text = A_MARK.sub("", block.text) if not said else block.text
            said += _whole_sentences(text)
        return said

    def attributed(self, sentence: str) -> str:
        """Return a first sentence that says whose words these are."""
        if ATTRIBUTION in normal_form(sentence):
            return sentence
        return f"{ATTRIBUTION.capitalize()}: {self.small(sentence)}"

    def small(self, text: str) -> str:
        """Return ``text`` as it stands within a sentence."""
        first = re.split(r"[^\w]", text, maxsplit=1)[0]
        keeps = first in self._names or first == "I" or (len(first) > 1 and not first[1:].islower())
        return text if keeps and first.lower() not in _LOWERED else text[0].lower() + text[1:]

    def _with_items(self, said: list[str], items: Sequence[Block]) -> list[str]:
        if not items:
            return said
        texts = [re.sub(r"[.;,]$", "", _clean(item.text)) for item in items]
        texts = [text for text in texts if text]
        short = all(len(text.split()) <= SHORT_ITEM_WORDS and not re.search(r"[.!?:;]", text) for text in texts)
        if short and not any(item.number for item in items):
            return self._one_sentence(said, texts)
        spoken = list(said)
        for place, (item, text) in enumerate(zip(items, texts, strict=False)):
            numbered = item.number is not None and len(items) > 1
            if numbered and place < len(_ORDINALS):
                text = f"{_ORDINALS[place]}, {self.small(text)}"
            spoken += _whole_sentences(text)
        return spoken

    def _one_sentence(self, said: list[str], texts: Sequence[str]) -> list[str]:
        spoken = list(said)
        for start in range(0, len(texts), ITEMS_A_SENTENCE):
            some = list(texts[start : start + ITEMS_A_SENTENCE])
            opened = start == 0 and bool(spoken) and spoken[-1].endswith(":")
            rest = [self.small(text) for text in (some if opened else some[1:])]
            listed = rest if opened else [some[0], *rest]
            joined = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])}, and {listed[-1]}"
            if opened:
                spoken[-1] = f"{spoken[-1]} {joined}."
            else:
                spoken.append(f"{joined[0].upper()}{joined[1:]}.")
        return spoken


def _clean(text: str) -> str:
    text = _ADDRESS.sub(lambda found: found[1], _TRAILING_DOTS.sub("", _SHARE.sub("", text)))
    text = _EITHER.sub(" or ", _FOOTNOTES.sub("", text).replace("and/or", "or"))
    return speakable(_CLAUSE_END.sub(lambda found: f". {found[1].upper()}", text))


def _whole_sentences(text: str) -> list[str]:
    """Return the sentences of ``text``, each with an end mark; the point of an abbreviation ends none."""
    whole: list[str] = []
    for part in sentences_of(_clean(text)):
        if whole and (_ABBREVIATED.search(whole[-1]) or (whole[-1].endswith(" No.") and part[0].isdigit())):
            whole[-1] = f"{whole[-1]} {part}"
        elif any(c.isalnum() for c in part):
            whole.append(part[0].upper() + part[1:])
    return [part if part[-1] in ".!?:\"')" else f"{part}." for part in whole]
