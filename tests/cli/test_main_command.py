from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from assistant import __version__
from assistant.cli import main as command_line
from assistant.errors import MissingPartError, WrongInputError
from silent_machine import ROOT, TIMEOUT, command, marigold, silent_environment

COMMANDS = ["ask", "content", "doctor", "hear", "models", "routine", "say", "talk"]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [key for key in os.environ if key.startswith("MARIGOLD_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = command_line.run(arguments)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.out, said.err


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"marigold, version {__version__}\n", "")
    code, out, err = run(capsys, "--help")
    assert (code, err) == (0, "")
    assert "Not a medical device" in " ".join(out.split())
    assert [line.split()[0] for line in out.partition("Commands:\n")[2].splitlines() if line.strip()] == COMMANDS
    assert run(capsys, "-h") == (0, out, "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(capsys: pytest.CaptureFixture[str], name: str) -> None:
    code, out, err = run(capsys, name, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: marigold {name} ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["juggle"],
        ["--juggle"],
        ["ask", "--juggle", "x"],
        ["--model"],
        ["say"],
        ["talk", "extra"],
        ["--settings", "x", "say", "hi"],
    ],
)
def test_wrong_usage_is_told_in_a_line_with_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("marigold: ")
    assert 1 <= len(err.splitlines()) <= 2


class TooLoudError(WrongInputError):
    """An error of two exit codes' kin."""


class GoneError(MissingPartError):
    """Another."""


@pytest.mark.parametrize(
    ("fault", "code", "told"),
    [
        (TooLoudError("one\ntwo\nthree"), 2, "marigold: one\ntwo\n"),
        (GoneError("gone"), 3, "marigold: gone\n"),
        (OSError(28, "No space left on device", "/x"), 1, "marigold: No space left on device: /x.\n"),
        (OSError("odd"), 1, "marigold: odd.\n"),
        (KeyboardInterrupt(), 130, ""),
        (click.UsageError("so not"), 2, "marigold: so not\n"),
        (
            ZeroDivisionError("by nothing"),
            1,
            "marigold: A fault of ours: ZeroDivisionError: by nothing\nMARIGOLD_DEBUG=1",
        ),
    ],
)
def test_every_error_has_its_exit_code_and_at_most_two_lines(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    fault: BaseException,
    code: int,
    told: str,
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr("assistant.cli.ask.load_content", fail)
    found, out, err = run(capsys, "ask", "does heat help")
    assert (found, out) == (code, "")
    assert err.strip().startswith(told.strip())
    assert len(err.strip().splitlines()) <= 2


def test_a_fault_of_ours_is_shown_where_that_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("assistant.cli.ask.load_content", fail)
    monkeypatch.setenv("MARIGOLD_DEBUG", "1")
    assert command_line.run(["ask", "does heat help"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_quick_commands_load_nothing_heavy() -> None:
    """The version is told in a tenth of a second: pydantic, numpy and vosk are loaded only where they are used."""
    script = (
        "import sys\nfrom assistant.cli.main import run\nrun(['--version']); run(['--help'])\n"
        "print(sorted({'pydantic', 'numpy', 'vosk', 'sounddevice', 'asyncio'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_typed_question_needs_neither_the_recogniser_nor_the_sound_library(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom assistant.cli.main import run\nrun(['ask', 'does heat help'])\n"
        "print(sorted({'vosk', 'sounddevice', 'soundfile', 'pyttsx3', 'requests', 'asyncio'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=silent_environment(tmp_path),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_program_ends_with_the_exit_code(tmp_path: Path) -> None:
    done = marigold("juggle", env=silent_environment(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "marigold: No such command 'juggle'.\n"


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX closes the streams")
@pytest.mark.parametrize(("closed", "code"), [(">&- 2>&-", 0), (">&-", 0), ("2>&-", 0), (">/dev/full", 1)])
def test_closed_and_full_streams_end_nothing_in_a_traceback(tmp_path: Path, closed: str, code: int) -> None:
    if "/dev/full" in closed and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    words = " ".join(f"'{word}'" for word in command("--version"))
    done = subprocess.run(
        ["sh", "-c", f"exec {words} {closed}"],
        env=silent_environment(tmp_path),
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    assert done.returncode == code, done.stderr
