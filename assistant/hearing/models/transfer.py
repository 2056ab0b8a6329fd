"""Moves one file over HTTP: resumed where the connection broke, tried again a bounded number of times."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import requests

from assistant.errors import MissingPartError
from assistant.hearing.models.disk import flush_to_disk, megabytes, require_room

MAX_BYTES: Final = 4_000_000_000
"""For files of unknown size; the makers' largest English archive has 2.3 GB."""
FRUITLESS_TRIES: Final = 4
"""In a row, each with less than `FRUITFUL_BYTES` received; then it is given up."""
FRUITFUL_BYTES: Final = 256_000
"""A connection that brought this much was worth having: a poor line may break off a hundred times."""
FIRST_WAIT: Final = 1.0
"""Seconds before the second try; doubled for each further one."""
_TIMEOUT: Final = (10.0, 30.0)
"""Seconds to connect, and without a byte."""
_CHUNK: Final = 1 << 14
"""Bytes. The chunk during which a connection breaks off is lost, hence small."""
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which trying again can help."""

ReportProgress = Callable[[int, int | None], None]
"""Called with the bytes that are here and those there will be (None: unknown)."""


def report_nothing(_here: int, _total: int | None) -> None:
    """Ignore the progress."""


class NoNetworkError(MissingPartError):
    """The server can't be reached, or breaks off again and again."""


class NotOfferedError(MissingPartError):
    """The server answers, and doesn't have the file."""


class DownloadDamagedError(MissingPartError):
    """What the server sends is not the file that was expected."""


class _BrokeOffError(Exception):
    """One try failed; another may succeed."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One file on its way from ``url`` into ``part``."""

    url: str
    part: Path
    """Takes the bytes, and keeps them for a later call. A note beside it says of which version they are."""
    size: int | None
    """Bytes, where known."""
    report: ReportProgress
    wait: Callable[[float], None]
    """Waits for that many seconds."""

    @property
    def host(self) -> str:
        """Name of the server."""
        return urlsplit(self.url).hostname or self.url

    @property
    def here(self) -> int:
        """Bytes that have been received."""
        return self.part.stat().st_size

    @property
    def note(self) -> Path:
        """Keeps the server's name of the version that ``part`` is of."""
        return self.part.with_name(self.part.name + ".json")

    def start_over(self) -> None:
        """Forget the bytes that have been received."""
        os.truncate(self.part, 0)
        self.note.unlink(missing_ok=True)

    def fetch(self) -> None:
        """Receive all bytes.

        Raises:
            NoNetworkError: `FRUITLESS_TRIES` tries failed. NotOfferedError: the server hasn't got it.
                DownloadDamagedError: it sends another number of bytes than ``size``. NotEnoughDiskError: no
                room. OSError: ``part`` can't be written.
        """
        fruitless = 0
        while True:
            before = self.here
            try:
                return self._try_once()
            except _BrokeOffError as fault:
                fruitless = 0 if self.here - before >= FRUITFUL_BYTES else fruitless + 1
                if fruitless >= FRUITLESS_TRIES:
                    raise NoNetworkError(
                        f"The speech model can't be downloaded from {self.host}: {fault}.\n"
                        "Check the network and repeat the command; it goes on where it stopped."
                    ) from fault
            self.wait(FIRST_WAIT * 2 ** max(0, fruitless - 1))

    def _try_once(self) -> None:
        validator = self._validator()
        if self.here and self.size is None and validator is None:
            # Nothing tells whether the rest would fit to what is here.
            self.start_over()
        here = self.here
        if here and here == self.size:
            return
        headers = {"Accept-Encoding": "identity"}
        if here:
            headers["Range"] = f"bytes={here}-"
            if validator is not None:
                headers["If-Range"] = validator
        try:
            with requests.get(self.url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
                self._receive(response, here)
        except requests.exceptions.SSLError as fault:
            raise _BrokeOffError("its certificate isn't trusted here") from fault
        except requests.exceptions.Timeout as fault:
            raise _BrokeOffError("it doesn't answer in time") from fault
        except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError) as fault:
            raise _BrokeOffError("there is no connection, or it breaks off") from fault
        except requests.exceptions.RequestException as fault:
            raise NotOfferedError(f"{self.url} can't be asked for ({fault}).") from fault

    def _receive(self, response: requests.Response, here: int) -> None:
        code = response.status_code
        if code in _PASSING:
            raise _BrokeOffError(f"it answers {code}")
        if code == 416 or (code == 206 and not _continues(response, here)):
            self.start_over()
            raise _BrokeOffError("it can't go on where it stopped")
        if code not in (200, 206):
            raise NotOfferedError(f"{self.url} answers {code}: the speech model isn't there.")
        if code == 200:
            self.start_over()
            here = 0
        total = self._total(response, here)
        if total is not None:
            require_room(self.part.parent, total - here)
        self._keep_validator(response)
        self._write(response, here, total)

    def _total(self, response: requests.Response, here: int) -> int | None:
        length = response.headers.get("Content-Length", "")
        total = here + int(length) if length.isdigit() else self.size
        if self.size is not None and total != self.size:
            raise DownloadDamagedError(
                f"{self.host} sends {total} bytes in place of the archive's {self.size}.\n"
                "Perhaps something other than the makers' server answers, such as a log-in page."
            )
        return total

    def _write(self, response: requests.Response, here: int, total: int | None) -> None:
        limit = total if total is not None else MAX_BYTES
        with self.part.open("ab") as file:
            for chunk in response.iter_content(_CHUNK):
                here += len(chunk)
                if here > limit:
                    raise DownloadDamagedError(f"{self.url} sends more than {megabytes(limit)}.")
                file.write(chunk)
                self.report(here, total)
            flush_to_disk(file)
        if total is not None and here < total:
            raise _BrokeOffError("the connection breaks off")

    def _validator(self) -> str | None:
        try:
            note = json.loads(self.note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(note, dict) or note.get("url") != self.url:
            return None
        validator = note.get("validator")
        return validator if isinstance(validator, str) else None

    def _keep_validator(self, response: requests.Response) -> None:
        tag = response.headers.get("ETag")
        # A weak tag means "much the same", which is not enough to join two halves.
        strong = tag if tag is not None and not tag.startswith("W/") else None
        validator = strong or response.headers.get("Last-Modified")
        self.note.write_text(json.dumps({"url": self.url, "validator": validator}), encoding="utf-8")


def _continues(response: requests.Response, here: int) -> bool:
    # Some servers send another part than the one that was asked for.
    return response.headers.get("Content-Range", "").startswith(f"bytes {here}-")
