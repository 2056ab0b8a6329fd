"""Runs in a process of its own: loads a model, hears a second of silence. Imports nothing of ours.

Arguments: the model's folder. Exit code 0 and the line ``fine`` where all went well; libvosk's complaints, or
the exception, on stderr.
"""

from __future__ import annotations

import json
import sys
from typing import Final

import vosk

SAMPLE_RATE: Final = 16_000
BLOCK: Final = bytes(2 * SAMPLE_RATE // 10)
"""A tenth of a second of silence, 16 bit."""
WORDS: Final = ("stop", "yes", "[unk]")


def probe(folder: str) -> None:
    """Load the model; hear a second of silence openly and with a small grammar."""
    vosk.SetLogLevel(-2)
    model = vosk.Model(folder)
    known = [word for word in WORDS if model.vosk_model_find_word(word) >= 0]
    # An empty grammar crashes libvosk, and so would be taken for damage.
    grammars = [None, json.dumps(known)] if known else [None]
    for grammar in grammars:
        made = (model, SAMPLE_RATE) if grammar is None else (model, SAMPLE_RATE, grammar)
        recogniser = vosk.KaldiRecognizer(*made)
        recogniser.SetWords(True)  # noqa: FBT003 - vosk's own signature
        for _ in range(10):
            recogniser.AcceptWaveform(BLOCK)
        recogniser.FinalResult()


if __name__ == "__main__":
    try:
        probe(sys.argv[1])
    except Exception as fault:  # noqa: BLE001 - vosk raises plain exceptions
        sys.exit(str(fault) or type(fault).__name__)
    print("fine")
