"""Small networks, and model folders in which libvosk tells a network's own scores."""

from __future__ import annotations

import functools
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import vosk
from numpy.typing import NDArray

from assistant.hearing.language_part.phone_set import (
    PHONE_ID,
    entering_transition,
    staying_transition,
    word_boundary_table,
)
from assistant.speaking.supervised import SupervisedSynthesiser
from conversation import USER_VOICE, at_microphone_rate
from models.recipe.export import SEARCH_OPTIONS, affine_shapes
from models.recipe.network import NetworkConfig

BLOCK: Final = 4000
_FST_MAGIC: Final = 2125659606
_MUTABLE: Final = 3
INFINITE: Final = float("inf")

Arc = tuple[int, int, float, int]
"""Transition id, word id, cost, next state."""

vosk.SetLogLevel(-2)


def small_network(stride: int = 3, seed: int = 1) -> tuple[NetworkConfig, dict[str, NDArray[np.float32]]]:
    """Return a network of some thousand random parameters, of the real one's shape."""
    config = NetworkConfig(width=24, heads=2, feed_forward=32, hidden=16, stride=stride)
    random = np.random.default_rng(seed)
    params = {"pos": random.normal(size=config.width)}
    for name, (inputs, outputs) in affine_shapes(config).items():
        params[f"{name}.0"] = random.normal(size=(inputs, outputs)) / np.sqrt(inputs)
        params[f"{name}.1"] = random.normal(size=outputs) * 0.3
    params["fe.0"] = params["fe.0"] / 4  # log-mel energies are some tens
    return config, {name: value.astype(np.float32) for name, value in params.items()}


@functools.cache
def spoken(text: str) -> NDArray[np.int16]:
    """Return ``text`` in the voice of the tests' person, at 16 kHz."""
    synthesiser = SupervisedSynthesiser()
    try:
        speech = synthesiser.synthesise(text, USER_VOICE)
    finally:
        synthesiser.close()
    return at_microphone_rate(speech.samples, speech.rate)


def _graph(states: Sequence[tuple[float, Sequence[Arc]]]) -> bytes:
    """Return an OpenFst file of type "vector": states with their final costs and arcs, the first is the start."""
    data = struct.pack("<i", _FST_MAGIC)
    for text in (b"vector", b"standard"):
        data += struct.pack("<i", len(text)) + text
    data += struct.pack("<iiQqqq", 2, 0, _MUTABLE, 0, len(states), sum(len(arcs) for _, arcs in states))
    for final, arcs in states:
        data += struct.pack("<fq", final, len(arcs))
        data += b"".join(struct.pack("<iifi", *arc) for arc in arcs)
    return data


def write_one_phone_graph(folder: Path, phone: str) -> None:
    """Write a graph with one path: ``phone`` is entered in the first frame, and stayed in. It costs nothing."""
    (folder / "graph" / "phones").mkdir(parents=True, exist_ok=True)
    number = PHONE_ID[phone]
    enter: Arc = (entering_transition(number), 1, 0.0, 1)
    stay: Arc = (staying_transition(number), 0, 0.0, 1)
    (folder / "graph" / "HCLG.fst").write_bytes(_graph([(INFINITE, [enter]), (0.0, [stay])]))
    (folder / "graph" / "words.txt").write_text("<eps> 0\nword 1\n", encoding="utf-8")
    (folder / "graph" / "phones" / "word_boundary.int").write_text(word_boundary_table(), encoding="utf-8")


def vosk_result(folder: Path, samples: NDArray[np.int16], *, alternatives: int = 0) -> Mapping[str, Any]:
    """Return what libvosk makes of ``samples`` with the model in ``folder``."""
    recogniser = vosk.KaldiRecognizer(vosk.Model(str(folder)), 16_000)
    recogniser.SetMaxAlternatives(alternatives)
    recogniser.SetWords(True)
    for start in range(0, len(samples), BLOCK):
        recogniser.AcceptWaveform(samples[start : start + BLOCK].tobytes())
    result: Mapping[str, Any] = json.loads(recogniser.FinalResult())
    return result


def score_by_vosk(folder: Path, phone: str, samples: NDArray[np.int16]) -> float:
    """Return the sum of the network's scores for ``phone`` over all frames, as libvosk computes them.

    With one path in the graph, the confidence that libvosk gives with alternatives is that path's score, times the
    scale that the search puts on scores.
    """
    write_one_phone_graph(folder, phone)
    scaled = float(vosk_result(folder, samples, alternatives=1)["alternatives"][0]["confidence"])
    return scaled / float(SEARCH_OPTIONS["acoustic-scale"])
