"""Starting a routine by name: a verb of starting and what the routine's own phrases call it, or no start at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from assistant.language import stems

START: Final = "start:"

ASKS: Final = re.compile(
    r"^(?:(?:and|but|so|or) )?(?:how|what|why|which|when|where|who|is|are|does|do i|do you|do they|did|should|will"
    r"|would it|can it|can i|could i|may i|am i|shall i)\b"
)
"""The form of a question, on a normal form: it starts nothing."""

_VERB: Final = re.compile(
    r"(?:start|begin|run|do|time|count|set up|set"
    r"|(?:lead|take|talk|walk|guide|coach|see|get|put|help) (?:me|us|him|her)"
    r"|let us|get going|get started|kick off|fire up|make a start|have a go|go with|crack on|get on)\b ?"
)
_GLUE: Final = re.compile(
    r"(?:me|us|him|her|off|at|on (?=with\b)|on (?=the\b)|have|go with|get|set up|set"
    r"|into position|going with|started with|with|through|doing|do|start|begin|one"
    r"|(?:an? |the )?timer (?:for|on)|(?:\w+ )?\w+ (?:minutes|seconds) (?:of|for)|for|to|while i|the|an?|my)\b ?"
)
"""What stands between the verb and the name: "start **a timer for the** heat pad"."""
_PEOPLE: Final = (
    r"(?:me|us|him|her|them|bed|(?:my|our|the) (?:husband|wife|mother|father|dad|partner|son|daughter|sister|brother"
    r"|nan|gran|friend|boyfriend|girlfriend|patient))"
)
_TAIL: Final = re.compile(
    rf" (?:with {_PEOPLE}|for {_PEOPLE}|real quick|already|for the night|for tonight|please|now|again|today)$"
)
_AS_ROUTINE: Final = re.compile(r" (?:one|routine|timer|position|session|exercise|thing|treatment|countdown)$")
_REQUEST: Final = re.compile(
    r"\b(?:start(?:ing)?|begin|run|tim(?:e|ing) (?:me|us|him|her|it|them|this|my|the|a|both|while|for|please)"
    r"|timer|time$|count(?:ing|down)?|clock|lead|guide|coach|launch"
    r"|(?:talk|walk|take|bring|see|settle|turn) (?:me|us|him|her|them|my)"
    r"|(?:get|set|put|help) (?:me|us|him|her|them|my|up|it|going|started)"
    r"|let us|do (?:the|this|that|it|both|some|a|my|one)|go$|go (?:ahead|with)|have a go"
    r"|ready|(?:want|would|should|need) to (?!know\b)|shall we|(?:give|show|keep) me"
    r"|check on|stay with|keep (?:the |an eye on the )?time|see to|kick off|fire up|with me|for (?:me|us)|together"
    r"|through|routine|session|timed|guided|alternate)\b"
)
"""Words with which something is asked for: a name alone ("hot and cold") is a question about it."""
_REFUSES: Final = re.compile(r"\b(?:not|never|no|stop|finish|cancel|end|pause)\b")
"""Words of whoever wants none of it, or no more."""
_TELLS: Final = re.compile(
    r"^(?:can|could|would|will|may|might|must) (?!(?:you|we)\b)|^(?:it|there|if|when|after|since)\b"
    r"|\b(?:know|how|why|explain|about (?!to\b)|was|were|had|did|made|ago|yesterday|last|worse|better|difference|tried"
    r"|used|usually|always|remind|wonder if|tomorrow|later|soon|morning"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|week|should (?!to\b))\b"
)
"""Words of a story or of a question within: "i want to know how long to press"."""


_OTHER_THINGS: Final = re.compile(
    r"\bheating(?! (?:pads?|packs?)\b)|\bhot water(?! bottles?\b)|\b(?:me|us|him|her|go|going|come) back\b|\bor\b"
    r"|\bmy back (?:up|out|right|straight)\b|\b(?:understand|look at|hear|read|answer|said|say|talk about)\b"
    r"|\b(?:get|give|fetch|bring|buy|find) (?:me |us |him |her )?(?:an?|some|the|my|another) "
    r"(?!count|timer|start\b)"
)
"""The house's heating, "back" as in "back to bed", things that are to be fetched, and choices."""
_RECITES: Final = re.compile(
    r"^(?:(?:and|then|first|but) )*(?:i|we|you) (?:do|start|begin|press|take) (?!the (?:counting|timing|seconds))"
    r"(?!.*\byou (?:count|time|start)\b)"
)
"""Says the steps over: "and then i do the stretch"."""
_LONGEST_NAME: Final = 6
"""Words with which a person who was asked which one only names it."""
_OTHERS: Final = re.compile(r"^(?:he|she|they)\b")
_ORDERS: Final = re.compile(
    r"\b(?:start|begin|time it|count|start (?:it|timing|counting|the \w+)|begin (?:it|the timing)|count it(?: for us)?"
    r"|(?:lead|take|guide) us through it|lead us|guide (?:me|us)|lead me(?: into it)?|time it for (?:me|us|him|her))$"
)
"""How a plain request ends: "she's ready for the stretch so **start it**"."""
_WHOM: Final = r"(?:me|us|him|her|them|(?:my|our) \w+)"
_PLAINLY: Final = re.compile(
    rf"\b(?:(?:lead|guide|coach) {_WHOM}|(?:talk|walk|take|see|run|talking) {_WHOM} (?:through|into|onto|in)"
    rf"|help {_WHOM} (?!to )\w+|settle {_WHOM}"
    rf"|(?:get|put|set) {_WHOM} (?:on|onto|into|lying|set|settled|up|started|flat|off"
    r"|going|ready)|(?:you|please) (?:count|time|start|begin|lead|keep)|you do the counting|(?:check on|stay with) "
    rf"{_WHOM} while|(?:time|count|counting) (?:{_WHOM} |it |out )?(?:while|as|for (?:me|us))|count the seconds"
    r"|(?:time|count) (?:this|both|my|the|it) |(?:start|begin|run|kick off|fire up) (?:the|my|a|this|that|it|with|off)"
    r"|set the \w+(?: \w+)? going|keep the time|tell us when|give me a countdown"
    r"|let us (?:have|do|make|start|begin|go|try|press|rub|massage|stretch|alternate|lie)"
    r"|i (?:want|would|should|am ready) to (?:do|start|begin|have|try|lie|alternate|press|stretch))\b"
    rf"|{_ORDERS.pattern}"
)
"""Words that ask for a start and hardly anything else, where a routine is named beside them."""
_FOR_ME: Final = r"(?=.*\b(?:timer|routine|session|(?:me|us|him|her) through|(?:for|with) (?:me|us)|while i)\b)"
"""Ahead it is to be done for the person: nobody asks the guide so."""
_MISHEARD: Final = (
    # "Could you lead me through": "could you leave", "should you lead", "julie".
    (
        re.compile(
            r"^(?!(?:how|what|why|which|when|where|who|it|that|this|he|she|they|we|i)\b)"
            r"(?:(?:can|could|would|will|should|did|do|does|are|a|it|the|so|you) ){0,2}"
            r"(?!(?:got|took|put|saw|led|kept|went|ran|brought|sent|made|gave|told|show|showed|let|not)\b)(?!\w+ed\b)"
            r"\w+ (?P<whom>me|us) through\b"
        ),
        r"lead \g<whom> through",
    ),
    # "Could you start": a word that no verb follows, or a question that asks for something to be done for the person.
    (re.compile(r"^(?:are|the|a|as|was) you (?=(?:start|begin|run|lead|take|talk|walk|guide)\b)"), "could you "),
    (
        re.compile(rf"^(?:did|do|does|should|if|is) you (?=(?:start|begin|time|count|run|lead|guide)\b){_FOR_ME}"),
        "could you ",
    ),
    (re.compile(r"^(?:what is|that is|there is|less|let|that|what) do (?=(?:the|this|my|some|a)\b)"), "let us do "),
    (re.compile(r"^(?:did|does|due|they|to|the) (?=(?:the|my|some) .*\bwith (?:me|us)$)"), "do "),
    (re.compile(rf"^(?:i|or|a|are|the|ah) (?=(?:start|begin|do|time|count|run|set)\b){_FOR_ME}"), ""),
    (re.compile(r"^(?:art|darts?|tarts?|stats?|starred|stars?|stark|starts|stuart) "), "start "),
)
"""How the begin of a request for a start is misheard, and what was meant: seldom said before a routine's name."""
_NOW: Final = re.compile(r"(?<! do)(?<! to)(?<! i)(?<! you)(?<! we)(?<! they)(?<! me)(?<! not)(?<! will) know$")
"""A "now" that was misheard: not "what i know", nor "i want to know"."""


@dataclass(frozen=True, slots=True)
class _Named:
    """What is to be started, by its stems, and whether it was called a routine ("the back one", "the heat timer")."""

    stems: str
    as_routine: bool


class StartNames:
    """What routines are called in the phrases that start them, as far as a name belongs to one routine only."""

    def __init__(self, owners_by_form: Mapping[str, Iterable[str]]) -> None:
        """Take phrases in normal form with their commands; those that start nothing are passed over."""
        found: dict[str, dict[str, bool]] = {}
        for form, owners in owners_by_form.items():
            named = _named(form)
            for command in owners:
                if named is not None and command.startswith(START):
                    commands = found.setdefault(named.stems, {})
                    commands[command] = commands.get(command, True) and named.as_routine
        self._names = {name: next(iter(commands.items())) for name, commands in found.items() if len(commands) == 1}

    def find(self, form: str) -> str | None:
        """Return the command for words in normal form that begin with a verb of starting, or None.

        A name of one word that routines have only as "the back one" is not enough without "one": "do my back".
        """
        named = _named(form)
        if named is None or named.stems not in self._names or _OTHER_THINGS.search(form):
            return None
        command, only_as_routine = self._names[named.stems]
        bare = only_as_routine and not named.as_routine and " " not in named.stems
        return None if bare else command


def asks_for_something(normal: str) -> bool:
    """Return whether words in normal form ask for something to be done, and don't only name it."""
    return bool(_REQUEST.search(normal))


def may_start(normal: str, *, asked_which: bool) -> bool:
    """Return whether words in normal form may ask for a start; asked which one, a person only names it."""
    if ASKS.search(normal) or _REFUSES.search(normal) or _TELLS.search(normal):
        return False
    if _OTHER_THINGS.search(normal) or _RECITES.search(normal):
        return False
    if _OTHERS.search(normal) and not _ORDERS.search(normal):
        return False
    names = asked_which and len(normal.split()) <= _LONGEST_NAME and " off" not in normal
    return names or asks_for_something(normal) or asks_plainly(normal)


def asks_plainly(normal: str) -> bool:
    """Return whether words in normal form ask for a start, if they name a routine: "count while i press"."""
    return bool(_PLAINLY.search(normal))


def as_meant(normal: str) -> str:
    """Return words in normal form with the begin of a request for a start as it was meant, where it was misheard.

    "leave me through the stretch" gives "lead me through the stretch", and "start the heat know" loses its end, which
    was "now". What isn't misheard stays as it is.
    """
    normal = _NOW.sub("", normal)
    for heard, meant in _MISHEARD:
        repaired, times = heard.subn(meant, normal, count=1)
        if times:
            return repaired
    return normal


def _named(form: str) -> _Named | None:
    verb = _VERB.match(form)
    if verb is None:
        return None
    rest = form[verb.end() :]
    while (glue := _GLUE.match(rest)) is not None:
        rest = rest[glue.end() :]
    while (tail := _TAIL.search(rest)) is not None:
        rest = rest[: tail.start()]
    name = _AS_ROUTINE.sub("", rest)
    return _Named(" ".join(stems(name)), name != rest) if name.strip() else None
