"""The options that all subcommands share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class Options:
    """What was given on the command line before the subcommand."""

    settings_file: Path | None = None
    typed: bool = False
    given: dict[str, Any] = field(default_factory=dict)

    def settings(self, **more: Any) -> Settings:  # noqa: ANN401 - settings are of any type
        """Return the settings with the command line's options on top."""
        named = {key: value for key, value in more.items() if value is not None}
        return load_settings(self.settings_file, **{**self.given, **named})
