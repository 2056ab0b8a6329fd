"""The catalogue of speech models: ``models/catalogue.toml``, read and checked. No file is opened here."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import PurePosixPath
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from assistant.errors import WrongInputError

VOSK_FRAME_SECONDS: Final = 0.03
"""What libvosk takes a frame to be when it writes word times, whatever the model's frames are."""

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Source = Annotated[str, Field(pattern=r"^(https://|http://127\.0\.0\.1[:/])")]
"""Encrypted, or a mirror on this very computer."""


class BrokenCatalogueError(WrongInputError):
    """The catalogue can't be used."""


class UnknownModelError(WrongInputError):
    """A model was named that the catalogue doesn't have and that is no folder."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelFile(_Value):
    """One file of a model, as it must be."""

    path: str
    """Inside the model's folder, with forward slashes."""
    size: int = Field(ge=0)
    """Bytes."""
    sha256: Sha256

    @field_validator("path")
    @classmethod
    def _stays_inside(cls, path: str) -> str:
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or "\\" in path or "\0" in path:
            raise ValueError(f"{path!r} is no path inside a model")
        return path


class CatalogueEntry(_Value):
    """One speech model."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Also the name of its folder, hence without slashes."""
    languages: tuple[str, ...] = Field(min_length=1)
    licence: str
    kind: Literal["embedded", "download"]
    when: str
    """When to choose it."""
    frame_seconds: float = Field(default=VOSK_FRAME_SECONDS, gt=0, le=0.1)
    """Length of the model's output frames."""
    size: int | None = Field(default=None, gt=0)
    """Bytes of the archive, where known."""
    sha256: Sha256 | None = None
    """Of the archive, where known."""
    md5: str | None = Field(default=None, pattern="^[0-9a-f]{32}$")
    """Of the archive, where the makers publish no better sum: finds damage, not malice."""
    unpacked: int | None = Field(default=None, gt=0)
    """Bytes on the disk, where known."""
    sources: tuple[Source, ...] = ()
    """Addresses of the archive, tried in this order."""
    files: tuple[ModelFile, ...] = ()
    """Every file, where known."""

    @property
    def time_scale(self) -> float:
        """What libvosk's word times are to be multiplied by."""
        return self.frame_seconds / VOSK_FRAME_SECONDS

    @model_validator(mode="after")
    def _can_be_had(self) -> Self:
        if self.kind == "download" and not self.sources:
            raise ValueError(f"{self.name} is to be downloaded and has no sources")
        if self.kind == "embedded" and not self.files:
            raise ValueError(f"{self.name} ships and has no table of files")
        return self


class Catalogue(_Value):
    """All known models."""

    version: Literal[1]
    default: str
    """The model that is used when nobody chooses."""
    models: tuple[CatalogueEntry, ...]

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        twice = [name for name, times in Counter(entry.name for entry in self.models).items() if times > 1]
        if twice:
            raise ValueError(f"{twice[0]} is listed twice")
        if self.find(self.default) is None:
            raise ValueError(f"the default model {self.default} is not listed")
        return self

    def find(self, name: str) -> CatalogueEntry | None:
        """Return the model of that name."""
        return next((entry for entry in self.models if entry.name == name), None)

    def require(self, name: str) -> CatalogueEntry:
        """Return the model of that name.

        Raises:
            UnknownModelError: there is none; the message lists those that there are.
        """
        entry = self.find(name)
        if entry is None:
            known = ", ".join(entry.name for entry in self.models)
            raise UnknownModelError(f"There is no speech model '{name}'. Known: {known}.")
        return entry


def parse_catalogue(text: str) -> Catalogue:
    """Return the catalogue that a TOML text describes.

    Raises:
        BrokenCatalogueError: it is not TOML, or not a catalogue.
    """
    try:
        return Catalogue.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as fault:
        raise BrokenCatalogueError(f"models/catalogue.toml is not valid TOML: {fault}.") from fault
    except ValidationError as fault:
        first = fault.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "as a whole"
        raise BrokenCatalogueError(f"models/catalogue.toml, {place}: {first['msg']}.") from fault
