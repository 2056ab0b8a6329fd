"""The sound devices of this machine. `sounddevice` is loaded late: without PortAudio the rest still works."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from assistant.errors import MissingPartError, WrongInputError

_portaudio: Any = None
PORTAUDIO_LINE: Final = "sudo apt-get install libportaudio2 libasound2-plugins"
_stderr_lock = threading.Lock()


class PortAudioMissingError(MissingPartError):
    """The PortAudio library isn't installed."""

    def __init__(self) -> None:
        super().__init__(f"The sound library PortAudio is missing. Type: {PORTAUDIO_LINE}")


class NoMicrophoneError(MissingPartError):
    """There is no microphone."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(
            "There is no microphone that can be used" + (f" ({reason})" if reason else "") + ".\n"
            "Plug one in, or choose one with --microphone NAME; marigold doctor lists them."
        )


class NoSpeakerError(MissingPartError):
    """There is no speaker."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(
            "There is no speaker that can be used" + (f" ({reason})" if reason else "") + ".\n"
            "Plug one in, or choose one with --speaker NAME; marigold doctor lists them."
        )


class UnknownDeviceError(WrongInputError):
    """A device was named that isn't there."""

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        there = "; ".join(known) if known else "none at all"
        super().__init__(f"There is no {kind} called '{name}'. There are: {there}.")


@dataclass(frozen=True, slots=True)
class Device:
    """One sound device as PortAudio numbers it."""

    index: int
    name: str
    host: str
    inputs: int
    outputs: int
    rate: float
    """Its usual sample rate in Hz."""
    default_input: bool
    default_output: bool


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keep what PortAudio and ALSA print on file descriptor 2 from the person; Python's own stderr waits."""
    with _stderr_lock:
        sys.stderr.flush()
        kept = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)


def portaudio() -> Any:  # noqa: ANN401 - sounddevice has no types
    """Return the module `sounddevice`.

    Raises:
        PortAudioMissingError: its library isn't there.
    """
    global _portaudio  # noqa: PLW0603 - a module is loaded once
    if _portaudio is None:
        try:
            with quiet_stderr():
                import sounddevice
        except OSError as fault:
            raise PortAudioMissingError from fault
        _portaudio = sounddevice
    return _portaudio


def list_devices() -> list[Device]:
    """Return the devices, in PortAudio's order; empty where there are none."""
    sd = portaudio()
    found = list(sd.query_devices())
    hosts = sd.query_hostapis()
    default_in, default_out = (int(i) for i in sd.default.device)
    return [
        Device(
            index=int(d["index"]),
            name=str(d["name"]),
            host=str(hosts[d["hostapi"]]["name"]),
            inputs=int(d["max_input_channels"]),
            outputs=int(d["max_output_channels"]),
            rate=float(d["default_samplerate"]),
            default_input=int(d["index"]) == default_in,
            default_output=int(d["index"]) == default_out,
        )
        for d in found
    ]


def find_input(name: str | None) -> Device:
    """Return the microphone called ``name`` (part of its name, or its number), or the default one."""
    there = [d for d in list_devices() if d.inputs > 0]
    if name is not None:
        return _named("microphone", name, there)
    if not there:
        raise NoMicrophoneError
    return next((d for d in there if d.default_input), there[0])


def find_output(name: str | None) -> Device:
    """Return the speaker called ``name`` (part of its name, or its number), or the default one."""
    there = [d for d in list_devices() if d.outputs > 0]
    if name is not None:
        return _named("speaker", name, there)
    if not there:
        raise NoSpeakerError
    return next((d for d in there if d.default_output), there[0])


def _named(kind: str, name: str, there: list[Device]) -> Device:
    for device in there:
        if name.isdigit() and device.index == int(name):
            return device
    exact = [d for d in there if d.name.lower() == name.lower()]
    partly = [d for d in there if name.lower() in d.name.lower()]
    for device in (*exact, *partly):
        return device
    raise UnknownDeviceError(kind, name, [d.name for d in there])


def refresh_devices() -> None:
    """Ask the system anew which devices there are. Every open stream of this process dies."""
    sd = portaudio()
    with quiet_stderr():
        sd._terminate()  # noqa: SLF001 - the documented way to notice new devices
        sd._initialize()  # noqa: SLF001
