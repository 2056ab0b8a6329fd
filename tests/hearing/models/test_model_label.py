from pathlib import Path

import pytest
from sample_models import EMBEDDED, TINY, copy_of_embedded, write_files

from assistant.hearing.models.catalogue import UnknownModelError
from assistant.hearing.models.label import LABEL, ModelLabel, read_label, write_label
from assistant.hearing.models.locate import adapted_models, downloads_folder, resolve_model

EARS = ModelLabel(made_from="marigold-en", content="kettles", frame_seconds=0.02)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"MARIGOLD_DATA": str(tmp_path / "data")}


def labelled(folder: Path, label: ModelLabel = EARS) -> Path:
    write_files(folder, TINY)
    write_label(folder, label)
    return folder


def test_a_label_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_label(tmp_path, EARS)
    assert read_label(tmp_path) == EARS
    assert EARS.time_scale == pytest.approx(2 / 3)
    (tmp_path / LABEL).write_text('{"made_from": "x", "content": "y", "frame_seconds": 0.03, "added later": 1}')
    assert read_label(tmp_path) == ModelLabel(made_from="x", content="y", frame_seconds=0.03)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"made_from": "x", "content": "y", "frame_seconds": 3}', '{"made_from": "", "content": "y"'],
)
def test_what_is_no_label_counts_as_none(tmp_path: Path, text: str) -> None:
    assert read_label(tmp_path) is None
    (tmp_path / LABEL).write_text(text)
    assert read_label(tmp_path) is None


def test_an_adapted_model_is_found_by_name_with_the_times_of_its_base(env: dict[str, str]) -> None:
    folder = labelled(downloads_folder(env) / "my-ears")
    found = resolve_model("my-ears", env)
    assert (found.path, found.name, found.entry, found.label) == (folder, "my-ears", None, EARS)
    # Its own settings would say 1.0.
    assert found.time_scale == pytest.approx(2 / 3)
    assert adapted_models(env) == [found]
    assert resolve_model(str(folder), env) == found
    with pytest.raises(UnknownModelError, match="my-ears"):
        resolve_model("no-ears", env)


def test_it_is_not_taken_for_the_model_whose_sounds_it_has(env: dict[str, str], tmp_path: Path) -> None:
    folder = copy_of_embedded(tmp_path / "copy")
    assert resolve_model(str(folder), env).name == "marigold-en"
    write_label(folder, EARS)
    found = resolve_model(str(folder), env)
    assert (found.name, found.entry) == ("copy", None)


def test_it_does_not_take_the_name_of_a_catalogues_model(env: dict[str, str]) -> None:
    labelled(downloads_folder(env) / "marigold-en")
    assert resolve_model("marigold-en", env).path == EMBEDDED
    assert adapted_models(env) == []


def test_a_folder_without_a_label_is_no_adapted_model(env: dict[str, str]) -> None:
    write_files(downloads_folder(env) / "some-model", TINY)
    (downloads_folder(env) / "a-file").touch()
    assert adapted_models(env) == []
    with pytest.raises(UnknownModelError):
        resolve_model("some-model", env)
