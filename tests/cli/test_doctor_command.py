from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from doctor_surroundings import NOISE, settle
from numpy.typing import NDArray

from assistant.cli import doctor as doctor_command
from assistant.cli import main as command_line
from assistant.doctor import examination, sound
from assistant.doctor.check import Check, from_fault
from assistant.doctor.examination import Examination, Watcher, Wishes
from assistant.errors import MissingPartError
from assistant.hearing.models.locate import shipped_models
from assistant.sound import devices as devices_room
from assistant.sound.devices import NoMicrophoneError, UnknownDeviceError
from assistant.sound.speaker import RATE
from virtual_devices import virtual_devices

NAMES = [
    *("settings", "disk", "model", "content", "voice", "sound"),
    *("devices", "speaker", "microphone", "latency", "clock"),
]
ROOT = shipped_models().parent


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(tmp_path, monkeypatch)


@pytest.fixture
def no_devices(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Let PortAudio find nothing, whatever this machine has."""
    fake = SimpleNamespace(
        query_devices=list,
        query_hostapis=list,
        default=SimpleNamespace(device=(-1, -1)),
        get_portaudio_version=lambda: (1, "PortAudio V19, of a test"),
        __version__="0",
    )
    monkeypatch.setattr(devices_room, "_portaudio", fake)
    return fake


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = command_line.run(arguments)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.out, said.err


def in_a_process(environment: Mapping[str, str], *arguments: str) -> tuple[int, dict[str, dict[str, Any]], bool]:
    """Run the doctor as a program; return exit code, its checks by name, and its ``ok``."""
    done = subprocess.run(
        [sys.executable, "-m", "assistant", *arguments],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert "Traceback" not in done.stderr
    found = json.loads(done.stdout)
    assert all(check["ok"] or check["advice"] for check in found["checks"])
    return done.returncode, {check["name"]: check for check in found["checks"]}, found["ok"]


# The command -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_devices")
def test_without_devices_all_else_is_seen_to_and_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "doctor")
    assert code == 3
    lines = out.splitlines()
    heads = [line for line in lines if not line.startswith("    ")]
    assert [head[4:].split(":")[0] for head in heads] == NAMES
    failed = [head[4:].split(":")[0] for head in heads if head.startswith("--  ")]
    assert failed == ["devices", "speaker", "microphone"]
    assert all(head[:4] in ("ok  ", "--  ") for head in heads)
    for number, line in enumerate(lines):
        if line.startswith("--  "):
            assert lines[number + 1].startswith("    ")
    assert "--  microphone: There is no microphone that can be used" in lines
    assert "10 files verified" in out
    assert err == "marigold: 3 of 11 checks found something to do: devices, speaker, microphone.\n"
    assert "\x1b" not in out


@pytest.mark.usefixtures("no_devices")
def test_a_damaged_model_stops_neither_the_doctor_nor_the_other_checks(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    (broken / "am").mkdir(parents=True)
    (broken / "am" / "final.mdl").touch()
    code, out, _ = run(capsys, "--model", str(broken), "doctor", "--json")
    found = json.loads(out)
    checks = {check["name"]: check for check in found["checks"]}
    assert (code, found["ok"]) == (3, False)
    assert list(checks) == NAMES
    assert checks["model"]["ok"] is False
    assert "am/final.mdl is empty" in checks["model"]["finding"]
    assert "models get" in checks["model"]["advice"]
    assert checks["latency"] == {
        "name": "latency",
        "ok": False,
        "finding": "not tried, for lack of model",
        "advice": "First see to: model.",
    }
    assert checks["content"]["ok"] is True
    assert checks["voice"]["ok"] is True
    assert checks["settings"]["finding"].startswith(f"model = {broken} (command line), all else as it comes")


def test_an_unknown_microphone_is_answered_with_the_known_ones(
    capsys: pytest.CaptureFixture[str], no_devices: SimpleNamespace
) -> None:
    webcam = {"index": 0, "name": "Webcam", "hostapi": 0, "max_input_channels": 1, "max_output_channels": 0}
    no_devices.query_devices = lambda: [{**webcam, "default_samplerate": 44_100.0}]
    no_devices.query_hostapis = lambda: [{"name": "ALSA"}]
    code, out, _ = run(capsys, "--microphone", "nonsense", "doctor")
    lines = out.splitlines()
    at = lines.index("--  microphone: There is no microphone called 'nonsense'")
    assert (code, lines[at + 1]) == (3, "    There are: 0 Webcam.")
    assert "--  devices: there is no speaker; microphones: 0 Webcam" in lines
    assert any(line.startswith("ok  settings: microphone = nonsense (command line)") for line in lines)


def test_wrong_settings_are_told_and_the_rest_goes_on_with_the_command_lines(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("rate = 9000\n", encoding="utf-8")
    looking = Examination(Wishes(file, {"model": "no-such-model", "speaker": None}))
    check = looking._check_settings()
    assert not check.ok
    assert "rate: 9000" in check.finding
    assert str(file) in (check.advice or "")
    fault = looking._examined("model", 5.0, looking._check_model)
    assert "no-such-model" in fault.finding
    assert (fault.advice or "").startswith("Known: marigold-en")
    assert looking._check_voice().ok
    looking.close()


def test_an_unknown_voice_is_told(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('voice = "nobody"\n', encoding="utf-8")
    looking = Examination(Wishes(file))
    assert looking._check_settings().finding.startswith(f"voice = nobody ({file}), all else as it comes")
    check = looking._examined("voice", 20.0, looking._check_voice)
    assert (check.ok, check.finding) == (False, "There is no voice called 'nobody'")
    assert "lack of model, content, voice" in looking._check_latency().finding
    looking.close()


@pytest.mark.devices
def test_on_virtual_devices_a_voice_in_the_room_is_heard_and_silence_is_told() -> None:
    question, over = _question(), threading.Event()
    with virtual_devices() as devices:

        def play() -> None:
            while not over.is_set():
                devices.play_into_microphone(question, RATE)

        player = threading.Thread(target=play)
        player.start()
        try:
            with devices.record_speaker() as recording:
                code, checks, well = in_a_process(devices.environment, "doctor", "--json", "--record")
        finally:
            over.set()
            player.join(20)
        assert (code, well) == (0, True)
        assert set(checks) == {*NAMES, "recording"}
        assert "[default, chosen]" in checks["devices"]["finding"]
        assert "gives sound: peak" in checks["microphone"]["finding"]
        assert "to the end" in checks["speaker"]["finding"]
        assert "heat" in checks["recording"]["finding"]
        assert checks["recording"]["finding"].endswith("played back")
        assert np.abs(recording.samples.astype(int)).max() > 1000

        with devices.record_speaker() as silence:
            code, checks, well = in_a_process(devices.environment, "doctor", "--json", "--quiet")
        assert (code, well) == (3, False)
        assert [name for name, check in checks.items() if not check["ok"]] == ["microphone"]
        assert "zeros: it is muted" in checks["microphone"]["finding"]
        assert "played silence" in checks["speaker"]["finding"]
        assert np.abs(silence.samples.astype(int)).max(initial=0) == 0


def _question() -> NDArray[np.int16]:
    from assistant.speaking.supervised import SupervisedSynthesiser
    from assistant.speaking.voice import VoiceSettings

    voice = SupervisedSynthesiser()
    try:
        return voice.synthesise("Does heat help? Does heat help?", VoiceSettings()).samples
    finally:
        voice.close()


@pytest.mark.devices
def test_a_hung_sound_server_holds_up_neither_the_checks_nor_the_end() -> None:
    program = (
        "from assistant.cli.main import run\n"
        "from assistant.doctor import examination\n"
        "import sys\n"
        "examination.QUICK = 2.0\n"
        "sys.exit(run(['doctor', '--json']))\n"
    )
    with virtual_devices() as devices, devices.hung():
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **devices.environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )
        took = time.monotonic() - began
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 3
    assert took < 30
    failed = [name for name, check in checks.items() if not check["ok"]]
    assert failed == ["sound", "devices", "speaker", "microphone"]
    assert "does not answer" in checks["sound"]["finding"]
    assert checks["microphone"]["finding"] == "not tried, for the sound server does not answer"


def test_the_meter_is_drawn_on_a_terminal_only(capsys: pytest.CaptureFixture[str]) -> None:
    for shows in (False, True):
        onlooker = doctor_command._Onlooker(shows=shows)
        onlooker.begins("microphone")
        onlooker.level(-30.0)
        onlooker.speak_now(3.0)
        out = capsys.readouterr().out
        assert ("[###############...............]  -30 dBFS" in out, "speak now, for 3 seconds" in out) == (
            shows,
            shows,
        )


# How the checks are run --------------------------------------------------------------------------------


def one_of(work: Callable[[], Check], *, device: bool = False, seconds: float = 1.0) -> tuple[Check, Examination]:
    looking = Examination(Wishes())
    try:
        check = looking._device("part", work, seconds) if device else looking._examined("part", seconds, work)
    finally:
        looking.close()
    return check, looking


def test_a_check_that_fails_or_hangs_becomes_a_finding() -> None:
    def fail() -> Check:
        raise ZeroDivisionError("by\nnought")

    release = threading.Event()

    def hang() -> Check:
        release.wait(20)
        raise AssertionError

    check, looking = one_of(fail)
    assert (check.ok, check.finding) == (False, "this check itself failed: ZeroDivisionError: by nought")
    assert not looking.left_behind
    check, looking = one_of(hang, device=True, seconds=0.1)
    assert (check.ok, looking.left_behind) == (False, True)
    assert "does not answer" in check.finding
    release.set()


def test_without_the_sound_library_devices_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Check:
        raise devices_room.PortAudioMissingError

    monkeypatch.setattr(sound, "check_library", missing)
    looking = Examination(Wishes())
    check = looking._device("sound", looking._check_library)
    assert check.finding == "The sound library PortAudio is missing"
    assert check.advice is not None
    assert check.advice.startswith("Type: sudo apt-get install")
    other = looking._device("microphone", looking._check_microphone)
    assert other.finding == "not tried, for the sound library is not there"
    looking.close()


def test_the_level_is_shown_where_somebody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def heard(device: str | None, seconds: float, on_level: Callable[[float], None]) -> sound.Recorded:
        asked.append(seconds)
        on_level(-20.0)
        return sound.Recorded("Mic", NOISE, 1.0)

    class Onlooker(Watcher):
        watches_level = True
        seen: list[float] = []  # noqa: RUF012

        def level(self, dbfs: float) -> None:
            self.seen.append(dbfs)

    monkeypatch.setattr(sound, "record", heard)
    for watcher in (Watcher(), Onlooker()):
        looking = Examination(Wishes(), watcher)
        assert looking._check_microphone().ok
        looking.close()
    assert asked == [examination.LISTENING, examination.WATCHING]
    assert Onlooker.seen == [-20.0]


@pytest.mark.parametrize(
    ("fault", "finding", "advice"),
    [
        (MissingPartError("It is gone.\nBuy one."), "It is gone", "Buy one."),
        (UnknownDeviceError("speaker", "x", ["0 y"]), "There is no speaker called 'x'", "There are: 0 y."),
        (MissingPartError("It is gone."), "It is gone", "Install Marigold again, and report this if it stays."),
        (NoMicrophoneError("a\x1b[1mb"), "There is no microphone that can be used (a [1mb)", None),
    ],
)
def test_our_errors_become_a_finding_and_an_advice(fault: Exception, finding: str, advice: str | None) -> None:
    check = from_fault("part", fault)
    assert (check.ok, check.finding) == (False, finding)
    assert advice is None or check.advice == advice
