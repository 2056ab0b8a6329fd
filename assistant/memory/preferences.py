"""What a person chose, kept for the next time. A value that can't be is as good as not chosen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

Cadence = Literal["quiet", "normal", "often"]

RATE_RANGE: Final = (105, 285)
"""Words a minute, as in the settings."""
VOLUME_RANGE: Final = (25, 100)
LONGEST_NAME: Final = 60
"""Letters of a voice's or a routine's name."""
_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was chosen; None is not chosen."""

    rate: int | None = None
    """Words a minute, 105 to 285."""
    volume: int | None = None
    """25 to 100."""
    cadence: Cadence | None = None
    """How often a running timer speaks."""
    tick: bool | None = None
    """Whether a running timer ticks."""
    voice: str | None = None
    """The voice's name, up to 60 printable letters."""
    last_routine: str | None = None
    """The id of the routine that was led last."""


def preferences_from(found: Mapping[str, Any]) -> Preferences:
    """Return the preferences in ``found``, without unknown keys, wrong types and values out of range."""
    return Preferences(**{key: found[key] for key, is_valid in _VALID.items() if key in found and is_valid(found[key])})


def mapping_of(preferences: Preferences) -> dict[str, Any]:
    """Return what was chosen, by key; what can't be is left out."""
    return {key: value for key, value in asdict(preferences).items() if value is not None and _VALID[key](value)}


def _whole_number(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_voice(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable() and not value.isspace()


def _is_slug(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_NAME and _SLUG.fullmatch(value) is not None


_VALID: Final[dict[str, Callable[[Any], bool]]] = {
    "rate": _whole_number(*RATE_RANGE),
    "volume": _whole_number(*VOLUME_RANGE),
    "cadence": lambda value: isinstance(value, str) and value in get_args(Cadence),
    "tick": lambda value: isinstance(value, bool),
    "voice": _is_voice,
    "last_routine": _is_slug,
}
