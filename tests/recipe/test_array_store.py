from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.recipe.array_store import ArrayStore, DamagedStoreError


def array(rows: int, value: float) -> np.ndarray:
    return np.full((rows, 3), value, np.float32)


def test_what_was_added_is_found_again_by_another_run(tmp_path: Path) -> None:
    store = ArrayStore(tmp_path, 3)
    store.add([("a", array(2, 1.5)), ("b", array(4, -2))])
    store.add([])
    store.add([("c", array(1, 7))])
    again = ArrayStore(tmp_path, 3)
    assert again.keys() == ["a", "b", "c"]
    assert len(again) == 3
    assert "b" in again
    assert "d" not in again
    np.testing.assert_array_equal(again["b"], array(4, -2))
    np.testing.assert_array_equal(store["c"], array(1, 7))
    assert again["a"].dtype == np.float16


def test_a_shard_that_was_cut_off_is_written_anew(tmp_path: Path) -> None:
    ArrayStore(tmp_path, 3).add([("a", array(2, 1))])
    np.save(tmp_path / "00001.npy", array(9, 9))  # the run ended before the index was there
    (tmp_path / "00001.part").write_text('{"key": "b"', encoding="utf-8")
    store = ArrayStore(tmp_path, 3)
    assert store.keys() == ["a"]
    store.add([("b", array(2, 5))])
    np.testing.assert_array_equal(ArrayStore(tmp_path, 3)["b"], array(2, 5))


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "00000.npy").unlink(),
        lambda folder: np.save(folder / "00000.npy", array(1, 1)),
        lambda folder: np.save(folder / "00000.npy", np.zeros((2, 4))),
        lambda folder: (folder / "00000.jsonl").write_text("{", encoding="utf-8"),
        lambda folder: (folder / "00000.jsonl").write_text("", encoding="utf-8"),
    ],
)
def test_files_that_do_not_fit_are_told(tmp_path: Path, damage: object) -> None:
    ArrayStore(tmp_path, 3).add([("a", array(2, 1))])
    assert callable(damage)
    damage(tmp_path)
    with pytest.raises(DamagedStoreError, match="run the step again"):
        ArrayStore(tmp_path, 3)
