"""Puts a speech model in place: finds it, checks its files, tries an unknown one in a child process, loads it."""

from __future__ import annotations

import os

from assistant.hearing.models.locate import ModelFolder, resolve_model
from assistant.hearing.models.probe import probe_model
from assistant.hearing.models.verify import DamagedModelError, verify_files
from assistant.hearing.recogniser import SpeechModel


def checked_model(choice: str | None) -> ModelFolder:
    """Return the model folder for ``choice`` (a name, a folder, or None for the default), fit to be loaded.

    A damaged model can crash the process that loads it, so that the files are checked first, and a model that
    the catalogue doesn't know by its hashes is tried in a child process once.

    Raises:
        MissingPartError: no such model, or a damaged one; the message says what to do.
    """
    folder = resolve_model(choice, os.environ)
    problems = verify_files(folder.path, folder.entry)
    if problems:
        raise DamagedModelError(folder.path, problems)
    if folder.entry is None or not folder.entry.files:
        probe_model(folder.path)
    return folder


def load_speech_model(choice: str | None) -> SpeechModel:
    """Return the loaded speech model for ``choice``; see `checked_model`."""
    folder = checked_model(choice)
    return SpeechModel(str(folder.path), folder.time_scale)
