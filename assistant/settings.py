"""Settings: frozen, validated; from a TOML file and ``MARIGOLD_…`` variables, the latter first."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Final

import platformdirs
from annotated_types import Ge, Le
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistant.errors import WrongInputError
from assistant.hearing.endpointing import LONG_PAUSE, SHORT_PAUSE
from assistant.speaking.voice import VoiceSettings

FILE_NAME: Final = "marigold.toml"


class WrongSettingError(WrongInputError):
    """A setting with a value that it can't have; names key, value and range."""


class Settings(BaseSettings):
    """Everything a household may want to set."""

    model_config = SettingsConfigDict(env_prefix="MARIGOLD_", frozen=True, extra="forbid")

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


def voice_settings(settings: Settings) -> VoiceSettings:
    """Return the voice's part of the settings."""
    return VoiceSettings(rate=settings.rate, volume=settings.volume, pitch=settings.pitch, voice=settings.voice)


def load_settings(file: Path | None = None, **given: Any) -> Settings:  # noqa: ANN401 - options of any type
    """Return the settings: ``given`` (not None) before the environment before ``file``.

    Raises:
        WrongSettingError: a key or value that can't be; the message names the key, the value and the range.
    """
    path = file or Path(platformdirs.user_config_dir("marigold")) / FILE_NAME
    values: dict[str, Any] = {}
    if path.is_file():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
            raise WrongSettingError(f"The settings in {path} can't be read: {fault}.") from fault
    elif file is not None:
        raise WrongSettingError(f"There are no settings in {file}.")
    unset = {key for key in values if f"MARIGOLD_{key.upper()}" in os.environ}
    values = {key: value for key, value in values.items() if key not in unset}
    values |= {key: value for key, value in given.items() if value is not None}
    try:
        return Settings(**values)
    except ValidationError as fault:
        raise WrongSettingError(_explained(fault)) from fault


def _explained(fault: ValidationError) -> str:
    first = fault.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"There is no setting '{key}'. Known: {', '.join(Settings.model_fields)}."
    return f"Setting {key}: {first['input']!r} can't be used; {_wanted(key)}."


def _wanted(key: str) -> str:
    """Return what a setting can be, in words."""
    field = Settings.model_fields.get(key)
    if field is None:
        return "see the README"
    low = next((limit.ge for limit in field.metadata if isinstance(limit, Ge)), None)
    high = next((limit.le for limit in field.metadata if isinstance(limit, Le)), None)
    if low is not None and high is not None:
        return f"it is a number from {low} to {high}"
    return "it is true or false" if field.annotation is bool else "it is a text"
