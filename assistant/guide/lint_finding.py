"""What the lint of a content pack finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a pack may be used with the finding in it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or looks wrong, and where."""

    severity: Severity
    check: str
    """The name of the check that found it, such as "fact-not-carried"."""
    file: str
    """The file, by its path inside the pack (or inside the folder of content)."""
    place: str
    """Where in the file: "answer 2", "step press". Empty where it is the file as a whole."""
    what: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{self.severity.value}: {where}: {self.what} ({self.check})"


def error(check: str, file: str, place: str, what: str) -> Finding:
    """Return a finding that a pack can't be used with."""
    return Finding(Severity.ERROR, check, file, place, what)


def warning(check: str, file: str, place: str, what: str) -> Finding:
    """Return a finding that somebody should look at."""
    return Finding(Severity.WARNING, check, file, place, what)
