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
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from assistant.cli import doctor as doctor_command
from assistant.cli import main as command_line
from assistant.content import load_guide
from assistant.doctor import examination, levels, machine, sound, speech
from assistant.doctor.check import Check, from_fault
from assistant.doctor.examination import Examination, Watcher, Wishes
from assistant.errors import MissingPartError
from assistant.hearing.models.locate import shipped_models
from assistant.settings import Settings
from assistant.sound import devices as devices_room
from assistant.sound.devices import Device, NoMicrophoneError, UnknownDeviceError
from assistant.sound.speaker import RATE, SilentSpeaker
from virtual_devices import virtual_devices

NAMES = [
    *("settings", "disk", "model", "content", "voice", "sound"),
    *("devices", "speaker", "microphone", "latency", "clock"),
]
ROOT = shipped_models().parent
NOISE: NDArray[np.int16] = np.random.default_rng(3).normal(0, 3000, 16_000).astype(np.int16)


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARIGOLD_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("VOSK_MODEL_PATH", *(f"MARIGOLD_{key.upper()}" for key in Settings.model_fields)):
        monkeypatch.delenv(name, raising=False)


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
    assert "9 files verified" in out
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


# Each judgement, without devices -------------------------------------------------------------------------


def recorded(samples: NDArray[np.int16], *, asked: float = 1.0, lost: str | None = None, lost_sound: int = 0) -> Check:
    return sound.check_microphone(sound.Recorded("Mic", samples, asked, lost, lost_sound))


def test_what_a_microphone_gave_is_judged() -> None:
    zeros: NDArray[np.int16] = np.zeros(16_000, dtype=np.int16)
    fine = recorded(NOISE)
    assert (fine.ok, fine.finding) == (True, "'Mic' gives sound: peak -9 dBFS, RMS -21 dBFS")
    assert "muted" in recorded(zeros).finding
    assert "muted" in recorded(zeros + np.int16(7)).finding
    assert "0.1 s of sound in 3 s" in recorded(NOISE[:1600]).finding
    assert "it was closed" in recorded(NOISE, lost="it was closed").finding
    assert not recorded(NOISE, lost="it was closed").ok
    assert "turn it up" in recorded(NOISE // 1000).finding
    assert "turn it down" in recorded(np.clip(NOISE.astype(int) * 50, -32768, 32767).astype(np.int16)).finding
    assert "lost 3 times" in recorded(NOISE, lost_sound=3).finding


def test_levels() -> None:
    square = np.array([16_384, -16_384], dtype=np.int16)
    assert levels.peak_dbfs(square) == pytest.approx(-6.02, abs=0.01)
    assert levels.rms_dbfs(square) == pytest.approx(-6.02, abs=0.01)
    assert levels.peak_dbfs(np.array([-32_768], dtype=np.int16)) == 0.0
    assert levels.rms_dbfs(np.zeros(0, dtype=np.int16)) == levels.FLOOR_DBFS
    assert levels.meter(-30, 10) == "#####....."
    assert levels.meter(levels.FLOOR_DBFS, 10) == ".........."
    assert levels.meter(0, 10) == "##########"


def test_an_output_is_played_to_its_end_and_stopped_in_the_middle() -> None:
    output = SilentSpeaker()
    played = sound.try_output(output, "Box", sound.tone()[: RATE // 2], RATE)
    output.close()
    assert played.length == pytest.approx(0.5, abs=0.01)
    assert played.late == pytest.approx(0.0, abs=0.2)
    assert played.stop is not None
    check = sound.check_speaker(played, silent=False)
    assert check.ok
    assert "'Box' played 0.5 s to the end" in check.finding


def test_an_output_that_is_dead_is_told() -> None:
    output = SilentSpeaker()
    output.close()
    played = sound.try_output(output, "Box", sound.tone(), RATE)
    assert sound.check_speaker(played, silent=False).finding == "'Box' opens, but played nothing"


@pytest.mark.parametrize(
    ("played", "finding"),
    [
        (sound.Played("Box", 1.0, 0.1, None, None, alive=True), "'Box' opens, but did not play to the end"),
        (sound.Played("Box", 1.0, 0.1, 0.0, None, alive=True), "'Box' plays, but did not stop when it was told to"),
        (sound.Played("Box", 1.0, 0.1, 0.0, 0.51, alive=True), "'Box' plays, but took 0.51 s to stop"),
        (sound.Played("Box", 1.0, 0.1, 0.0, 0.01, alive=False), "'Box' plays, but went when it was stopped"),
    ],
)
def test_a_speaker_that_does_not_obey_is_told(played: sound.Played, finding: str) -> None:
    check = sound.check_speaker(played, silent=False)
    assert (check.ok, check.finding) == (False, finding)


def device(index: int, name: str, inputs: int, outputs: int) -> Device:
    return Device(index, name, "ALSA", inputs, outputs, 44_100.0, default_input=index == 1, default_output=index == 0)


def test_devices_are_listed_with_the_default_and_the_chosen_ones() -> None:
    box, webcam, headset = device(0, "Box", 0, 2), device(1, "Webcam", 1, 0), device(2, "Headset\n", 1, 2)
    check = sound.check_devices([box, webcam, headset], headset, box)
    assert check.ok
    assert check.finding == (
        "microphones: 1 Webcam [default], 2 Headset [chosen]; speakers: 0 Box [default, chosen], 2 Headset"
    )
    assert sound.check_devices([box], None, box).finding.startswith("there is no microphone")
    assert sound.check_devices([webcam], webcam, None).finding.startswith("there is no speaker")


def test_settings_are_told_with_where_they_come_from(tmp_path: Path) -> None:
    file = tmp_path / "marigold.toml"
    file.write_text("rate = 150\nvolume = 50\nvoice = 'en-us'\n", encoding="utf-8")
    settings = Settings(rate=150, volume=60, voice="en-gb")
    check = machine.check_settings(
        settings, file, machine.keys_in(file), {"voice": "en-gb", "model": None}, {"MARIGOLD_VOLUME": "60"}
    )
    assert check.finding == (
        f"voice = en-gb (command line), rate = 150 ({file}), volume = 60 (MARIGOLD_VOLUME), all else as it comes"
    )
    gone = tmp_path / "gone.toml"
    assert machine.check_settings(Settings(), gone, machine.keys_in(gone), {}, {}).finding == (
        f"all as they come; there is no {gone}"
    )


def test_the_disk_is_judged(tmp_path: Path) -> None:
    free, writable = machine.free_bytes(tmp_path / "not" / "yet")
    assert free > 0
    assert writable
    file = tmp_path / "file"
    file.touch()
    assert machine.free_bytes(file / "below")[1] is False
    assert machine.check_disk(tmp_path, 5_000_000_000, writable=True).finding == f"5.0 GB free for {tmp_path}"
    assert "only 20 MB" in machine.check_disk(tmp_path, 20_000_000, writable=True).finding
    assert not machine.check_disk(tmp_path, 5_000_000_000, writable=False).ok


def test_the_clock_is_judged() -> None:
    now = 1_790_000_000.0
    began = machine.Moment(now, 5.0)
    fine = machine.check_clock(began, machine.Moment(now + 10.1, 15.0), "CET")
    assert (fine.ok, fine.finding) == (True, "both clocks went alike for 10.0 s; time zone CET")
    assert "no time zone" in machine.check_clock(began, machine.Moment(now + 10, 15.0), None).finding
    leapt = machine.check_clock(began, machine.Moment(now + 3610, 15.0), "CET")
    assert (leapt.ok, leapt.finding) == (False, "it jumped forward by 3600.0 s within 10.0 s")
    assert "back by 20.0 s" in machine.check_clock(began, machine.Moment(now - 10, 15.0), "CET").finding
    assert "year 1970" in machine.check_clock(machine.Moment(5, 5), machine.Moment(6, 6), "CET").finding


def test_content_is_counted_and_its_errors_are_told() -> None:
    guide = load_guide()
    check = machine.check_content(guide, 0.5, None)
    assert f"{len(guide.entries)} answers" in check.finding
    assert f"{len(guide.routines)} routines" in check.finding
    assert not machine.check_content(guide.model_copy(update={"entries": {}}), 0.5, None).ok
    broken = machine.check_content(guide.model_copy(update={"facts": {}}), 0.5, None)
    assert not broken.ok
    assert "errors in it" in broken.finding
    assert broken.advice == "See them with: marigold content check"


def rehearsal(**other: Any) -> speech.Rehearsal:  # noqa: ANN401
    values = {
        "said": "Does heat help?",
        "heard": "does heat help",
        "right": True,
        "sound": 3.0,
        "hearing": 0.6,
        "final_result": 0.05,
        "understanding": 0.01,
        "first_synthesis": 0.02,
    }
    return speech.Rehearsal(**{**values, **other})


def test_the_latency_is_judged() -> None:
    fine = speech.check_latency(rehearsal(), (0.22, 0.85))
    assert fine.ok
    assert "begins 80 ms after the pause of 0.22 to 0.85 s" in fine.finding
    assert "hearing takes 20 % of the time" in fine.finding
    assert "gets another answer" in speech.check_latency(rehearsal(right=False), (0.22, 0.85)).finding
    assert "not heard at all" in speech.check_latency(rehearsal(heard="", first_synthesis=None), (0.2, 0.8)).finding
    assert not speech.check_latency(rehearsal(first_synthesis=None), (0.2, 0.8)).ok
    assert "too slow" in speech.check_latency(rehearsal(hearing=3.5), (0.2, 0.8)).finding
    assert not speech.check_latency(rehearsal(final_result=2.0), (0.2, 0.8)).ok


def test_a_model_without_the_needed_words_is_told() -> None:
    loaded = speech.load_model(None)
    assert speech.check_model(loaded).ok

    class Deaf:
        def knows(self, word: str) -> bool:
            return word != "marigold"

    deaf: Any = Deaf()
    check = speech.check_model(speech.LoadedModel(loaded.folder, deaf, 0.1, None))
    assert not check.ok
    assert check.finding.endswith("can't hear: marigold")
