from pathlib import Path

import pytest
from sample_models import EMBEDDED, TINY, copy_of_embedded, write_files

from assistant.hearing.models.catalogue import UnknownModelError
from assistant.hearing.models.locate import NoModelError, downloads_folder, resolve_model

SMALL = "vosk-model-small-en-us-0.15"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"MARIGOLD_DATA": str(tmp_path / "data")}


def test_nothing_chosen_takes_the_model_that_ships(env: dict[str, str]) -> None:
    found = resolve_model(None, env)
    assert (found.path, found.name) == (EMBEDDED, "marigold-en")
    assert found.time_scale == 1.0


def test_a_choice_goes_before_the_variable_and_the_variable_before_the_default(
    env: dict[str, str], tmp_path: Path
) -> None:
    mine = write_files(tmp_path / "mine", TINY)
    other = write_files(tmp_path / "other", TINY)
    env["VOSK_MODEL_PATH"] = str(other)
    assert resolve_model(None, env).path == other
    assert resolve_model(str(mine), env).path == mine
    assert resolve_model("marigold-en", env).path == EMBEDDED


def test_a_downloaded_model_is_found_by_name(env: dict[str, str]) -> None:
    folder = write_files(downloads_folder(env) / SMALL, TINY)
    found = resolve_model(SMALL, env)
    assert found.path == folder
    assert found.entry is not None
    assert found.time_scale == 1.0


def test_the_variable_may_name_a_folder_of_models(env: dict[str, str], tmp_path: Path) -> None:
    folder = write_files(tmp_path / "shelf" / SMALL, TINY)
    env["VOSK_MODEL_PATH"] = str(tmp_path / "shelf")
    assert resolve_model(SMALL, env).path == folder
    assert resolve_model(None, env).path == EMBEDDED


def test_a_model_that_is_not_here_says_how_to_get_it(env: dict[str, str]) -> None:
    with pytest.raises(NoModelError, match=f"marigold models get {SMALL}") as caught:
        resolve_model(SMALL, env)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("choice", ["vosk-model-tiny", "nonsense"])
def test_a_name_that_nobody_knows_is_wrong_usage(choice: str, env: dict[str, str]) -> None:
    with pytest.raises(UnknownModelError, match="Known: marigold-en"):
        resolve_model(choice, env)


def test_a_folder_that_is_not_there_is_a_missing_part(env: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(NoModelError, match="no folder"):
        resolve_model(str(tmp_path / "gone"), env)
    env["VOSK_MODEL_PATH"] = str(tmp_path / "gone")
    with pytest.raises(NoModelError, match="VOSK_MODEL_PATH"):
        resolve_model(None, env)


def test_a_file_is_no_model(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "model.zip").write_bytes(b"PK")
    with pytest.raises(NoModelError, match="no folder"):
        resolve_model(str(tmp_path / "model.zip"), env)


def test_a_copy_of_the_shipped_model_keeps_its_times(env: dict[str, str], tmp_path: Path) -> None:
    found = resolve_model(str(copy_of_embedded(tmp_path / "renamed")), env)
    assert found.name == "marigold-en"
    assert found.time_scale == 1.0


@pytest.mark.parametrize(
    ("settings", "scale"),
    [
        (b"--frame-subsampling-factor=2\n", 2 / 3),
        (b"--beam=10\n--frame-subsampling-factor=3\n", 1.0),
        (b"", 1.0),
    ],
)
def test_an_unknown_model_has_the_times_of_its_own_settings(
    settings: bytes, scale: float, env: dict[str, str], tmp_path: Path
) -> None:
    folder = write_files(tmp_path / "own", {**TINY, "conf/model.conf": settings})
    found = resolve_model(str(folder), env)
    assert found.entry is None
    assert found.time_scale == pytest.approx(scale)


def test_an_empty_choice_is_none(env: dict[str, str]) -> None:
    assert resolve_model("", env).path == EMBEDDED
