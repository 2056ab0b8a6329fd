from pathlib import Path

import pytest
from archive_server import Plan, serving
from sample_models import TINY, copy_of_embedded, entry_for, write_files, zipped

from assistant.hearing.models.download import download_archive
from assistant.hearing.models.install import (
    How,
    NameTakenError,
    NotAModelError,
    WrongArchiveError,
    install_model,
)
from assistant.hearing.models.unpack import BrokenArchiveError
from assistant.hearing.models.verify import DamagedModelError, Problem, verify_files

ARCHIVE = zipped(TINY)


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def passes(_: Path) -> None:
    """Stand in for libvosk, which could not load the tiny models."""


def fails(folder: Path) -> None:
    raise DamagedModelError(folder, [Problem("the model", "crashes the recogniser (SIGABRT)")])


def at_hand(tmp_path: Path, data: bytes = ARCHIVE) -> Path:
    path = tmp_path / "at-hand.zip"
    path.write_bytes(data)
    return path


def test_a_real_model_is_downloaded_unpacked_tried_and_whole(tmp_path: Path) -> None:
    source = copy_of_embedded(tmp_path / "source")
    files = {p.relative_to(source).as_posix(): p.read_bytes() for p in source.rglob("*") if p.is_file()}
    archive = zipped(files)
    with serving(Plan(archive, drop_after=[len(archive) // 2])) as plan:
        entry = entry_for(archive, plan.url)
        done = install_model(entry, tmp_path / "models" / "a-model")
        assert done.how is How.INSTALLED
        assert verify_files(done.folder, entry, hashes=True) == []
        assert [path.name for path in (tmp_path / "models").iterdir()] == ["a-model"]
        assert install_model(entry, done.folder).how is How.THERE
    assert len(plan.asked) == 2


def test_an_archive_at_hand_needs_no_network_and_stays(tmp_path: Path) -> None:
    done = install_model(entry_for(ARCHIVE), tmp_path / "m", archive=at_hand(tmp_path), probe=passes)
    assert done.how is How.INSTALLED
    assert (tmp_path / "at-hand.zip").is_file()


@pytest.mark.parametrize("data", [ARCHIVE[:-1], bytes(len(ARCHIVE)), zipped({"x": b"y"})])
def test_another_archive_at_hand_is_wrong_usage(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(WrongArchiveError, match="not the archive of a-model") as caught:
        install_model(entry_for(ARCHIVE), tmp_path / "m", archive=at_hand(tmp_path, data), probe=passes)
    assert caught.value.exit_code == 2
    assert not (tmp_path / "m").exists()


def test_an_archive_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    for missing in (tmp_path / "gone.zip", tmp_path):
        with pytest.raises(WrongArchiveError, match="no file"):
            install_model(entry_for(ARCHIVE), tmp_path / "m", archive=missing, probe=passes)


def test_an_archive_of_unknown_sum_is_still_checked_for_a_model(tmp_path: Path) -> None:
    unknown = entry_for(ARCHIVE, size=None, sha256=None)
    archive = at_hand(tmp_path, zipped({"README": b"no model"}))
    with pytest.raises(NotAModelError, match="is missing"):
        install_model(unknown, tmp_path / "m", archive=archive, probe=passes)
    with pytest.raises(BrokenArchiveError):
        install_model(unknown, tmp_path / "m", archive=at_hand(tmp_path, b"nonsense"), probe=passes)
    assert not (tmp_path / "m").exists()


def test_a_model_that_crashes_the_recogniser_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(NotAModelError, match="SIGABRT"):
        install_model(entry_for(ARCHIVE), tmp_path / "m", archive=at_hand(tmp_path), probe=fails)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("damage", ["missing", "changed", "all"])
def test_a_damaged_model_is_replaced(damage: str, tmp_path: Path) -> None:
    entry, archive = entry_for(ARCHIVE), at_hand(tmp_path)
    folder = install_model(entry, tmp_path / "m", archive=archive, probe=passes).folder
    for name in TINY if damage == "all" else ["graph/HCLr.fst"]:
        if damage == "changed":
            (folder / name).write_bytes(bytes(reversed((folder / name).read_bytes())))
        else:
            (folder / name).unlink()
    assert install_model(entry, folder, archive=archive, probe=passes).how is How.REPLACED
    assert verify_files(folder, entry, hashes=True) == []


def test_something_else_of_that_name_is_left_alone(tmp_path: Path) -> None:
    write_files(tmp_path / "m", {"holiday.jpg": b"beach"})
    (tmp_path / "file").write_text("a file")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("m", "file", "link"):
        with pytest.raises(NameTakenError, match="in the way"):
            install_model(entry_for(ARCHIVE), tmp_path / name, archive=at_hand(tmp_path), probe=passes)
    assert (tmp_path / "m" / "holiday.jpg").read_bytes() == b"beach"


def test_a_wrong_download_leaves_no_model(tmp_path: Path) -> None:
    with serving(Plan(bytes(len(ARCHIVE)))) as plan, pytest.raises(Exception, match="thrown away"):
        install_model(entry_for(ARCHIVE, plan.url), tmp_path / "models" / "m", probe=passes)
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["a-model.zip.part"]


def test_an_archive_left_from_an_interrupted_installation_is_fetched_again_without_harm(
    tmp_path: Path,
) -> None:
    with serving(Plan(ARCHIVE)) as plan:
        entry = entry_for(ARCHIVE, plan.url)
        download_archive(entry, tmp_path)
        assert install_model(entry, tmp_path / "m", probe=passes).how is How.INSTALLED
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".zip"] == []
