"""One finding about one part, and how a fault becomes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from assistant.errors import MarigoldError
from assistant.language import sentences_of

NO_ADVICE: Final = "Install Marigold again, and report this if it stays."


@dataclass(frozen=True, slots=True)
class Check:
    """What was found out about one part. ``finding`` and ``advice`` are one line each."""

    name: str
    ok: bool
    finding: str
    advice: str | None = None
    """What to do about it; None only where all is well."""

    def as_json(self) -> dict[str, object]:
        """Return the object of ``marigold doctor --json``; its keys are fixed."""
        return {"name": self.name, "ok": self.ok, "finding": self.finding, "advice": self.advice}


def good(name: str, finding: str, remarks: tuple[str, ...] = ()) -> Check:
    """Return that all is well; ``remarks`` follow in brackets."""
    behind = f" ({'; '.join(remarks)})" if remarks else ""
    return Check(name, ok=True, finding=one_line(finding + behind))


def bad(name: str, finding: str, advice: str) -> Check:
    """Return that something is missing or wrong, and what to do."""
    return Check(name, ok=False, finding=one_line(finding), advice=one_line(advice) or NO_ADVICE)


def from_fault(name: str, fault: Exception) -> Check:
    """Return a fault as a finding. Our own errors say what to do on their second line, or after a full stop."""
    if not isinstance(fault, MarigoldError):
        return bad(name, f"this check itself failed: {type(fault).__name__}: {fault}", NO_ADVICE)
    first, *rest = str(fault).splitlines() or [""]
    if not rest:
        first, *rest = sentences_of(first) or [""]
    return bad(name, first.removesuffix("."), " ".join(rest))


def one_line(text: str) -> str:
    """Return ``text`` without line ends, and without what would upset a terminal: devices may be called anything."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
