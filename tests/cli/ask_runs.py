"""``marigold ask`` within the test's own process: content and model loaded once, no setting of this machine."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant import loading
from assistant.cli import main as command_line
from assistant.content import Content, load_content
from assistant.hearing.recogniser import SpeechModel
from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.voice import VoiceSettings

KEYS: Final = ["ref", "heard", "kind", "id", "tier", "score", "choices", "speech", "source"]
"""The fields of an answer in JSON, in their order."""
QUESTION: Final = "how long do i leave the heating pad on"


@functools.cache
def content() -> Content:
    return load_content()


@functools.cache
def model() -> SpeechModel:
    return loading.load_speech_model(None)


@functools.cache
def spoken() -> tuple[NDArray[np.int16], int]:
    """The question in our own voice, with silence around it."""
    voice = SupervisedSynthesiser()
    try:
        speech = voice.synthesise(QUESTION, VoiceSettings(rate=140))
    finally:
        voice.close()
    quiet = np.zeros(speech.rate // 2, dtype=np.int16)
    return np.concatenate([quiet, speech.samples, quiet]), speech.rate


def settle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clear this machine's settings away, and give each run the content and the model that are loaded."""
    for key in [key for key in os.environ if key.startswith(("MARIGOLD_", "VOSK_"))]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    loaded, speech_model = content(), model()
    monkeypatch.setattr("assistant.cli.ask.load_content", lambda folder: loaded)
    monkeypatch.setattr(loading, "load_speech_model", lambda choice: speech_model)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return exit code, standard output and standard error; no error may be long, or a traceback."""
    code = command_line.run(["ask", *arguments])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert len(said.err.splitlines()) <= 2 or "--explain" in arguments
    return code, said.out, said.err
