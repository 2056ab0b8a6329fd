from __future__ import annotations

import gzip
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from small_archives import sha256, write_deb, write_tar, write_wheel

from models.recipe import packages
from models.recipe.packages import (
    MissingToolError,
    NotDownloadedError,
    OtherArchiveError,
    Package,
    UnreadableArchiveError,
    fetch,
    members,
)

FILES = {"some/b.txt": b"bee", "some/a.txt": b"aye", "some/c.txt.gz": gzip.compress(b"sea"), "other.bin": b"\0"}
KINDS: dict[packages.Kind, tuple[str, str]] = {
    "pypi": ("odd-1.0-py3-none-any.whl", "pip"),
    "npm": ("odd-1.0.tgz", "npm"),
    "debian": ("odd_1.0_all.deb", "apt-get"),
}
needs_scripts = pytest.mark.skipif(os.name == "nt", reason="stand-ins for the clients are scripts with #!")
Writer = Callable[[Path, Mapping[str, bytes]], Path]


@pytest.fixture(autouse=True)
def no_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hide the real clients; return the folder in which stand-ins are found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    return folder


def package(kind: packages.Kind, digest: str = "0" * 64) -> Package:
    return Package(kind=kind, name="odd", version="1.0", file=KINDS[kind][0], sha256=digest)


def stand_in(folder: Path, kind: packages.Kind, brings: Path | None) -> Path:
    """Write a client that notes its arguments and brings a file, or says what a failing one says."""
    notes = folder / "notes"
    flag = {"pypi": "--dest", "npm": "--pack-destination"}.get(kind, "")
    script = f"""#!{sys.executable}
import pathlib, shutil, sys
place = pathlib.Path(sys.argv[sys.argv.index({flag!r}) + 1] if {flag!r} else ".")
texts = [path.read_text() for path in place.glob("*.txt")]
pathlib.Path({str(notes)!r}).write_text("\\n".join(sys.argv[1:] + texts))
if not {bool(brings)}:
    sys.exit("a warning\\nERROR: nobody answers\\nsee the log")
shutil.copy({str(brings)!r}, place)
"""
    client = folder / KINDS[kind][1]
    client.write_text(script, encoding="utf-8")
    client.chmod(0o755)
    return notes


@pytest.mark.parametrize(
    ("name", "write"),
    [("odd.whl", write_wheel), ("odd.tgz", write_tar), ("odd.tar.gz", write_tar), ("odd.deb", write_deb)],
)
def test_members_are_chosen_by_pattern_sorted_and_gunzipped(tmp_path: Path, name: str, write: Writer) -> None:
    archive = write(tmp_path / name, FILES)
    assert list(members(archive, "some/*").items()) == [
        ("some/a.txt", b"aye"), ("some/b.txt", b"bee"), ("some/c.txt.gz", b"sea"),
    ]  # fmt: skip
    assert members(archive, "*.bin", "some/a*") == {"other.bin": b"\0", "some/a.txt": b"aye"}
    assert members(archive, "nothing*") == {}


def test_dpkg_reads_the_handmade_package_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    dpkg = shutil.which("dpkg-deb")
    if dpkg is None:
        pytest.skip("dpkg-deb, which this compares with, is not installed")
    archive = write_deb(tmp_path / "odd.deb", FILES)
    subprocess.run([dpkg, "-x", str(archive), str(tmp_path / "out")], check=True, capture_output=True)
    assert (tmp_path / "out" / "some" / "b.txt").read_bytes() == members(archive, "some/b.txt")["some/b.txt"]


@pytest.mark.parametrize("name", ["odd.whl", "odd.tgz", "odd.deb"])
@pytest.mark.parametrize("content", [b"", b"not an archive", b"!<arch>\nshort"])
def test_a_damaged_archive_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    archive = tmp_path / name
    archive.write_bytes(content)
    with pytest.raises(UnreadableArchiveError, match=name):
        members(archive, "*")


def test_an_archive_cut_short_is_named(tmp_path: Path) -> None:
    whole = write_deb(tmp_path / "odd.deb", {"a.txt": bytes(range(256)) * 40}).read_bytes()
    (tmp_path / "odd.deb").write_bytes(whole[:-60])
    with pytest.raises(UnreadableArchiveError, match=r"odd\.deb"):
        members(tmp_path / "odd.deb", "*")


def test_what_lies_in_the_cache_needs_no_client(tmp_path: Path) -> None:
    archive = write_deb(tmp_path / KINDS["debian"][0], FILES)
    assert fetch(package("debian", sha256(archive)), tmp_path) == archive


def test_another_archive_in_the_cache_is_refused(tmp_path: Path) -> None:
    archive = write_deb(tmp_path / KINDS["debian"][0], FILES)
    with pytest.raises(OtherArchiveError, match=r"odd 1\.0"):
        fetch(package("debian"), tmp_path)
    assert archive.exists()


@needs_scripts
@pytest.mark.parametrize("kind", KINDS)
def test_a_client_brings_the_fixed_version(tmp_path: Path, no_client: Path, kind: packages.Kind) -> None:
    given = tmp_path / KINDS[kind][0]
    given.write_bytes(b"the archive")
    notes = stand_in(no_client, kind, brings=given)
    cache = tmp_path / "data" / "packages"
    path = fetch(package(kind, sha256(given)), cache)
    assert path.read_bytes() == b"the archive"
    assert [found.name for found in cache.iterdir()] == [KINDS[kind][0]]
    wanted = {"pypi": f"odd==1.0 --hash=sha256:{sha256(given)}", "npm": "odd@1.0", "debian": "odd=1.0"}[kind]
    assert wanted in notes.read_text(encoding="utf-8").splitlines()
    notes.unlink()
    assert fetch(package(kind, sha256(given)), cache) == path
    assert not notes.exists()


@needs_scripts
def test_other_bytes_from_the_registry_do_not_reach_the_cache(tmp_path: Path, no_client: Path) -> None:
    given = tmp_path / KINDS["npm"][0]
    given.write_bytes(b"changed")
    stand_in(no_client, "npm", brings=given)
    with pytest.raises(OtherArchiveError):
        fetch(package("npm"), tmp_path / "packages")
    assert list((tmp_path / "packages").iterdir()) == []


@needs_scripts
def test_a_file_of_another_name_is_not_taken(tmp_path: Path, no_client: Path) -> None:
    given = tmp_path / "odd-1.1.tgz"
    given.write_bytes(b"newer")
    stand_in(no_client, "npm", brings=given)
    with pytest.raises(NotDownloadedError, match=r"odd-1\.0\.tgz was expected, not odd-1\.1\.tgz"):
        fetch(package("npm", sha256(given)), tmp_path / "packages")


@needs_scripts
@pytest.mark.parametrize("kind", KINDS)
def test_a_failing_client_is_quoted_in_one_line(tmp_path: Path, no_client: Path, kind: packages.Kind) -> None:
    stand_in(no_client, kind, brings=None)
    with pytest.raises(NotDownloadedError, match="ERROR: nobody answers") as caught:
        fetch(package(kind), tmp_path / "packages")
    assert len(str(caught.value).splitlines()) == 2
    assert KINDS[kind][0] in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_client_is_named(tmp_path: Path, kind: packages.Kind) -> None:
    with pytest.raises(MissingToolError, match=KINDS[kind][1]) as caught:
        fetch(package(kind), tmp_path / "packages")
    assert len(str(caught.value).splitlines()) <= 2
    assert caught.value.exit_code == 3
