import errno
import fcntl
import hashlib
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from archive_server import Plan, serving
from sample_models import entry_for

from assistant.hearing.models import transfer
from assistant.hearing.models.disk import NotEnoughDiskError, UnwritableFolderError
from assistant.hearing.models.download import DownloadRunningError, download_archive
from assistant.hearing.models.transfer import (
    FRUITLESS_TRIES,
    DownloadDamagedError,
    NoNetworkError,
    NotOfferedError,
)

DATA = os.urandom(1_000_000)
BREAK = 24 * (1 << 14)
"""Bytes; a multiple of what is read at once, for a chunk that breaks off is lost."""


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


class Waits(list[float]):
    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def test_the_archive_arrives_whole_and_its_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    with serving(Plan(DATA)) as plan:
        path = download_archive(
            entry_for(DATA, plan.url), tmp_path / "new" / "models", report=lambda *now: told.append(now)
        )
    assert path.read_bytes() == DATA
    assert [file.name for file in path.parent.iterdir()] == ["a-model.zip"]
    assert told[-1] == (len(DATA), len(DATA))
    assert [here for here, _ in told] == sorted(here for here, _ in told)


def test_a_dropped_connection_is_resumed_where_it_broke(tmp_path: Path) -> None:
    waits = Waits()
    with serving(Plan(DATA, drop_after=[BREAK, BREAK // 2])) as plan:
        path = download_archive(entry_for(DATA, plan.url), tmp_path, wait=waits)
    assert path.read_bytes() == DATA
    assert plan.asked == [None, f"bytes={BREAK}-", f"bytes={BREAK + BREAK // 2}-"]
    assert waits == [1.0, 1.0]


def test_a_later_call_goes_on_where_the_last_one_gave_up(tmp_path: Path) -> None:
    with serving(Plan(DATA, drop_after=[BREAK], codes=[0, 503, 503, 503, 503])) as plan:
        entry = entry_for(DATA, plan.url)
        with pytest.raises(NoNetworkError, match="it answers 503"):
            download_archive(entry, tmp_path, wait=Waits())
        assert (tmp_path / "a-model.zip.part").stat().st_size == BREAK
        assert download_archive(entry, tmp_path, wait=Waits()).read_bytes() == DATA
    assert plan.asked[-1] == f"bytes={BREAK}-"


def test_a_server_without_ranges_starts_over(tmp_path: Path) -> None:
    with serving(Plan(DATA, ranges=False, drop_after=[BREAK])) as plan:
        assert download_archive(entry_for(DATA, plan.url), tmp_path, wait=Waits()).read_bytes() == DATA
    assert plan.asked == [None, f"bytes={BREAK}-"]


def test_a_new_version_on_the_server_is_not_joined_to_the_old_half(tmp_path: Path) -> None:
    with serving(Plan(bytes(len(DATA)), drop_after=[BREAK], codes=[0, 503, 503, 503, 503])) as plan:
        entry = entry_for(DATA, plan.url)
        with pytest.raises(NoNetworkError):
            download_archive(entry, tmp_path, wait=Waits())
        plan.data, plan.tag = DATA, '"two"'
        assert download_archive(entry, tmp_path, wait=Waits()).read_bytes() == DATA


def test_a_wrong_half_without_a_version_is_found_by_the_checksum_and_fetched_anew(tmp_path: Path) -> None:
    (tmp_path / "a-model.zip.part").write_bytes(bytes(BREAK))
    with serving(Plan(DATA, tag=None)) as plan:
        assert download_archive(entry_for(DATA, plan.url), tmp_path, wait=Waits()).read_bytes() == DATA
    assert plan.asked == [f"bytes={BREAK}-", None]


@pytest.mark.parametrize("left", [0, 5])
def test_a_part_that_is_whole_or_too_long_does_no_harm(left: int, tmp_path: Path) -> None:
    (tmp_path / "a-model.zip.part").write_bytes(DATA + bytes(left))
    with serving(Plan(DATA)) as plan:
        assert download_archive(entry_for(DATA, plan.url), tmp_path, wait=Waits()).read_bytes() == DATA


def test_a_server_that_sends_another_part_than_asked_for_is_not_believed(tmp_path: Path) -> None:
    with serving(Plan(DATA, drop_after=[BREAK], shift=1)) as plan:
        assert download_archive(entry_for(DATA, plan.url), tmp_path, wait=Waits()).read_bytes() == DATA
    assert plan.asked == [None, f"bytes={BREAK}-", None]


@pytest.mark.parametrize("known", ["sha256", "md5"])
def test_wrong_bytes_are_thrown_away(known: str, tmp_path: Path) -> None:
    sums: dict[str, object] = {"sha256": None, known: hashlib.new(known, DATA).hexdigest()}
    with serving(Plan(bytes(len(DATA)))) as plan, pytest.raises(DownloadDamagedError, match=known) as caught:
        download_archive(entry_for(DATA, plan.url, **sums), tmp_path, wait=Waits())
    assert caught.value.exit_code == 3
    assert not (tmp_path / "a-model.zip").exists()
    assert (tmp_path / "a-model.zip.part").stat().st_size == 0


def test_a_login_page_in_place_of_the_archive_is_told_at_once(tmp_path: Path) -> None:
    with (
        serving(Plan(b"<html>Please log in</html>")) as plan,
        pytest.raises(DownloadDamagedError, match="26 bytes"),
    ):
        download_archive(entry_for(DATA, plan.url), tmp_path, wait=Waits())
    assert len(plan.asked) == 1


def test_a_server_that_says_no_length_is_checked_by_the_bytes(tmp_path: Path) -> None:
    with serving(Plan(DATA, length=False)) as plan:
        assert download_archive(entry_for(DATA, plan.url), tmp_path, wait=Waits()).read_bytes() == DATA
    with (
        serving(Plan(DATA * 2, length=False)) as plan,
        pytest.raises(DownloadDamagedError, match="more than"),
    ):
        download_archive(entry_for(DATA, plan.url, name="b-model"), tmp_path, wait=Waits())


def test_an_archive_of_unknown_size_is_resumed_only_by_its_version(tmp_path: Path) -> None:
    unknown: dict[str, object] = {"size": None, "sha256": None}
    with serving(Plan(DATA, drop_after=[BREAK])) as plan:
        entry = entry_for(DATA, plan.url, **unknown)
        assert download_archive(entry, tmp_path, wait=Waits()).read_bytes() == DATA
    assert plan.asked == [None, f"bytes={BREAK}-"]
    with serving(Plan(DATA, tag=None, drop_after=[BREAK])) as plan:
        entry = entry_for(DATA, plan.url, **unknown)
        assert download_archive(entry, tmp_path, wait=Waits()).read_bytes() == DATA
    assert plan.asked == [None, None]


def test_no_server_is_given_up_after_a_bounded_number_of_tries(tmp_path: Path) -> None:
    with serving(Plan(DATA)) as plan:
        pass
    waits = Waits()
    with pytest.raises(NoNetworkError, match=r"127.0.0.1.*no connection[^\n]*\n.*goes on where it stopped") as caught:
        download_archive(entry_for(DATA, plan.url), tmp_path, wait=waits)
    assert caught.value.exit_code == 3
    assert waits == [1.0, 2.0, 4.0]


def test_a_connection_that_brings_nothing_is_given_up(tmp_path: Path) -> None:
    with serving(Plan(DATA, drop_after=[10] * 20)) as plan, pytest.raises(NoNetworkError, match="breaks off"):
        download_archive(entry_for(DATA, plan.url), tmp_path, wait=Waits())
    assert len(plan.asked) == FRUITLESS_TRIES


def test_a_missing_archive_is_asked_for_once_and_the_next_source_tried(tmp_path: Path) -> None:
    with serving(Plan(DATA, codes=[404])) as first, serving(Plan(DATA)) as second:
        entry = entry_for(DATA, first.url, second.url)
        assert download_archive(entry, tmp_path, wait=Waits()).read_bytes() == DATA
    assert len(first.asked) == 1
    with serving(Plan(DATA, codes=[404])) as plan, pytest.raises(NotOfferedError, match="404"):
        download_archive(entry_for(DATA, plan.url), tmp_path, wait=Waits())


def test_too_little_room_is_told_before_anything_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 0, len(DATA) * 2))
    with serving(Plan(DATA)) as plan, pytest.raises(NotEnoughDiskError):
        download_archive(entry_for(DATA, plan.url), tmp_path, wait=Waits())
    assert plan.asked == []


def test_a_disk_that_fills_up_meanwhile_keeps_what_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with serving(Plan(DATA)) as plan:
        entry = entry_for(DATA, plan.url)
        with monkeypatch.context() as patched:
            patched.setattr(transfer, "flush_to_disk", full)
            with pytest.raises(NotEnoughDiskError, match="it is full"):
                download_archive(entry, tmp_path, wait=Waits())
        assert not (tmp_path / "a-model.zip").exists()
        assert download_archive(entry, tmp_path, wait=Waits()).read_bytes() == DATA


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnwritableFolderError):
        download_archive(entry_for(DATA), tmp_path / "file" / "models", wait=Waits())


def test_two_downloads_of_one_model_do_not_mix(tmp_path: Path) -> None:
    with (tmp_path / "a-model.zip.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DownloadRunningError, match="Another Marigold"):
            download_archive(entry_for(DATA), tmp_path, wait=Waits())
