"""Weighted finite-state transducers as arrays, and OpenFst's ``const`` file of them.

The layout is that of OpenFst 1.7 and 1.8 (``fst.h``, ``const-fst.h``): a header, one record a state, one record
an arc, all little-endian. Weights are costs: negative natural logarithms of probabilities, added along a path.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

NO_LABEL: Final = 0
"""OpenFst's epsilon: an arc that reads, or writes, nothing."""

FST_MAGIC: Final = 2_125_659_606
_CONST_VERSION: Final = 2
"""Records follow each other without padding; version 1 would align them."""

_STATE: Final = np.dtype([("final", "<f4"), ("first", "<u4"), ("arcs", "<u4"), ("in_eps", "<u4"), ("out_eps", "<u4")])
_ARC: Final = np.dtype([("input", "<i4"), ("output", "<i4"), ("weight", "<f4"), ("target", "<i4")])

# Property bits of OpenFst (properties.h) that hold for the graphs built here. A bit that is left out means
# "not known": OpenFst then looks for itself.
_EXPANDED: Final = 0x1
_NOT_ACCEPTOR: Final = 0x2_0000
_OUTPUT_SORTED: Final = 0x4000_0000
_WEIGHTED: Final = 0x1_0000_0000


@dataclass(frozen=True)
class Transducer:
    """Arcs in columns, one row an arc.

    ``source``, ``target``: state numbers from 0; ``input``, ``output``: labels; ``weight``: costs;
    ``final``: for every state, the cost of ending there, infinite where it is no end. All of length
    "number of arcs" but ``final``, which is of length "number of states".
    """

    source: NDArray[np.int32]
    input: NDArray[np.int32]
    output: NDArray[np.int32]
    weight: NDArray[np.float32]
    target: NDArray[np.int32]
    final: NDArray[np.float32]
    start: int = 0

    @property
    def state_count(self) -> int:
        """The number of states."""
        return len(self.final)

    @property
    def arc_count(self) -> int:
        """The number of arcs."""
        return len(self.source)

    def sorted_by(self, labels: NDArray[np.int32]) -> Transducer:
        """Return the same transducer, the arcs of each state in the order of ``labels`` (one for each arc)."""
        order = np.lexsort((self.target, self.input, labels, self.source))
        return Transducer(
            self.source[order],
            self.input[order],
            self.output[order],
            self.weight[order],
            self.target[order],
            self.final,
            self.start,
        )


def properties_of(graph: Transducer) -> int:
    """Return the property bits of a transducer whose arcs are sorted by output."""
    weighted = _WEIGHTED if graph.arc_count and bool(graph.weight.any()) else 0
    return _EXPANDED | _NOT_ACCEPTOR | _OUTPUT_SORTED | weighted


def fst_header(kind: str, version: int, properties: int, start: int, states: int, arcs: int) -> bytes:
    """Return OpenFst's file header for the FST type ``kind`` over the tropical semiring."""
    arc_kind = b"standard"
    return b"".join(
        (
            struct.pack("<ii", FST_MAGIC, len(kind)) + kind.encode("ascii"),
            struct.pack("<i", len(arc_kind)) + arc_kind,
            struct.pack("<iiQqqq", version, 0, properties, start, states, arcs),
        )
    )


def const_fst(graph: Transducer, properties: int) -> bytes:
    """Return the bytes of OpenFst's ``const`` file. The arcs must be sorted by source.

    Raises:
        ValueError: they aren't, or an arc leads to no state.
    """
    if np.any(np.diff(graph.source) < 0):
        raise ValueError("the arcs must be sorted by their source states")
    count = graph.state_count
    if graph.arc_count and (int(graph.target.min()) < 0 or int(graph.target.max()) >= count):
        raise ValueError("an arc leads to a state that isn't there")
    states = np.zeros(count, _STATE)
    states["final"] = graph.final
    states["arcs"] = np.bincount(graph.source, minlength=count)
    states["first"] = np.cumsum(states["arcs"]) - states["arcs"]
    states["in_eps"] = np.bincount(graph.source[graph.input == NO_LABEL], minlength=count)
    states["out_eps"] = np.bincount(graph.source[graph.output == NO_LABEL], minlength=count)
    arcs = np.zeros(graph.arc_count, _ARC)
    for column in ("input", "output", "weight", "target"):
        arcs[column] = getattr(graph, column)
    header = fst_header("const", _CONST_VERSION, properties, graph.start, count, graph.arc_count)
    return header + states.tobytes() + arcs.tobytes()
