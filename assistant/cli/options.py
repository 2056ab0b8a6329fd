"""The options that all subcommands share."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.settings import Settings


@dataclass(frozen=True, slots=True)
class Options:
    """What was given on the command line before the subcommand."""

    settings_file: Path | None = None
    typed: bool = False
    given: dict[str, Any] = field(default_factory=dict)

    def settings(self, **more: Any) -> Settings:  # noqa: ANN401 - settings are of any type
        """Return the settings with the command line's options on top."""
        from assistant.settings import load_settings  # late: --help and --version need none

        named = {key: value for key, value in more.items() if value is not None}
        return load_settings(self.settings_file, **{**self.given, **named})


def json_line(value: Mapping[str, Any]) -> str:
    """Return ``value`` as one line of JSON that standard output can take, whatever its encoding.

    Raises:
        ValueError, RecursionError: there is a number in it that JSON has not, or it is nested without end.
    """
    line = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        line.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False)
    return line
