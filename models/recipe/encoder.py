"""Whisper's encoder as OpenAI made it, in JAX, and the log-mel features that it takes: the teacher of our network.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022). Here it takes clips of any length
up to 30 s, not 30 s always: what it gives for a short clip with a second of silence behind is nearly the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from assistant.errors import MissingPartError
from models.recipe.features import SAMPLE_RATE, Sound
from models.recipe.weights import HEADS, LAYERS, WIDTH, Weights

Array = Any

MEL_BINS: Final = 80
WINDOW: Final = 400
HOP: Final = 160
QUIETEST: Final = 1e-10
"""Energies below count as this."""
DYNAMIC_RANGE: Final = 8.0
"""Whisper lifts what is more than this (in log10 of power) below a clip's maximum: 80 dB."""
FULL_SECONDS: Final = 30
NORM_EPSILON: Final = 1e-5
_LINEAR_TO: Final = 1000.0
_LINEAR_MELS: Final = 15
_LOG_STEP: Final = np.log(6.4) / 27


def slaney_filters() -> npt.NDArray[np.float64]:
    """Return Whisper's mel filters, shape (80, 201): Slaney's scale and area normalisation ("Auditory Toolbox", 1998).

    The scale is linear up to 1000 Hz (mel 15), and logarithmic with 27 mel to a factor of 6.4 above.
    """
    highest = _LINEAR_MELS + np.log(SAMPLE_RATE / 2 / _LINEAR_TO) / _LOG_STEP
    mels = np.linspace(0.0, highest, MEL_BINS + 2)
    above = _LINEAR_TO * np.exp(_LOG_STEP * (mels - _LINEAR_MELS))
    corners = np.where(mels < _LINEAR_MELS, mels * _LINEAR_TO / _LINEAR_MELS, above)
    bins = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    triangles = np.maximum(0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
    return np.asarray(triangles * 2 / (high - low))


_FILTERS: Final = slaney_filters()


def whisper_log_mel(sound: Sound) -> npt.NDArray[np.float64]:
    """Return log10 of the mel energies, shape (samples // 160, 80), before Whisper's scaling.

    Frame i is centred on sample 160 i; before its begin and after its end the sound is mirrored.
    """
    padded = np.pad(np.asarray(sound, np.float64), WINDOW // 2, mode="reflect")
    window = np.hanning(WINDOW + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP] * window
    energies = np.square(np.abs(np.fft.rfft(frames, WINDOW))) @ _FILTERS.T
    return np.asarray(np.log10(np.maximum(QUIETEST, energies)))[:-1]


def scaled(log_energies: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Return what the encoder takes: limited to the dynamic range, shifted and scaled as in Whisper."""
    floor = log_energies.max() - DYNAMIC_RANGE
    return np.asarray((np.maximum(log_energies, floor) + 4) / 4, np.float32)


def _layer_norm(x: Array, gain: Array, bias: Array) -> Array:
    centred = x - x.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + NORM_EPSILON) * gain + bias


def _gelu(x: Array) -> Array:
    return jax.nn.gelu(x, approximate=False)


def _convolution(x: Array, kernel: Array, bias: Array, stride: int) -> Array:
    """Convolve (B, T, inputs) with a kernel (outputs, inputs, 3), a zero frame at each end."""
    padded = jnp.pad(x, ((0, 0), (1, 1), (0, 0)))
    count = (padded.shape[1] - 3) // stride + 1
    taps = [padded[:, start : start + stride * (count - 1) + 1 : stride] for start in range(3)]
    return jnp.concatenate(taps, -1) @ kernel.transpose(2, 1, 0).reshape(-1, kernel.shape[0]) + bias


@jax.jit
def encode(weights: Mapping[str, Array], features: Array) -> Array:
    """Run the encoder: scaled log-mel (B, T, 80), T even and at most 3000, to outputs (B, T / 2, 384) at 50 Hz."""
    x = _gelu(_convolution(features, weights["conv1.w"], weights["conv1.b"], 1))
    x = _gelu(_convolution(x, weights["conv2.w"], weights["conv2.b"], 2))
    batch, frames, _ = x.shape
    x = x + weights["pos"][:frames]
    for layer in range(LAYERS):
        own = {name.partition(".")[2]: value for name, value in weights.items() if name.startswith(f"l{layer}.")}

        def affine(y: Array, name: str, own: Mapping[str, Array] = own) -> Array:
            return y @ own[f"{name}.w"].T + own[f"{name}.b"]

        y = _layer_norm(x, own["ln1.g"], own["ln1.b"])
        query, key, value = (affine(y, name).reshape(batch, frames, HEADS, -1) for name in "qkv")
        scores = jnp.einsum("bthd,bshd->bhts", query, key) / np.sqrt(WIDTH / HEADS)
        mixed = jnp.einsum("bhts,bshd->bthd", jax.nn.softmax(scores, -1), value).reshape(batch, frames, WIDTH)
        x = x + affine(mixed, "o")
        y = _layer_norm(x, own["ln2.g"], own["ln2.b"])
        x = x + affine(_gelu(affine(y, "fc1")), "fc2")
    return _layer_norm(x, weights["ln.g"], weights["ln.b"])


def compare(model: Path, weights: Weights, sound: Sound) -> float:
    """Return the greatest difference between `encode` and CTranslate2's own encoder on ``sound`` (at most 30 s).

    Args:
        model: The ``model.bin`` that the weights come from.
        weights: The arrays read from it.
        sound: Any speech.

    Raises:
        MissingPartError: CTranslate2 isn't installed.
    """
    try:
        import ctranslate2
    except ImportError as fault:
        raise MissingPartError(
            "To compare the encoders, CTranslate2 is needed. Run: pip install ctranslate2"
        ) from fault
    samples = FULL_SECONDS * SAMPLE_RATE
    whole = np.pad(sound[:samples], (0, max(0, samples - len(sound))))
    features = scaled(whisper_log_mel(whole))
    original = ctranslate2.models.Whisper(str(model.parent), compute_type="float32")
    stored = ctranslate2.StorageView.from_array(np.ascontiguousarray(features.T[None]))
    theirs = np.array(original.encode(stored))[0]
    ours = np.asarray(encode({name: jnp.asarray(value) for name, value in weights.items()}, features[None]))[0]
    return float(np.abs(ours - theirs).max())
