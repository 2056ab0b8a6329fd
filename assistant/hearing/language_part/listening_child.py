"""Runs in a process of its own: asks a model for words and lets it hear noise. Imports nothing of ours.

Argument: the model's folder. Standard input: a word a line. Standard output: the words that it doesn't know.
"""

from __future__ import annotations

import json
import sys
from typing import Final

import numpy as np
import vosk

SAMPLE_RATE: Final = 16_000
NOISE: Final = 2 * SAMPLE_RATE
"""Samples. Noise makes the search try many words, where silence would try none."""
LOUDNESS: Final = 2000.0
GRAMMAR_WORDS: Final = 50


def listen(folder: str, words: list[str]) -> list[str]:
    """Return those of ``words`` that the model doesn't know. Noise is heard openly and with them as a grammar."""
    vosk.SetLogLevel(-2)
    model = vosk.Model(folder)
    missing = [word for word in words if model.vosk_model_find_word(word) < 0]
    noise = np.random.default_rng(0).normal(0, LOUDNESS, NOISE).astype(np.int16).tobytes()
    known = [word for word in words if word not in missing][:GRAMMAR_WORDS]
    grammar = json.dumps([*known, "[unk]"])
    for recogniser in (vosk.KaldiRecognizer(model, SAMPLE_RATE), vosk.KaldiRecognizer(model, SAMPLE_RATE, grammar)):
        recogniser.AcceptWaveform(noise)
        json.loads(recogniser.FinalResult())
    return missing


if __name__ == "__main__":
    try:
        print("\n".join(listen(sys.argv[1], sys.stdin.read().split())))
    except Exception as fault:  # noqa: BLE001 - vosk raises plain exceptions
        sys.exit(str(fault) or type(fault).__name__)
