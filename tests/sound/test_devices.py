from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.sound import devices
from assistant.sound.devices import (
    NoMicrophoneError,
    NoSpeakerError,
    UnknownDeviceError,
    find_input,
    find_output,
    list_devices,
    quiet_stderr,
    run_within,
)


def device(index: int, name: str, inputs: int, outputs: int) -> dict[str, Any]:
    return {
        "index": index,
        "name": name,
        "hostapi": 0,
        "max_input_channels": inputs,
        "max_output_channels": outputs,
        "default_samplerate": 44_100.0,
    }


def machine(monkeypatch: pytest.MonkeyPatch, found: list[dict[str, Any]], default: tuple[int, int]) -> None:
    fake = SimpleNamespace(
        query_devices=lambda: found,
        query_hostapis=lambda: [{"name": "ALSA"}],
        default=SimpleNamespace(device=default),
    )
    monkeypatch.setattr(devices, "_portaudio", fake)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        device(0, "Webcam", 1, 0),
        device(1, "Headset USB", 1, 2),
        device(2, "Headset", 1, 2),
        device(3, "HDMI 7", 0, 8),
    ]
    machine(monkeypatch, found, (2, 3))


@pytest.mark.usefixtures("desk")
def test_the_default_devices_are_taken_where_none_is_named() -> None:
    assert find_input(None).name == "Headset"
    assert find_output(None).name == "HDMI 7"
    assert [d.default_input for d in list_devices()] == [False, False, True, False]


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("name", "found"), [("headset", "Headset"), ("usb", "Headset USB"), ("0", "Webcam"), (" WEB", "Webcam")]
)
def test_a_device_is_found_by_number_name_or_part_of_it(name: str, found: str) -> None:
    assert find_input(name).name == found


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("name", ["hdmi", "3", "99", "", "²"])
def test_an_unknown_microphone_is_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownDeviceError, match="1 Headset USB") as fault:
        find_input(name)
    assert fault.value.exit_code == 2


def test_a_machine_without_devices_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, [], (-1, -1))
    assert list_devices() == []
    with pytest.raises(NoMicrophoneError) as fault:
        find_input(None)
    assert fault.value.exit_code == 3
    with pytest.raises(NoSpeakerError):
        find_output(None)
    with pytest.raises(UnknownDeviceError, match="none at all"):
        find_output("pulse")


def test_the_first_device_does_where_there_is_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, [device(0, "Line", 0, 2), device(1, "Table microphone", 1, 0)], (-1, -1))
    assert find_input(None).name == "Table microphone"


def test_without_portaudio_the_line_to_type_is_told() -> None:
    program = (
        "import ctypes.util\n"
        "ctypes.util.find_library = lambda name: None\n"
        "import assistant.sound.speaker, assistant.sound.microphone\n"
        "from assistant.sound.devices import PortAudioMissingError, list_devices\n"
        "try:\n    list_devices()\n"
        "except PortAudioMissingError as fault:\n    print(fault.exit_code, fault)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("3 The sound library PortAudio is missing. Type: sudo apt-get install")
    assert done.stderr == ""


def test_c_libraries_are_quiet_only_within(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before\n")
    with quiet_stderr():
        os.write(2, b"chatter\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_a_closed_stderr_is_no_fault() -> None:
    program = (
        "import os, sys\nos.close(2)\nsys.stderr = None\n"
        "from assistant.sound.devices import quiet_stderr\n"
        "with quiet_stderr():\n    print('fine')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "fine\n"


def test_what_hangs_is_left_behind() -> None:
    release = threading.Event()
    began = time.monotonic()
    assert not run_within(0.05, release.wait)
    assert time.monotonic() - began < 1.0
    release.set()
    assert run_within(1.0, lambda: None)


def test_what_fails_in_time_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        run_within(1.0, lambda: 1 // 0)
