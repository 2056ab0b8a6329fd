"""The streaming acoustic network: Whisper tiny.en's encoder with windowed attention and a phone layer on top.

What differs from the original, and why it can be written as Kaldi nnet3 components that unchanged libvosk runs:

* LayerNorm became root-mean-square normalisation: its gain, bias and centring are folded into the neighbouring
  matrices (``NormalizeComponent``).
* GELU became ``x * sigmoid(1.702 x)`` (a product of two components).
* Attention sees a window of frames before and after each frame, with learned scores for relative positions in place of
  Whisper's absolute positions (``RestrictedAttentionComponent``). Frames before the start count as zero keys and
  values, as Kaldi pads them.
* The second convolution moves by three input frames, not two: 33.3 output frames a second. libvosk counts 0.03 s a
  frame in word times whatever the model says, so with three its times are right, and a third of the work goes.

Parameters are a flat mapping ``name -> array``; matrices are (inputs, outputs), ``NAME.0`` is the matrix and ``NAME.1``
the bias of layer NAME.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from assistant.errors import WrongInputError

Params = dict[str, Any]
Array = Any

FEATURES = 80
# Whisper clips its log-mel 8 units (of log10) under the maximum; the maximum of a stream isn't known, so the floor is
# absolute: 8 under the median maximum (0.9) of the training clips.
LOG_MEL_FLOOR = -7.0
# x * sigmoid(1.702 x): the usual approximation of GELU (Hendrycks and Gimpel, 2016).
GELU_SLOPE = 1.702
# Start of the scores for relative positions: nearer frames count a little more.
DISTANCE_PENALTY = 0.03
EPSILON = 1e-8
# Queries that share one block of keys; more is more wasted products, less is more overhead.
ATTENTION_BLOCK = 32


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the network; windows are in output frames (``stride`` times 10 ms).

    The look-ahead of the whole is the sum of ``right`` and one input frame for each convolution.
    """

    width: int = 384
    heads: int = 6
    feed_forward: int = 1536
    hidden: int = 384
    outputs: int = 84
    stride: int = 3
    left: tuple[int, ...] = (27, 27, 27, 27)
    right: tuple[int, ...] = (5, 3, 2, 1)

    @property
    def layers(self) -> int:
        """Number of transformer layers."""
        return len(self.left)

    @property
    def head_width(self) -> int:
        """Width of one attention head."""
        return self.width // self.heads

    def window(self, layer: int) -> int:
        """Frames that one frame of ``layer`` attends to, itself included."""
        return self.left[layer] + self.right[layer] + 1

    @property
    def look_ahead_seconds(self) -> float:
        """Sound needed after a frame before its scores are known."""
        return 0.01 * (self.stride * sum(self.right) + 2)


def from_whisper(
    encoder: Mapping[str, NDArray[Any]], mel_map: Mapping[str, NDArray[Any]], config: NetworkConfig, *, seed: int = 0
) -> Params:
    """Fold Whisper's encoder into this network's form; the phone layer starts at random.

    ``encoder`` holds the arrays of ``weights.read_encoder``; ``mel_map`` the matrix ``A`` (80, 80) and the vector ``c``
    (80,) from Kaldi's to Whisper's log-mel.
    """
    random = np.random.default_rng(seed)
    width = config.width
    centre = np.eye(width) - 1.0 / width
    params: dict[str, NDArray[Any]] = {"fe.0": mel_map["A"], "fe.1": mel_map["c"] - LOG_MEL_FLOOR}
    # Kernels come as (out, in, time); here frames lie side by side in the input: (time * in, out).
    first = encoder["conv1.w"].astype(float).transpose(2, 1, 0)
    second = encoder["conv2.w"].astype(float).transpose(2, 1, 0)
    # Whisper's input is (log-mel + 4) / 4; ours is relu(log-mel - floor).
    params["c1.0"] = (first / 4).reshape(-1, width)
    params["c1.1"] = encoder["conv1.b"] + (first * ((LOG_MEL_FLOOR + 4) / 4)).sum((0, 1))
    params["c2.0"], params["c2.1"] = second.reshape(-1, width), encoder["conv2.b"]
    # One mean position for all: what remains of absolute positions is an offset.
    params["pos"] = encoder["pos"][100:400].mean(0) @ centre
    for layer in range(config.layers):
        source = {name: encoder[f"l{layer}.{name}"].astype(float) for name in _LAYER_ARRAYS}
        zero = np.zeros(width)
        distance = np.abs(np.arange(config.window(layer)) - config.left[layer])
        pairs = {
            "q": _fold(source["q.w"], source["q.b"], source["ln1.g"], source["ln1.b"]),
            # A key's bias adds the same to every score of a query: it falls out of the softmax.
            "k": _fold(source["k.w"], zero, source["ln1.g"], zero),
            "v": _fold(source["v.w"], source["v.b"], source["ln1.g"], source["ln1.b"]),
            "r": (
                np.zeros((width, config.heads * config.window(layer))),
                np.tile(-DISTANCE_PENALTY * distance, config.heads),
            ),
            "o": (source["o.w"].T @ centre, source["o.b"] @ centre),
            "f1": _fold(source["fc1.w"], source["fc1.b"], source["ln2.g"], source["ln2.b"]),
            "f2": (source["fc2.w"].T @ centre, source["fc2.b"] @ centre),
        }
        for name, (matrix, bias) in pairs.items():
            params[f"l{layer}.{name}.0"], params[f"l{layer}.{name}.1"] = matrix, bias
    start = random.standard_normal((width, config.hidden)) / np.sqrt(width)
    params["pre.0"], params["pre.1"] = encoder["ln.g"].astype(float)[:, None] * start, np.zeros(config.hidden)
    params["out.0"] = random.standard_normal((config.hidden, config.outputs)) * 0.1 / np.sqrt(config.hidden)
    params["out.1"] = np.zeros(config.outputs)
    return {name: jnp.asarray(value, jnp.float32) for name, value in params.items()}


_LAYER_ARRAYS = (
    *("q.w", "q.b", "k.w", "v.w", "v.b", "o.w", "o.b", "fc1.w", "fc1.b", "fc2.w", "fc2.b"),
    *("ln1.g", "ln1.b", "ln2.g", "ln2.b"),
)


def _fold(
    matrix: NDArray[Any], bias: NDArray[Any], gain: NDArray[Any], shift: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    return gain[:, None] * matrix.T, bias + shift @ matrix.T


def resample_positions(params: Mapping[str, NDArray[Any]], old: NetworkConfig, new: NetworkConfig) -> Params:
    """Carry a network over to another stride or other windows: position scores are interpolated in time.

    Positions outside the old window take its outermost score.
    """
    out = dict(params)
    for layer in range(new.layers):
        old_times = (np.arange(old.window(layer)) - old.left[layer]) * old.stride
        new_times = (np.arange(new.window(layer)) - new.left[layer]) * new.stride
        for part in ("0", "1"):
            name = f"l{layer}.r.{part}"
            rows = np.asarray(params[name], np.float64).reshape(-1, old.window(layer))
            moved = np.stack([np.interp(new_times, old_times, row) for row in rows])
            shape = (*np.shape(params[name])[:-1], new.heads * new.window(layer))
            out[name] = moved.reshape(shape).astype(np.float32)
    return out


def normalise(x: Array) -> Array:
    """Root-mean-square normalisation over the last axis (LayerNorm without centring)."""
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + EPSILON)


def gelu(x: Array) -> Array:
    """GELU in the form that nnet3 components can say."""
    return x * jax.nn.sigmoid(GELU_SLOPE * x)


def attend(config: NetworkConfig, layer: int, parts: Mapping[str, Array], valid: Array) -> Array:
    """Windowed attention: queries in blocks, each against its own stretch of keys.

    ``parts`` holds q, k, v (B, T, heads * head width) and position scores r (B, T, heads * window); ``valid`` (B, T) is
    1 for frames of the clip: others are zero keys and values. Returns (B, T, width).
    """
    left, right = config.left[layer], config.right[layer]
    window, heads, block = config.window(layer), config.heads, ATTENTION_BLOCK
    batch, frames = valid.shape
    blocks = -(-frames // block)
    span = block + left + right

    def keys(x: Array) -> Array:
        x = x.reshape(batch, frames, heads, -1) * valid[:, :, None, None]
        x = jnp.pad(x, ((0, 0), (left, blocks * block - frames + right), (0, 0), (0, 0)))
        index = np.arange(blocks)[:, None] * block + np.arange(span)[None]
        return x[:, index]

    def queries(x: Array) -> Array:
        x = jnp.pad(x.reshape(batch, frames, heads, -1), ((0, 0), (0, blocks * block - frames), (0, 0), (0, 0)))
        return x.reshape(batch, blocks, block, heads, -1)

    q, r = queries(parts["q"]), queries(parts["r"])
    k, v = keys(parts["k"]), keys(parts["v"])
    scores = jnp.einsum("bnqhd,bnshd->bnhqs", q, k) * config.head_width**-0.5
    # Row i of a block attends to columns i .. i + window: shift the rows so that the window lies in the first columns.
    shape = (batch, blocks, heads)
    flat = jnp.pad(scores.reshape(*shape, block * span), ((0, 0), (0, 0), (0, 0), (0, block)))
    banded = flat.reshape(*shape, block, span + 1)[..., :window]
    weights = jax.nn.softmax(banded + r.transpose(0, 1, 3, 2, 4), -1)
    wide = jnp.pad(weights, ((0, 0), (0, 0), (0, 0), (0, 0), (0, span + 1 - window)))
    full = wide.reshape(*shape, block * (span + 1))[..., : block * span].reshape(*shape, block, span)
    mixed = jnp.einsum("bnhqs,bnshd->bnqhd", full, v)
    return mixed.reshape(batch, blocks * block, config.width)[:, :frames]


def input_frames(config: NetworkConfig, frames: int) -> int:
    """Input frames (10 ms) that ``frames`` output frames are computed from, the two at either end included."""
    return config.stride * (frames - 1) + 5


def encode(
    config: NetworkConfig, params: Params, features: Array, valid: Array, *, drop: float = 0.0, key: Array | None = None
) -> Array:
    """Kaldi log-mel (B, input_frames(config, T), 80) -> encoding (B, T, width), normalised.

    Input frame ``2 + stride * t`` is the centre of output frame ``t``: two frames stand in front of the first and two
    behind the last. ``drop`` is the share of channels of each residual branch set to zero while training, with ``key``
    for the draw.
    """
    stride, frames = config.stride, valid.shape[1]
    h = jax.nn.relu(features @ params["fe.0"] + params["fe.1"])
    h = gelu(jnp.concatenate([h[:, :-2], h[:, 1:-1], h[:, 2:]], -1) @ params["c1.0"] + params["c1.1"])
    taps = [h[:, offset : offset + stride * (frames - 1) + 1 : stride] for offset in range(3)]
    h = gelu(jnp.concatenate(taps, -1) @ params["c2.0"] + params["c2.1"]) + params["pos"]
    h = h - h.mean(-1, keepdims=True)
    keys = jax.random.split(key, 2 * config.layers) if key is not None else [None] * (2 * config.layers)
    for layer in range(config.layers):

        def affine(x: Array, name: str, layer: int = layer) -> Array:
            return x @ params[f"l{layer}.{name}.0"] + params[f"l{layer}.{name}.1"]

        u = normalise(h)
        attended = attend(config, layer, {name: affine(u, name) for name in "qkvr"}, valid)
        h = h + _dropped(affine(attended, "o"), drop, keys[2 * layer])
        y = affine(gelu(affine(normalise(h), "f1")), "f2")
        h = h + _dropped(y, drop, keys[2 * layer + 1])
    return normalise(h)


def _dropped(x: Array, drop: float, key: Array | None) -> Array:
    if key is None or drop <= 0.0:
        return x
    kept = jax.random.bernoulli(key, 1 - drop, (x.shape[0], 1, x.shape[2]))
    return x * kept / (1 - drop)


def forward(
    config: NetworkConfig, params: Params, features: Array, valid: Array, *, drop: float = 0.0, key: Array | None = None
) -> tuple[Array, Array]:
    """Scores of the phone states (B, T, outputs) and the encoding (B, T, width) under them."""
    encoding = encode(config, params, features, valid, drop=drop, key=key)
    hidden = normalise(jax.nn.relu(encoding @ params["pre.0"] + params["pre.1"]))
    return hidden @ params["out.0"] + params["out.1"], encoding


def save_network(path: Path, config: NetworkConfig, params: Mapping[str, Any]) -> None:
    """Write parameters (float16, enough for 8-bit export) and sizes to one npz file, whole or not at all."""
    arrays = {name: np.asarray(value, np.float16) for name, value in params.items()}
    part = path.with_suffix(".part.npz")
    np.savez(part, config=np.array(json.dumps(asdict(config))), **arrays)  # type: ignore[arg-type]
    part.replace(path)


def load_network(path: Path) -> tuple[NetworkConfig, Params]:
    """Read what ``save_network`` wrote.

    Raises:
        NotANetworkError: the file holds something else.

    """
    try:
        with np.load(path, allow_pickle=False) as file:
            fields = json.loads(str(file["config"]))
            params = {name: file[name].astype(np.float32) for name in file.files if name != "config"}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as fault:
        raise NotANetworkError(path) from fault
    fields["left"], fields["right"] = tuple(fields["left"]), tuple(fields["right"])
    return NetworkConfig(**fields), params


class NotANetworkError(WrongInputError):
    """The file is not a saved network."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not a network saved by the train step.")
