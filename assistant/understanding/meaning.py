"""What an utterance means: the one value that understanding gives to the dialogue."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of meaning; the values are the wire names of the command line's JSON."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    RED_FLAG = "red_flag"
    COMMAND = "command"
    UNKNOWN = "unknown"
    SILENCE = "silence"


class Context(StrEnum):
    """What the assistant is doing when it hears the words."""

    IDLE = "idle"
    ROUTINE = "routine"
    QUESTION = "question"
    SPEAKING = "speaking"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one candidate scored what it scored: data for ``--explain`` and better replies."""

    label: str
    score: float
    nearest: str
    """The way of asking that came nearest."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What was meant, how sure that is (``score``, 0 to 1), and why."""

    kind: Kind
    id: str | None = None
    """Entry id, red flag, command, or the id of a question that the guide leaves open."""
    heard: str = ""
    score: float = 0.0
    choices: tuple[str, ...] = ()
    """Entry ids of a clarifying question, best first."""
    tier: str | None = None
    script: str | None = None
    """Key of the safety script, for a red flag."""
    facet: str | None = None
    seconds: float | None = None
    """The length of time that a command names ("add two minutes")."""
    addressed: bool = False
    """True when the wake phrase was said."""
    literal: bool = False
    """True for a command that was said as such, every word of it accounted for, and not only something like it."""
    evidence: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = field(default=(), repr=False)

    @property
    def asks_for(self) -> tuple[object, ...]:
        """What a reply depends on: equal for two wordings of the same wish."""
        return (self.kind, self.id, self.choices, self.facet, self.seconds)
