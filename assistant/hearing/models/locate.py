"""Where speech models are: named by the person, in the environment, shipped, or downloaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from assistant.errors import MissingPartError
from assistant.hearing.models.catalogue import (
    VOSK_FRAME_SECONDS,
    Catalogue,
    CatalogueEntry,
    UnknownModelError,
    parse_catalogue,
)
from assistant.hearing.models.label import ModelLabel, read_label

CATALOGUE: Final = "catalogue.toml"
DATA_VARIABLE: Final = "MARIGOLD_DATA"
"""Moves the folder under which downloaded models are kept."""
MODEL_VARIABLE: Final = "VOSK_MODEL_PATH"
"""A model's folder; or, as vosk itself takes it, a folder in which models are looked up by name."""
_FEATURE_FRAME_SECONDS: Final = 0.01
_SUBSAMPLING: Final = re.compile(r"^\s*--frame-subsampling-factor\s*=\s*(\d+)\s*$", re.MULTILINE)


class NoModelError(MissingPartError):
    """The speech model isn't there."""


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder that should hold a speech model."""

    path: Path
    name: str
    time_scale: float
    """What libvosk's word times are to be multiplied by."""
    entry: CatalogueEntry | None
    """What the catalogue says of it; None for an adapted model and for a folder of the person's own."""
    label: ModelLabel | None = None
    """What an adapted model was made of; None for all others."""


def shipped_models() -> Path:
    """Return the folder of models that ships with the product: in the wheel, or in the checkout.

    Raises:
        NoModelError: the installation is incomplete.
    """
    package = Path(__file__).resolve().parents[2]
    for folder in (package / "data" / "models", package.parent / "models"):
        if (folder / CATALOGUE).is_file():
            return folder
    raise NoModelError("The speech models are missing from this installation. Install Marigold again.")


def read_catalogue() -> Catalogue:
    """Return the catalogue that ships with the product."""
    return parse_catalogue((shipped_models() / CATALOGUE).read_text(encoding="utf-8"))


def downloads_folder(env: Mapping[str, str]) -> Path:
    """Return where downloaded models are kept (``MARIGOLD_DATA`` moves it)."""
    base = env.get(DATA_VARIABLE)
    data = Path(base).expanduser() if base else Path(platformdirs.user_data_dir("marigold"))
    return data / "models"


def home_of(entry: CatalogueEntry, env: Mapping[str, str]) -> Path:
    """Return the folder that a model of the catalogue is installed in, whether it is or not."""
    home = shipped_models() if entry.kind == "embedded" else downloads_folder(env)
    return home / entry.name


def find_installed(entry: CatalogueEntry, env: Mapping[str, str]) -> Path | None:
    """Return the folder of a model of the catalogue on this machine, or None.

    Looked for at its home, and under ``VOSK_MODEL_PATH`` where that is a folder of models.
    """
    places = [home_of(entry, env)]
    if shelf := env.get(MODEL_VARIABLE):
        places.append(Path(shelf).expanduser() / entry.name)
    return next((place for place in places if place.is_dir()), None)


def adapted_models(env: Mapping[str, str]) -> list[ModelFolder]:
    """Return the adapted models beside the downloaded ones, by name; a name of the catalogue is the catalogue's."""
    catalogue = read_catalogue()
    try:
        folders = sorted(downloads_folder(env).iterdir())
    except OSError:
        return []
    labelled = ((folder, read_label(folder)) for folder in folders if catalogue.find(folder.name) is None)
    return [_adapted(folder, label) for folder, label in labelled if label is not None]


def resolve_model(choice: str | None, env: Mapping[str, str]) -> ModelFolder:
    """Return the folder of the model that is meant.

    In this order: ``choice`` (a name of the catalogue or of an adapted model, or a folder), ``VOSK_MODEL_PATH``, the
    default.

    Raises:
        UnknownModelError: neither a folder nor a known name.
        NoModelError: known, and not on this machine; or a folder that isn't there.
    """
    catalogue = read_catalogue()
    if choice is not None and choice.strip():
        return _chosen(choice.strip(), catalogue, env)
    path = env.get(MODEL_VARIABLE)
    if path and not _is_shelf(Path(path).expanduser()):
        return _folder(Path(path).expanduser(), catalogue, f"{MODEL_VARIABLE} names {path}, which is no folder")
    return _listed(catalogue.require(catalogue.default), env)


def _chosen(choice: str, catalogue: Catalogue, env: Mapping[str, str]) -> ModelFolder:
    path = Path(choice).expanduser()
    entry = catalogue.find(choice)
    if entry is not None and (find_installed(entry, env) is not None or not path.is_dir()):
        return _listed(entry, env)
    adapted = adapted_models(env)
    if found := next((model for model in adapted if model.name == choice), None):
        return found
    if path.exists() or len(path.parts) != 1 or path.is_absolute():
        return _folder(path, catalogue, f"There is no speech model in {choice}: it is no folder")
    known = ", ".join([*(entry.name for entry in catalogue.models), *(model.name for model in adapted)])
    raise UnknownModelError(f"There is no speech model '{choice}', and no folder of that name. Known: {known}.")


def _listed(entry: CatalogueEntry, env: Mapping[str, str]) -> ModelFolder:
    folder = find_installed(entry, env)
    if folder is None:
        how = "Install Marigold again." if entry.kind == "embedded" else f"Run: marigold models get {entry.name}"
        raise NoModelError(f"The speech model {entry.name} is not on this machine. {how}")
    return ModelFolder(folder, entry.name, entry.time_scale, entry)


def _folder(path: Path, catalogue: Catalogue, complaint: str) -> ModelFolder:
    if not path.is_dir():
        raise NoModelError(f"{complaint}.\nLeave --model and {MODEL_VARIABLE} away to use the model that ships.")
    # Before the sounds are looked at: they are those of the model that it was made from.
    if label := read_label(path):
        return _adapted(path, label)
    entry = _recognised(path, catalogue)
    scale = entry.time_scale if entry is not None else _configured_time_scale(path)
    return ModelFolder(path, entry.name if entry is not None else path.resolve().name, scale, entry)


def _adapted(path: Path, label: ModelLabel) -> ModelFolder:
    return ModelFolder(path, path.absolute().name, label.time_scale, None, label)


def _recognised(path: Path, catalogue: Catalogue) -> CatalogueEntry | None:
    """Return the entry that a folder is a copy of: by its name, or by its acoustic model's exact size."""
    by_name = catalogue.find(path.resolve().name)
    if by_name is not None:
        return by_name
    try:
        size = (path / "am" / "final.mdl").stat().st_size
    except OSError:
        return None
    for entry in catalogue.models:
        if any(file.path == "am/final.mdl" and file.size == size for file in entry.files):
            return entry
    return None


def _configured_time_scale(path: Path) -> float:
    """Return the time scale by a model's own settings; features come every 10 ms, as in all of Kaldi."""
    try:
        said = _SUBSAMPLING.search((path / "conf" / "model.conf").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return 1.0
    factor = int(said.group(1)) if said else 0
    return factor * _FEATURE_FRAME_SECONDS / VOSK_FRAME_SECONDS if factor else 1.0


def _is_shelf(path: Path) -> bool:
    """Return whether a folder holds models rather than being one."""
    if not path.is_dir() or any((path / part).exists() for part in ("am", "graph", "conf", "final.mdl")):
        return False
    try:
        return any((child / "am").is_dir() or (child / "final.mdl").is_file() for child in path.iterdir())
    except OSError:
        return False
