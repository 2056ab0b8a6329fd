"""From the trained network's parameters to the files that Vosk loads: ``am/final.mdl`` and ``conf/``.

The network computes the same in nnet3 as in `models.recipe.network`: every matrix becomes a ``FixedAffineComponent``,
a convolution one over frames that are spliced with ``Append``, GELU the product of ``x`` and ``Sigmoid(1.702 x)``.
Vosk feeds MFCC, which are the log-mel energies times an invertible matrix: its inverse goes into the first matrix.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from assistant.errors import WrongInputError
from assistant.hearing.language_part.phone_set import PHONE_ID, SILENCE, pdf_pairs
from models.recipe.features import MEL_BINS, MFCC_OPTIONS, dct_with_lifter
from models.recipe.network import GELU_SLOPE, NetworkConfig
from models.recipe.nnet3 import (
    ElementwiseProduct,
    FixedAffine,
    MatrixFormat,
    Network,
    Nonlinearity,
    Normalize,
    RestrictedAttention,
    write_acoustic_model,
)

Parameters = Mapping[str, npt.NDArray[np.floating]]

FRAMES_PER_CHUNK: Final = 24
"""Frames of 10 ms that the network computes at once: divisible by a stride of 2 and of 3. Larger chunks make larger
and so quicker matrix products, but partial results come later."""
SEARCH_OPTIONS: Final = {
    "min-active": "200",
    "max-active": "3000",
    "beam": "11.0",
    "lattice-beam": "4.0",
    "acoustic-scale": "0.85",
}
"""Of the search. A model trained with LF-MMI needs about no scaling of its scores; of 0.85, 1 and 1.2 the first was
best on 64 recordings of validation speakers (word errors 12.2, 13.0 and 14.5 %), at the same cost of computing."""
ENDPOINT_OPTIONS: Final = {
    "endpoint.silence-phones": str(PHONE_ID[SILENCE]),
    "endpoint.rule2.min-trailing-silence": "0.5",
    "endpoint.rule3.min-trailing-silence": "0.75",
    "endpoint.rule4.min-trailing-silence": "1.5",
}
"""Silence after speech that closes a segment: after a likely, a less likely, and any end of a sentence (s)."""


class UnfitParametersError(WrongInputError):
    """The parameters don't belong to the configuration."""


def export_model(config: NetworkConfig, params: Parameters, folder: Path, *, compressed: bool = True) -> None:
    """Write ``am/final.mdl``, ``conf/mfcc.conf`` and ``conf/model.conf`` below ``folder``.

    Args:
        config: The network's shape.
        params: Its parameters: ``NAME.0`` weights of shape (inputs, outputs), ``NAME.1`` bias, and ``pos``.
        folder: The model's folder, which need not exist. A model that is being read there is replaced, not overwritten.
        compressed: Store matrices with 8 bits a value, the first one and the small ones with 16, instead of 32.

    Raises:
        UnfitParametersError: A parameter is missing, left over, of another shape than ``config`` says, or not finite.
    """
    check_parameters(config, params)
    for part in ("am", "conf"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    model = folder / "am" / "final.mdl"
    unfinished = model.with_suffix(".tmp")
    write_acoustic_model(unfinished, pdf_pairs(), build_network(config, params, compressed=compressed))
    unfinished.replace(model)
    _write_options(folder / "conf" / "mfcc.conf", MFCC_OPTIONS)
    framing = {"frame-subsampling-factor": str(config.stride), "frames-per-chunk": str(FRAMES_PER_CHUNK)}
    _write_options(folder / "conf" / "model.conf", {**SEARCH_OPTIONS, **framing, **ENDPOINT_OPTIONS})


def _write_options(path: Path, options: Mapping[str, str]) -> None:
    path.write_text("".join(f"--{name}={value}\n" for name, value in options.items()), encoding="utf-8")


def affine_shapes(config: NetworkConfig) -> dict[str, tuple[int, int]]:
    """Return the inputs and outputs of every matrix of the network."""
    width, wide = config.width, config.feed_forward
    shapes = {"fe": (MEL_BINS, MEL_BINS), "c1": (3 * MEL_BINS, width), "c2": (3 * width, width)}
    for layer in range(config.layers):
        seen = config.window(layer)
        shapes |= {f"l{layer}.{part}": (width, width) for part in ("q", "k", "v", "o")}
        shapes |= {
            f"l{layer}.r": (width, config.heads * seen),
            f"l{layer}.f1": (width, wide),
            f"l{layer}.f2": (wide, width),
        }
    return {**shapes, "pre": (width, config.hidden), "out": (config.hidden, config.outputs)}


def check_parameters(config: NetworkConfig, params: Parameters) -> None:
    """Compare the parameters' names and shapes with the configuration's.

    Raises:
        UnfitParametersError: They differ, or a value isn't finite.
    """
    expected: dict[str, tuple[int, ...]] = {"pos": (config.width,)}
    for name, (inputs, outputs) in affine_shapes(config).items():
        expected |= {f"{name}.0": (inputs, outputs), f"{name}.1": (outputs,)}
    if missing := expected.keys() - params.keys():
        raise UnfitParametersError(f"The checkpoint lacks {', '.join(sorted(missing)[:5])}.")
    if extra := params.keys() - expected.keys():
        raise UnfitParametersError(
            f"The checkpoint has {', '.join(sorted(extra)[:5])}, which the network doesn't know."
        )
    for name, shape in expected.items():
        if params[name].shape != shape:
            raise UnfitParametersError(
                f"{name} of the checkpoint has the shape {params[name].shape}; the configuration says {shape}."
            )
        if not np.isfinite(params[name]).all():
            raise UnfitParametersError(f"{name} of the checkpoint holds values that are not numbers.")


def build_network(config: NetworkConfig, params: Parameters, *, compressed: bool) -> Network:
    """Return the network as nnet3 nodes and components; the parameters must have passed `check_parameters`."""
    return _Builder(config, params, compressed=compressed).build()


class _Builder:
    """Adds the parts of one network; a method returns the descriptor of what it computes."""

    def __init__(self, config: NetworkConfig, params: Parameters, *, compressed: bool) -> None:
        self._config = config
        self._params = {name: np.asarray(values, np.float64) for name, values in params.items()}
        self._compressed = compressed
        self._network = Network(MEL_BINS)

    def build(self) -> Network:
        """Add everything from the features to the scores."""
        config = self._config
        weights, bias = self._matrix("fe")
        # 8 bits are too few here: the columns of the inverse cosine transform differ by what the lifter weighs.
        self._affine("fe", np.linalg.inv(dct_with_lifter()) @ weights, bias, "input", fine=True)
        features = self._network.add("fe.r", Nonlinearity("RectifiedLinear", MEL_BINS), "fe")
        frames = self._convolution("c2", self._convolution("c1", features))
        # Layer normalisation takes the mean off a frame; the layers' own outputs have learned to need no such step.
        centring = np.eye(config.width) - 1.0 / config.width
        stream = self._affine("h", centring, self._params["pos"] @ centring, frames)
        for layer in range(config.layers):
            stream = self._layer(layer, stream)
        self._network.add("fin", Normalize(config.width), stream)
        self._affine("pre", *self._matrix("pre"), "fin")
        self._network.add("pre.r", Nonlinearity("RectifiedLinear", config.hidden), "pre")
        self._network.add("pre.n", Normalize(config.hidden), "pre.r")
        self._network.finish(self._affine("out", *self._matrix("out"), "pre.n"))
        return self._network

    def _matrix(self, name: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        return self._params[f"{name}.0"], self._params[f"{name}.1"]

    def _affine(
        self,
        name: str,
        weights: npt.NDArray[np.float64],
        bias: npt.NDArray[np.float64],
        descriptor: str,
        *,
        fine: bool = False,
    ) -> str:
        style = MatrixFormat.WORDS if fine else MatrixFormat.BYTES
        return self._network.add(
            name, FixedAffine(weights, bias, style if self._compressed else MatrixFormat.FLOAT), descriptor
        )

    def _gelu(self, name: str, width: int) -> str:
        self._network.add(f"{name}.g", Nonlinearity("Sigmoid", width), f"Scale({GELU_SLOPE}, {name})")
        return self._network.add(f"{name}.p", ElementwiseProduct(width), f"Append({name}, {name}.g)")

    def _convolution(self, name: str, source: str) -> str:
        """Add a convolution over three frames. Nobody asks for c2 between the strides, so it isn't computed there."""
        self._affine(name, *self._matrix(name), f"Append(Offset({source}, -1), {source}, Offset({source}, 1))")
        return self._gelu(name, self._config.width)

    def _layer(self, layer: int, stream: str) -> str:
        config, name = self._config, f"l{layer}"
        self._network.add(f"{name}.n", Normalize(config.width), stream)
        self._affine(f"{name}.qkv", *self._by_head(layer), f"{name}.n")
        attention = RestrictedAttention(
            config.heads, config.head_width, config.left[layer], config.right[layer], config.stride
        )
        self._network.add(f"{name}.att", attention, f"{name}.qkv")
        self._affine(f"{name}.o", *self._matrix(f"{name}.o"), f"{name}.att")
        self._network.add(f"{name}.m", Normalize(config.width), f"Sum({stream}, {name}.o)")
        self._affine(f"{name}.f1", *self._matrix(f"{name}.f1"), f"{name}.m")
        self._affine(f"{name}.f2", *self._matrix(f"{name}.f2"), self._gelu(f"{name}.f1", config.feed_forward))
        return f"Sum({stream}, Sum({name}.o, {name}.f2))"

    def _by_head(self, layer: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return one matrix that computes what the attention takes in: key, value, query, scores, head by head."""
        heads = self._config.heads
        parts = [self._matrix(f"l{layer}.{part}") for part in ("k", "v", "q", "r")]
        weights = [np.split(part, heads, axis=1) for part, _ in parts]
        biases = [np.split(part, heads) for _, part in parts]
        return (
            np.concatenate([part[head] for head in range(heads) for part in weights], axis=1),
            np.concatenate([part[head] for head in range(heads) for part in biases]),
        )
