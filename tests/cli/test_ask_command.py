from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from ask_runs import KEYS, QUESTION, content, run, settle, spoken

from silent_machine import marigold, silent_environment

OFF_TOPIC = [
    "what's the weather tomorrow",
    "who won the football last night",
    "how do i boil an egg",
    "can you play some music",
    "how do i reset my wifi router",
    "when is my next bus",
    "what's the capital of peru",
    "how do i get red wine out of a carpet",
    "is my tax return due this week",
    "translate good morning into french",
]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(tmp_path, monkeypatch)


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, err = run(capsys, "--json", *arguments)
    assert (code, err, out.count("\n")) == (0, "", 1)
    found: dict[str, Any] = json.loads(out)
    assert list(found) == KEYS
    return found


# One question ----------------------------------------------------------------------------------------


def test_the_promised_answer(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, QUESTION)
    assert (found["ref"], found["heard"]) == (None, QUESTION)
    assert (found["kind"], found["id"], found["source"]) == ("answer", "heat-for-a-spasm", "guide")
    assert (found["tier"], found["choices"]) == (None, [])
    assert "15 to 20 minutes" in found["speech"]
    assert 0.5 < found["score"] <= 1.0


def test_every_entry_is_answered_with_who_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for entry in content().guide.entries.values():
        found = answer(capsys, entry.question)
        said[found["id"]] = found["speech"]
        assert (found["kind"], found["source"]) == ("answer", "guide"), entry.id
        assert found["speech"].startswith("The guide "), found["speech"]
    assert set(said) == set(content().guide.entries)


@pytest.mark.parametrize("question", OFF_TOPIC)
def test_what_the_guide_has_nothing_on_is_unknown(capsys: pytest.CaptureFixture[str], question: str) -> None:
    found = answer(capsys, question)
    assert (found["kind"], found["source"], found["tier"], found["choices"]) == ("unknown", "product", None, [])
    assert found["speech"]
    assert "the guide says" not in found["speech"].lower()


@pytest.mark.parametrize(
    "question",
    ["i can't feel it when i wipe", "i can't pee since my back went", "both my legs are weak and numb"],
)
def test_a_red_flag_has_tier_and_the_safety_layer_as_its_source(
    capsys: pytest.CaptureFixture[str], question: str
) -> None:
    found = answer(capsys, question)
    assert (found["kind"], found["source"]) == ("red_flag", "safety")
    assert found["id"].startswith("R")
    assert found["tier"]
    assert found["speech"]


def test_command_silence_and_choice(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "--context", "speaking", "stop")
    assert (found["kind"], found["id"]) == ("command", "stop")
    found = answer(capsys, "   ")
    assert (found["kind"], found["id"], found["speech"]) == ("silence", None, "")
    code, out, _ = run(capsys, "   ")
    assert (code, out) == (0, "(silence)\n")


def test_the_context_decides(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "--context", "question", "yes")["id"] == "yes"
    assert answer(capsys, "--context", "routine", "how long left")["id"] == "remaining"
    code, out, err = run(capsys, "--context", "asleep", "stop")
    assert (code, out) == (2, "")
    assert "asleep" in err


def test_without_json_only_what_is_said_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, QUESTION)
    assert (code, err) == (0, "")
    assert out.startswith("The guide says")
    assert out.count("\n") == 1


def test_explain_goes_to_stderr_alone(capsys: pytest.CaptureFixture[str]) -> None:
    code, plain, _ = run(capsys, "--json", QUESTION)
    code, out, err = run(capsys, "--json", "--explain", QUESTION)
    assert (code, out) == (0, plain)
    assert err.startswith("answer  heat-for-a-spasm  score ")
    assert "entry:heat-for-a-spasm" in err


@pytest.mark.parametrize("arguments", [[], ["a", "--wav", "b"], ["a", "--batch", "-"], ["--wav", "a", "--batch", "-"]])
def test_none_or_two_questions_are_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "Give one question" in err


def test_a_very_long_text_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "my back hurts " * 715)
    assert (code, out) == (2, "")
    assert err == "marigold: That is 10010 letters; a question has at most 5000.\n"


# A recording -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "rate", "channels"),
    [
        ("wav", 8_000, 1),
        ("wav", 22_050, 2),
        ("wav", 44_100, 1),
        ("flac", 48_000, 2),
        ("ogg", 22_050, 1),
        ("ogg", 44_100, 2),
    ],
)
def test_a_recording_of_any_form_is_answered(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    ending: str,
    rate: int,
    channels: int,
) -> None:
    voice, voice_rate = spoken()
    samples = soxr.resample(voice.astype(np.float32) / 32768, voice_rate, rate)
    path = tmp_path / f"question.{ending}"
    soundfile.write(path, np.repeat(samples[:, None], channels, axis=1), rate)
    found = answer(capsys, "--wav", str(path))
    assert (found["kind"], found["id"]) == ("answer", "heat-for-a-spasm"), found["heard"]
    assert "heating pad" in found["heard"]


def test_what_was_heard_is_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "question.wav"
    soundfile.write(path, *spoken())
    code, out, _ = run(capsys, "--wav", str(path))
    assert code == 0
    assert out.splitlines()[0].startswith("Heard: how long")
    assert "15 to 20 minutes" in out.splitlines()[1]


def test_a_recording_of_silence_is_silence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(16_000, dtype=np.int16), 16_000)
    assert answer(capsys, "--wav", str(path))["kind"] == "silence"


def test_a_truncated_recording_is_heard_as_far_as_it_goes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    soundfile.write(path, *spoken())
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert answer(capsys, "--wav", str(path))["heard"].startswith("how long")


def _wrong_recordings(folder: Path) -> Iterator[tuple[Path, str]]:
    yield folder / "gone.wav", "There is no file"
    (folder / "empty.wav").touch()
    yield folder / "empty.wav", "is empty"
    soundfile.write(folder / "none.wav", np.zeros(0, dtype=np.int16), 16_000)
    yield folder / "none.wav", "holds no sound"
    yield folder, "is a folder"
    (folder / "text.wav").write_text("does heat help\n" * 50, encoding="utf-8")
    yield folder / "text.wav", "is no recording"
    head = (folder / "none.wav").read_bytes()[:20]
    (folder / "head.wav").write_bytes(head)
    yield folder / "head.wav", "is no recording"
    huge = folder / "huge.wav"
    size = 2_000_000_000
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16)
    huge.write_bytes(b"RIFF" + struct.pack("<I", size + 36) + b"WAVE" + form + b"data" + struct.pack("<I", size))
    os.truncate(huge, size + 44)  # sparse: it takes no room
    yield huge, "lasts 62500 s; at most 120 s"


def test_what_is_no_recording_is_told_apart(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for path, why in _wrong_recordings(tmp_path):
        code, out, err = run(capsys, "--wav", str(path))
        assert (code, out) == (2, ""), path
        assert why in err
        assert path.name in err


def test_speak_without_a_speaker_answers_and_says_what_is_missing(tmp_path: Path) -> None:
    done = marigold("ask", "--json", "--speak", QUESTION, env=silent_environment(tmp_path))
    assert json.loads(done.stdout)["id"] == "heat-for-a-spasm"
    assert done.returncode == 3
    assert done.stderr.startswith("marigold: There is no speaker that can be used.\n")
    assert len(done.stderr.splitlines()) == 2
