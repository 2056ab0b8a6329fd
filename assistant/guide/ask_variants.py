"""Generates ways of asking from a question, by rules of English: for a pack that nobody has written any for yet.

People ask in far more ways than rules make. What comes from here is a start, meant to be edited.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Final

from assistant.language import digits_to_words, normal_form, words_of

MAX_VARIANTS: Final = 24
"""Ways generated for one question: more of them only weigh down the words that all rules share."""
MIN_WORDS: Final = 2
"""Shorter ways say too little to belong to one entry only."""

_Rule = tuple[re.Pattern[str], tuple[str, ...]]

_WHO: Final = r"(?:i|you|we|one|people|someone)"
_POLITE: Final = re.compile(
    r"^(?:please |excuse me |hi |hello |so |and |but |also )*"
    r"(?:(?:can|could|would|will) you (?:please )?(?:tell|explain|show|remind) (?:me|us) (?:please )?"
    r"|i(?: would|'d) like to know |i(?: am|'m) wondering |i was wondering |do you know |tell me )?(?:please )?"
)
_INDIRECT: Final = re.compile(
    r"^(how|when|where|why|what|how often|how long) (i|you|we) (can|should|could|may|must|do) "
)
"""What is left of "tell me how I can …": told, not asked."""

# Each rule: what the question looks like, and the ways of saying it. \1 and \2 are the parts in brackets.
_RULES: Final[tuple[_Rule, ...]] = tuple(
    (re.compile(pattern), tuple(ways.split(" | ")))
    for pattern, ways in (
        (
            rf"^how (?:do|can|should|would|could|might|must) {_WHO} (.+)$",
            r"how do i \1 | how to \1 | how can i \1 | how should i \1 | what's the best way to \1"
            r" | i want to \1 how do i do that | show me how to \1 | i need to \1 | what do i do to \1"
            r" | is there a way to \1 | i don't know how to \1 | what's the right way to \1 | help me \1"
            r" | what are the steps to \1 | i'm trying to \1",
        ),
        (
            rf"^how often (?:do|should|can|must|would) {_WHO} (.+)$",
            r"how often should i \1 | how often do i need to \1 | how regularly should i \1"
            r" | how many times should i \1 | when should i \1 | how frequently do i \1 | every how many weeks do i \1"
            r" | how often is it right to \1 | do i have to \1 often | \1 how often",
        ),
        (
            rf"^how (?:long|much time) (?:do|should|will|can|must|would|may) {_WHO} (.+)$",
            r"how long do i \1 | for how long should i \1 | how much time do i \1 | \1 how long | \1 for how long"
            r" | how long can i \1 | what's the time limit to \1"
            r" | how many days can i \1 | how long is it all right to \1",
        ),
        (
            r"^how (?:long|much time) (do|does|is|are|will|would|should|can|must|may) (.+)$",
            r"for how long \1 \2 | how much time \1 \2 | \2 how long | tell me how long \2 | what length of time \1 \2"
            r" | how many minutes or days \1 \2 | any idea how long \2 | time for \2 | until when \1 \2",
        ),
        (
            r"^how much (?:does|do|will|would) it cost (?:me )?(?:to |for )?(.+)$",
            r"what does it cost to \1 | what do i pay to \1 | what's the price to \1 | how expensive is it to \1"
            r" | is it free to \1 | do i have to pay to \1 | what's the charge to \1 | how much money is it to \1"
            r" | \1 how much | cost to \1 | price to \1 | what's the fee to \1",
        ),
        (
            r"^how much (?:does|do|is|are|will|would) (.+?)(?: cost)?$",
            r"what does \1 cost | what's the price of \1 | how much is \1 | how expensive is \1 | what do i pay for \1"
            r" | price of \1 | is \1 free | what's the charge for \1 | how much money is \1 | do i have to pay for \1",
        ),
        (
            r"^what (?:does|do|will|would) (.+?) cost(.*)$",
            r"how much is \1\2 | how much does \1 cost\2 | what's the price\2 | how expensive is \1\2"
            r" | what do i pay for \1\2 | what do i have to pay\2 | is \1 free\2"
            r" | do you charge\2 | how much do you charge\2 | price of \1\2"
            r" | what's the fee\2 | cost of \1\2 | what will \1 cost me\2",
        ),
        (
            rf"^how (many|much) (.+?) (?:can|may|should|do|could) {_WHO} (.+)$",
            r"how \1 \2 am i allowed to \3 | what's the limit on \2 to \3 | what's the most \2 i can \3"
            r" | how \1 \2 should i \3 | number of \2 i can \3 | \3 how \1 \2"
            r" | how \1 \2 at once | is there a limit on \2 | what number of \2 do i \3",
        ),
        (
            rf"^(?:can|may|could|might|am i allowed to|are we allowed to) {_WHO} (.+)$",
            r"am i allowed to \1 | is it ok to \1 | is it all right to \1 | is it possible to \1 | may i \1"
            r" | i want to \1 | can you \1 | could i \1 | do you let people \1 | would it be okay to \1"
            r" | is there any way to \1 | i'd like to \1 | are you allowed to \1",
        ),
        (
            rf"^(?:should|must|do) {_WHO} (?:need to |have to |got to )?(.+)$",
            r"do i need to \1 | do i have to \1 | should i \1 | must i \1 | is it necessary to \1 | ought i to \1"
            r" | is it a good idea to \1 | is it worth it to \1 | am i supposed to \1 | what if i don't \1 | \1 or not",
        ),
        (
            r"^(?:is it|would it be) (safe|ok|okay|all right|alright|fine|possible|allowed|bad) (?:to|for me to) (.+)$",
            r"can i \2 | may i \2 | is it okay to \2 | is it dangerous to \2 | should i \2 | does it matter if i \2"
            r" | am i allowed to \2 | what happens if i \2 | is it \1 if i \2 | would it hurt to \2"
            r" | i want to \2 is that \1",
        ),
        (
            r"^what (?:should|do|can|must|could) (?:i|you|we|one) do (if|when|about|with) (.+)$",
            r"\2 what do i do | what now \2 | what happens \1 \2 | help \2 | what can i do \1 \2 | \2"
            r" | how do i deal with it \1 \2 | what's to be done \1 \2 | what am i meant to do \1 \2 | \2 what's next",
        ),
        (
            r"^what (?:happens|if|will happen)(?: if| when)? (.+)$",
            r"\1 what happens | what do i do if \1 | \1 | what should i do when \1 | does it matter if \1"
            r" | what's going to happen if \1 | is it a problem if \1 | \1 what now | say \1 what then",
        ),
        (
            r"^(?:why|how come) (?:do|does|did|is|are|was|has|have|would) (.+)$",
            r"how come \1 | what makes \1 | what's the reason \1 | what causes it when \1 | \1 why | why \1"
            r" | \1 what's wrong | what does it mean if \1 | \1 is that normal | \1 | \1 what's going on | \1 how come",
        ),
        (
            r"^(?:what|which) (kind|type|sort)s? of (.+)$",
            r"which \2 | what \1 of \2 | what's the right \2 | which kind of \2 | which type of \2 | what sort of \2"
            r" | best \2 | tell me which \2 | what's the best \1 of \2 | recommend \2",
        ),
        (
            r"^(?:what|which) (?:is|are|was|were) (.+)$",
            r"what's \1 | tell me about \1 | explain \1 | i want to know \1 | \1 | which is \1 | what about \1"
            r" | what do you mean by \1 | information about \1 | give me \1 | can you explain \1",
        ),
        (
            r"^when (is|are|was|do|does|can|should|will|may) (.+)$",
            r"what time \1 \2 | at what time \1 \2 | what days \1 \2 | tell me when \2 | \2 when | what hours \1 \2"
            r" | how soon \1 \2 | which day \1 \2 | when exactly \1 \2 | do you know what time \2 | times for \2",
        ),
        (
            rf"^where (?:do|can|should|is|are|does|may|will) (?:{_WHO} )?(.+)$",
            r"where do i \1 | where's \1 | \1 where | what's the place for \1 | i'm looking for \1 | which place \1"
            r" | tell me where \1 | where exactly \1 | i can't find where \1 | place for \1 | which way \1",
        ),
        (
            r"^who (.+)$",
            r"who is it that \1 | which people \1 | do you know who \1 | tell me who \1 | is there someone who \1"
            r" | what sort of person \1 | does anybody \1 | \1 who | \1 who is that | i want to know who \1",
        ),
        (
            r"^(?:is|are|was|does|do|did|will|would|has|have) (.+)$",
            r"is it true that \1 | tell me if \1 | i want to know if \1 | \1 | \1 or not | is it right that \1"
            r" | do you know if \1 | i wonder if \1 | \1 yes or no | any idea if \1"
            r" | \1 is that so | can you say if \1",
        ),
    )
)


def _ways(ways: str) -> tuple[str, ...]:
    return tuple(ways.split(" | "))


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ANY: Final = _ways(
    r"tell me about \1 | \1 | what about \1 | i have a question about \1 | what do you know about \1 | explain \1"
    r" | information on \1 | what does it say about \1 | anything on \1 | i want to know about \1 | question on \1"
)
"""For a heading that is no sentence, and for questions that no rule knows."""

_NO_MATTER: Final = _set(
    "a an the of to in on at for from with by as and or but if when is are am was were be been being do does did can"
    " could should would will may might must have has had i you we they he she it its my your our their me us them this"
    " that these those there here many much happens what which who whom whose how why where than then so any some not"
)
"""Words that a terse person leaves out."""

_SWAPS: Final[tuple[tuple[str, str], ...]] = (
    (r"\bmy\b", "the"),
    (r"\byour\b", "the"),
    (r"\ba\b", "my"),
    (r"\bclean\b", "wash"),
    (r"\bget rid of\b", "remove"),
    (r"\bremove\b", "get rid of"),
    (r"\bprevent\b", "stop"),
    (r"\bfix\b", "repair"),
    (r"\brepair\b", "fix"),
    (r"\breplace\b", "change"),
    (r"\bchange\b", "switch"),
    (r"\bpurchase\b", "buy"),
    (r"\bbuy\b", "get"),
    (r"\brenew\b", "extend"),
    (r"\bcancel\b", "get out of"),
    (r"\bobtain\b", "get"),
    (r"\brequire\b", "need"),
    (r"\bjoin$", "sign up"),
    (r"\bjoin\b(?=.)", "sign up for"),
    (r"\bregister\b", "sign up"),
    (r"\breturn\b", "bring back"),
    (r"\bborrow\b", "take out"),
    (r"\bcontact\b", "get in touch with"),
    (r"\bstore\b", "keep"),
    (r"\bbegin\b", "start"),
    (r"\bstart\b", "begin"),
    (r"\bchildren\b", "kids"),
    (r"\bfee\b", "charge"),
    (r"\bopening hours\b", "opening times"),
    (r"\bsmell\b", "stink"),
    (r"\bsmells\b", "stinks"),
    (r"\bbroken\b", "not working"),
    (r"\blost\b", "can't find"),
    (r"\blose\b", "mislay"),
    (r"\bnoisy\b", "loud"),
    (r"\bnoise\b", "sound"),
)
"""Everyday words for the same, tried on the question and on its first ways."""

_SPELLINGS: Final[Mapping[str, str]] = {
    "aluminium": "aluminum",
    "analyse": "analyze",
    "apologise": "apologize",
    "behaviour": "behavior",
    "cancelled": "canceled",
    "catalogue": "catalog",
    "cheque": "check",
    "cosy": "cozy",
    "defence": "defense",
    "enrol": "enroll",
    "fibre": "fiber",
    "flavour": "flavor",
    "fulfil": "fulfill",
    "grey": "gray",
    "harbour": "harbor",
    "jewellery": "jewelry",
    "kerb": "curb",
    "labour": "labor",
    "licence": "license",
    "litre": "liter",
    "litres": "liters",
    "metre": "meter",
    "metres": "meters",
    "mould": "mold",
    "mouldy": "moldy",
    "neighbour": "neighbor",
    "organise": "organize",
    "parlour": "parlor",
    "plough": "plow",
    "pyjamas": "pajamas",
    "recognise": "recognize",
    "sceptical": "skeptical",
    "sulphur": "sulfur",
    "theatre": "theater",
    "travelling": "traveling",
    "tyre": "tire",
    "tyres": "tires",
    "yoghurt": "yogurt",
}
"""British to American, both ways: recognisers write one, documents the other."""
_OTHER_SPELLING: Final[Mapping[str, str]] = {**_SPELLINGS, **{us: uk for uk, us in _SPELLINGS.items()}}
_TWO_WORDS: Final = re.compile(r"^(when|where|how|why|who|what) (?:and|or) (when|where|how|why|who|what) (.+)$")
"""Two questions in one: "when and where do you …"."""
_CLAUSE: Final = re.compile(r"^(.{8,}?),? ((?:if|when|while|after|before|because|without|during) .{6,})$")


def variants(question: str) -> list[str]:
    """Return ways of asking ``question`` as a recogniser writes them, best first, each another in normal form.

    None is the question itself. A usual question has ten or more; one of two words may have fewer.
    """
    plain = _plain(question)
    core = _INDIRECT.sub(r"\1 \3 \2 ", _POLITE.sub("", plain, count=1) or plain)
    made = [core, *_by_rules(core), *_keyword_ways(core)]
    first = made[:3]
    ordered = [
        *made[:8],
        *(other for way in first for other in _respelt(way)),
        *(swapped for swapped in _swapped(core)),
        *made[8:],
        *_moved_clauses(core),
    ]
    known = {normal_form(question)}
    found: list[str] = []
    for way in ordered:
        way = re.sub(r"\b(\w+) \1\b", r"\1", " ".join(way.split()))
        form = normal_form(way)
        if len(form.split()) >= MIN_WORDS and form not in known:
            known.add(form)
            found.append(way)
    return found[:MAX_VARIANTS]


def variants_of_all(
    questions: Mapping[str, Sequence[str]], taken: Collection[str] = (), make: Callable[[str], list[str]] = variants
) -> dict[str, list[str]]:
    """Return ways of asking for each id, so that no two ids and nothing in ``taken`` share a normal form.

    ``questions`` holds each id's question first, then other wordings of it; those are kept, as far as they are free.
    """
    asked = {normal_form(lines[0]): name for name, lines in questions.items()}
    drafts: dict[str, list[str]] = {}
    for name, lines in questions.items():
        also = [_plain(line) for line in lines[1:]]
        drafts[name] = _distinct([*also, *(way for line in lines for way in make(line))])
    owners = Counter(normal_form(way) for ways in drafts.values() for way in ways)
    refused = {normal_form(line) for line in taken}
    return {
        name: [
            way for way in ways if owners[form := normal_form(way)] == 1 and form not in asked and form not in refused
        ]
        for name, ways in drafts.items()
    }


def _plain(text: str) -> str:
    return digits_to_words(" ".join(words_of(digits_to_words(text.replace("-", " ")))))


def _distinct(ways: Iterable[str]) -> list[str]:
    by_form: dict[str, str] = {}
    for way in ways:
        by_form.setdefault(normal_form(way), way)
    return list(by_form.values())


def _by_rules(core: str) -> list[str]:
    two = _TWO_WORDS.match(core)
    if two is None:
        return _by_rule(core)
    asked = [f"{word} {two[3]}" for word in two.groups()[:2]]
    ways = [_by_rule(one) for one in asked]
    return [*asked, *(way for pair in zip_longest(*ways) for way in pair if way)]


def _by_rule(core: str) -> list[str]:
    for pattern, ways in _RULES:
        hit = pattern.match(core)
        if hit is not None:
            return [hit.expand(way) for way in ways]
    return [way.replace(r"\1", core) for way in _ANY]


def _keyword_ways(core: str) -> list[str]:
    kept = [word for word in core.split() if word not in _NO_MATTER]
    if not kept:
        return []
    words = " ".join(kept)
    return [words, f"what about {words}", f"i've got a question about {words}"]


def _respelt(way: str) -> list[str]:
    words = way.split()
    other = [_OTHER_SPELLING.get(word, word) for word in words]
    return [" ".join(other)] if other != words else []


def _swapped(core: str) -> list[str]:
    found = []
    for pattern, other in _SWAPS:
        way = re.sub(pattern, other, core, count=1)
        if way != core:
            found.append(way)
    return found


def _moved_clauses(core: str) -> list[str]:
    hit = _CLAUSE.match(core)
    return [f"{hit[2]} {hit[1]}"] if hit else []
