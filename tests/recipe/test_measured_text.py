"""No sentence that measures gets into a language model's texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.hearing.language_part.combining import Source
from models.recipe.measured_text import cleaned, measured_sentences
from models.recipe.steps import TEST_DATA, pack_sources
from shared_folder import SHARED


@pytest.fixture
def measured(tmp_path: Path) -> set[tuple[str, ...]]:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dev.yaml").write_text(
        "one:\n  - text: How long do I press, then?\n    id: press\n  - Stop!\n", encoding="utf-8"
    )
    (tmp_path / "corpus" / "text").mkdir(parents=True)
    (tmp_path / "corpus" / "manifest.tsv").write_text(
        "path\ttranscript\nspeech/a.flac\tThe birch canoe slid\n", encoding="utf-8"
    )
    (tmp_path / "corpus" / "text" / "a.tsv").write_text("id\tquestion\n1\twhen was the last time\n", encoding="utf-8")
    return measured_sentences(tmp_path / "data", tmp_path / "corpus")


def test_sentences_of_tests_and_corpus_are_found_whatever_their_spelling(measured: set[tuple[str, ...]]) -> None:
    assert measured == {
        ("how", "long", "do", "i", "press", "then"),
        ("the", "birch", "canoe", "slid"),
        ("when", "was", "the", "last", "time"),
    }


def test_they_are_taken_out_of_all_texts(measured: set[tuple[str, ...]]) -> None:
    said = ["how", "long", "do", "i", "press", "then"]
    general = {"tale": [["the", "birch", "canoe", "slid"], ["the", "birch", "canoe", "sank"]]}
    domain = [Source("asks", [said, said[:-1], ["stop"]], is_said=True)]
    kept, sources, taken_out = cleaned(general, domain, measured)
    assert kept == {"tale": [["the", "birch", "canoe", "sank"]]}
    assert sources == [Source("asks", [said[:-1], ["stop"]], is_said=True)]
    assert taken_out == 2


def test_the_real_texts_keep_nothing_of_what_measures() -> None:
    corpus = SHARED / "corpus"
    real = measured_sentences(TEST_DATA, corpus if corpus.is_dir() else None)
    assert len(real) > 500
    _, sources, _ = cleaned({}, pack_sources(set()), real)
    left = {tuple(words) for source in sources for words in source.sentences}
    assert len(left) > 2000
    assert not left & real
