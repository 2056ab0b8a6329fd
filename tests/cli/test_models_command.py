import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import main as command_line
from assistant.cli import models as models_command
from assistant.hearing.models.catalogue import Catalogue
from assistant.hearing.models.locate import read_catalogue, shipped_models

EMBEDDED = shipped_models() / "marigold-en"
SMALL = "vosk-model-small-en-us-0.15"


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARIGOLD_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("VOSK_MODEL_PATH", raising=False)
    monkeypatch.delenv("MARIGOLD_MODEL", raising=False)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The model that ships, packed as its makers' archives are."""
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for file in EMBEDDED.rglob("*"):
            if file.is_file():
                packed.write(file, f"some-model/{file.relative_to(EMBEDDED).as_posix()}")
    return path


@pytest.fixture
def known_archive(archive: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, after the catalogue was told that it is the small model's."""
    catalogue = read_catalogue()
    changed = {"size": archive.stat().st_size, "sha256": None}
    entries = tuple(e.model_copy(update=changed) if e.name == SMALL else e for e in catalogue.models)
    told: Catalogue = catalogue.model_copy(update={"models": entries})
    monkeypatch.setattr(models_command, "read_catalogue", lambda: told)
    return archive


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = command_line.run(arguments)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.out, said.err


def json_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = run(capsys, *arguments, "--json")
    found = json.loads(out)
    assert isinstance(found, dict)
    return code, found


def test_list_shows_every_model_and_marks_the_chosen_one(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "models", "list")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert next(line for line in lines if line.startswith("*")).split()[1] == "marigold-en"
    for entry in read_catalogue().models:
        assert any(entry.name in line and entry.licence in line for line in lines)
        assert f"{entry.name}: {entry.when}" in lines
    assert "41 MB" in out
    assert str(EMBEDDED) in out


def test_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = json_of(capsys, "models", "list")
    assert (code, found["chosen"]) == (0, "marigold-en")
    by_name = {row["name"]: row for row in found["models"]}
    assert by_name["marigold-en"]["path"] == str(EMBEDDED)
    assert by_name[SMALL] | {"when": ""} == {
        "name": SMALL,
        "languages": ["en-US"],
        "licence": "Apache-2.0",
        "kind": "download",
        "size": 41205931,
        "path": None,
        "chosen": False,
        "when": "",
    }


def test_list_works_where_the_chosen_model_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = json_of(capsys, "--model", SMALL, "models", "list")
    assert (code, found["chosen"]) == (0, None)


def test_list_shows_a_model_of_the_persons_own(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "am").mkdir(parents=True)
    code, found = json_of(capsys, "--model", str(own), "models", "list")
    assert (code, found["chosen"]) == (0, "own")
    assert [row["path"] for row in found["models"] if row["chosen"]] == [str(own)]
    assert str(own) in run(capsys, "--model", str(own), "models", "list")[1]


def test_where_names_the_folders(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "models", "where")
    assert (code, out.splitlines()[0]) == (0, f"chosen: {EMBEDDED}")
    assert json_of(capsys, "models", "where")[1] == {
        "chosen": {"name": "marigold-en", "path": str(EMBEDDED)},
        "shipped": str(shipped_models()),
        "downloads": str(tmp_path / "data" / "models"),
    }


def test_verify_is_content_with_the_shipped_model(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "models", "verify")
    assert (code, err) == (0, "")
    assert "every file is as it should be" in out
    assert json_of(capsys, "models", "verify", "marigold-en")[1] == {
        "name": "marigold-en",
        "path": str(EMBEDDED),
        "good": True,
        "problems": [],
    }


def test_verify_tells_all_that_is_wrong(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "broken" / "am").mkdir(parents=True)
    (tmp_path / "broken" / "am" / "final.mdl").touch()
    code, out, err = run(capsys, "models", "verify", str(tmp_path / "broken"))
    assert code == 3
    assert "broken: am/final.mdl is empty" in out.splitlines()
    assert "broken: conf/mfcc.conf is missing" in out.splitlines()
    assert err.startswith("marigold: The speech model in ")
    assert len(err.splitlines()) == 2
    code, found = json_of(capsys, "models", "verify", str(tmp_path / "broken"))
    assert (code, found["good"]) == (3, False)
    assert {"file": "am/final.mdl", "what": "is empty"} in found["problems"]


def test_verify_tries_a_model_whose_files_look_right(
    capsys: pytest.CaptureFixture[str], archive: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path)
    own = tmp_path / "some-model"
    # Another size than the shipped one has, so that it counts as the person's own.
    (own / "am" / "final.mdl").write_bytes((own / "am" / "final.mdl").read_bytes() + b"\n")
    assert json_of(capsys, "models", "verify", str(own))[1]["good"] is True
    (own / "graph" / "disambig_tid.int").write_bytes(b"1\n")
    code, found = json_of(capsys, "models", "verify", str(own))
    assert (code, found["good"]) == (3, False)


def test_get_from_a_file_makes_the_model_usable(
    capsys: pytest.CaptureFixture[str], known_archive: Path, tmp_path: Path
) -> None:
    code, found = json_of(capsys, "models", "get", SMALL, "--from", str(known_archive))
    folder = tmp_path / "data" / "models" / SMALL
    assert (code, found) == (0, {"name": SMALL, "path": str(folder), "how": "installed"})
    assert json_of(capsys, "--model", SMALL, "models", "where")[1]["chosen"]["path"] == str(folder)
    assert json_of(capsys, "models", "verify", SMALL)[1]["good"] is True
    assert "already there" in run(capsys, "models", "get", SMALL)[1]
    (folder / "graph" / "Gr.fst").unlink()
    assert "is replaced in" in run(capsys, "models", "get", SMALL, "--from", str(known_archive))[1]
    assert list((tmp_path / "data" / "models").iterdir()) == [folder]


def test_get_refuses_another_file(capsys: pytest.CaptureFixture[str], archive: Path, tmp_path: Path) -> None:
    code, out, err = run(capsys, "models", "get", SMALL, "--from", str(archive))
    assert (code, out) == (2, "")
    assert f"not the archive of {SMALL}" in err
    assert not (tmp_path / "data" / "models" / SMALL).exists()
    assert run(capsys, "models", "get", SMALL, "--from", str(tmp_path / "gone.zip"))[0] == 2


def test_get_of_the_shipped_model_has_nothing_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "models", "get", "marigold-en")
    assert (code, out) == (0, f"marigold-en: ships with Marigold, in {EMBEDDED}.\n")


def test_get_of_an_unknown_model_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "models", "get", "vosk-model-klingon")
    assert (code, out) == (2, "")
    assert SMALL in err


def test_get_without_a_network_says_so_and_says_what_it_gets(
    capsys: pytest.CaptureFixture[str], known_archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A proxy that isn't there stands for the missing network; a place on this computer, so nothing leaves it.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setattr("assistant.hearing.models.transfer.FIRST_WAIT", 0.0)
    code, out, err = run(capsys, "models", "get", SMALL)
    assert (code, out) == (3, "")
    assert err.splitlines()[0].startswith(f"Getting {SMALL} (")
    assert "can't be downloaded from alphacephei.com" in err


def test_progress_is_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with models_command._progress(read_catalogue().require(SMALL), quiet=False) as report:
        report(20_000_000, 41_205_931)
    assert SMALL in screen.getvalue()
    assert "20.0/41.2 MB" in screen.getvalue()


def test_output_into_a_pipe_is_not_cut() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "assistant", "models", "list"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "20"},
        cwd=shipped_models().parent,
    )
    assert str(EMBEDDED) in done.stdout
    assert "\x1b" not in done.stdout
