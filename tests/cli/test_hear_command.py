from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.cli import main as command_line
from assistant.hearing.recogniser import SpeechModel
from assistant.loading import load_speech_model
from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.voice import VoiceSettings

LEAD = 0.7
"""Seconds of silence before the first word."""
GAP = 1.6


@pytest.fixture(scope="module")
def model() -> SpeechModel:
    return load_speech_model(None)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[float, float]]]:
    """Two questions with a pause between them, and when each is said (s)."""
    voice = SupervisedSynthesiser()
    try:
        texts = ("does heat help a back spasm", "is massage good for back pain")
        first, second = (voice.synthesise(text, VoiceSettings(rate=140)) for text in texts)
    finally:
        voice.close()
    rate = first.rate

    def quiet(seconds: float) -> list[np.int16]:
        return [np.int16(0)] * int(seconds * rate)

    path = tmp_path_factory.mktemp("sound") / "two questions.wav"
    sound = np.concatenate([quiet(LEAD), first.samples, quiet(GAP), second.samples, quiet(0.5)]).astype(np.int16)
    soundfile.write(path, sound, rate)
    begin = LEAD + first.seconds + GAP
    return path, [(LEAD, LEAD + first.seconds), (begin, begin + second.seconds)]


@pytest.fixture(autouse=True)
def surroundings(model: SpeechModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [key for key in os.environ if key.startswith(("MARIGOLD_", "VOSK_"))]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("assistant.cli.hear.load_speech_model", lambda choice: model)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = command_line.run(["hear", *arguments])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.out, said.err


def test_what_is_heard_and_when(
    capsys: pytest.CaptureFixture[str], recording: tuple[Path, list[tuple[float, float]]]
) -> None:
    path, said = recording
    code, out, err = run(capsys, "--json", str(path))
    assert (code, err, out.count("\n")) == (0, "", 1)
    found = json.loads(out)
    assert list(found) == ["file", "heard"]
    assert found["file"] == str(path)
    assert len(found["heard"]) == 2
    for turn, (began, ended), words in zip(
        found["heard"], said, ({"heat", "help"}, {"massage", "back", "pain"}), strict=True
    ):
        assert words <= set(turn["text"].split()), turn["text"]
        assert turn["start"] == pytest.approx(began, abs=0.35)
        assert turn["end"] == pytest.approx(ended, abs=0.35)
        assert " ".join(word["word"] for word in turn["words"]) == turn["text"]
        times = [time for word in turn["words"] for time in (word["start"], word["end"])]
        assert times == sorted(times)
        assert began - 0.3 < times[0]
        assert times[-1] < ended + 0.3
        assert turn["text"] not in turn["alternatives"]


def test_people_get_lines_with_times(
    capsys: pytest.CaptureFixture[str], recording: tuple[Path, list[tuple[float, float]]]
) -> None:
    path, _ = recording
    code, out, err = run(capsys, str(path))
    assert (code, err) == (0, "")
    head, *turns = out.splitlines()
    assert head == f"{path}:"
    assert len(turns) == 2
    assert " to " in turns[0]
    assert turns[0].split(" s  ")[1].startswith("does heat")


def test_one_bad_file_among_good_ones_is_told_and_the_others_are_heard(
    capsys: pytest.CaptureFixture[str], recording: tuple[Path, list[tuple[float, float]]], tmp_path: Path
) -> None:
    bad = tmp_path / "text.wav"
    bad.write_text("no sound in here", encoding="utf-8")
    silence = tmp_path / "silence.flac"
    soundfile.write(silence, np.zeros(16_000, dtype=np.int16), 16_000)
    code, out, err = run(capsys, str(silence), str(bad), str(tmp_path / "gone.wav"), str(recording[0]))
    assert code == 2
    assert [line for line in out.splitlines() if not line.startswith("  ")] == [f"{silence}:", f"{recording[0]}:"]
    assert "  (nobody speaks)" in out.splitlines()
    assert [line.startswith("marigold: ") for line in err.splitlines()] == [True, True]
    assert str(bad) in err
    assert "gone.wav" in err


def test_json_stays_one_object_a_file(
    capsys: pytest.CaptureFixture[str], recording: tuple[Path, list[tuple[float, float]]], tmp_path: Path
) -> None:
    code, out, err = run(capsys, "--json", str(tmp_path / "gone.wav"), str(recording[0]), str(recording[0]))
    assert (code, len(err.splitlines())) == (2, 1)
    first, second = (json.loads(line) for line in out.splitlines())
    assert first == second


def test_no_file_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys)
    assert (code, out) == (2, "")
    assert "FILES" in err


def test_a_missing_model_is_a_missing_part(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("assistant.cli.hear.load_speech_model", load_speech_model)
    monkeypatch.setenv("VOSK_MODEL_PATH", str(tmp_path / "nowhere"))
    code, out, err = run(capsys, "x.wav")
    assert (code, out) == (3, "")
    assert "VOSK_MODEL_PATH names" in err
