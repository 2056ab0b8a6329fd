"""What the ear is to listen for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listening:
    """What the ear listens for now: whole ``commands``, beside whatever else is said.

    ``spot``: take a command from partial results, without waiting for the end of the turn. For times when
    the assistant speaks or counts; at other times a command may be the begin of a question.
    ``early``: of the commands, those that are spotted; None for all of them.
    ``alone``: commands that are taken on the grammar's word alone; for the others the open recogniser must hear
    the same, or "how long do I ..." becomes "hang on".
    """

    commands: tuple[str, ...] = ()
    spot: bool = False
    early: frozenset[str] | None = None
    alone: frozenset[str] = frozenset()

    def spots(self, command: str) -> bool:
        """Return whether ``command`` is taken from partial results."""
        return self.spot and (self.early is None or command in self.early)
