"""The microphone and the speaker on virtual devices."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from assistant.sound.microphone import Microphone
from assistant.sound.playback import PlaybackState
from assistant.sound.samples import Block
from assistant.sound.speaker import RATE, Speaker
from virtual_devices import SPEAKER_RATE, VirtualDevices, in_this_process, virtual_devices

pytestmark = pytest.mark.devices


@pytest.fixture(scope="module")
def devices() -> Iterator[VirtualDevices]:
    with virtual_devices() as found, in_this_process(found):
        yield found


@pytest.fixture
def mortal_devices() -> Iterator[VirtualDevices]:
    """Devices of a test's own, which it may kill."""
    with virtual_devices() as found, in_this_process(found):
        yield found


def noise(seconds: float, rate: int) -> NDArray[np.int16]:
    """Return noise below 4 kHz, so that a change of rate leaves it as it is."""
    raw = np.random.default_rng(7).normal(0, 4000, int(seconds * 8_000))
    samples: NDArray[np.int16] = soxr.resample(raw, 8_000, rate).clip(-32768, 32767).astype(np.int16)
    return samples


def likeness(heard: NDArray[np.int16], played: NDArray[np.int16]) -> tuple[float, int]:
    """Return the correlation where ``played`` fits best into ``heard``, and the sample at which that is."""
    long, short = heard.astype(np.float64), played.astype(np.float64)
    size = 1 << (len(long) + len(short)).bit_length()
    fit = np.fft.irfft(np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size)), size)
    at = int(np.argmax(fit[: len(long) - len(short) + 1]))
    return float(np.corrcoef(long[at : at + len(short)], short)[0, 1]), at


def loud_times(samples: NDArray[np.int16], began: float) -> NDArray[np.float64]:
    times: NDArray[np.float64] = began + np.flatnonzero(np.abs(samples.astype(int)) > 100) / SPEAKER_RATE
    return times


@pytest.mark.parametrize("asked", [None, "pulse"])
def test_the_microphone_gives_what_was_said_without_gaps(devices: VirtualDevices, asked: str | None) -> None:
    blocks: list[Block] = []
    lost: list[str] = []
    said = noise(1.5, 16_000)
    with Microphone(asked, blocks.append, lost.append) as microphone:
        devices.play_into_microphone(said, 16_000)
        assert microphone.name in ("default", "pulse")
    assert lost == []
    counts = [block.first for block in blocks]
    assert counts == np.cumsum([0, *(len(block.samples) for block in blocks[:-1])]).tolist()
    likely, _ = likeness(np.concatenate([block.samples for block in blocks]), said)
    assert likely > 0.999


def test_a_device_that_refuses_16_khz_and_mono_is_resampled(
    devices: VirtualDevices, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistant.sound import devices as room

    sd = room.portaudio()
    real, opened = sd.RawInputStream, []

    def picky(**options: object) -> object:
        if options["samplerate"] != 44_100 or options["channels"] == 1:
            raise sd.PortAudioError("Invalid sample rate")
        opened.append(options["channels"])
        return real(**options)

    monkeypatch.setattr(sd, "RawInputStream", picky)
    blocks: list[Block] = []
    said = noise(1.0, 16_000)
    with Microphone(None, blocks.append, lambda _: None):
        devices.play_into_microphone(said, 16_000)
    assert opened == [8]
    likely, _ = likeness(np.concatenate([block.samples for block in blocks]), said)
    assert likely > 0.98


def test_the_speaker_plays_what_it_was_given_without_gaps_when_it_says(devices: VirtualDevices) -> None:
    whole = noise(1.2, RATE)
    speaker = Speaker(None)
    with devices.record_speaker() as recording:
        pieces = [speaker.play(part, RATE) for part in np.array_split(whole, 5)]
        assert pieces[-1].done.wait(5)
        ended = time.monotonic()
        time.sleep(0.2)
    speaker.close()
    assert [piece.state for piece in pieces] == [PlaybackState.FINISHED] * 5
    likely, at = likeness(recording.samples, soxr.resample(whole, RATE, SPEAKER_RATE))
    assert likely > 0.99
    began = recording.began + at / SPEAKER_RATE
    assert pieces[0].began_at == pytest.approx(began, abs=0.04)
    assert pieces[3].began_at == pytest.approx(began + 0.72, abs=0.04)
    assert ended == pytest.approx(began + 1.2, abs=0.08)


def test_stopping_is_silence_at_once_and_playing_goes_on_afterwards(devices: VirtualDevices) -> None:
    speaker = Speaker(None)
    delays = []
    with devices.record_speaker() as recording:
        for _ in range(5):
            playing, waiting = speaker.play(noise(3, RATE), RATE), speaker.play(noise(1, RATE), RATE)
            time.sleep(0.25)
            stopped = time.monotonic()
            speaker.stop()
            assert time.monotonic() - stopped < 0.1
            assert playing.state is waiting.state is PlaybackState.STOPPED
            assert playing.played() == pytest.approx(0.2, abs=0.1)
            time.sleep(0.15)
            times = loud_times(recording.samples, recording.began)
            delays.append(float(times[-1]) - stopped)
        assert speaker.check()
    speaker.close()
    assert max(delays) < 0.03


def test_stopping_speech_is_silence_at_once_and_a_cue_soon_afterwards_is_on_its_second(devices: VirtualDevices) -> None:
    cue = noise(0.2, RATE)
    delays, places, times = [], [], []
    with devices.record_speaker() as recording:
        speaker = Speaker(None)
        time.sleep(0.3)
        for _ in range(5):
            times.append(time.monotonic() + 0.9)
            speaker.play_at(cue, RATE, times[-1])
            speaker.play(noise(3, RATE), RATE)
            time.sleep(0.55)
            stopped = time.monotonic()
            speaker.stop_speech()
            time.sleep(0.15)
            delays.append(float(loud_times(recording.samples, recording.began)[-1]) - stopped)
            time.sleep(0.6)
        speaker.close()
        heard = recording.samples
    sound = soxr.resample(cue, RATE, SPEAKER_RATE)
    for at in times:
        first = int((at - recording.began - 0.15) * SPEAKER_RATE)
        likely, place = likeness(heard[first : first + int(0.5 * SPEAKER_RATE)], sound)
        assert likely > 0.98
        places.append((first + place) / SPEAKER_RATE - at)
    assert max(delays) < 0.03
    assert max(places) - min(places) < 0.02


@pytest.mark.parametrize("cues_first", [False, True])
def test_stopping_both_lanes_while_a_cue_sounds_is_silence_at_once(devices: VirtualDevices, cues_first: bool) -> None:
    speaker = Speaker(None)
    with devices.record_speaker() as recording:
        speaker.play(noise(3, RATE), RATE)
        cue = speaker.play_at(noise(2, RATE), RATE, time.monotonic() + 0.2)
        time.sleep(0.5)
        stopped = time.monotonic()
        for stop in (speaker.drop_scheduled, speaker.stop_speech)[:: 1 if cues_first else -1]:
            stop()
        time.sleep(0.15)
        times = loud_times(recording.samples, recording.began)
    speaker.close()
    assert cue.state is PlaybackState.STOPPED
    assert float(times[-1]) - stopped < 0.03


def test_stopping_speech_does_not_touch_a_cue_that_sounds(devices: VirtualDevices) -> None:
    speaker = Speaker(None)
    sound = noise(1, RATE)
    with devices.record_speaker() as recording:
        speaker.play(np.zeros(RATE * 3, dtype=np.int16), RATE)
        cue = speaker.play_at(sound, RATE, time.monotonic() + 0.2)
        time.sleep(0.6)
        speaker.stop_speech()
        assert cue.done.wait(5)
        time.sleep(0.1)
    speaker.close()
    assert cue.state is PlaybackState.FINISHED
    likely, _ = likeness(recording.samples, soxr.resample(sound, RATE, SPEAKER_RATE))
    assert likely > 0.99


def test_gain_changes_what_is_heard(devices: VirtualDevices) -> None:
    speaker = Speaker(None)
    tone = (8000 * np.sin(2 * np.pi * 500 * np.arange(RATE) / RATE)).astype(np.int16)
    levels = []
    for gain in (1.0, 0.25, 1.5):
        speaker.gain = gain
        with devices.record_speaker() as recording:
            assert speaker.play(tone, RATE).done.wait(5)
        middle = recording.samples[SPEAKER_RATE // 3 : SPEAKER_RATE * 2 // 3].astype(float)
        levels.append(np.sqrt(np.mean(middle**2)))
    speaker.close()
    assert levels[1] / levels[0] == pytest.approx(0.25, rel=0.05)
    assert levels[2] / levels[0] == pytest.approx(1.5, rel=0.05)


def test_a_device_that_takes_only_stereo_at_its_own_rate(
    devices: VirtualDevices, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistant.sound import devices as room

    sd = room.portaudio()
    real = sd.OutputStream

    def picky(**options: object) -> object:
        if options["samplerate"] != 44_100 or options["channels"] != 2:
            raise sd.PortAudioError("Invalid number of channels")
        return real(**options)

    monkeypatch.setattr(sd, "OutputStream", picky)
    whole = noise(0.8, RATE)
    speaker = Speaker(None)
    with devices.record_speaker() as recording:
        assert speaker.play(whole, RATE).done.wait(5)
        time.sleep(0.1)
    speaker.close()
    likely, _ = likeness(recording.samples, soxr.resample(whole, RATE, SPEAKER_RATE))
    assert likely > 0.98


def test_a_killed_sound_server_is_told_once_and_nothing_hangs(mortal_devices: VirtualDevices) -> None:
    lost: list[str] = []
    both = threading.Barrier(3, timeout=5)

    def tell(reason: str) -> None:
        lost.append(reason)
        both.wait()

    speaker = Speaker(None, tell)
    microphone = Microphone(None, lambda _: None, tell)
    microphone.start()
    playing = speaker.play(noise(5, RATE), RATE)
    time.sleep(0.2)
    mortal_devices.kill()
    both.wait()
    assert playing.state is PlaybackState.STOPPED
    assert not speaker.check()
    assert speaker.play(noise(1, RATE), RATE).done.is_set()
    began = time.monotonic()
    speaker.stop()
    speaker.close()
    microphone.close()
    assert time.monotonic() - began < 4.0
    assert len(lost) == 2


def test_a_hung_sound_server_is_noticed_and_stopping_does_not_hang(mortal_devices: VirtualDevices) -> None:
    lost: list[str] = []
    speaker = Speaker(None, lost.append)
    microphone = Microphone(None, lambda _: None, lost.append)
    microphone.start()
    speaker.play(noise(5, RATE), RATE)
    time.sleep(0.3)
    with mortal_devices.hung():
        time.sleep(0.1)
        began = time.monotonic()
        speaker.stop()
        assert time.monotonic() - began < 1.0
        deadline = time.monotonic() + 3
        while len(lost) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(lost) == 2
    speaker.close()
    microphone.close()


def test_a_process_that_was_held_keeps_its_devices(devices: VirtualDevices) -> None:
    program = (
        "import os, signal, threading, time\n"
        "from assistant.sound.microphone import Microphone\n"
        "from assistant.sound.speaker import Speaker\n"
        "lost = []\n"
        "speaker = Speaker(None, lost.append)\n"
        "with Microphone(None, lambda _: None, lost.append):\n"
        "    time.sleep(0.3)\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(2.5)\n"
        "print(lost, speaker.check(), flush=True)\n"
        "speaker.close()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program], env=devices.environment, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n"
        import signal

        child.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        child.send_signal(signal.SIGCONT)
        out, _ = child.communicate(timeout=20)
    finally:
        child.kill()
        child.wait(5)
    assert out == "[] True\n"
