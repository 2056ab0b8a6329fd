"""Each judgement of the doctor by itself, without devices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doctor_surroundings import NOISE, settle
from numpy.typing import NDArray

from assistant.content import load_guide
from assistant.doctor import levels, machine, sound, speech
from assistant.doctor.check import Check
from assistant.settings import Settings
from assistant.sound.devices import Device
from assistant.sound.speaker import RATE, SilentSpeaker


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(tmp_path, monkeypatch)


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
