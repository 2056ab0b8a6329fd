"""The sound library, the devices, and trials of a microphone and a speaker.

Each trial only measures; each ``check_…`` judges what was measured, without a device.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from assistant.doctor.check import Check, bad, good
from assistant.doctor.levels import clipped, peak_dbfs, rms_dbfs
from assistant.sound.devices import Device, portaudio
from assistant.sound.microphone import Microphone
from assistant.sound.playback import PlaybackState
from assistant.sound.samples import SAMPLE_RATE, Block
from assistant.sound.speaker import RATE, Output, Speaker

PATIENCE: Final = 2.0
"""Seconds beyond a sound's length that it may take to come or go."""
LEAST_SHARE: Final = 0.5
"""A microphone that gives less than this share of the sound that time has for is broken, not late to begin."""
QUIET_DBFS: Final = -60.0
"""A voice near a microphone peaks some 40 dB above this."""
CLIPPED_SHARE: Final = 0.001
"""Of the samples: a single loud knock is no reason to turn a microphone down."""
BEFORE_STOP: Final = 0.2
"""Seconds that the stop test plays before it stops."""
SLOWEST_STOP: Final = 0.3
"""Seconds. A stop takes some milliseconds; one that hangs is given up by the speaker after 0.5."""
LATEST: Final = 0.5
"""Seconds after which a sound's begin or end is late: measured are 0.05."""
TONE: Final = (440.0, 1.0)
"""Hz and seconds of what is played where there is no voice."""
TONE_LEVEL: Final = 4000
"""Of 32767: about as loud as the voice, on average."""

NO_MICROPHONE: Final = "Plug one in, and see that no other program keeps it; until then questions can be typed."
NO_SPEAKER: Final = "Plug one in, and see that no other program keeps it; until then answers are shown."


def check_library() -> Check:
    """Load PortAudio.

    Raises:
        PortAudioMissingError: it isn't there.
    """
    sd = portaudio()
    return good("sound", f"{str(sd.get_portaudio_version()[1]).split(',')[0]}, sounddevice {sd.__version__}")


def check_devices(devices: Sequence[Device], microphone: Device | None, speaker: Device | None) -> Check:
    """List the devices; ``microphone`` and ``speaker`` are those that the settings choose."""
    ins = [_listed(d, chosen=d == microphone, default=d.default_input) for d in devices if d.inputs > 0]
    outs = [_listed(d, chosen=d == speaker, default=d.default_output) for d in devices if d.outputs > 0]
    if not ins and not outs:
        return bad("devices", "there are none: no microphone and no speaker", "Plug in a headset, or both apart.")
    if not ins:
        return bad("devices", f"there is no microphone; speakers: {', '.join(outs)}", NO_MICROPHONE)
    if not outs:
        return bad("devices", f"there is no speaker; microphones: {', '.join(ins)}", NO_SPEAKER)
    return good("devices", f"microphones: {', '.join(ins)}; speakers: {', '.join(outs)}")


def _listed(device: Device, *, chosen: bool, default: bool) -> str:
    marks = [mark for mark, is_so in (("default", default), ("chosen", chosen)) if is_so]
    return f"{device.index} {device.name}" + (f" [{', '.join(marks)}]" if marks else "")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a microphone gave while it was listened to for ``asked`` seconds: mono, 16 kHz."""

    name: str
    samples: NDArray[np.int16]
    asked: float
    lost: str | None = None
    """Why the device went, where it did."""
    overflows: int = 0

    @property
    def seconds(self) -> float:
        """How much sound came."""
        return len(self.samples) / SAMPLE_RATE


def record(device: str | None, seconds: float, on_level: Callable[[float], None]) -> Recorded:
    """Listen to a microphone for ``seconds``; ``on_level`` is told the level (dBFS) of each block.

    Raises:
        NoMicrophoneError, UnknownDeviceError, PortAudioMissingError: it can't be opened; says why.
    """
    wanted = int(seconds * SAMPLE_RATE)
    parts: list[NDArray[np.int16]] = []
    reasons: list[str] = []
    enough = threading.Event()

    def keep(block: Block) -> None:
        if not enough.is_set():
            parts.append(block.samples)
            on_level(rms_dbfs(block.samples))
            if block.first + len(block.samples) >= wanted:
                enough.set()

    def lost(reason: str) -> None:
        reasons.append(reason)
        enough.set()

    with Microphone(device, keep, lost) as microphone:
        enough.wait(seconds + PATIENCE)
    enough.set()
    samples = np.concatenate(parts)[:wanted] if parts else np.zeros(0, dtype=np.int16)
    return Recorded(microphone.name, samples, seconds, reasons[0] if reasons else None, microphone.overflows)


def check_microphone(heard: Recorded, name: str = "microphone") -> Check:
    """Judge what a microphone gave."""
    if heard.lost is not None:
        return bad(name, f"'{heard.name}' went while it was listened to: {heard.lost}", "Look at its cable.")
    if heard.seconds < LEAST_SHARE * heard.asked:
        return bad(
            name,
            f"'{heard.name}' gave {heard.seconds:.1f} s of sound in {heard.asked + PATIENCE:.0f} s",
            "Plug it in again, or choose another with --microphone NAME.",
        )
    if not np.ptp(heard.samples):
        return bad(
            name,
            f"'{heard.name}' opens, but all that it gives is zeros: it is muted, or switched off",
            "Unmute it in the system's sound settings, and look for a switch on it.",
        )
    peak, rms = peak_dbfs(heard.samples), rms_dbfs(heard.samples)
    remarks = []
    if peak < QUIET_DBFS:
        remarks.append("very quiet: turn it up, unless nobody made a sound")
    if clipped(heard.samples) > CLIPPED_SHARE * heard.samples.size:
        remarks.append("too loud: turn it down")
    if heard.overflows:
        remarks.append(f"sound was lost {heard.overflows} times: this computer is busy")
    return good(name, f"'{heard.name}' gives sound: peak {peak:.0f} dBFS, RMS {rms:.0f} dBFS", tuple(remarks))


@dataclass(frozen=True, slots=True)
class Played:
    """How a speaker played a sound, and how it fell silent in the middle of another. Times in seconds."""

    name: str
    length: float
    """Of the sound."""
    first_sound: float | None
    """From the request to the first sound; None where there never was one."""
    late: float | None
    """From when its end was due to when it had drained; None where it did not end."""
    stop: float | None
    """How long stopping took; None where it did not come to that."""
    alive: bool
    """Whether the speaker still played after all."""


def tone() -> NDArray[np.int16]:
    """Return a tone at the speaker's usual rate."""
    pitch, seconds = TONE
    times = np.arange(int(seconds * RATE)) / RATE
    samples: NDArray[np.int16] = (TONE_LEVEL * np.sin(2 * np.pi * pitch * times)).astype(np.int16)
    return samples


def try_speaker(device: str | None, samples: NDArray[np.int16], rate: int) -> Played:
    """Play ``samples`` to their end, then once more and stop in the middle.

    Raises:
        NoSpeakerError, UnknownDeviceError, PortAudioMissingError: it can't be opened; says why.
    """
    speaker = Speaker(device)
    try:
        return try_output(speaker, speaker.name, samples, rate)
    finally:
        speaker.close()


def try_output(output: Output, name: str, samples: NDArray[np.int16], rate: int) -> Played:
    """As `try_speaker`, on an output that is open."""
    length = len(samples) / rate
    asked = time.monotonic()
    playback = output.play(samples, rate)
    playback.done.wait(length + PATIENCE)
    ended = time.monotonic()
    began = playback.began_at
    if began is None or playback.state is not PlaybackState.FINISHED:
        return Played(name, length, None if began is None else began - asked, None, None, output.check())
    return Played(
        name, length, began - asked, ended - (began + length), _time_of_stop(output, samples, rate), output.check()
    )


def _time_of_stop(output: Output, samples: NDArray[np.int16], rate: int) -> float | None:
    playback = output.play(samples, rate)
    given_up = time.monotonic() + PATIENCE
    while playback.began_at is None and time.monotonic() < given_up:
        time.sleep(0.01)
    playback.done.wait(BEFORE_STOP)
    asked = time.monotonic()
    output.stop()
    took = time.monotonic() - asked
    return took if playback.state is PlaybackState.STOPPED else None


def check_speaker(played: Played, *, silent: bool) -> Check:
    """Judge how a speaker played; ``silent`` where it was given zeros to play."""
    where = f"'{played.name}'"
    other = "See that no other program keeps it, or choose another with --speaker NAME."
    if played.first_sound is None or played.late is None:
        how = "played nothing" if played.first_sound is None else "did not play to the end"
        return bad("speaker", f"{where} opens, but {how}", other)
    if played.stop is None or played.stop > SLOWEST_STOP or not played.alive:
        how = "did not stop when it was told to" if played.stop is None else f"took {played.stop:.2f} s to stop"
        return bad("speaker", f"{where} plays, but {how if played.alive else 'went when it was stopped'}", other)
    remarks = ["played silence, as asked"] if silent else []
    if max(played.first_sound, abs(played.late)) > LATEST:
        remarks.append(f"late: the end came {played.late:.2f} s off its time")
    return good(
        "speaker",
        f"{where} played {played.length:.1f} s to the end, the first sound after {played.first_sound * 1000:.0f} ms; "
        f"silent {played.stop * 1000:.0f} ms after a stop",
        tuple(remarks),
    )


def play_back(device: str | None, samples: NDArray[np.int16], rate: int) -> bool:
    """Play ``samples`` to their end; return whether they came out.

    Raises:
        NoSpeakerError, UnknownDeviceError, PortAudioMissingError: it can't be opened; says why.
    """
    speaker = Speaker(device)
    try:
        playback = speaker.play(samples, rate)
        playback.done.wait(len(samples) / rate + PATIENCE)
        return playback.state is PlaybackState.FINISHED
    finally:
        speaker.close()
