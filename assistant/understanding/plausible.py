"""What words may be a command at all, by whatever likeness: a wrong command is worse than a missed one."""

from __future__ import annotations

import re
from typing import Final

from assistant.understanding.lengths import ADDS, NEW_TIMER, TAKES, sets_length
from assistant.understanding.meaning import Context
from assistant.understanding.starting import ASKS, START
from assistant.understanding.word_set import word_set

ANSWERS: Final = frozenset({"yes", "no"})
"""In answer to a question these win over whatever else the same words may mean; elsewhere they lose."""
STRICT: Final = ANSWERS | {"ready", "which-step"}
"""By likeness only where their phrases know all but the smallest of the words."""
AGREES: Final = frozenset({"yes", "yeah", "yep", "yup", "yea", "aye"})
DECLINES: Final = frozenset({"no", "nope", "nah", "na"})
READY: Final = "ready"
"""Phrases that are "resume" where a routine waits for them or runs, and nothing elsewhere: "it's on"."""
EASED: Final = "eased"
"""... and those that are "next" there: "the spasm has stopped"."""
TOLD_AS: Final = {READY: "resume", EASED: "next"}
"""What the dialogue is told for those."""
MAX_LIKE_WORDS: Final[dict[Context, int]] = {
    Context.IDLE: 14,
    Context.QUESTION: 14,
    Context.SPEAKING: 10,
    Context.ROUTINE: 10,
}
"""Words of an utterance that may be a command by likeness alone."""

_WHILE_RUNNING: Final = frozenset({READY, EASED, "acknowledge", "which-step", "hurts"})
"""Commands about something that runs, or that has just ended."""
_WHOLE_ONLY: Final = frozenset({"acknowledge", "forget", "hurts", EASED})
"""Never by likeness: one silences the reminder that a pad is still on, the other can't be taken back."""
_ASKED: Final = frozenset({"help", "remaining", "next", "repeat", "more", "which-step", "voice"})
"""Commands that have the form of a question; the others in that form are questions about the guide."""
OF_THE_VOICE: Final = frozenset({"louder", "quieter", "slower", "faster"})
_MUST_NAME: Final[dict[str, frozenset[str]]] = {
    "cadence": word_set("count counts counting number numbers ten"),
    "tick": word_set("tick ticks ticking tock click clicks clicking"),
    "voice": frozenset({"voice", "voices"}),
    "which-step": word_set("step bit part we running timer timers"),
    READY: word_set("on in ready lying position place there"),
}
"""One of these words is said by whoever means the command; without it the likeness is in the small words."""
DENIES: Final = frozenset({"not", "never", "neither"})
_TURNS_OFF: Final = DENIES | {"off", "stop", "no", "without", "quit", "annoying"}
_TIMER_WORDS: Final = word_set("left remaining timer clock countdown nearly almost done over finished up")
"""What makes "how long …" a question about a timer where none is known to run."""
_STEP_WORDS: Final = word_set("step running timer timers")
_TELLS: Final = re.compile(
    r"^(?:(?:it|he|she|they|we|the|my|his|her|their)|what (?:is|are|was|were|do|does|did) (?:he|she|they))\b"
)
"""How a report begins and no command, unless it is about the voice ("it's much too loud")."""
_FORBIDS: Final = re.compile(r"\bnot (?:stop|pause|wait|take|turn|go|start|repeat|skip|move|carry|continue)\b")
"""Tells what not to do, which is seldom another command's wording."""
_OF_THE_GUIDE: Final = re.compile(
    r"^how (?:long|much time) (?:do|does|should|can|could|must|shall|would|are|is it)\b"
    r"(?! (?:(?:i|we|you) )?(?:have|got)\b)(?! it (?:have|got)\b)"
)
"""Asks for the guide's figure, and not for what is left of it: "how long do i leave it on"."""
_HOLDS: Final = re.compile(r"\bhold (?:the|my|your|his|her|an?)\b")
"""Holds something: "hold the stretch"."""
_OF_WHAT_TO_DO: Final = re.compile(r"^(?:do|should|when|how|why|is|are|does|did) ")
"""Asks what is right to do: "do i repeat the ice"."""


def runs(context: Context) -> bool:
    """Return whether something is being led or said."""
    return context in (Context.ROUTINE, Context.SPEAKING)


def plausible(command: str, normal: str, context: Context) -> bool:
    """Return whether words in normal form may be ``command`` in this context at all, by whatever likeness."""
    if command == "remaining" and not runs(context):
        return bool(set(normal.split()) & _TIMER_WORDS)
    if command in _WHILE_RUNNING and context is Context.IDLE:
        return command == "which-step" and bool(set(normal.split()) & _STEP_WORDS)
    return not (command.startswith(START) and ASKS.search(normal))


def plausible_by_likeness(command: str, normal: str, context: Context) -> bool:
    """Return whether words that are merely like ``command`` may be taken for it."""
    words = normal.split()
    if command in _WHOLE_ONLY or not plausible(command, normal, context) or len(words) > MAX_LIKE_WORDS[context]:
        return False
    if normal == "let us":
        return False  # the begin of anything: "let's ... do the hot and cold"
    if command == "resume" and set(words) & (DENIES | {"if", "when", "until"}):
        return False  # "i don't know if i'm ready"
    if NEW_TIMER.search(normal) or (ASKS.search(normal) and command not in _ASKED):
        return False
    if command in ANSWERS:
        return context is Context.QUESTION and not set(words) & (DECLINES | DENIES if command == "yes" else AGREES)
    if command == "extend":
        return bool(set(words) & (ADDS | TAKES - {"off"})) and not sets_length(normal)
    if command in ("repeat", "next") and _OF_WHAT_TO_DO.search(normal):
        return False
    if command == "remaining" and _OF_THE_GUIDE.search(normal):
        return False
    if _FORBIDS.search(normal) or (command == "pause" and ("until" in words or _HOLDS.search(normal))):
        return False
    named = _MUST_NAME.get(command.partition(":")[0])
    if named is not None:
        told = command == READY or not _TELLS.search(normal)
        return told and bool(named & set(words)) and _says_so(command, frozenset(words))
    return command in OF_THE_VOICE or not _TELLS.search(normal)


def _says_so(command: str, words: frozenset[str]) -> bool:
    """Return whether nothing in the words speaks for the contrary."""
    if command.startswith("tick:"):
        return bool(words & _TURNS_OFF) == (command == "tick:off")
    if command == "cadence:often":
        return bool(words & {"more", "every", "each", "all", "often", "keep"})
    return command != READY or not words & (DENIES | {"off", "when", "if", "until", "should"})
