from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.cli import main as command_line
from assistant.settings import Settings
from silent_machine import marigold, silent_environment


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [key for key in os.environ if key.startswith("MARIGOLD_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = command_line.run(["say", *arguments])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.out, said.err


def said(capsys: pytest.CaptureFixture[str], path: Path, *arguments: str) -> tuple[np.ndarray, float]:
    code, out, err = run(capsys, "--out", str(path), *arguments)
    assert (code, err) == (0, "")
    samples, rate = soundfile.read(path, dtype="int16")
    assert soundfile.info(path).format == "WAV"
    assert samples.ndim == 1
    assert out == f"{path}: {len(samples) / rate:.2f} s\n"
    return samples, len(samples) / rate


def test_out_is_a_wav_file_as_long_as_its_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    one, short = said(capsys, tmp_path / "one.wav", "Put a heating pad on the place.")
    _, both = said(capsys, tmp_path / "both.wav", "Put a heating pad on the place. Put a heating pad on the place.")
    assert 1.2 < short < 3.5
    assert both == pytest.approx(2 * short, rel=0.15)
    assert np.abs(one.astype(int)).max() > 3_000


def test_rate_and_volume_are_heard(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = "Put a heating pad on the place for twenty minutes."
    loud, usual = said(capsys, tmp_path / "a.wav", text)
    quiet, slow = said(capsys, tmp_path / "b.wav", text, "--rate", "110", "--volume", "25")
    _, fast = said(capsys, tmp_path / "c.wav", text, "--rate", "280", "--pitch", "80", "--voice", "en-us")
    assert fast < usual < slow
    assert slow > 1.2 * usual
    assert np.abs(quiet.astype(int)).max() < 0.6 * np.abs(loud.astype(int)).max()


@pytest.mark.parametrize("key", ["rate", "volume", "pitch"])
@pytest.mark.parametrize("value", ["-1", "9999", "fast", "", "1.5", "nan"])
def test_a_wrong_number_is_named_with_key_and_range(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, key: str, value: str
) -> None:
    code, out, err = run(capsys, "hello", "--out", str(tmp_path / "x.wav"), f"--{key}={value}")
    assert (code, out) == (2, "")
    low, high = {"rate": (105, 285), "volume": (25, 100), "pitch": (0, 100)}[key]
    assert err == f"marigold: Setting {key}: {value!r} can't be used; it is a whole number from {low} to {high}.\n"
    assert list(tmp_path.glob("*.wav")) == []


def test_the_help_tells_the_ranges_that_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "--help")
    for key in ("rate", "volume", "pitch"):
        limits = {type(limit).__name__: limit for limit in Settings.model_fields[key].metadata}
        assert f"{limits['Ge'].ge} to {limits['Le'].le}" in out


def test_an_unknown_voice_is_answered_with_near_ones(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = run(capsys, "hello", "--out", str(tmp_path / "x.wav"), "--voice", "en-gbb")
    assert (code, out) == (2, "")
    assert err.startswith("marigold: There is no voice called 'en-gbb'. Near to it: ")
    assert "en-gb" in err
    code, _, err = run(capsys, "hello", "--out", str(tmp_path / "x.wav"), "--voice", "")
    assert code == 2
    assert "no voice called ''" in err


def test_out_that_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for path in (tmp_path / "gone" / "x.wav", tmp_path):
        code, out, err = run(capsys, "hello", "--out", str(path))
        assert (code, out) == (2, "")
        assert err.startswith(f"marigold: {path} can't be written: ")
    assert [path.name for path in tmp_path.iterdir() if path.name != "config"] == []


def test_nothing_to_say_and_too_much(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "  \n ") == (2, "", "marigold: There is nothing to say in that text.\n")
    code, _, err = run(capsys, "ha " * 7_000)
    assert (code, err) == (2, "marigold: That is 21000 letters; at most 20000 can be said at once.\n")


def test_without_a_speaker_it_says_so(tmp_path: Path) -> None:
    done = marigold("say", "hello", env=silent_environment(tmp_path))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("marigold: There is no speaker that can be used.\n")
    done = marigold("--speaker", "nope", "say", "hello", env=silent_environment(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "marigold: There is no speaker called 'nope'. There are: none at all.\n"
