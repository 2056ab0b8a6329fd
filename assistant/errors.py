"""The errors that a person can meet, each with the exit code of the command line."""

from __future__ import annotations

from typing import ClassVar


class MarigoldError(Exception):
    """Something the person can put right; its text is one or two lines that say how.

    ``exit_code`` is the process's exit code when the command line ends with this error: 1 a fault of
    ours, 2 wrong usage or bad input, 3 a missing part (model, device).
    """

    exit_code: ClassVar[int] = 1


class WrongInputError(MarigoldError):
    """Wrong usage, or input that can't be used."""

    exit_code: ClassVar[int] = 2


class MissingPartError(MarigoldError):
    """A part that Marigold needs (a model, a device, a library) is not there."""

    exit_code: ClassVar[int] = 3
