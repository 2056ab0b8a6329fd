"""Many questions in one go: each line is answered in its place, whatever the line before was."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile
from ask_runs import KEYS, QUESTION, run, settle, spoken

from assistant.answering import Reply, reply_to
from assistant.content import Content
from assistant.understanding.meaning import Context
from silent_machine import TIMEOUT, command, marigold, silent_environment


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(tmp_path, monkeypatch)


def batch(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, data: bytes) -> list[dict[str, Any]]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    code, out, err = run(capsys, "--batch", "-")
    assert (code, err) == (0, "")
    answers = [json.loads(line) for line in out.splitlines()]
    assert all(list(found) == KEYS for found in answers)
    return answers


def test_a_batch_from_a_file_keeps_the_order(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wav = tmp_path / "question.flac"
    soundfile.write(wav, *spoken())
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


def test_standard_output_of_another_encoding_still_gets_json(tmp_path: Path) -> None:
    env = {**silent_environment(tmp_path), "PYTHONIOENCODING": "ascii"}
    done = marigold("ask", "--batch", "-", env=env, text='{"ref": "\xfc", "text": "caf\xe9"}\n')
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["ref"] == "\xfc"
    assert done.stdout.isascii()
