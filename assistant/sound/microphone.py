"""The microphone: 16 kHz mono blocks, whatever the device takes. The sound callback only copies."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Final, Self

import numpy as np
import soxr
from numpy.typing import NDArray

from assistant.sound.devices import Device, NoMicrophoneError, find_input, portaudio, quiet_stderr
from assistant.sound.samples import SAMPLE_RATE, Block

BLOCK_SECONDS: Final = 0.02
WATCHDOG: Final = 0.5
"""Seconds without a callback after which the device counts as lost: sound servers die without a word."""
CLOSING: Final = 2.0
"""Seconds that closing may take: closing a stream of a hung sound server never returns."""


class Microphone:
    """Gives blocks of sound to ``on_block`` from a thread of its own; tells ``on_lost`` once when it ends."""

    def __init__(
        self, device: str | None, on_block: Callable[[Block], None], on_lost: Callable[[str], None]
    ) -> None:
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

    def _opened(self, device: Device) -> Any:  # noqa: ANN401
        sd = portaudio()
        attempts = [(SAMPLE_RATE, 1), (int(device.rate), 1), (int(device.rate), max(1, min(device.inputs, 8)))]
        reason = ""
        for rate, channels in attempts:
            try:
                with quiet_stderr():
                    stream = sd.RawInputStream(
                        samplerate=rate,
                        channels=channels,
                        dtype="int16",
                        blocksize=int(rate * BLOCK_SECONDS),
                        device=device.index,
                        callback=self._copy,
                        finished_callback=self._ended.set,
                    )
                    stream.start()
            except (sd.PortAudioError, ValueError, OSError) as fault:
                reason = str(fault)
                continue
            self._channels = channels
            if rate != SAMPLE_RATE:
                self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="int16", quality="MQ")
            return stream
        raise NoMicrophoneError(reason)

    def _copy(self, data: Any, frames: int, when: Any, status: Any) -> None:  # noqa: ANN401, ARG002
        self._queue.put(bytes(data))

    def _run(self) -> None:
        first = 0
        while not self._closed:
            try:
                data = self._queue.get(timeout=WATCHDOG)
            except queue.Empty:
                self._lost("it went silent")
                return
            if data is None:
                return
            samples = self._mono(data)
            if samples.size:
                self._on_block(Block(samples, first))
                first += samples.size
            if self._ended.is_set():
                self._lost("it was closed")
                return

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
        """Close the device; never hangs."""
        self._closed = True
        self._queue.put(None)
        if self._stream is not None:
            close_stream(self._stream)
            self._stream = None
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CLOSING)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def close_stream(stream: Any) -> bool:  # noqa: ANN401
    """Close a stream; a hung one is left behind. Return whether it closed in time."""

    def work() -> None:
        try:
            with quiet_stderr():
                stream.abort(ignore_errors=True)
                stream.close(ignore_errors=True)
        except Exception:  # noqa: BLE001, S110 - a dead device may raise anything, and it is going anyway
            pass

    helper = threading.Thread(target=work, name="closing", daemon=True)
    began = time.monotonic()
    helper.start()
    helper.join(CLOSING)
    return time.monotonic() - began < CLOSING
