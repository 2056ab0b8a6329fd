"""What is installed by ``pip install .`` is whole: built as a wheel without the network, unpacked, and run."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

from silent_machine import ROOT, TIMEOUT, silent_environment

_RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from assistant.__main__ import main; main()"


def _builders() -> Iterator[list[str]]:
    for uv in (shutil.which("uv"), ROOT / ".tools" / "bin" / "uv"):
        if uv is not None and Path(uv).exists():
            yield [str(uv), "build", "--wheel", "--offline", "--quiet", "--out-dir"]
    if all(importlib.util.find_spec(name) for name in ("build", "hatchling")):
        yield [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    for builder in _builders():
        done = subprocess.run([*builder, str(folder), str(ROOT)], capture_output=True, timeout=TIMEOUT, check=False)
        if done.returncode == 0:
            return next(folder.glob("*.whl"))
    pytest.skip("no wheel can be built here without the network (uv with hatchling in its cache, or build)")


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(unpacked: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run what was installed from a folder that has nothing in it, without a sight of the checkout."""
    env = silent_environment(folder / "surroundings")
    del env["PYTHONPATH"]
    empty = folder / "empty"
    empty.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-I", "-c", _RUN, str(unpacked), *arguments],
        cwd=empty,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
    )


def test_all_content_and_the_model_are_inside_byte_for_byte(unpacked: Path) -> None:
    data = unpacked / "assistant" / "data"
    # How the model is made stays in the checkout.
    for name, least in (("content", 20), ("models/marigold-en", 10)):
        files = [path for path in (ROOT / name).rglob("*") if path.is_file() and path.name != "README.md"]
        assert len(files) > least
        for path in files:
            assert (data / path.relative_to(ROOT)).read_bytes() == path.read_bytes(), path
    catalogue = Path("models", "catalogue.toml")
    assert (data / catalogue).read_bytes() == (ROOT / catalogue).read_bytes()
    assert (unpacked / "assistant" / "data" / "models" / "marigold-en" / "am" / "final.mdl").stat().st_size > 1_000_000


def test_all_modules_are_inside_and_nothing_else(unpacked: Path) -> None:
    code = {path.relative_to(ROOT) for path in (ROOT / "assistant").rglob("*.py")}
    inside = {path.relative_to(unpacked) for path in unpacked.rglob("*.py")}
    assert inside == code
    assert (unpacked / "assistant" / "py.typed").is_file()
    assert {path.name.partition("-")[0] for path in unpacked.iterdir()} == {"assistant", "marigold_assistant"}
    assert not [path for path in unpacked.rglob("*") if path.name == "__pycache__" or path.suffix == ".pyc"]


def test_the_licences_and_the_command_are_inside(unpacked: Path) -> None:
    head = next(unpacked.glob("*.dist-info"))
    for name in ("LICENSE", "NOTICE"):
        assert (head / "licenses" / name).read_bytes() == (ROOT / name).read_bytes()
    told = Parser().parsestr((head / "METADATA").read_text(encoding="utf-8"))
    assert (told["Name"], told["License-Expression"]) == ("marigold-assistant", "Apache-2.0")
    assert "marigold = assistant.__main__:main" in (head / "entry_points.txt").read_text(encoding="utf-8").splitlines()
    assert (unpacked / "assistant" / "data" / "models" / "marigold-en" / "LICENCE.md").is_file()


def test_it_is_no_larger_than_it_needs_to_be(wheel: Path) -> None:
    assert wheel.stat().st_size < 20_000_000


def test_what_was_installed_answers_from_an_empty_folder(unpacked: Path, tmp_path: Path) -> None:
    done = run(unpacked, tmp_path, "ask", "--json", "how long do i leave the heating pad on")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert (found["kind"], found["id"]) == ("answer", "heat-for-a-spasm")
    assert "15 to 20 minutes" in found["speech"]


def test_what_was_installed_speaks_and_hears_with_what_is_inside(unpacked: Path, tmp_path: Path) -> None:
    done = run(unpacked, tmp_path, "models", "where")
    assert (done.returncode, done.stderr) == (0, "")
    assert str(unpacked / "assistant" / "data" / "models" / "marigold-en") in done.stdout
    path = tmp_path / "said.wav"
    done = run(unpacked, tmp_path, "say", "does heat help my back", "--rate", "140", "--out", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    done = run(unpacked, tmp_path, "hear", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "heat help" in done.stdout
    assert not list((tmp_path / "empty").iterdir())
