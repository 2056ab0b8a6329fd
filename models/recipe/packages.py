"""Fetches packages from the public registries by their ordinary clients, and reads what is in them.

Three kinds: Python packages (pip), JavaScript packages (npm) and Debian packages (apt-get). Each is asked for in one
fixed version, and its archive's SHA-256 is compared, so that everybody gets the same bytes. Nothing is installed and
no archive is unpacked on the disk. An archive that lies in the cache already is not asked for again: where a client
is missing, its archives can be put there by hand.
"""

from __future__ import annotations

import fnmatch
import gzip
import hashlib
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.errors import MissingPartError, WrongInputError

Kind = Literal["pypi", "npm", "debian"]
_LONGEST_WAIT: Final = 900
"""Seconds for one package; the largest has 24 MB."""
_LONGEST_REASON: Final = 200
"""Letters of what a client says; some print a page."""
_REQUIREMENTS: Final = "requirements.txt"
_GZIPPED: Final = (".gz", ".dz")
"""Members that are compressed again. ``.dz``: dictzip, which gzip reads."""
_AR_MAGIC: Final = b"!<arch>\n"
_AR_HEADER: Final = 60
"""Bytes of a member's header in an ``ar`` archive: name 16, date 12, owner 6, group 6, mode 8, size 10, end 2."""


class MissingToolError(MissingPartError):
    """The client of a registry isn't installed."""


class NotDownloadedError(MissingPartError):
    """The client is there, but didn't bring the package: no network, or the version isn't offered any more."""


class OtherArchiveError(WrongInputError):
    """An archive has other bytes than those that the recipe was written for."""


class UnreadableArchiveError(WrongInputError):
    """A file is not the archive that its name says."""


class Package(BaseModel):
    """One archive of a registry. ``file`` is the archive's name there, ``sha256`` its hash in hexadecimal digits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    name: str
    version: str
    file: str = Field(pattern=r"^[^/\\]+$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


def fetch(package: Package, cache: Path) -> Path:
    """Return the package's archive in the folder ``cache``; download it if it isn't there.

    Raises:
        MissingToolError: pip, npm or apt-get is needed and not installed.
        NotDownloadedError: the client failed; its reason is in the message.
        OtherArchiveError: the archive is not the one that the recipe was written for.
    """
    path = cache / package.file
    if path.is_file():
        _check(path, package)
        return path
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".loading-", dir=cache) as name:
        folder = Path(name)
        _run(_COMMANDS[package.kind](package, folder), folder, package, cache)
        loaded = folder / package.file
        if not loaded.is_file():
            got = ", ".join(sorted(found.name for found in folder.iterdir() if found.name != _REQUIREMENTS))
            raise NotDownloadedError(
                f"{package.name} {package.version}: {package.file} was expected, not {got or '-'}."
            )
        _check(loaded, package)
        loaded.replace(path)
    return path


def _check(path: Path, package: Package) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != package.sha256:
        raise OtherArchiveError(
            f"{path} is not {package.name} {package.version}: SHA-256 {found[:12]}..., expected"
            f" {package.sha256[:12]}...\nDelete the file and try again; if it happens again, the registry has changed."
        )


def _run(command: list[str], folder: Path, package: Package, cache: Path) -> None:
    by_hand = f"Or put {package.file} into {cache} by hand."
    try:
        done = subprocess.run(
            command, cwd=folder, env=os.environ | {"LC_ALL": "C"}, capture_output=True, encoding="utf-8",
            errors="replace", timeout=_LONGEST_WAIT, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotDownloadedError(
            f"{package.name} didn't come within {_LONGEST_WAIT // 60} minutes. Is the network there?\n{by_hand}"
        ) from None
    if done.returncode:
        client = Path(command[0]).stem
        raise NotDownloadedError(
            f"{client} didn't bring {package.name} {package.version}: {_reason(done.stderr or done.stdout)}\n{by_hand}"
        )


def _reason(printed: str) -> str:
    """Return the one line that says most: the first that is called an error, else the last."""
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "e:", "npm error", "fatal"))]
    return (errors or lines[-1:] or ["it said nothing"])[0][:_LONGEST_REASON]


def _pip_command(package: Package, folder: Path) -> list[str]:
    """Return a call of pip.

    The hash goes with it, since pip runs the ``setup.py`` of source archives: nothing unknown shall run.
    """
    if importlib.util.find_spec("pip"):
        pip = [sys.executable, "-m", "pip"]
    elif found := shutil.which("pip") or shutil.which("pip3"):
        pip = [found]
    elif found := shutil.which("uv"):
        pip = [found, "tool", "run", "pip"]
    else:
        raise MissingToolError(f"pip is missing, which brings {package.name}. Type: python -m ensurepip")
    wanted = folder / _REQUIREMENTS
    wanted.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    return [*pip, "download", "--quiet", "--no-deps", "--require-hashes", "--dest", str(folder), "-r", str(wanted)]


def _npm_command(package: Package, folder: Path) -> list[str]:
    npm = shutil.which("npm")
    if npm is None:
        raise MissingToolError(f"npm is missing, which brings {package.name}. Install Node.js, which has it.")
    wanted = f"{package.name}@{package.version}"
    return [npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), wanted]


def _apt_command(package: Package, folder: Path) -> list[str]:  # noqa: ARG001 - apt-get writes into the working folder
    apt = shutil.which("apt-get")
    if apt is None:
        raise MissingToolError(
            f"apt-get is missing, which brings {package.name}, a Debian package.\n"
            f"Run this step on Debian, or put {package.file} into the folder packages of the data."
        )
    return [apt, "--quiet", "download", f"{package.name}={package.version}"]


_COMMANDS: Final[Mapping[Kind, Callable[[Package, Path], list[str]]]] = {
    "pypi": _pip_command,
    "npm": _npm_command,
    "debian": _apt_command,
}


def members(archive: Path, *patterns: str) -> dict[str, bytes]:
    """Return the files of an archive whose names match a pattern, sorted by name, gunzipped where they are gzipped.

    ``archive``: a wheel (or another zip), a tar file in any compression, or a Debian package. In ``patterns``,
    ``*`` stands for any letters, slashes included.

    Raises:
        UnreadableArchiveError: it is none of these, or is damaged.
    """
    found: dict[str, bytes] = {}
    try:
        for name, read in _files(archive):
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
                content = read()
                found[name] = gzip.decompress(content) if name.endswith(_GZIPPED) else content
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, ValueError) as fault:
        raise UnreadableArchiveError(f"{archive} can't be read: {fault}") from fault
    return dict(sorted(found.items()))


def _files(archive: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Return each regular file's name, and a function that reads it, to be called before the next one is taken."""
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as zipped:
            for info in zipped.infolist():
                if not info.is_dir():
                    yield info.filename, lambda info=info: zipped.read(info)  # type: ignore[misc]
        return
    source = io.BytesIO(_debian_files(archive.read_bytes())) if archive.suffix == ".deb" else archive.open("rb")
    with source, tarfile.open(fileobj=source, mode="r:*") as tarred:
        for entry in tarred:
            if entry.isfile() and (file := tarred.extractfile(entry)):
                yield entry.name.removeprefix("./"), file.read


def _debian_files(content: bytes) -> bytes:
    """Return the tar file with a Debian package's files: the member ``data.tar.*`` of its ``ar`` archive (deb(5))."""
    if not content.startswith(_AR_MAGIC):
        raise ValueError("it is no Debian package")
    position = len(_AR_MAGIC)
    while position + _AR_HEADER <= len(content):
        header = content[position : position + _AR_HEADER]
        name, size = header[:16].decode("ascii", "replace").strip(" /"), int(header[48:58])
        position += _AR_HEADER
        if name.startswith("data.tar"):
            return content[position : position + size]
        position += size + size % 2  # members begin at even places
    raise ValueError("the Debian package has no files")
