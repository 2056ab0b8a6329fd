"""Reads a model folder that the export step has written back into the network's parameters, to train on from it.

The reverse of `models.recipe.export`: what that folds into a matrix is taken out again. Matrices are stored with 8
bits a value, and come back with that rounding: near enough to train on from, and nobody needs a second copy of the
weights. Only the position offset ``pos`` changes: its mean, which the network takes off anyway, is gone.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from assistant.errors import WrongInputError
from assistant.hearing.language_part.phone_set import pdf_pairs
from models.recipe.export import UnfitParametersError, build_network, check_parameters
from models.recipe.features import dct_with_lifter, read_options
from models.recipe.network import NetworkConfig, Params, load_network
from models.recipe.nnet3 import KaldiWriter, MatrixFormat, write_transition_model

Matrix = npt.NDArray[np.float64]

BINARY_MODEL: Final = b"\0B<TransitionModel> "
"""How every binary acoustic model of Kaldi's begins."""
STRIDE_OPTION: Final = "frame-subsampling-factor"
END_MISSING: Final = "its end is missing"
LARGEST_CENTRING_ERROR: Final = 1e-3
"""Of 8-bit storage. The centring matrix has two values only, which are kept almost exactly."""


class MissingModelFileError(WrongInputError):
    """The folder lacks a file of a model."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is missing or can't be read: is this the folder of a speech model?")


class ForeignModelError(WrongInputError):
    """The model is not one that the recipe has made."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} is no model that training can go on from: {what}.")


class DamagedModelError(WrongInputError):
    """The model's file is cut off, or holds what can't be."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} is damaged: {what}. Copy or export the model again.")


class _BrokenPartError(Exception):
    """The file ends before what it has announced, or holds values that can't be."""


class _UnknownPartError(Exception):
    """Something else stands where the export step writes one certain thing."""


@dataclass(frozen=True)
class _Affine:
    """A ``FixedAffineComponent``: weights of shape (inputs, outputs), bias of shape (outputs,)."""

    weights: Matrix
    bias: Matrix


@dataclass(frozen=True)
class _Layout:
    """A network without its weights: what must be the same in every model of the recipe with these sizes.

    Attributes:
        nodes: The text that says which component is fed by what.
        components: Name and kind of each component, and its settings as bytes, or of an affine one the shape.
    """

    nodes: bytes
    components: tuple[tuple[str, str, bytes | tuple[int, ...]], ...]


class _KaldiReader:
    """Reads the objects that `models.recipe.nnet3.KaldiWriter` writes."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data = data
        self._position = position

    @property
    def at_end(self) -> bool:
        return self._position == len(self._data)

    def take(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        start, self._position = self._position, self._position + count
        if count < 0 or self._position > len(self._data):
            raise _BrokenPartError(END_MISSING)
        return self._data[start : self._position]

    def until(self, mark: bytes) -> bytes:
        """Return what stands before the next ``mark``, and go on behind it."""
        found = self._data.find(mark, self._position)
        if found < 0:
            raise _BrokenPartError(END_MISSING)
        taken = self.take(found - self._position)
        self.take(len(mark))
        return taken

    def token(self) -> str:
        """Return the next word."""
        return self.until(b" ").decode("utf-8", errors="replace")

    def expect(self, token: str) -> None:
        """Go on behind ``token``, which must come next."""
        wanted = f"{token} ".encode()
        found = self._data[self._position : self._position + len(wanted)]
        if not wanted.startswith(found):
            raise _UnknownPartError(f"{token} was expected")
        self.take(len(wanted))

    def integer(self) -> int:
        """Return the next 32-bit integer; its size stands before it."""
        size, value = struct.unpack("<bi", self.take(5))
        if size != 4:
            raise _UnknownPartError("a number of 32 bits was expected")
        return int(value)

    def vector(self) -> Matrix:
        """Return the next vector of floats."""
        self.expect("FV")
        return np.frombuffer(self.take(4 * self.integer()), "<f4").astype(np.float64)

    def matrix(self) -> Matrix:
        """Return the next matrix, whichever way it is stored."""
        style = self.token()
        if style == MatrixFormat.FLOAT:
            rows, columns = self._shape(self.integer(), self.integer())
            return np.frombuffer(self.take(4 * rows * columns), "<f4").reshape(rows, columns).astype(np.float64)
        if style not in (MatrixFormat.WORDS, MatrixFormat.BYTES):
            raise _UnknownPartError(f"matrices of the format {style[:8]!r} are not known here")
        low, extent, *sizes = struct.unpack("<ffii", self.take(16))
        if not np.isfinite([low, extent]).all():
            raise _BrokenPartError("a matrix holds values that are not numbers")
        rows, columns = self._shape(*sizes)
        if style == MatrixFormat.WORDS:
            steps = np.frombuffer(self.take(2 * rows * columns), "<u2").reshape(rows, columns)
            return np.asarray(low + extent * (steps / 65535), np.float64)
        corners = np.frombuffer(self.take(8 * columns), "<u2").reshape(columns, 4)
        codes = np.frombuffer(self.take(rows * columns), np.uint8).reshape(columns, rows)
        return _decompressed(low + extent * (corners / 65535), codes).T

    @staticmethod
    def _shape(rows: int, columns: int) -> tuple[int, int]:
        if rows < 1 or columns < 1:
            raise _BrokenPartError("a matrix is empty")
        return rows, columns

    def affine(self) -> _Affine:
        """Return the inside of a ``FixedAffineComponent``."""
        self.expect("<LinearParams>")
        weights = self.matrix().T
        self.expect("<BiasParams>")
        bias = self.vector()
        if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
            raise _BrokenPartError("a matrix holds values that are not numbers")
        return _Affine(weights, bias)

    def network(self) -> tuple[_Layout, dict[str, _Affine]]:
        """Return a network's layout, and its affine components by name."""
        self.expect("<Nnet3>")
        nodes = self.until(b"\n\n")
        self.expect("<NumComponents>")
        affines: dict[str, _Affine] = {}
        parts: list[tuple[str, str, bytes | tuple[int, ...]]] = []
        for _ in range(self.integer()):
            self.expect("<ComponentName>")
            name, kind = self.token(), self.token()
            if kind == "<FixedAffineComponent>":
                affines[name] = self.affine()
                parts.append((name, kind, affines[name].weights.shape))
                self.expect(f"</{kind[1:]}")
            else:
                parts.append((name, kind, self.until(f"</{kind[1:]} ".encode())))
        self.expect("</Nnet3>")
        return _Layout(nodes, tuple(parts)), affines


def _decompressed(corners: Matrix, codes: npt.NDArray[np.uint8]) -> Matrix:
    """Undo `models.recipe.nnet3.compress_columns`; corners (columns, 4) and codes (columns, rows), as they are stored.

    Three straight pieces between a column's corners (Kaldi's ``CompressedMatrix::CharToFloat``).
    """
    a, b, c, d = corners.T[:, :, None]
    steps = codes.astype(np.float64)
    lower, middle, upper = a + (b - a) * steps / 64, b + (c - b) * (steps - 64) / 128, c + (d - c) * (steps - 192) / 63
    return np.asarray(np.where(codes <= 64, lower, np.where(codes <= 192, middle, upper)), np.float64)


def read_start(start: Path) -> tuple[NetworkConfig, Params]:
    """Read what training is to go on from: a model's folder, or a network that the train step has saved.

    Raises:
        WrongInputError: See `read_network` and `models.recipe.network.load_network`.
    """
    return read_network(start) if start.is_dir() else load_network(start)


def read_network(model: Path) -> tuple[NetworkConfig, Params]:
    """Read the network of a model folder that `models.recipe.export.export_model` has written.

    Args:
        model: The folder: ``am/final.mdl`` and ``conf/model.conf`` are read.

    Returns:
        The sizes, and the parameters by the names of `models.recipe.network`, as 32-bit floats.

    Raises:
        MissingModelFileError: The folder, or one of the two files, isn't there.
        ForeignModelError: It is no Kaldi model, or one of other phones or of another network.
        DamagedModelError: The model is cut off, or holds what can't be.
        BadOptionsError: ``conf/model.conf`` is not a file of Kaldi's options.
    """
    options_file, path = model / "conf" / "model.conf", model / "am" / "final.mdl"
    stride, data = _stride(options_file), _bytes(path)
    phones = io.BytesIO()
    write_transition_model(KaldiWriter(phones), pdf_pairs())
    begin = phones.getvalue()
    if not data or data[: len(BINARY_MODEL)] != BINARY_MODEL[: len(data)]:
        raise ForeignModelError(path, "it is no binary model of Kaldi's")
    if data[: len(begin)] != begin[: len(data)]:
        raise ForeignModelError(path, "its phones are others")
    try:
        return _read_after_phones(_KaldiReader(data, len(begin)), stride)
    except _BrokenPartError as fault:
        raise DamagedModelError(path, str(fault)) from fault
    except _UnknownPartError as fault:
        raise ForeignModelError(path, str(fault)) from fault
    except UnfitParametersError as fault:
        raise ForeignModelError(path, f"its network is another ({str(fault).removesuffix('.')})") from fault


def _read_after_phones(reader: _KaldiReader, stride: int) -> tuple[NetworkConfig, Params]:
    """Read what stands behind the transition model, to the end of the file."""
    layout, affines = reader.network()
    for side in ("<LeftContext>", "<RightContext>"):
        reader.expect(side)
        reader.integer()
    reader.expect("<Priors>")
    if len(reader.vector()) or not reader.at_end:
        raise _UnknownPartError("there is more behind the network than the recipe writes")
    config = _sizes(layout, affines, stride)
    params = _unfolded(config, affines)
    check_parameters(config, params)
    _check_layout(layout, config, params)
    return config, params


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise MissingModelFileError(path) from fault


def _stride(path: Path) -> int:
    """Return how many input frames of 10 ms the network moves by, as the file of options says."""
    value = read_options(_bytes(path).decode("utf-8", errors="replace")).get(STRIDE_OPTION, "")
    if not value.isdecimal() or int(value) < 1:
        raise ForeignModelError(path, f"it has no --{STRIDE_OPTION} of one or more")
    return int(value)


def _sizes(layout: _Layout, affines: dict[str, _Affine], stride: int) -> NetworkConfig:
    """Read the sizes off the matrices and the attention's settings."""
    settings = {name: inside for name, _, inside in layout.components if isinstance(inside, bytes)}
    attention: list[dict[str, int]] = []
    while (name := f"l{len(attention)}.att") in settings:
        attention.append(_attention_sizes(settings[name]))
    if missing := {"fe", "h", "l0.f1", "pre", "out"} - affines.keys():
        raise _UnknownPartError(f"it has no component {sorted(missing)[0]}")
    if not attention:
        raise _UnknownPartError("it has no component l0.att")
    heads = attention[0]["NumHeads"]
    width = affines["h"].weights.shape[1]
    if any((sizes["NumHeads"], sizes["NumHeads"] * sizes["KeyDim"]) != (heads, width) for sizes in attention):
        raise _UnknownPartError("the heads of its attention don't fill the width of its layers")
    if any(sizes["TimeStride"] != stride for sizes in attention):
        raise _UnknownPartError(f"conf/model.conf says --{STRIDE_OPTION}={stride}, its attention something else")
    return NetworkConfig(
        width=width,
        heads=heads,
        feed_forward=affines["l0.f1"].weights.shape[1],
        hidden=affines["pre"].weights.shape[1],
        outputs=affines["out"].weights.shape[1],
        stride=stride,
        left=tuple(sizes["NumLeftInputs"] for sizes in attention),
        right=tuple(sizes["NumRightInputs"] for sizes in attention),
    )


def _attention_sizes(settings: bytes) -> dict[str, int]:
    reader, sizes = _KaldiReader(settings), {}
    for name in ("NumHeads", "KeyDim", "ValueDim", "NumLeftInputs", "NumRightInputs", "TimeStride"):
        reader.expect(f"<{name}>")
        sizes[name] = reader.integer()
    if min(sizes.values()) < 0:
        raise _BrokenPartError("a size of its attention is below nought")
    return sizes


def _unfolded(config: NetworkConfig, affines: dict[str, _Affine]) -> Params:
    """Take out again what the export step folds into the matrices."""
    found = dict(affines)
    first, centring = found["fe"], found.pop("h")
    if first.weights.shape[0] != len(transform := dct_with_lifter()):
        raise _UnknownPartError(f"it takes {first.weights.shape[0]} features, not {len(transform)}")
    found["fe"] = _Affine(transform @ first.weights, first.bias)
    expected = np.eye(config.width) - 1.0 / config.width
    if centring.weights.shape != expected.shape or np.abs(centring.weights - expected).max() > LARGEST_CENTRING_ERROR:
        raise _UnknownPartError("its component h does something else than to take off the mean")
    for layer in range(config.layers):
        name = f"l{layer}.qkv"
        if name not in found:
            raise _UnknownPartError(f"it has no component {name}")
        found |= {f"l{layer}.{part}": affine for part, affine in _by_part(config, layer, found.pop(name)).items()}
    params: Params = {"pos": centring.bias.astype(np.float32)}
    for name, affine in found.items():
        params[f"{name}.0"], params[f"{name}.1"] = affine.weights.astype(np.float32), affine.bias.astype(np.float32)
    return params


def _by_part(config: NetworkConfig, layer: int, mixed: _Affine) -> dict[str, _Affine]:
    """Part the matrix that gives the attention key, value, query and scores head by head."""
    head, window = config.head_width, config.window(layer)
    inputs, outputs = mixed.weights.shape
    if outputs != config.heads * (3 * head + window) or mixed.bias.shape != (outputs,):
        raise _UnknownPartError(f"its component l{layer}.qkv doesn't fit its attention")
    weights = np.split(mixed.weights.reshape(inputs, config.heads, -1), [head, 2 * head, 3 * head], axis=2)
    biases = np.split(mixed.bias.reshape(config.heads, -1), [head, 2 * head, 3 * head], axis=1)
    return {
        part: _Affine(weight.reshape(inputs, -1), bias.reshape(-1))
        for part, weight, bias in zip("kvqr", weights, biases, strict=True)
    }


def _check_layout(layout: _Layout, config: NetworkConfig, params: Params) -> None:
    """Compare nodes and components with those that the export step would write for these parameters."""
    stream = io.BytesIO()
    build_network(config, params, compressed=False).write(KaldiWriter(stream))
    ours, _ = _KaldiReader(stream.getvalue().removeprefix(b"\0B")).network()
    differing = {name for name, *_ in set(layout.components) ^ set(ours.components)}
    if differing:
        raise _UnknownPartError(f"its component {sorted(differing)[0]} is of another kind or has other settings")
    if layout.nodes != ours.nodes:
        raise _UnknownPartError("its components are connected in another way")
