"""A small network for tests: all parts of the real one, few numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.recipe.network import FEATURES, NetworkConfig

SMALL = NetworkConfig(width=24, heads=2, feed_forward=48, hidden=24, outputs=12, stride=3, left=(5, 4), right=(2, 1))


def random_params(config: NetworkConfig, seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    """Random parameters of the right shapes, scaled so that signals keep their size."""
    random = np.random.default_rng(seed)
    width = config.width
    shapes = {"fe": (FEATURES, FEATURES), "c1": (3 * FEATURES, width), "c2": (3 * width, width)}
    for layer in range(config.layers):
        shapes |= {f"l{layer}.{name}": (width, width) for name in "qkvo"}
        shapes[f"l{layer}.r"] = (width, config.heads * config.window(layer))
        shapes[f"l{layer}.f1"] = (width, config.feed_forward)
        shapes[f"l{layer}.f2"] = (config.feed_forward, width)
    shapes |= {"pre": (width, config.hidden), "out": (config.hidden, config.outputs)}
    params: dict[str, np.ndarray[Any, Any]] = {}
    for name, (inputs, outputs) in shapes.items():
        params[f"{name}.0"] = (random.standard_normal((inputs, outputs)) / np.sqrt(inputs)).astype(np.float32)
        params[f"{name}.1"] = (random.standard_normal(outputs) * 0.1).astype(np.float32)
    params["pos"] = (random.standard_normal(width) * 0.1).astype(np.float32)
    return params
