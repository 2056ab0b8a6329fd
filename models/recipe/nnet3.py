"""Writes acoustic models in Kaldi's binary format: a transition model and a network of nnet3 components.

Only what this model is made of is here. The layout is the one that Kaldi's own ``Read`` functions expect
(``hmm/hmm-topology.cc``, ``hmm/transition-model.cc``, ``nnet3/nnet-nnet.cc``, ``nnet3/am-nnet-simple.cc`` and the
components' files); numbers are little-endian, and each is preceded by its size in bytes.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]

STAY_PROBABILITY: Final = 0.5
"""Of staying in a phone's state for another frame. Scores learned with LF-MMI hold all that durations tell, so
the usual value for such models is a plain half, and the graph is built without these probabilities."""
_STEPS_16: Final = 65535
_SMALLEST_RANGE: Final = 1e-5
"""Range written for a matrix of equal values, so that nobody divides by nought."""
_ROWS_FOR_PERCENTILES: Final = 5
"""Kaldi takes percentiles of a column only from this many rows on."""


class MatrixFormat(StrEnum):
    """How a matrix is stored. Kaldi reads all of them wherever it expects a matrix."""

    FLOAT = "FM"
    """32-bit floats."""
    WORDS = "CM2"
    """16-bit numbers, evenly spaced between the matrix's least and greatest value."""
    BYTES = "CM"
    """8-bit numbers, spaced for each column by its own least, quarter, three-quarter and greatest value."""


class KaldiWriter:
    """Writes Kaldi's basic binary objects to a stream."""

    def __init__(self, stream: BinaryIO) -> None:
        """Begin the file: a zero byte and a B tell Kaldi that it's binary."""
        self._stream = stream
        self.raw(b"\0B")

    def raw(self, data: bytes) -> None:
        """Write ``data`` as it is."""
        self._stream.write(data)

    def token(self, text: str) -> None:
        """Write a word and the space that ends it."""
        self.raw(text.encode() + b" ")

    def integer(self, value: int) -> None:
        """Write a 32-bit integer."""
        self.raw(b"\x04" + struct.pack("<i", value))

    def single(self, value: float) -> None:
        """Write a 32-bit float."""
        self.raw(b"\x04" + struct.pack("<f", value))

    def double(self, value: float) -> None:
        """Write a 64-bit float."""
        self.raw(b"\x08" + struct.pack("<d", value))

    def boolean(self, *, value: bool) -> None:
        """Write T or F."""
        self.raw(b"T" if value else b"F")

    def integers(self, values: Sequence[int]) -> None:
        """Write a list of 32-bit integers, as Kaldi's ``WriteIntegerVector`` does."""
        self.raw(b"\x04" + struct.pack("<i", len(values)) + np.asarray(values, "<i4").tobytes())

    def vector(self, values: npt.ArrayLike) -> None:
        """Write a vector of floats."""
        array = np.ascontiguousarray(values, "<f4")
        self.token("FV")
        self.integer(len(array))
        self.raw(array.tobytes())

    def matrix(self, values: FloatArray, style: MatrixFormat) -> None:
        """Write a matrix in the given format."""
        array = np.ascontiguousarray(values, "<f4")
        self.token(style.value)
        match style:
            case MatrixFormat.FLOAT:
                self.integer(array.shape[0])
                self.integer(array.shape[1])
                self.raw(array.tobytes())
            case MatrixFormat.WORDS:
                low, extent = self._extent(array)
                self.raw(_in_steps(array, low, extent).astype("<u2").tobytes())
            case MatrixFormat.BYTES:
                low, extent = self._extent(array)
                corners, codes = compress_columns(array, low, extent)
                self.raw(np.ascontiguousarray(corners.T, "<u2").tobytes())
                self.raw(np.ascontiguousarray(codes.T).tobytes())

    def _extent(self, array: FloatArray) -> tuple[float, float]:
        """Write the header of a compressed matrix; return its least value and its range."""
        low = float(array.min())
        extent = max(float(array.max()) - low, _SMALLEST_RANGE)
        self.raw(struct.pack("<ffii", low, extent, *array.shape))
        return low, extent


def _in_steps(values: FloatArray, low: float, extent: float) -> FloatArray:
    """Return ``values`` as whole steps of a 16-bit scale that begins at ``low``."""
    return np.asarray(np.clip(np.rint((values - low) / extent * _STEPS_16), 0, _STEPS_16))


def compress_columns(
    array: FloatArray, low: float, extent: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Compress a matrix to 8 bits a value as Kaldi does (``CompressedMatrix::ComputeColHeader``).

    Four corners a column cut its values into quarter, half, quarter; each part has evenly spaced codes of its own:
    0-64, 64-192, 192-255. Most weights lie in the middle half, which thus gets half of the codes.

    Returns:
        The corners as 16-bit steps, shape (4, columns), strictly rising, and the codes, shape (rows, columns).
    """
    rows = len(array)
    ordered = np.sort(array, axis=0)
    first, last = ordered[0], ordered[-1]
    if rows >= _ROWS_FOR_PERCENTILES:
        inner = ordered[rows // 4], ordered[3 * (rows // 4)]
    else:
        inner = first + (last - first) / 3, first + (last - first) * 2 / 3
    corners = _in_steps(np.stack([first, *inner, last]), low, extent).astype(np.int64)
    corners[0] = np.minimum(corners[0], _STEPS_16 - 3)
    for row in (1, 2, 3):
        corners[row] = np.clip(corners[row], corners[row - 1] + 1, _STEPS_16 - 3 + row)
    a, b, c, d = low + extent * corners / _STEPS_16
    codes = np.where(
        array < b,
        (array - a) / (b - a) * 64,
        np.where(array < c, 64 + (array - b) / (c - b) * 128, 192 + (array - c) / (d - c) * 63),
    )
    return corners, np.clip(np.rint(codes), 0, 255).astype(np.uint8)


class Component(Protocol):
    """One component of a network."""

    @property
    def kind(self) -> str:
        """Kaldi's name of the component, without "Component"."""
        ...

    def write(self, writer: KaldiWriter) -> None:
        """Write what lies between the component's opening and closing token."""
        ...


@dataclass(frozen=True)
class FixedAffine:
    """``output = input @ weights + bias``; the weights have shape (inputs, outputs), Kaldi stores them turned."""

    weights: FloatArray
    bias: FloatArray
    style: MatrixFormat
    kind: str = field(default="FixedAffine", init=False)

    def write(self, writer: KaldiWriter) -> None:
        """Write the matrix and the bias."""
        writer.token("<LinearParams>")
        writer.matrix(self.weights.T, self.style)
        writer.token("<BiasParams>")
        writer.vector(self.bias)


@dataclass(frozen=True)
class Nonlinearity:
    """A function of each value by itself: ``RectifiedLinear`` or ``Sigmoid``."""

    kind: str
    width: int

    def write(self, writer: KaldiWriter) -> None:
        """Write the width and empty statistics of training."""
        writer.token("<Dim>")
        writer.integer(self.width)
        for name in ("<ValueAvg>", "<DerivAvg>"):
            writer.token(name)
            writer.vector([])
        writer.token("<Count>")
        writer.double(0.0)


@dataclass(frozen=True)
class Normalize:
    """Divides a frame by the root of its mean square, so that this becomes one."""

    width: int
    kind: str = field(default="Normalize", init=False)

    def write(self, writer: KaldiWriter) -> None:
        """Write the width and the wanted root mean square."""
        writer.token("<InputDim>")
        writer.integer(self.width)
        writer.token("<TargetRms>")
        writer.single(1.0)
        writer.token("<AddLogStddev>")
        writer.boolean(value=False)


@dataclass(frozen=True)
class ElementwiseProduct:
    """Multiplies the first half of its input with the second, value by value."""

    width: int
    kind: str = field(default="ElementwiseProduct", init=False)

    def write(self, writer: KaldiWriter) -> None:
        """Write the widths of the input and of the output."""
        writer.token("<InputDim>")
        writer.integer(2 * self.width)
        writer.token("<OutputDim>")
        writer.integer(self.width)


@dataclass(frozen=True)
class RestrictedAttention:
    """Attention of every frame to ``left`` frames before it, itself, and ``right`` frames after it.

    A head's input is its key, value and query, then ``left + 1 + right`` scores that are added before the softmax.
    Frames before the start count as zero keys and values, for none of them is required; those to the right are, or
    the output would depend on where the decoder cuts its chunks.

    Attributes:
        stride: Frames of the input (10 ms) from one frame of this layer to the next.
    """

    heads: int
    head_width: int
    left: int
    right: int
    stride: int
    kind: str = field(default="RestrictedAttention", init=False)

    def write(self, writer: KaldiWriter) -> None:
        """Write the sizes and empty statistics of training."""
        for name, value in (
            ("NumHeads", self.heads),
            ("KeyDim", self.head_width),
            ("ValueDim", self.head_width),
            ("NumLeftInputs", self.left),
            ("NumRightInputs", self.right),
            ("TimeStride", self.stride),
            ("NumLeftInputsRequired", 0),
            ("NumRightInputsRequired", self.right),
        ):
            writer.token(f"<{name}>")
            writer.integer(value)
        writer.token("<OutputContext>")
        writer.boolean(value=False)
        writer.token("<KeyScale>")
        writer.single(1.0 / math.sqrt(self.head_width))
        writer.token("<StatsCount>")
        writer.double(0.0)
        writer.token("<EntropyStats>")  # double precision, as Kaldi keeps it: no entries
        writer.token("DV")
        writer.integer(0)
        writer.token("<PosteriorStats>")
        writer.token("DM")
        writer.integer(0)
        writer.integer(0)


class Network:
    """A network under construction: nodes with their input descriptors, and the components behind them."""

    def __init__(self, inputs: int) -> None:
        """Begin a network that is fed ``inputs`` values a frame."""
        self._nodes = [f"input-node name=input dim={inputs}"]
        self._components: list[tuple[str, Component]] = []

    def add(self, name: str, component: Component, descriptor: str) -> str:
        """Add a component fed by ``descriptor`` (an expression over node names); return its node's name."""
        self._components.append((name, component))
        self._nodes.append(f"component-node name={name} component={name} input={descriptor}")
        return name

    def finish(self, name: str) -> None:
        """Make the node ``name`` the network's output."""
        self._nodes.append(f"output-node name=output input={name} objective=linear")

    def write(self, writer: KaldiWriter) -> None:
        """Write the nodes as text and the components."""
        writer.token("<Nnet3>")
        writer.raw(b"\n")
        for node in self._nodes:
            writer.raw(node.encode() + b"\n")
        writer.raw(b"\n")
        writer.token("<NumComponents>")
        writer.integer(len(self._components))
        for name, component in self._components:
            writer.token("<ComponentName>")
            writer.token(name)
            writer.token(f"<{component.kind}Component>")
            component.write(writer)
            writer.token(f"</{component.kind}Component>")
        writer.token("</Nnet3>")


def write_transition_model(writer: KaldiWriter, pdfs: Sequence[tuple[int, int]]) -> None:
    """Write a transition model in which every phone has one state that is entered and then may be stayed in.

    Args:
        writer: Where to.
        pdfs: For the phones 1, 2, ...: the network's output for a phone's first frame, and for its further frames.
    """
    phones = len(pdfs)
    writer.token("<TransitionModel>")
    writer.token("<Topology>")
    writer.integers(range(1, phones + 1))
    writer.integers([-1] + [0] * phones)  # which topology each phone has; there is no phone 0
    writer.integer(-1)  # the newer format, in which staying may have a pdf of its own
    writer.integer(1)  # topologies
    writer.integer(2)  # states: the emitting one and the end
    writer.integer(0)  # pdf class of the first frame
    writer.integer(1)  # pdf class of further frames
    writer.integer(2)  # transitions: stay, leave
    writer.integer(0)
    writer.single(STAY_PROBABILITY)
    writer.integer(1)
    writer.single(1 - STAY_PROBABILITY)
    writer.integer(-1)  # the end has no pdf of either class, and no transitions
    writer.integer(-1)
    writer.integer(0)
    writer.token("</Topology>")
    writer.token("<Tuples>")
    writer.integer(phones)
    for phone, (first, further) in enumerate(pdfs, start=1):
        for value in (phone, 0, first, further):
            writer.integer(value)
    writer.token("</Tuples>")
    writer.token("<LogProbs>")
    stay, leave = math.log(STAY_PROBABILITY), math.log(1 - STAY_PROBABILITY)
    writer.vector([0.0, *([stay, leave] * phones)])  # transition ids count from one
    writer.token("</LogProbs>")
    writer.token("</TransitionModel>")


def write_acoustic_model(path: Path, pdfs: Sequence[tuple[int, int]], network: Network) -> None:
    """Write ``final.mdl``: the transition model (see `write_transition_model`), then the network."""
    with path.open("wb") as stream:
        writer = KaldiWriter(stream)
        write_transition_model(writer, pdfs)
        network.write(writer)
        # Kaldi computes the contexts afresh when it loads the model; there are no priors to divide by after LF-MMI.
        for side in ("<LeftContext>", "<RightContext>"):
            writer.token(side)
            writer.integer(0)
        writer.token("<Priors>")
        writer.vector([])
