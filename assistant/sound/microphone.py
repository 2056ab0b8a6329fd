"""The microphone: 16 kHz mono blocks, whatever the device takes. The sound callback only copies."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Self

import numpy as np
import soxr
from numpy.typing import NDArray

from assistant.sound.devices import (
    CLOSING,
    Device,
    NoMicrophoneError,
    SilentServerError,
    close_stream,
    find_input,
    open_stream,
    portaudio,
)
from assistant.sound.samples import SAMPLE_RATE, Block

BLOCK_SECONDS: Final = 0.02
WATCHDOG: Final = 0.25
"""Seconds without a callback for one bad look: sound servers die without a word."""
BAD_LOOKS: Final = 2
"""Bad looks in a row after which the device counts as lost. One isn't enough: after this process itself was
held (Ctrl-Z, a sleeping laptop) the first look always finds nothing."""
MAX_CHANNELS: Final = 8


class Microphone:
    """Gives blocks of sound to ``on_block`` from a thread of its own; tells ``on_lost`` once when it ends."""

    def __init__(self, device: str | None, on_block: Callable[[Block], None], on_lost: Callable[[str], None]) -> None:
        self._device = device
        self._on_block = on_block
        self._on_lost = on_lost
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._stream: Any = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._ended = threading.Event()
        self._resampler: soxr.ResampleStream | None = None
        self._channels = 1
        self.name = ""
        """The device's own name, once started."""
        self.overflows = 0
        """How often the device lost sound because this machine was too slow to take it."""

    def start(self) -> None:
        """Open the device.

        Raises:
            NoMicrophoneError, UnknownDeviceError, PortAudioMissingError: it can't be opened; says why.
        """
        device = find_input(self._device)
        self.name = device.name
        self._stream = self._opened(device)
        self._thread = threading.Thread(target=self._run, name="microphone", daemon=True)
        self._thread.start()

    def _opened(self, device: Device) -> Any:  # noqa: ANN401 - sounddevice has no types
        own, many = int(device.rate), max(1, min(device.inputs, MAX_CHANNELS))
        attempts = dict.fromkeys([(SAMPLE_RATE, 1), (own, 1), (SAMPLE_RATE, many), (own, many)])
        reasons = []
        for rate, channels in attempts:
            self._ended, self._channels, self._resampler = threading.Event(), channels, None
            if rate != SAMPLE_RATE:
                self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="int16", quality="MQ")
            try:
                return open_stream(partial(self._make, device, rate, channels))
            except SilentServerError as fault:
                raise NoMicrophoneError(str(fault)) from fault
            except OSError as fault:
                reasons.append(str(fault))
        raise NoMicrophoneError(reasons[0])

    def _make(self, device: Device, rate: int, channels: int) -> Any:  # noqa: ANN401
        return portaudio().RawInputStream(
            samplerate=rate,
            channels=channels,
            dtype="int16",
            blocksize=int(rate * BLOCK_SECONDS),
            device=device.index,
            callback=self._copy,
            finished_callback=self._ended.set,
        )

    def _copy(self, data: Any, frames: int, when: Any, status: Any) -> None:  # noqa: ANN401, ARG002
        if status:
            self.overflows += 1
        self._queue.put(bytes(data))

    def _run(self) -> None:
        first, bad = 0, 0
        while not self._closed:
            try:
                data = self._queue.get(timeout=WATCHDOG)
            except queue.Empty:
                bad += 1
                if self._ended.is_set() or bad >= BAD_LOOKS:
                    self._lost("it was closed" if self._ended.is_set() else "it went silent")
                    return
                continue
            bad = 0
            if data is None:
                return
            samples = self._mono(data)
            if samples.size:
                self._on_block(Block(samples, first))
                first += samples.size

    def _mono(self, data: bytes) -> NDArray[np.int16]:
        samples = np.frombuffer(data, dtype=np.int16)
        if self._channels > 1:
            samples = np.ascontiguousarray(samples[:: self._channels])
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        return samples

    def _lost(self, reason: str) -> None:
        if not self._closed:
            self._on_lost(reason)

    def close(self) -> None:
        """Close the device; never hangs. May be called from ``on_block`` and ``on_lost``."""
        self._closed = True
        self._queue.put(None)
        stream, self._stream = self._stream, None
        if stream is not None:
            close_stream(stream)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CLOSING)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
