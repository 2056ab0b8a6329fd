"""The sound devices of this machine. `sounddevice` is loaded late: without PortAudio the rest still works."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from assistant.errors import MissingPartError, WrongInputError

PORTAUDIO_LINE: Final = "sudo apt-get install libportaudio2 libasound2-plugins"
OPENING: Final = 5.0
"""Seconds that opening may take: a hung sound server never answers."""
CLOSING: Final = 2.0
"""Seconds that closing may take: closing a stream of a hung sound server never returns."""

_portaudio: Any = None
_SAY_NOTHING: Final = ctypes.CFUNCTYPE(None)(lambda: None)
"""Kept for as long as the process lives, since ALSA keeps a pointer to it."""
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


class SilentServerError(OSError):
    """The sound server doesn't answer; asking it for another format would take as long again."""

    def __init__(self) -> None:
        super().__init__("the sound server does not answer")


class HungServerError(MissingPartError):
    """The sound server doesn't answer while the sound library looks for devices."""

    def __init__(self) -> None:
        super().__init__("The sound server does not answer. Restart it: log out and in again.")


class WrongAlsaError(MissingPartError):
    """The configuration of ALSA that was named can't be used."""


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
    """Keep what PortAudio and ALSA print on file descriptor 2 from the person; Python's own stderr waits.

    Never put anything into it that may hang: the whole process would stay silent.
    """
    with _stderr_lock:
        if sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.flush()
        try:
            kept = os.dup(2)
        except OSError:  # started with a closed stderr: there is nothing to keep quiet
            yield
            return
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
        HungServerError: the library waits for a sound server that doesn't answer.
    """
    global _portaudio
    if _portaudio is None:
        _check_alsa()
        loaded: list[Any] = []

        def load() -> None:
            import sounddevice

            loaded.append(sounddevice)

        try:
            with quiet_stderr():
                in_time = run_within(OPENING, load)
        except OSError as fault:
            raise PortAudioMissingError from fault
        if not in_time:
            raise HungServerError
        _portaudio = loaded[0]
        _silence_alsa()
    return _portaudio


def _check_alsa() -> None:
    """Refuse an ALSA configuration without any device: PortAudio ends the whole process over it."""
    named = os.environ.get("ALSA_CONFIG_PATH")
    if not named or not sys.platform.startswith("linux"):
        return
    try:
        told = "\n".join(Path(part).read_text(encoding="utf-8", errors="replace") for part in named.split(":") if part)
    except OSError as fault:
        raise WrongAlsaError(f"ALSA_CONFIG_PATH names {named}, which can't be read: {fault.strerror}.") from fault
    if "pcm" not in told:
        raise WrongAlsaError(f"ALSA_CONFIG_PATH names {named}, which has no sound device (pcm) in it.")


def _silence_alsa() -> None:
    """Keep ALSA from printing on stderr from the sound threads, where `quiet_stderr` can't be."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_SAY_NOTHING)


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
    """Return the microphone called ``name`` (part of its name, or its number), or the default one.

    Raises:
        NoMicrophoneError, UnknownDeviceError, PortAudioMissingError: it isn't there.
    """
    there = [d for d in list_devices() if d.inputs > 0]
    if name is not None:
        return _named("microphone", name, there)
    if not there:
        raise NoMicrophoneError
    return next((d for d in there if d.default_input), there[0])


def find_output(name: str | None) -> Device:
    """Return the speaker called ``name`` (part of its name, or its number), or the default one.

    Raises:
        NoSpeakerError, UnknownDeviceError, PortAudioMissingError: it isn't there.
    """
    there = [d for d in list_devices() if d.outputs > 0]
    if name is not None:
        return _named("speaker", name, there)
    if not there:
        raise NoSpeakerError
    return next((d for d in there if d.default_output), there[0])


def _named(kind: str, name: str, there: list[Device]) -> Device:
    wanted = name.strip().lower()
    numbered = [d for d in there if str(d.index) == wanted]
    exact = [d for d in there if d.name.lower() == wanted]
    partly = [d for d in there if wanted and wanted in d.name.lower()]
    for device in (*numbered, *exact, *partly):
        return device
    raise UnknownDeviceError(kind, name, [f"{d.index} {d.name}" for d in there])


def refresh_devices() -> bool:
    """Ask the system anew which devices there are. Every open stream of this process dies.

    Return whether the system answered; a hung sound server doesn't, and then the known devices stay.
    """
    sd = portaudio()

    def work() -> None:
        sd._terminate()  # PortAudio's maintainers name no other way to notice new devices
        sd._initialize()

    with quiet_stderr():
        return run_within(OPENING, work)


def run_within(seconds: float, work: Callable[[], object]) -> bool:
    """Run ``work`` in a thread; return whether it ended in time. What hangs is left behind.

    Raises:
        Exception: what ``work`` raised, where it ended in time.
    """
    faults: list[Exception] = []

    def run() -> None:
        try:
            work()
        except Exception as fault:  # noqa: BLE001 - handed over to the caller
            faults.append(fault)

    helper = threading.Thread(target=run, name="sound helper", daemon=True)
    helper.start()
    helper.join(seconds)
    if helper.is_alive():
        return False
    if faults:
        raise faults[0]
    return True


def open_stream(make: Callable[[], Any]) -> Any:  # noqa: ANN401 - a stream of sounddevice
    """Return the stream that ``make`` gives, started.

    Raises:
        OSError: the device refuses, or the sound server doesn't answer; says why.
    """
    sd = portaudio()
    opened: list[Any] = []
    given_up = threading.Event()

    def work() -> None:
        stream = make()
        try:
            stream.start()
        except Exception:
            stream.close(ignore_errors=True)
            raise
        opened.append(stream)
        if given_up.is_set():
            stream.close(ignore_errors=True)

    try:
        with quiet_stderr():
            in_time = run_within(OPENING, work)
    except (sd.PortAudioError, ValueError, OSError) as fault:
        raise OSError(str(fault)) from fault
    if not in_time:
        given_up.set()
        raise SilentServerError
    return opened[0]


def close_stream(stream: Any, lock: threading.Lock | None = None) -> bool:  # noqa: ANN401 - of sounddevice
    """Close a stream; a hung one is left behind. Return whether it closed in time.

    ``lock`` is held by whoever else is at work on the stream: two at once leave PortAudio in pieces.
    """

    def work() -> None:
        with (
            lock or contextlib.nullcontext(),
            contextlib.suppress(Exception),
        ):  # a dead device may raise anything, and it is going anyway
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)

    with quiet_stderr():
        return run_within(CLOSING, work)
