"""The child process that speaks: pyttsx3's own espeak binding in synchronous mode.

`pyttsx3.Engine` loses text, hangs, and crashes; its binding, with a callback of our own, does none of that.
It lives in a process of its own, because C code can end the process that runs it.

Protocol on a pipe of `multiprocessing`: the worker's first word is ``("ready", version)`` or ``("no voice",
why)``. A request is ``(text, rate, volume, pitch, voice)``; the reply is ``("ok", samples as bytes, rate,
[(first letter, letters, seconds) ...])``, ``("unknown voice", all voices)`` or ``("failed", why)``. The
request "voices" is answered by ``("ok", all voices)``. The end of the pipe ends the worker.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

CHUNK_MILLISECONDS: Final = 50
DATA_PATH_LIMIT: Final = 150
"""espeak keeps its data path in 160 bytes and ends the process when it doesn't fit."""
_SYSTEM_DATA: Final = (
    "/usr/lib/x86_64-linux-gnu/espeak-ng-data",
    "/usr/lib/aarch64-linux-gnu/espeak-ng-data",
    "/usr/lib/arm-linux-gnueabihf/espeak-ng-data",
    "/usr/lib/espeak-ng-data",
    "/usr/share/espeak-ng-data",
    "/usr/local/share/espeak-ng-data",
)


def load_library() -> Path:
    """Load the bundled espeak library, or leave the system's to be found. Return the folder of its data.

    Raises:
        OSError: neither is there.
    """
    try:
        import espeakng_loader
    except ImportError:
        return _system_data()
    data = Path(espeakng_loader.get_data_path())
    library = Path(espeakng_loader.get_library_path())
    if not (data / "phontab").is_file() or not library.is_file():
        return _system_data()
    ctypes.CDLL(str(library))
    return data


def _system_data() -> Path:
    for folder in _SYSTEM_DATA:
        if (Path(folder) / "phontab").is_file():
            return Path(folder)
    raise OSError("espeak-ng is not installed: pip install espeakng-loader, or sudo apt-get install libespeak-ng1")


def announce_data(data: Path) -> None:
    """Tell espeak where its data is. A path that is too long for it becomes a relative one."""
    if len(os.fsencode(data)) < DATA_PATH_LIMIT:
        os.environ["ESPEAK_DATA_PATH"] = str(data)
        return
    os.chdir(data.parent)  # the worker reads and writes no other files
    os.environ["ESPEAK_DATA_PATH"] = data.name


class EspeakVoice:
    """espeak in this process, in synchronous mode."""

    def __init__(self) -> None:
        data = load_library()
        from pyttsx3.drivers import _espeak

        announce_data(data)
        self._espeak = _espeak
        self._sample_rate = int(_espeak.Initialize(_espeak.AUDIO_OUTPUT_SYNCHRONOUS, CHUNK_MILLISECONDS, None, 0))
        if self._sample_rate <= 0:
            raise OSError("espeak-ng could not start.")
        self._callback = _espeak.t_espeak_callback(self._collect)
        _espeak.cSetSynthCallback(self._callback)
        self._parts: list[bytes] = []
        self._words: list[tuple[int, int, float]] = []
        self._voice = ""
        self.version = f"espeak-ng {(_espeak.Info() or b'').decode(errors='replace')}"

    def speak(self, text: str, rate: int, volume: int, pitch: int, voice: str) -> tuple[Any, ...]:
        """Return the reply for one request."""
        espeak = self._espeak
        if voice != self._voice:
            if espeak.SetVoiceByName(self._identifier(voice).encode()) != 0:
                self._voice = ""
                return ("unknown voice", self.voices())
            self._voice = voice
        espeak.SetParameter(espeak.RATE, rate, 0)
        espeak.SetParameter(espeak.VOLUME, volume, 0)
        espeak.SetParameter(espeak.PITCH, pitch, 0)
        self._parts, self._words = [], []
        data = text.encode()
        # The binding's own Synth passes ten times the length; espeak would read past the end.
        done = espeak.cSynth(data, len(data) + 1, 0, espeak.POS_CHARACTER, 0, espeak.CHARS_UTF8, None, None)
        if done != 0:
            return ("failed", f"espeak refused the text ({done})")
        return ("ok", b"".join(self._parts), self._sample_rate, self._words)

    def voices(self) -> list[str]:
        """Return the names of the voices: their language codes, such as "en-gb"."""
        return sorted(self._by_language())

    def _identifier(self, voice: str) -> str:
        """Return espeak's own name for a voice asked for by language, which espeak itself can't do."""
        name, plus, variant = voice.partition("+")
        return self._by_language().get(name.lower(), name) + plus + variant

    def _by_language(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for voice in self._espeak.ListVoices(None):
            # The first byte is the priority; the code follows, and further ones where there are any.
            language = (voice.languages or b"")[1:].decode(errors="replace").lower()
            if language and voice.identifier:
                found.setdefault(language, voice.identifier.decode(errors="replace"))
        return found

    def _collect(self, wav: Any, count: int, events: Any) -> int:  # noqa: ANN401 - C pointers
        try:
            i = 0
            while events[i].type != self._espeak.EVENT_LIST_TERMINATED:
                if events[i].type == self._espeak.EVENT_WORD:
                    at = events[i].audio_position / 1000.0
                    self._words.append((events[i].text_position - 1, events[i].length, at))
                i += 1
            if count > 0 and wav:
                self._parts.append(ctypes.string_at(wav, count * 2))
        except Exception:  # noqa: BLE001 - an exception must not enter C
            return 1
        return 0


class EngineVoice:
    """pyttsx3's engine writing a file: macOS and Windows, where espeak isn't the voice. Not tested by us."""

    def __init__(self) -> None:
        import pyttsx3

        self._make = pyttsx3.init
        self.version = f"pyttsx3 on {sys.platform}"

    def speak(self, text: str, rate: int, volume: int, pitch: int, voice: str) -> tuple[Any, ...]:  # noqa: ARG002
        """Return the reply for one request."""
        import soundfile

        engine = self._make()
        engine.setProperty("rate", rate)
        engine.setProperty("volume", volume / 100)
        near = [v.id for v in engine.getProperty("voices") if voice.lower() in f"{v.id} {v.name}".lower()]
        if near:
            engine.setProperty("voice", near[0])
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "speech.wav"
            engine.save_to_file(text, str(file))
            engine.runAndWait()
            samples, sample_rate = soundfile.read(str(file), dtype="int16", always_2d=True)
        return ("ok", samples[:, 0].tobytes(), int(sample_rate), [])

    def voices(self) -> list[str]:
        """Return the names of the voices."""
        return [str(voice.id) for voice in self._make().getProperty("voices")]


def serve(connection: Connection) -> None:
    """Answer requests until the pipe ends. Ctrl-C is for the parent, which then closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        voice = EspeakVoice() if sys.platform.startswith("linux") else EngineVoice()
    except Exception as fault:  # noqa: BLE001 - whatever it was, the parent must hear of it
        connection.send(("no voice", str(fault)))
        return
    connection.send(("ready", voice.version))
    while True:
        try:
            request = connection.recv()
        except (EOFError, OSError):
            return
        try:
            reply = ("ok", voice.voices()) if request == "voices" else voice.speak(*request)
        except Exception as fault:  # noqa: BLE001
            reply = ("failed", f"{type(fault).__name__}: {fault}")
        try:
            connection.send(reply)
        except (BrokenPipeError, OSError):
            return
