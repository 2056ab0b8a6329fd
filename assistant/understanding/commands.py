"""Commands: whole phrases with courtesies around them, lengths of time to add or take off, and starts of routines.

A wrong command is worse than a missed one: it stops a timer or starts heat. So an utterance is taken for a command
here only where every word of it is accounted for; what is merely like a command is left to the matcher, and
`plausible` says what that may not take for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from assistant.language import normal_form
from assistant.understanding.lengths import command_of_length, command_seconds, whole_length
from assistant.understanding.meaning import Context
from assistant.understanding.named import RoutineNames
from assistant.understanding.plausible import AGREES, ANSWERS, DECLINES, DENIES, READY, TOLD_AS, plausible, runs
from assistant.understanding.starting import START, StartNames
from assistant.understanding.word_set import word_set

COMMANDS: Final = [
    "stop",
    "pause",
    "resume",
    "next",
    "back",
    "repeat",
    "restart",
    "remaining",
    "extend",
    "louder",
    "quieter",
    "slower",
    "faster",
    "help",
    "yes",
    "no",
    "more",
    "acknowledge",
    "forget",
    "cadence:quiet",
    "cadence:normal",
    "cadence:often",
    "tick:on",
    "tick:off",
    "voice",
    "which-step",
    "length",
    "hurts",
]
"""The commands' ids; those that start a routine are ``start:<routine>``. Up to ``no`` they are fixed wire names."""

MAX_LEXICON_WORDS: Final = 8
"""Longer phrases are matched by likeness: nobody repeats eight words exactly."""
MAX_WORDS: Final = 14
"""Nobody wraps a command in more words than these."""
MAX_CRY_WORDS: Final = 8
"""While something runs a command is short; in longer talk "stop" is part of a story."""
WHOLE: Final = 1.0
COMPOSED: Final = 0.9
"""How sure a command is that has courtesies or other commands around it."""

_COURTESIES: Final = """
    please|thank you|thanks|ta|cheers|sorry|i am sorry|i am so sorry|i am afraid|excuse me|pardon me
    could you|can you|would you|will you|won't you|can't you|could you please|would you mind|do you mind
    if you don't mind|if you would|if you could|if you can|if you wouldn't mind|if i may|you can|you could|you may
    can we|could we|may we|shall we|let us|can i have|could i have|may i have|can i get|could i get
    i want to|i want you to|i need you to|i need to|i would like to|i would like you to|i would like|i want|i need
    i said|i told you to|i told you|i keep saying|will you just|do|just|come on|oi|now|for now|right now|for me|for us
    very much|much|whoa|wow|jeez|sheesh
    marigold|hey marigold|hey|hi|hello|oh|for god's sake|for goodness sake|for heaven's sake|for pity's sake
    for crying out loud|for christ's sake|god's sake|bloody hell|sweetheart|everyone|hang on
    i think|i suppose|i guess|and|but|because|lovely|great|good|brilliant|perfect|nice one|fair enough|got it
    i am ready to|we are ready to
    tell me|you tell me|do you know|i wonder|any chance you could|is there any chance you could|be a love and
    be a dear and|why don't you|how about|for a bit|for a while|already|at once|this instant|this minute|again
"""
"""What is said around a command and says nothing of itself."""
_SOFTENERS: Final = re.compile(r"\b(?:an? (?:little )?(?:bit|little|tad|touch|wee bit)|quite|rather|very|way|far)\b ?")
"""What can be left out of the middle of a command: "that's rather too fast"."""
_INTERJECTIONS: Final = frozenset({"sorry", "pardon", "what", "you what", "eh", "huh", "excuse me", "all", "fine"})
"""Commands only where they stand alone: "sorry, carry on" repeats nothing."""
_ALONE: Final = frozenset(
    {"go", "go now", "start", "start now", "begin", "begin now", "off", "off now", "on now", "ready go"}
)
"""No part of anything longer: "i need to go now" is no "go"."""
_OF_A_STEP: Final = frozenset(
    ["stop", "pause", "resume", READY, "next", "back", "repeat", "restart", "remaining", "extend", "acknowledge"]
)
"""Commands that may name the step they are meant for; "turn the heat down" isn't about the voice."""
_NOT_OF_A_STEP: Final = frozenset({"leave it", "forget it", "hold it", "back", "again", "what", "all", "sorry", "fine"})
"""Phrases that mean something else with a name for "it", or beside one: "leave the pad", "hold the stretch"."""
_GOES_ON: Final = frozenset({"resume", READY, "yes"})
"""Commands that a "not" beside them turns round: "no, I'm not ready"."""
_LEADS_ON: Final = frozenset({"pause", "yes", "no"})
"""Commands that another one after them takes back: "hang on, go back", "yes, carry on"."""

_CLAUSE: Final = re.compile(r"(?:i|it|that|do) ")
"""Answers that begin so belong to what follows: "it is back", "do not stop"."""
_ANSWER_WORDS: Final = word_set("""
    i it that this you we they do does did is are am was would will could have has had not think so please thank
    thanks ta if like love very much of course be lovely great good nice grand fine okay ok alright all right go
    on then ahead carry let us the one want need mind bother bothered necessary rather later now today tonight
    just really dear indeed absolutely definitely sure quite at moment leave any none there well oh to for me
    marigold and worry worries cheers mate pet duck bud sir ma'am never forget enough going""")
"""What may follow "yes" or "no" in an answer. Closed, for after a safety question a misread answer is grave."""

_HOLD_FIRST: Final = re.compile(
    r"^(?:wait|hang on|hold on|hold up|one (?:second|moment)) "
    r"(?:i|we|you|let|there|it is|that is|(?:un)?till? i|while i)\b"
)
_STOP_FIRST: Final = re.compile(r"^stop (?:i|we|you|she|he|they|there|it is|that is|something|someone|please|now)\b")
_LAST: Final = re.compile(
    r"\b(?P<before>\w+) (?P<phrase>stop(?: it)?|go back|start (?:again|over)|carry on|turn it (?:down|up)|slow down"
    r"|speak up|next)$"
)
"""A plain command at the end of a short cry: "i've lost count start again"."""
_BELONGS: Final = word_set(
    "to it do he we me us or i she you not bus him her and can they will ever them never who is the"
)
"""Words that what follows belongs to: "i told him to stop", "then they go back"."""
_BEFORE_NEXT: Final = word_set("now there done ready that")
_MINDING: Final = re.compile(r"^(?:\w+ ){0,3}(?:would|do) you mind (?P<not>not )?(?P<verb>\w+)ing(?P<rest>.*)$")
_TOLD_OTHERS: Final = re.compile(
    r"^(?:how|what|why|which|when|where|who|is|are|does|do|did|should|will|would|can|could|if)\b"
    r"|\b(?:how|what|why|when|where|does|should|will|would|can|could|might|make|cannot) (?:\w+ )*stop"
)
_QUESTION_INSIDE: Final = re.compile(r"\b(?:how|what|why|which|when|where|who|does|should|is it|is that|can i|do i)\b")


@dataclass(frozen=True, slots=True)
class Found:
    """A command that an utterance is, the phrase that it was known by, and how sure that is (0 to 1)."""

    command: str
    phrase: str
    sure: float
    seconds: float | None = None
    """Length of time to add (negative: to take off), or to wait."""


class CommandLexicon:
    """Whole command phrases by their normal form, and what may stand around them."""

    def __init__(self, phrases: Mapping[str, Iterable[str]], names: RoutineNames | None = None) -> None:
        """Take the ways of saying each command, the surest wording of a clash first, and what routines are called."""
        self._names = names or RoutineNames({})
        self._by_form: dict[str, list[str]] = {}
        for command, lines in phrases.items():
            for line in lines:
                self._learn(command, line)
        courtesies = (line.split("|") for line in _COURTESIES.strip().splitlines())
        self._courtesies = frozenset(normal_form(item) for items in courtesies for item in items)
        self._starts = StartNames(self._by_form)

    def _learn(self, command: str, line: str) -> None:
        form = normal_form(line)
        if len(form.split()) <= MAX_LEXICON_WORDS:
            owners = self._by_form.setdefault(form, [])
            if command not in owners:
                owners.append(command)

    def find(self, text: str, context: Context) -> Found | None:
        """Return the command that ``text`` is, every word of it accounted for, or None.

        Where something may run it may name a routine: "pause the heating pad".
        """
        loud, form = normal_form(text, keep_fillers=True), normal_form(text)
        if not loud:
            return None
        found = self._plain(text, loud, form, context)
        if found is None and context is not Context.IDLE:
            found = self._named(text, form, context)
        return replace(found, command=TOLD_AS.get(found.command, found.command)) if found is not None else None

    def _plain(self, text: str, loud: str, form: str, context: Context) -> Found | None:
        owners = [o for each in dict.fromkeys((loud, form)) for o in self._by_form.get(each, ())]
        owner = _preferred(owners, context)
        if owner is not None and plausible(owner, form, context):
            return Found(owner, form, WHOLE, command_seconds(owner, text))
        words = form.split()
        if len(words) > MAX_WORDS:
            return None
        if context is Context.QUESTION and loud.split()[0] in AGREES | DECLINES:
            return self._answer(loud)
        whole = whole_length(text) if context is Context.ROUTINE else None
        if whole is not None:
            return Found("length", form, COMPOSED, whole)
        for said in _as_asked(form):
            found = self._with_length(text, said) or self._composed(said, text, context) or self._start(said)
            if found is not None:
                return found
        return self._cry(form, context) if runs(context) else None

    def _named(self, text: str, form: str, context: Context) -> Found | None:
        """Return the command of a step that names a routine: what is left without the name is that command."""
        if len(form.split()) > MAX_WORDS:
            return None
        for bare in (left for said in _as_asked(form) for left in self._names.without(said)):
            found = self._with_length(text, bare) or self._whole(bare, context) or self._composed(bare, text, context)
            if found is None and runs(context):
                found = self._cry(bare, context)
            if found is not None and found.command in _OF_A_STEP and found.phrase not in _NOT_OF_A_STEP:
                return replace(found, sure=COMPOSED)
        return None

    def _whole(self, form: str, context: Context) -> Found | None:
        owner = _preferred(self._by_form.get(form, ()), context)
        return Found(owner, form, WHOLE) if owner is not None and plausible(owner, form, context) else None

    def clashes(self) -> dict[str, list[str]]:
        """Return the phrases that stand for more than one command."""
        return {form: owners for form, owners in self._by_form.items() if len(owners) > 1}

    def _composed(self, form: str, text: str, context: Context) -> Found | None:
        """Return the command of an utterance of nothing but commands and courtesies."""
        for said in dict.fromkeys((form, " ".join(_SOFTENERS.sub("", form).split()))):
            phrase = self._last_command(said.split(), context)
            if phrase is not None:
                command = _preferred(self._by_form[phrase], context)
                denied = command in _GOES_ON and set(said.split()) & DENIES - set(phrase.split())
                if command is not None and not denied and plausible(command, said, context):
                    return Found(command, phrase, COMPOSED, command_seconds(command, text))
        return None

    def _last_command(self, words: Sequence[str], context: Context) -> str | None:
        """Return the phrase that decides: the last one, but for interjections and what another one takes back."""
        phrases = self._parts(words)
        if not phrases:
            return None
        told = [p for p in phrases if p not in _INTERJECTIONS] or phrases
        if len(phrases) > 1 and any(_CLAUSE.match(p) and self._by_form[p][0] in ANSWERS for p in phrases):
            return None
        commands = {p: _preferred(self._by_form[p], context) for p in told}
        strong = [p for p in told if commands[p] not in _LEADS_ON]
        if strong and told[-1] not in strong and commands[told[-1]] in ANSWERS:
            return strong[-1]
        if not strong and {"yes", "no"} <= set(commands.values()):
            return None  # "yes, no": better to ask again than to guess
        return told[-1]

    def _parts(self, words: Sequence[str]) -> list[str] | None:
        """Return the command phrases that ``words`` consist of beside courtesies, the fewest; None for other words."""
        best: list[list[str] | None] = [[]] + [None] * len(words)
        for end in range(1, len(words) + 1):
            for begin in range(max(0, end - MAX_LEXICON_WORDS), end):
                before, piece = best[begin], " ".join(words[begin:end])
                if before is None:
                    continue
                choices = [before] if piece in self._courtesies else []
                choices += [[*before, piece]] if self._is_part(piece) else []
                for choice in choices:
                    best[end] = min((b for b in (best[end], choice) if b is not None), key=_weight)
        return best[len(words)]

    def _is_part(self, piece: str) -> bool:
        if _CLAUSE.match(piece) and piece in self._courtesies:
            return False  # "i'd like to" is as good as "i'd love to", but not before something else
        if piece in _ALONE:
            return False
        return any(not owner.startswith(START) for owner in self._by_form.get(piece, ()))

    def _answer(self, loud: str) -> Found | None:
        """Return the answer to a question that begins with yes or no, or a command after it ("no, go back")."""
        first, *rest = loud.split()
        command = "yes" if first in AGREES else "no"
        after = normal_form(" ".join(rest))
        told = (self._with_length(after, after) or self._start(after)) if rest else None
        if told is not None:
            return told
        phrase = self._last_command(after.split(), Context.QUESTION) if rest else None
        other = _preferred(self._by_form[phrase], Context.QUESTION) if phrase is not None else None
        same = {"yes": ("yes", "resume"), "no": ("no", "stop")}[command]
        if other is not None and phrase is not None and (other not in same or "stop" in phrase.split()):
            return None if other in ANSWERS else Found(other, phrase, COMPOSED, command_seconds(other, loud))
        return Found(command, first, COMPOSED) if set(rest) <= _ANSWER_WORDS else None

    def _with_length(self, text: str, form: str) -> Found | None:
        told = command_of_length(text, form)
        return Found(told[0], form, COMPOSED, told[1]) if told is not None else None

    def _start(self, form: str) -> Found | None:
        """Return the start of a routine: courtesies, a verb of starting, and a name that its phrases give it."""
        words = form.split()
        for at in range(len(words)):
            if "not" in words[:at] or "never" in words[:at]:
                return None  # "don't start the heat"
            if at == 0 or self._parts(words[:at]) is not None:
                command = self._starts.find(" ".join(words[at:]))
                if command is not None:
                    return Found(command, form, COMPOSED)
        return None

    def _cry(self, form: str, context: Context) -> Found | None:
        """Return the command of a short cry with a reason to it: "stop i need the loo", "wrong one go back"."""
        if len(form.split()) > MAX_CRY_WORDS or _QUESTION_INSIDE.search(form) or _TOLD_OTHERS.search(form):
            return None
        if _HOLD_FIRST.search(form):
            return Found("pause", form, COMPOSED)
        if _STOP_FIRST.search(form):
            return Found("stop", form, COMPOSED)
        last = _LAST.search(form)
        if (
            last is None
            or last["before"] in _BELONGS
            or (last["phrase"] == "next" and last["before"] not in _BEFORE_NEXT)
        ):
            return None
        command = _preferred(self._by_form.get(last["phrase"], ()), context)
        return Found(command, last["phrase"], COMPOSED) if command is not None else None


def _as_asked(form: str) -> Iterator[str]:
    """Yield the words, and what "would you mind waiting" asks for: "wait"."""
    yield form
    minding = _MINDING.match(form)
    if minding is not None:
        for ending in ("", "e"):
            doing = minding["verb"] + ending + minding["rest"]
            yield f"do not {doing}" if minding["not"] else doing


def _preferred(owners: Sequence[str], context: Context) -> str | None:
    """Return which of several commands the same words are."""
    asked = context is Context.QUESTION
    return min(owners, key=lambda command: (command in ANSWERS) != asked, default=None)


def _weight(phrases: Sequence[str]) -> tuple[float, int]:
    """Fewest phrases first, but one rather than none, and "i am sorry" is no "i am"; of as many the longest."""
    count = sum(1.6 if _CLAUSE.match(phrase) else 1.0 for phrase in phrases)
    return (count or 1.5, -sum(len(phrase) for phrase in phrases))
