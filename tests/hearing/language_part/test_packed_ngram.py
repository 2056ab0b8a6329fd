from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_language import small_model, sums

from assistant.hearing.language_part.packed import DamagedGeneralModelError, read_packed, write_packed
from assistant.hearing.language_part.pruning import pruned


@pytest.mark.parametrize("target", [10_000, 100, 0])
def test_comes_back_as_it_was(tmp_path: Path, target: int) -> None:
    model = pruned(small_model(), target)
    write_packed(model, tmp_path / "packed")
    back = read_packed(tmp_path / "packed")
    assert back.vocabulary == model.vocabulary
    assert np.array_equal(back.bigram_keys, model.bigram_keys)
    assert np.array_equal(back.trigram_keys, model.trigram_keys)
    assert back.trigrams == pytest.approx(model.trigrams, abs=4e-4)
    assert back.bigrams == pytest.approx(model.bigrams, abs=4e-4)
    assert sums(back) == pytest.approx([1.0] * 51, abs=2e-3)


def test_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "packed"
    with pytest.raises(DamagedGeneralModelError, match="isn't there"):
        read_packed(path)
    write_packed(small_model(), path)
    whole = path.read_bytes()
    for damaged in (b"", whole[:-10], whole[: len(whole) // 2], b"PK" + whole[2:], whole[:60] + b"?" + whole[61:]):
        path.write_bytes(damaged)
        with pytest.raises(DamagedGeneralModelError, match="damaged"):
            read_packed(path)
