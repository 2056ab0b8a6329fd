"""A sound server of our own with a virtual microphone and speaker, for tests on machines without either."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

MICROPHONE_RATE = 16_000
SPEAKER_RATE = 48_000
EDGE_SECONDS = 0.3
"""Silence around what is played: a null sink swallows the first samples after a pause."""
PROGRAMS = ("pulseaudio", "paplay", "parec")


def missing_reason() -> str | None:
    """Return why there can be no virtual devices here, or None."""
    gone = [program for program in PROGRAMS if shutil.which(program) is None]
    if not gone:
        return None
    return f"{gone[0]} is not installed (apt-get install pulseaudio pulseaudio-utils libasound2-plugins)"


@dataclass
class Recording:
    """What the virtual speaker gave, with the time (monotonic) at which the recording began."""

    began: float
    chunks: list[bytes] = field(default_factory=list)

    @property
    def samples(self) -> NDArray[np.int16]:
        """Mono samples at `SPEAKER_RATE`."""
        data = b"".join(self.chunks)
        return np.frombuffer(data[: len(data) // 2 * 2], dtype=np.int16)

    def seconds(self) -> float:
        """Return how much was recorded."""
        return len(self.samples) / SPEAKER_RATE


@dataclass
class VirtualDevices:
    """A running sound server: `environment` makes a child process use it."""

    environment: dict[str, str]
    server: subprocess.Popen[bytes]
    start: Callable[[], subprocess.Popen[bytes]]

    def play_into_microphone(self, samples: NDArray[np.int16], rate: int) -> float:
        """Play mono samples into the microphone; return when the last one was played (monotonic clock)."""
        sound = samples if rate == MICROPHONE_RATE else soxr.resample(samples, rate, MICROPHONE_RATE)
        edge = np.zeros(int(EDGE_SECONDS * MICROPHONE_RATE), dtype=np.int16)
        data = np.concatenate((edge, sound, edge)).astype(np.int16).tobytes()
        with tempfile.NamedTemporaryFile(suffix=".raw") as file:
            file.write(data)
            file.flush()
            command = ["paplay", "--raw", f"--rate={MICROPHONE_RATE}", "--channels=1", "--format=s16le"]
            subprocess.run(
                [*command, "--device=vmic", "--latency-msec=20", file.name],
                env=self.environment,
                check=True,
                timeout=60,
            )
        return time.monotonic() - EDGE_SECONDS

    @contextlib.contextmanager
    def record_speaker(self) -> Iterator[Recording]:
        """Record what the speaker plays, for as long as the context lasts."""
        command = ["parec", "--device=vspeaker.monitor", f"--rate={SPEAKER_RATE}", "--channels=1"]
        process = subprocess.Popen(
            [*command, "--format=s16le", "--latency-msec=5", "--process-time-msec=5", "--raw"],
            env=self.environment,
            stdout=subprocess.PIPE,
        )
        recording = Recording(time.monotonic())
        stream = process.stdout
        assert stream is not None
        begun = threading.Event()

        def read() -> None:
            while chunk := os.read(stream.fileno(), 4096):
                if not begun.is_set():
                    recording.began = time.monotonic() - len(chunk) / 2 / SPEAKER_RATE
                recording.chunks.append(chunk)
                begun.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            begun.wait(5)
            yield recording
        finally:
            process.terminate()
            process.wait(5)
            reader.join(2)
            stream.close()

    @contextlib.contextmanager
    def hung(self) -> Iterator[None]:
        """Let the sound server hang for as long as the context lasts."""
        self.server.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.server.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the sound server as a crash would."""
        self.server.kill()
        self.server.wait(5)

    def restart(self) -> None:
        """Start the sound server again after `kill`, with the same devices."""
        self.server = self.start()


@contextlib.contextmanager
def virtual_devices() -> Iterator[VirtualDevices]:
    """Run a sound server with a virtual microphone and speaker; end it, and only it, afterwards.

    Give its `environment` to child processes; for code in this process see `in_this_process`.
    """
    reason = missing_reason()
    if reason is not None:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="marigold-sound-"))
    folder.chmod(0o700)
    server_environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("PULSE_")},
        "PULSE_RUNTIME_PATH": str(folder),
        "PULSE_STATE_PATH": str(folder),
        "PULSE_COOKIE": str(folder / "cookie"),
    }
    sinks = (f"sink_name=vspeaker rate={SPEAKER_RATE}", f"sink_name=vmic rate={MICROPHONE_RATE}")
    options = ["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--realtime=no"]
    modules = [f"module-native-protocol-unix socket={folder}/native auth-anonymous=1"]
    modules += [f"module-null-sink {sink} channels=1 norewinds=1" for sink in sinks]

    def start() -> subprocess.Popen[bytes]:
        (folder / "native").unlink(missing_ok=True)
        server = subprocess.Popen(
            ["pulseaudio", *options, "--high-priority=no", f"--log-target=file:{folder}/log"]
            + [part for module in modules for part in ("-L", module)],
            env=server_environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while not (folder / "native").exists():
            if server.poll() is not None or time.monotonic() > deadline:
                _end(server)
                pytest.skip("the virtual sound server does not start here")
            time.sleep(0.02)
        return server

    found: VirtualDevices | None = None
    try:
        devices = {
            "PULSE_SERVER": f"unix:{folder}/native",
            "PULSE_SINK": "vspeaker",
            "PULSE_SOURCE": "vmic.monitor",
        }
        found = VirtualDevices({**server_environment, **devices}, start(), start)
        yield found
    finally:
        if found is not None:
            _end(found.server)
        shutil.rmtree(folder, ignore_errors=True)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGCONT)
    server.terminate()
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(5)


@contextlib.contextmanager
def in_this_process(devices: VirtualDevices) -> Iterator[None]:
    """Let this very process use the virtual devices: PortAudio looks for devices anew at both ends."""
    from assistant.sound.devices import PortAudioMissingError, refresh_devices

    with pytest.MonkeyPatch.context() as patch:
        for key, value in devices.environment.items():
            if key.startswith("PULSE_"):
                patch.setenv(key, value)
        try:
            refresh_devices()
        except PortAudioMissingError as fault:
            pytest.skip(str(fault))
        yield
    if devices.server.poll() is None:
        refresh_devices()
