"""A finished model gets into the checkout with the right figures in the catalogue."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from models.recipe.ship import MOST_BYTES, UnfinishedModelError, UnknownEntryError, ship

CATALOGUE = """# A comment.
version = 1

[[models]]
name = "ours"
frame_seconds = 0.02
unpacked = 5
files = [
  { path = "am/old", size = 5, sha256 = "00" },
]

[[models]]
name = "other"
unpacked = 7
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    for name, content in (
        ("am/final.mdl", "sounds"),
        ("conf/model.conf", "--beam=11\n--frame-subsampling-factor=3\n"),
        ("graph/words.txt", "stop 1\n"),
        ("graph/phones/word_boundary.int", "1 nonword\n"),
        ("general.ngram.xz", "words"),
        ("notes.txt", "not part of it"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    (tmp_path / "catalogue.toml").write_text(CATALOGUE, encoding="utf-8")
    return tmp_path / "catalogue.toml"


def test_files_and_figures_are_brought_up_to_date(model: Path, catalogue: Path, tmp_path: Path) -> None:
    home = tmp_path / "ours"
    (home / "am").mkdir(parents=True)
    (home / "am" / "old").write_text("gone")
    (home / "LICENCE.md").write_text("stays")
    total = ship(model, home, catalogue)
    assert sorted(path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()) == [
        "LICENCE.md",
        "am/final.mdl",
        "conf/model.conf",
        "general.ngram.xz",
        "graph/phones/word_boundary.int",
        "graph/words.txt",
    ]
    text = catalogue.read_text(encoding="utf-8")
    digest = hashlib.sha256(b"sounds").hexdigest()
    assert f'  {{ path = "am/final.mdl", size = 6, sha256 = "{digest}" }},\n' in text
    assert f"unpacked = {total}\n" in text
    assert "frame_seconds = 0.03\n" in text
    assert "am/old" not in text
    assert text.startswith("# A comment.")
    assert text.endswith('[[models]]\nname = "other"\nunpacked = 7\n')


def test_a_model_that_lacks_a_part_is_refused(model: Path, catalogue: Path, tmp_path: Path) -> None:
    (model / "general.ngram.xz").unlink()
    with pytest.raises(UnfinishedModelError, match=r"general\.ngram\.xz"):
        ship(model, tmp_path / "ours", catalogue)
    assert not (tmp_path / "ours").exists()


def test_a_model_that_is_too_large_is_refused(model: Path, catalogue: Path, tmp_path: Path) -> None:
    with (model / "graph" / "Gr.fst").open("wb") as file:
        file.truncate(MOST_BYTES)
    with pytest.raises(UnfinishedModelError, match="MB may ship"):
        ship(model, tmp_path / "ours", catalogue)


def test_a_model_that_the_catalogue_does_not_know_is_refused(model: Path, catalogue: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownEntryError):
        ship(model, tmp_path / "other", catalogue)
    assert catalogue.read_text(encoding="utf-8") == CATALOGUE
