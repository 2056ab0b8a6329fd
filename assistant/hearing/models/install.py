"""Puts a model of the catalogue on this machine: gets the archive, unpacks it, checks it, tries it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from assistant.errors import MissingPartError, WrongInputError
from assistant.hearing.models.catalogue import CatalogueEntry
from assistant.hearing.models.download import archive_fault, download_archive
from assistant.hearing.models.manifest import write_manifest
from assistant.hearing.models.probe import probe_model
from assistant.hearing.models.transfer import ReportProgress, report_nothing
from assistant.hearing.models.unpack import unpack_model
from assistant.hearing.models.verify import DamagedModelError, verify_files


class WrongArchiveError(WrongInputError):
    """A file was given that isn't that model's archive."""


class NameTakenError(WrongInputError):
    """Something that is no speech model has the name of the model's folder."""


class NotAModelError(MissingPartError):
    """An archive without a speech model in it."""


class How(StrEnum):
    """What had to be done for a model."""

    INSTALLED = "installed"
    REPLACED = "replaced"
    """A damaged one was there."""
    THERE = "already there"


@dataclass(frozen=True, slots=True)
class Installed:
    """A model that is on this machine and works."""

    folder: Path
    how: How


def install_model(
    entry: CatalogueEntry,
    folder: Path,
    *,
    archive: Path | None = None,
    report: ReportProgress = report_nothing,
    probe: Callable[[Path], None] = probe_model,
) -> Installed:
    """Install ``entry`` as ``folder`` from ``archive``, a file at hand, or by downloading it.

    Raises:
        NameTakenError: something else is in the way. WrongArchiveError: ``archive`` isn't this model's.
        NotAModelError: there is no whole model in the archive, or libvosk can't use it.
        And what `download_archive` and `unpack_model` raise.
    """
    before = _what_is_there(entry, folder, probe)
    if before is How.THERE:
        return Installed(folder, before)
    at_hand = archive if archive is not None else download_archive(entry, folder.parent, report=report)
    if archive is not None:
        _require_right_archive(entry, archive)
    unpack_model(at_hand, folder, check=_finish)
    try:
        probe(folder)
    except DamagedModelError as fault:
        shutil.rmtree(folder, ignore_errors=True)
        raise NotAModelError(f"The model in {at_hand.name} can't be used: {fault.problems[0]}.") from fault
    if archive is None:
        at_hand.unlink(missing_ok=True)
    return Installed(folder, before)


def _what_is_there(entry: CatalogueEntry, folder: Path, probe: Callable[[Path], None]) -> How:
    if not folder.exists() and not folder.is_symlink():
        return How.INSTALLED
    if folder.is_symlink() or not folder.is_dir() or not _looks_like_a_model(folder):
        raise NameTakenError(f"{folder} is in the way, and is no speech model. Move it away and repeat the command.")
    if verify_files(folder, entry, hashes=True):
        return How.REPLACED
    try:
        probe(folder)
    except DamagedModelError:
        return How.REPLACED
    return How.THERE


def _looks_like_a_model(folder: Path) -> bool:
    parts = ("am", "graph", "conf", "ivector", "final.mdl", "mfcc.conf")
    return not any(folder.iterdir()) or any((folder / part).exists() for part in parts)


def _require_right_archive(entry: CatalogueEntry, archive: Path) -> None:
    if not archive.is_file():
        raise WrongArchiveError(f"There is no file {archive}.")
    fault = archive_fault(entry, archive)
    if fault is not None:
        raise WrongArchiveError(f"{archive} is not the archive of {entry.name}: it {fault}.")


def _finish(folder: Path) -> None:
    problems = verify_files(folder, None)
    if problems:
        raise NotAModelError(f"There is no whole speech model in the archive: {problems[0]}.")
    write_manifest(folder)
