from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from models.recipe.nnet3 import FixedAffine, FloatArray, KaldiWriter, MatrixFormat, Network, compress_columns


def decompressed(corners: np.ndarray, codes: np.ndarray, low: float, extent: float) -> FloatArray:
    """Read 8-bit codes as Kaldi's CompressedMatrix does: three straight pieces between a column's corners."""
    a, b, c, d = low + extent * corners / 65535
    steps = codes.astype(float)
    lower, middle = a + (b - a) * steps / 64, b + (c - b) * (steps - 64) / 128
    upper = c + (d - c) * (steps - 192) / 63
    return np.asarray(np.where(codes <= 64, lower, np.where(codes <= 192, middle, upper)))


def written(matrix: FloatArray, style: MatrixFormat) -> bytes:
    stream = io.BytesIO()
    KaldiWriter(stream).matrix(matrix, style)
    return stream.getvalue().removeprefix(b"\0B")


@pytest.mark.parametrize("rows", [3, 4, 5, 64, 257])
def test_eight_bits_keep_each_column_to_half_a_step_of_its_parts(rows: int) -> None:
    random = np.random.default_rng(rows)
    matrix = random.normal(size=(rows, 7)) * np.geomspace(0.01, 10, 7)
    low, extent = float(matrix.min()), float(np.ptp(matrix))
    corners, codes = compress_columns(matrix, low, extent)
    assert (np.diff(corners, axis=0) > 0).all()
    edges = low + extent * corners / 65535
    step = np.max(np.diff(edges, axis=0) / np.array([[64], [128], [63]]), axis=0)
    # The corners themselves are rounded to 16 bits.
    assert (np.abs(decompressed(corners, codes, low, extent) - matrix) <= step / 2 + extent / 65535).all()


@pytest.mark.parametrize("values", [np.zeros((8, 3)), np.full((8, 3), -2.5), np.eye(8) * 1000])
def test_a_column_of_equal_values_survives_eight_bits(values: FloatArray) -> None:
    low, extent = float(values.min()), max(float(np.ptp(values)), 1e-5)
    corners, codes = compress_columns(values, low, extent)
    assert corners.min() >= 0
    assert corners.max() <= 65535
    assert (np.diff(corners, axis=0) > 0).all()
    np.testing.assert_allclose(decompressed(corners, codes, low, extent), values, atol=4 * extent / 65535)


def test_sixteen_bits_are_evenly_spaced() -> None:
    matrix = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    data = written(matrix, MatrixFormat.WORDS)
    assert data.startswith(b"CM2 ")
    low, extent, rows, columns = struct.unpack("<ffii", data[4:20])
    assert (rows, columns) == (6, 5)
    values = low + extent * np.frombuffer(data[20:], "<u2").reshape(6, 5) / 65535
    np.testing.assert_allclose(values, matrix, atol=extent / 65535)


def test_eight_bits_are_laid_out_column_by_column_behind_the_columns_corners() -> None:
    matrix = np.arange(40, dtype=np.float32).reshape(8, 5)
    data = written(matrix, MatrixFormat.BYTES)
    assert data.startswith(b"CM ")
    low, extent, rows, columns = struct.unpack("<ffii", data[3:19])
    corners = np.frombuffer(data[19 : 19 + 8 * columns], "<u2").reshape(columns, 4).T
    codes = np.frombuffer(data[19 + 8 * columns :], np.uint8).reshape(columns, rows).T
    np.testing.assert_allclose(decompressed(corners, codes, low, extent), matrix, atol=0.1)


def test_floats_are_kept_exactly() -> None:
    matrix = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
    data = written(matrix, MatrixFormat.FLOAT)
    assert data[:13] == b"FM \x04" + struct.pack("<i", 3) + b"\x04" + struct.pack("<i", 4)
    np.testing.assert_array_equal(np.frombuffer(data[13:], "<f4").reshape(3, 4), matrix)


def test_a_network_is_written_as_nodes_and_components() -> None:
    network = Network(2)
    network.finish(network.add("a", FixedAffine(np.ones((2, 3)), np.zeros(3), MatrixFormat.FLOAT), "input"))
    stream = io.BytesIO()
    network.write(KaldiWriter(stream))
    text, _, components = stream.getvalue().removeprefix(b"\0B").partition(b"\n\n")
    assert text.decode().splitlines() == [
        "<Nnet3> ",
        "input-node name=input dim=2",
        "component-node name=a component=a input=input",
        "output-node name=output input=a objective=linear",
    ]
    assert components.startswith(b"<NumComponents> \x04\x01\0\0\0<ComponentName> a <FixedAffineComponent> ")
    assert components.endswith(b"</FixedAffineComponent> </Nnet3> ")
