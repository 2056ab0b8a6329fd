import errno
import io
import os
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from sample_models import TINY, zipped

from assistant.hearing.models import unpack
from assistant.hearing.models.disk import NotEnoughDiskError, UnwritableFolderError
from assistant.hearing.models.unpack import BrokenArchiveError, UnsafeArchiveError, unpack_model


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def archive_of(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    return path


def with_entry(name: str, data: bytes = b"x", change: Callable[[zipfile.ZipInfo], None] = lambda _: None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/fine.txt", b"fine")
        info = zipfile.ZipInfo(name)
        change(info)
        archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def files_in(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("top", ["", "vosk-model-small-en-us-0.15/", "a/"])
def test_a_single_top_folder_is_left_out(top: str, tmp_path: Path) -> None:
    unpack_model(archive_of(tmp_path, zipped(TINY, top)), tmp_path / "models" / "m")
    assert files_in(tmp_path / "models" / "m") == dict(TINY)
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["m"]


def test_what_a_mac_adds_is_left_out(tmp_path: Path) -> None:
    data = zipped({**{f"m/{name}": text for name, text in TINY.items()}, "__MACOSX/._m": b"x"}, "")
    unpack_model(archive_of(tmp_path, data), tmp_path / "m")
    assert files_in(tmp_path / "m") == dict(TINY)


@pytest.mark.parametrize(
    "name",
    [
        "../escape",
        "model/../../escape",
        "/escape",
        "C:/escape",
        "model\\..\\..\\escape",
        "..",
        "model/fine.txt\0/../../escape",
    ],
)
def test_no_path_leaves_the_folder(name: str, tmp_path: Path) -> None:
    def set_name(info: zipfile.ZipInfo) -> None:
        info.filename = name

    with pytest.raises(UnsafeArchiveError, match="outside"):
        unpack_model(archive_of(tmp_path, with_entry("model/x", change=set_name)), tmp_path / "in" / "m")
    assert {path.name for path in tmp_path.rglob("*")} == {"a.zip", "in"}


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(kind: int, tmp_path: Path) -> None:
    def make_special(info: zipfile.ZipInfo) -> None:
        info.external_attr = (kind | 0o777) << 16

    with pytest.raises(UnsafeArchiveError, match="link"):
        unpack_model(archive_of(tmp_path, with_entry("model/x", b"/etc/passwd", make_special)), tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_an_encrypted_file_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped(TINY))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    with pytest.raises(UnsafeArchiveError, match="encrypted"):
        unpack_model(archive_of(tmp_path, bytes(data)), tmp_path / "m")


def test_a_bomb_is_refused_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "_extract", lambda *args: pytest.fail("wrote something"))
    data = with_entry("model/bomb", bytes(30_000_000))
    assert len(data) < 100_000
    with pytest.raises(UnsafeArchiveError, match="30 MB"):
        unpack_model(archive_of(tmp_path, data), tmp_path / "m")


def test_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsafeArchiveError, match="unpack to"):
        unpack_model(archive_of(tmp_path, with_entry("model/x", os.urandom(2000))), tmp_path / "m", max_bytes=1000)


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    data = zipped({f"{number}.txt": b"" for number in range(unpack.MAX_FILES + 1)})
    with pytest.raises(UnsafeArchiveError, match="files"):
        unpack_model(archive_of(tmp_path, data), tmp_path / "m")


def test_a_file_larger_than_it_says_is_not_believed(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/liar", bytes(5_000_000))
    data = bytearray(buffer.getvalue())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    with pytest.raises((BrokenArchiveError, UnsafeArchiveError)):
        unpack_model(archive_of(tmp_path, bytes(data)), tmp_path / "m", max_bytes=1000)
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip"}


def test_one_name_twice_is_refused_even_in_other_case(tmp_path: Path) -> None:
    with pytest.raises(UnsafeArchiveError, match="twice"):
        unpack_model(archive_of(tmp_path, with_entry("model/FINE.txt")), tmp_path / "m")


@pytest.mark.parametrize("data", [b"", b"<html>not found</html>", zipped(TINY)[:-100], zipped({})])
def test_what_is_no_whole_archive_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(BrokenArchiveError):
        unpack_model(archive_of(tmp_path, data), tmp_path / "m")
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip"}


def test_a_changed_byte_inside_is_found(tmp_path: Path) -> None:
    data = bytearray(zipped({"big": os.urandom(5000)}))
    data[2000] ^= 1
    with pytest.raises(BrokenArchiveError):
        unpack_model(archive_of(tmp_path, bytes(data)), tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_failed_check_leaves_the_old_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "old").write_text("old")

    def refuse(folder: Path) -> None:
        assert files_in(folder) == dict(TINY)
        raise BrokenArchiveError("no")

    with pytest.raises(BrokenArchiveError, match="no"):
        unpack_model(archive_of(tmp_path, zipped(TINY)), tmp_path / "m", check=refuse)
    assert files_in(tmp_path / "m") == {"old": b"old"}
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip", "m"}


def test_an_old_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "old").write_text("old")
    unpack_model(archive_of(tmp_path, zipped(TINY)), tmp_path / "m")
    assert files_in(tmp_path / "m") == dict(TINY)
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip", "m"}


def test_too_little_room_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(100, 90, 10))
    with pytest.raises(NotEnoughDiskError, match=r"more are needed.\nFree some") as caught:
        unpack_model(archive_of(tmp_path, zipped(TINY)), tmp_path / "m")
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, NotEnoughDiskError),
        (errno.EDQUOT, NotEnoughDiskError),
        (errno.EROFS, UnwritableFolderError),
    ],
)
def test_a_disk_that_fails_half_way_leaves_nothing(
    number: int, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = []

    def fail_at_the_third(file: object) -> None:
        flushed.append(file)
        if len(flushed) == 3:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(unpack, "flush_to_disk", fail_at_the_third)
    with pytest.raises(error):
        unpack_model(archive_of(tmp_path, zipped(TINY)), tmp_path / "m")
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip"}
