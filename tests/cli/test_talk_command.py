from __future__ import annotations

import ctypes.util
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assistant.cli.terminal import Terminal
from assistant.content import shipped
from silent_machine import TIMEOUT, command, marigold, silent_environment

QUESTION = "how long do i leave the heating pad on"
GONE_WITHIN = 2.0
"""Seconds within which nothing of ours may be left."""
linux_only = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes in /proc")


class Running:
    """`marigold` as a child with the lines that it has shown so far."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self.child = child
        self.lines: list[str] = []
        self._new = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            with self._new:
                self.lines.append(line)
                self._new.notify_all()

    def wait_for(self, pattern: str, seconds: float = TIMEOUT) -> None:
        with self._new:
            there = self._new.wait_for(lambda: any(re.search(pattern, line) for line in self.lines), seconds)
        assert there, (pattern, self.lines)

    def type(self, text: str) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(text)
        self.child.stdin.flush()

    def descendants(self) -> list[int]:
        return descendants(self.child.pid)


@contextmanager
def running(env: dict[str, str], *arguments: str) -> Iterator[Running]:
    """Start the command line with an open keyboard; it is ended whatever happens."""
    child = subprocess.Popen(
        command(*arguments),
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    try:
        yield Running(child)
    finally:
        child.kill()
        child.wait()


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(word) for word in task.read_text().split()]
        except OSError:
            continue
        found += [each for child in children for each in (child, *descendants(child))]
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected doesn't."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def left_over(pids: list[int]) -> list[int]:
    end = time.monotonic() + GONE_WITHIN
    while time.monotonic() < end and any(alive(pid) for pid in pids):
        time.sleep(0.02)
    return [pid for pid in pids if alive(pid)]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return silent_environment(tmp_path / "surroundings")


def test_this_machine_looks_as_if_it_had_no_device(env: dict[str, str]) -> None:
    if ctypes.util.find_library("portaudio") is None:
        pytest.skip("PortAudio is missing")
    done = subprocess.run(
        [sys.executable, "-c", "import sounddevice; print(list(sounddevice.query_devices()))"],
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == "[]\n"


def test_without_devices_it_says_why_and_takes_typed_questions(env: dict[str, str]) -> None:
    done = marigold(env=env, text=f"{QUESTION}\n\n   \nwho won the football\n")
    assert (done.returncode, done.stderr) == (0, "")
    shown = done.stdout.splitlines()
    assert shown[0].startswith("[There is no speaker that can be used.")
    assert shown[1].startswith("[There is no microphone that can be used.")
    assert "Type your question" in shown[1]
    answers = [line for line in shown if line.startswith("Marigold: ")]
    assert "15 to 20 minutes" in answers[-2]
    assert "guide" in answers[-1]
    assert len(answers) == 3  # the greeting and the two answers, all shown before the end of input ended it


def test_typed_looks_for_no_microphone_and_needs_no_model(env: dict[str, str], tmp_path: Path) -> None:
    typed = f"\x1b[31m{QUESTION}\x07\x00\n"
    done = marigold("--typed", env={**env, "VOSK_MODEL_PATH": str(tmp_path / "nowhere")}, text=typed)
    assert (done.returncode, done.stderr) == (0, "")
    assert "microphone" not in done.stdout
    assert "15 to 20 minutes" in done.stdout.splitlines()[-1]
    assert all(line.isprintable() for line in done.stdout.splitlines())


def test_nothing_to_talk_with_is_a_missing_part(env: dict[str, str]) -> None:
    done = marigold(env=env)
    assert done.returncode == 3
    first, second = done.stderr.splitlines()
    assert first == "marigold: There is no microphone, and no question was typed."
    assert "marigold ask" in second
    assert "marigold doctor" in second


@linux_only
def test_a_closed_keyboard_is_a_missing_part(env: dict[str, str]) -> None:
    line = " ".join(f"'{word}'" for word in command("--typed"))
    done = subprocess.run(
        ["sh", "-c", f"exec {line} <&-"], env=env, capture_output=True, encoding="utf-8", timeout=TIMEOUT, check=False
    )
    assert done.returncode == 3
    assert done.stderr.startswith("marigold: There is no microphone, and no question was typed.\n")


def test_a_named_device_that_is_not_there_is_wrong_input(env: dict[str, str]) -> None:
    for arguments, kind in ((["--microphone", "nope"], "microphone"), (["--typed", "--speaker", "nope"], "speaker")):
        done = marigold(*arguments, env=env, text=QUESTION)
        assert done.returncode == 2
        assert done.stderr == f"marigold: There is no {kind} called 'nope'. There are: none at all.\n"


def test_no_model_is_a_missing_part(env: dict[str, str], tmp_path: Path) -> None:
    done = marigold(env={**env, "VOSK_MODEL_PATH": str(tmp_path / "nowhere")}, text=QUESTION)
    assert (done.returncode, done.stdout) == (3, "")
    assert "VOSK_MODEL_PATH names" in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_a_damaged_model_is_a_missing_part(env: dict[str, str], tmp_path: Path) -> None:
    model = tmp_path / "marigold-en"
    shutil.copytree(shipped("models") / "marigold-en", model)
    acoustic = model / "am" / "final.mdl"
    acoustic.write_bytes(acoustic.read_bytes()[: acoustic.stat().st_size // 2])
    done = marigold("--model", str(model), env=env, text=QUESTION)
    assert (done.returncode, done.stdout) == (3, "")
    assert "final.mdl" in done.stderr
    assert len(done.stderr.splitlines()) <= 2


@linux_only
@pytest.mark.parametrize("moment", [0.03, 0.4, 1.0, "ready", "answering"])
def test_ctrl_c_ends_it_cleanly_at_any_moment(env: dict[str, str], moment: float | str) -> None:
    with running(env, "--typed") as talk:
        if isinstance(moment, float):
            time.sleep(moment)
        else:
            talk.wait_for("Type your question")
        if moment == "answering":
            talk.type(f"{QUESTION}\n")
            talk.wait_for("15 to 20 minutes")
        workers = talk.descendants()
        assert workers or isinstance(moment, float), "the voice's worker was looked for"
        talk.child.send_signal(signal.SIGINT)
        code = talk.child.wait(TIMEOUT)
        assert left_over(workers) == []
        # Python ends by the signal itself (130 to a shell) where it came before our first line, or into an exec().
        allowed = (0, 130, -signal.SIGINT) if isinstance(moment, float) else (0,)
        assert code in allowed, (code, talk.lines)
        assert "Traceback" not in "".join(talk.lines)


@linux_only
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_it(env: dict[str, str], number: signal.Signals) -> None:
    with running(env, "--typed") as talk:
        talk.wait_for("Type your question")
        workers = talk.descendants()
        assert workers
        os.kill(talk.child.pid, number)
        talk.child.wait(TIMEOUT)
        assert left_over(workers) == []


def test_it_ends_quietly_when_the_reader_of_its_output_leaves(env: dict[str, str]) -> None:
    with subprocess.Popen(
        command("--typed"),
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        try:
            child.stdout.readline()
            child.stdout.close()
            child.stdin.write("does heat help\n")
            child.stdin.close()
            assert child.wait(TIMEOUT) in (0, 3)
            assert "Traceback" not in child.stderr.read()
        finally:
            child.kill()


# Routines --------------------------------------------------------------------------------------------


def test_a_routine_in_a_talk_shows_its_cues_with_their_moments(env: dict[str, str]) -> None:
    with running(env, "--typed") as talk:
        talk.wait_for("Type your question")
        talk.type("start the pressing\n")
        talk.wait_for(r"^Marigold: Okay, pressing and rubbing\.")
        talk.type("ready\n")
        talk.wait_for(r"^  0:00  Press now\.$")
        talk.type("stop\n")
        talk.wait_for(r"^Marigold: Stopped\. Let go now\.$")


def test_what_is_on_no_clock_is_said_as_anything_else(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(timings=False)
    terminal.counts("Stopped.", None)
    terminal.counts("A skin\x1b[2J check.", 754.0)
    assert capsys.readouterr().out == "Marigold: Stopped.\n 12:34  A skin [2J check.\n"
