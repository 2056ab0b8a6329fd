"""Settings: frozen, validated; from a TOML file and ``MARIGOLD_…`` variables, the latter first (docs/settings.md)."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import platformdirs
from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from assistant.errors import WrongInputError
from assistant.hearing.endpointing import LONG_PAUSE, SHORT_PAUSE
from assistant.speaking.voice import VoiceSettings

FILE_NAME: Final = "marigold.toml"
PREFIX: Final = "MARIGOLD_"
LONGEST_SHOWN: Final = 80
"""Letters of a wrong value that are shown: a message has one or two lines."""


class WrongSettingError(WrongInputError):
    """A setting with a value that it can't have; names key, value and range."""


class Settings(BaseModel):
    """Everything a household may want to set."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    microphone: str | None = None
    """Part of the microphone's name, or its number; the system's default where not set."""
    speaker: str | None = None
    model: str | None = None
    """A speech model: a name of the catalogue or a folder."""
    voice: str = "en-gb"
    rate: int = Field(default=165, ge=105, le=285)
    """Words a minute."""
    volume: int = Field(default=100, ge=25, le=100)
    pitch: int = Field(default=50, ge=0, le=100)
    always_listening: bool = False
    """No wake phrase needed."""
    content: Path | None = None
    """A content pack in place of the one that ships."""
    short_pause: float = Field(default=SHORT_PAUSE, ge=0.1, le=1.0)
    """Seconds of silence that end a turn which is complete in itself."""
    long_pause: float = Field(default=LONG_PAUSE, ge=0.3, le=3.0)
    """Seconds of silence that end any turn."""

    @field_validator("content")
    @classmethod
    def _at_home(cls, folder: Path | None) -> Path | None:
        try:
            return folder.expanduser() if folder is not None else None
        except RuntimeError as fault:  # "~somebody" who isn't there
            raise ValueError(str(fault)) from fault


class _Given(NamedTuple):
    """A value and where it was given, for the message where it can't be used."""

    value: Any
    where: str


def voice_settings(settings: Settings) -> VoiceSettings:
    """Return the voice's part of the settings."""
    return VoiceSettings(rate=settings.rate, volume=settings.volume, pitch=settings.pitch, voice=settings.voice)


def load_settings(file: Path | None = None, **given: Any) -> Settings:  # noqa: ANN401 - options of any type
    """Return the settings: ``given`` (not None) before the environment before ``file``.

    Raises:
        WrongSettingError: a key or value that can't be; the message names the key, the value and the range.
    """
    values = {key: _Given(value, f"in {path}") for path, found in _in_file(file) for key, value in found.items()}
    values |= {
        key: _Given(os.environ[variable], variable)
        for key, variable in ((key, PREFIX + key.upper()) for key in Settings.model_fields)
        if os.environ.get(variable)  # one that is set to nothing counts as not set
    }
    values |= {key: _Given(value, "") for key, value in given.items() if value is not None}
    try:
        return Settings(**{key: found.value for key, found in values.items()})
    except ValidationError as fault:
        raise WrongSettingError(_explained(fault, values)) from fault


def _in_file(file: Path | None) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Give the path and the keys of the settings file; nothing where there is none and none was asked for."""
    path = file or Path(platformdirs.user_config_dir("marigold")) / FILE_NAME
    try:
        if path.is_file():
            yield path, tomllib.loads(path.read_text(encoding="utf-8-sig"))
        elif file is not None:
            raise WrongSettingError(f"There are no settings in {file}.")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as fault:
        raise WrongSettingError(f"The settings in {path} can't be read: {fault}.") from fault


def _explained(fault: ValidationError, values: Mapping[str, _Given]) -> str:
    first = fault.errors()[0]
    key = str(first["loc"][0])
    where = f" ({values[key].where})" if values[key].where else ""
    if first["type"] == "extra_forbidden":
        return f"There is no setting '{key}'{where}. Known: {', '.join(Settings.model_fields)}."
    return f"Setting {key}: {_shown(first['input'])} can't be used; {_wanted(key)}{where}."


def _shown(value: object) -> str:
    shown = repr(str(value) if isinstance(value, Path) else value)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]} …"


def _wanted(key: str) -> str:
    """Return what a setting can be, in words."""
    field = Settings.model_fields[key]
    low = next((limit.ge for limit in field.metadata if isinstance(limit, Ge)), None)
    high = next((limit.le for limit in field.metadata if isinstance(limit, Le)), None)
    if low is not None and high is not None:
        return f"it is a {'whole ' if field.annotation is int else ''}number from {low} to {high}"
    if key == "content":
        return "it is the folder of a content pack"
    return "it is true or false" if field.annotation is bool else "it is a text"
