from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from assistant import loading
from assistant.answering import Reply, reply_to
from assistant.cli import main as command_line
from assistant.content import Content, load_content
from assistant.hearing.recogniser import SpeechModel
from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.voice import VoiceSettings
from assistant.understanding.meaning import Context
from silent_machine import TIMEOUT, command, marigold, silent_environment

KEYS = ["ref", "heard", "kind", "id", "tier", "score", "choices", "speech", "source"]
QUESTION = "how long do i leave the heating pad on"
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


@pytest.fixture(scope="module")
def content() -> Content:
    return load_content()


@pytest.fixture(scope="module")
def model() -> SpeechModel:
    return loading.load_speech_model(None)


@pytest.fixture(scope="module")
def spoken() -> tuple[NDArray[np.int16], int]:
    """The question in our own voice, with silence around it."""
    voice = SupervisedSynthesiser()
    try:
        speech = voice.synthesise(QUESTION, VoiceSettings(rate=140))
    finally:
        voice.close()
    quiet = np.zeros(speech.rate // 2, dtype=np.int16)
    return np.concatenate([quiet, speech.samples, quiet]), speech.rate


@pytest.fixture(autouse=True)
def surroundings(content: Content, model: SpeechModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [key for key in os.environ if key.startswith(("MARIGOLD_", "VOSK_"))]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("assistant.cli.ask.load_content", lambda folder: content)
    monkeypatch.setattr(loading, "load_speech_model", lambda choice: model)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = command_line.run(["ask", *arguments])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert len(said.err.splitlines()) <= 2 or "--explain" in arguments
    return code, said.out, said.err


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code, out, err = run(capsys, "--json", *arguments)
    assert (code, err, out.count("\n")) == (0, "", 1)
    found: dict[str, Any] = json.loads(out)
    assert list(found) == KEYS
    return found


def batch(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: bytes) -> list[dict[str, Any]]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    code, out, err = run(capsys, "--batch", "-")
    assert (code, err) == (0, "")
    answers = [json.loads(line) for line in out.splitlines()]
    assert all(list(found) == KEYS for found in answers)
    return answers


# One question ----------------------------------------------------------------------------------------


def test_the_promised_answer(capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, QUESTION)
    assert (found["ref"], found["heard"]) == (None, QUESTION)
    assert (found["kind"], found["id"], found["source"]) == ("answer", "heat-for-a-spasm", "guide")
    assert (found["tier"], found["choices"]) == (None, [])
    assert "15 to 20 minutes" in found["speech"]
    assert 0.5 < found["score"] <= 1.0


def test_every_entry_is_answered_with_who_says_it(capsys: pytest.CaptureFixture[str], content: Content) -> None:
    said = {}
    for entry in content.guide.entries.values():
        found = answer(capsys, entry.question)
        said[found["id"]] = found["speech"]
        assert (found["kind"], found["source"]) == ("answer", "guide"), entry.id
        assert found["speech"].startswith("The guide "), found["speech"]
    assert set(said) == set(content.guide.entries)


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
    spoken: tuple[NDArray[np.int16], int],
    tmp_path: Path,
    ending: str,
    rate: int,
    channels: int,
) -> None:
    samples = soxr.resample(spoken[0].astype(np.float32) / 32768, spoken[1], rate)
    path = tmp_path / f"question.{ending}"
    soundfile.write(path, np.repeat(samples[:, None], channels, axis=1), rate)
    found = answer(capsys, "--wav", str(path))
    assert (found["kind"], found["id"]) == ("answer", "heat-for-a-spasm"), found["heard"]
    assert "heating pad" in found["heard"]


def test_what_was_heard_is_shown(
    capsys: pytest.CaptureFixture[str], spoken: tuple[NDArray[np.int16], int], tmp_path: Path
) -> None:
    path = tmp_path / "question.wav"
    soundfile.write(path, *spoken)
    code, out, _ = run(capsys, "--wav", str(path))
    assert code == 0
    assert out.splitlines()[0].startswith("Heard: how long")
    assert "15 to 20 minutes" in out.splitlines()[1]


def test_a_recording_of_silence_is_silence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "silence.wav"
    soundfile.write(path, np.zeros(16_000, dtype=np.int16), 16_000)
    assert answer(capsys, "--wav", str(path))["kind"] == "silence"


def test_a_truncated_recording_is_heard_as_far_as_it_goes(
    capsys: pytest.CaptureFixture[str], spoken: tuple[NDArray[np.int16], int], tmp_path: Path
) -> None:
    path = tmp_path / "cut.wav"
    soundfile.write(path, *spoken)
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


# Many questions --------------------------------------------------------------------------------------


def test_a_batch_from_a_file_keeps_the_order(
    capsys: pytest.CaptureFixture[str], spoken: tuple[NDArray[np.int16], int], tmp_path: Path
) -> None:
    wav = tmp_path / "question.flac"
    soundfile.write(wav, *spoken)
    file = tmp_path / "questions.jsonl"
    lines = [
        {"ref": "z", "text": QUESTION},
        {"ref": 1, "wav": str(wav)},
        {"ref": "a", "text": "stop", "context": "speaking"},
        {"text": "how do i boil an egg"},
    ]
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")  # no newline at the end
    code, out, err = run(capsys, "--batch", str(file))
    answers = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [(a["ref"], a["kind"], a["id"]) for a in answers] == [
        ("z", "answer", "heat-for-a-spasm"),
        (1, "answer", "heat-for-a-spasm"),
        ("a", "command", "stop"),
        (None, "unknown", None),
    ]
    assert all(list(a) == KEYS for a in answers)


WRONG_LINES: list[tuple[bytes, object, str]] = [
    (b"{broken", None, "not valid JSON"),
    (b"[1, 2]", None, "not a JSON object"),
    (b'"does heat help"', None, "not a JSON object"),
    (b"null", None, "not a JSON object"),
    (b'{"ref": 3}', 3, 'needs "text" or "wav"'),
    (b'{"ref": 4, "text": 5}', 4, 'needs "text" or "wav"'),
    (b'{"ref": 5, "text": "x", "context": "asleep"}', 5, "context is one of idle, "),
    (b'{"ref": 6, "text": "x", "context": ["idle"]}', 6, "context is one of idle, "),
    (b'{"ref": 7, "wav": "gone.wav"}', 7, "There is no file gone.wav"),
    (b'{"ref": 8, "wav": "\\u0000"}', 8, "There is no file"),
    (b'{"ref": NaN, "text": "x"}', None, "NaN is no value of JSON"),
    (b'{"ref": 1e999, "text": "x"}', None, "can't be given back"),
    (b'{"ref": ' + b"1" * 5_000 + b', "text": "x"}', None, "not valid JSON"),
    (b'{"text": "x", "ref": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", None, "not valid JSON"),
    (b'{"ref": 9, "text": "' + b"back pain " * 1_000 + b'"}', 9, "10000 letters"),
]


def test_a_wrong_line_is_told_in_its_place_and_the_next_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = b'{"ref": "good", "text": "stop", "context": "speaking"}'
    data = b"\n".join(part for line, _, _ in WRONG_LINES for part in (line, b"", b"  \t", good))
    answers = batch(capsys, monkeypatch, data)
    assert len(answers) == 2 * len(WRONG_LINES)
    for (line, ref, why), wrong, right in zip(WRONG_LINES, answers[::2], answers[1::2], strict=True):
        assert (wrong["ref"], wrong["kind"], wrong["id"]) == (ref, "error", None), line[:80]
        assert why in wrong["speech"]
        assert "\n" not in wrong["speech"]
        assert (right["ref"], right["id"]) == ("good", "stop")


def test_a_line_that_is_told_wrong_is_named_by_its_number(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = batch(capsys, monkeypatch, b'\n{"text": "stop"}\n\n{oops\n')
    assert answers[1]["speech"].startswith("Line 4: ")


@pytest.mark.parametrize("ref", [0, -1.5, "", "ü", True, None, [1, ["a"]], {"b": {"c": None}}, 2**80])
def test_a_ref_of_any_type_comes_back_as_it_was(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, ref: object
) -> None:
    line = json.dumps({"ref": ref, "text": "stop", "context": None}).encode()
    assert batch(capsys, monkeypatch, line)[0]["ref"] == ref


def test_bytes_that_are_no_utf8_and_half_letters_end_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b'\xef\xbb\xbf{"text": "st\xff\xfeop"}\r\n{"text": "\\ud800 heat"}\r\n{"text": "caf\xc3\xa9"}\r\n'
    heard = [found["heard"] for found in batch(capsys, monkeypatch, data)]
    assert heard == ["st\ufffd\ufffdop", "\ud800 heat", "caf\xe9"]


def test_a_fault_of_ours_costs_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(content: Content, texts: list[str], context: Context) -> Reply:
        if texts == ["boom"]:
            raise ZeroDivisionError("by nothing")
        return reply_to(content, texts, context)

    monkeypatch.setattr("assistant.cli.ask.reply_to", faulty)
    answers = batch(capsys, monkeypatch, b'{"ref": 1, "text": "boom"}\n{"ref": 2, "text": "help"}\n')
    assert [(a["ref"], a["kind"]) for a in answers] == [(1, "error"), (2, "command")]
    assert "ZeroDivisionError" in answers[0]["speech"]


@pytest.mark.parametrize("extra", ["--speak", "--explain"])
def test_options_of_one_question_are_not_for_a_batch(capsys: pytest.CaptureFixture[str], extra: str) -> None:
    code, out, err = run(capsys, "--batch", "-", extra)
    assert (code, out) == (2, "")
    assert extra in err


def test_a_batch_file_that_cannot_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for path in (tmp_path / "gone.jsonl", tmp_path):
        code, out, err = run(capsys, "--batch", str(path))
        assert (code, out) == (2, "")
        assert f"{path} can't be read" in err


# As a program of its own -------------------------------------------------------------------------------


def test_a_batch_streams_and_ends_quietly_when_its_reader_leaves(tmp_path: Path) -> None:
    with subprocess.Popen(
        command("ask", "--batch", "-"),
        env=silent_environment(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        bufsize=1,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        try:
            for number in range(3):  # each is answered before the next is written
                child.stdin.write(json.dumps({"ref": number, "text": "stop"}) + "\n")
                child.stdin.flush()
                assert json.loads(child.stdout.readline())["ref"] == number
            child.stdout.close()
            child.stdin.write('{"text": "stop"}\n{"text": "stop"}\n')
            child.stdin.close()
            assert child.wait(TIMEOUT) == 0
            assert child.stderr.read() == ""
        finally:
            child.kill()


def test_speak_without_a_speaker_answers_and_says_what_is_missing(tmp_path: Path) -> None:
    done = marigold("ask", "--json", "--speak", QUESTION, env=silent_environment(tmp_path))
    assert json.loads(done.stdout)["id"] == "heat-for-a-spasm"
    assert done.returncode == 3
    assert done.stderr.startswith("marigold: There is no speaker that can be used.\n")
    assert len(done.stderr.splitlines()) == 2


def test_standard_output_of_another_encoding_still_gets_json(tmp_path: Path) -> None:
    env = {**silent_environment(tmp_path), "PYTHONIOENCODING": "ascii"}
    done = marigold("ask", "--batch", "-", env=env, text='{"ref": "\xfc", "text": "caf\xe9"}\n')
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ref"] == "\xfc"
    assert done.stdout.isascii()
