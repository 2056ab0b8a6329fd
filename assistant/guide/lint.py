"""Checks a content pack: nothing lost, nothing invented, nothing copied, and every question can be asked.

Pure: what it compares with (the speech model's words, the product's own texts) is passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from assistant.guide.lint_asks import check_asks
from assistant.guide.lint_facts import check_facts
from assistant.guide.lint_finding import Finding, Severity
from assistant.guide.lint_routines import check_routines
from assistant.guide.lint_spoken import check_spoken
from assistant.guide.model import Guide

__all__ = ["Beside", "Finding", "Severity", "check_guide"]


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside every pack: the product's and the safety layer's own texts."""

    spoken: Mapping[str, Iterable[str]] = field(default_factory=dict)
    """Texts that are spoken, by the place they stand at."""
    commands: Mapping[str, Iterable[str]] = field(default_factory=dict)
    """Ways of saying each command."""
    wake: Iterable[str] = ()
    off_topic: Iterable[str] = ()
    """Questions that are to be refused."""


NOTHING_BESIDE = Beside()


def check_guide(
    guide: Guide, knows: Callable[[str], bool] | None = None, beside: Beside = NOTHING_BESIDE
) -> list[Finding]:
    """Return what is wrong with a pack, errors first, each kind in the order of the pack.

    ``knows`` tells whether the speech model has a word; None leaves that check out.
    """
    found = [
        *check_facts(guide),
        *check_routines(guide),
        *check_spoken(guide, beside.spoken),
        *check_asks(guide, knows, beside.commands, beside.wake, beside.off_topic),
    ]
    unique = dict.fromkeys(found)
    return sorted(unique, key=lambda finding: finding.severity is Severity.WARNING)
