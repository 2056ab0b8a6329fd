from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.recipe import teacher
from models.recipe.corpus import Recording
from models.recipe.encoder import encode, scaled, whisper_log_mel
from models.recipe.weights import LAYERS, Weights


@pytest.fixture(scope="module")
def weights() -> Weights:
    """An encoder of tiny.en's size with random weights."""
    random = np.random.default_rng(0)

    def matrix(*shape: int) -> np.ndarray:
        return np.asarray(random.standard_normal(shape) / np.sqrt(np.prod(shape[1:])), np.float32)

    made = {"conv1.w": matrix(384, 80, 3), "conv2.w": matrix(384, 384, 3), "pos": matrix(1500, 384)}
    made |= {name: np.zeros(384, np.float32) for name in ("conv1.b", "conv2.b", "ln.b")}
    made["ln.g"] = np.ones(384, np.float32)
    for layer in range(LAYERS):
        shapes = dict.fromkeys("qkvo", (384, 384)) | {"fc1": (1536, 384), "fc2": (384, 1536)}
        for name, shape in shapes.items():
            made[f"l{layer}.{name}.w"] = matrix(*shape)
            made[f"l{layer}.{name}.b"] = np.zeros(shape[0], np.float32)
        for name in ("ln1", "ln2"):
            made[f"l{layer}.{name}.g"], made[f"l{layer}.{name}.b"] = np.ones(384, np.float32), np.zeros(384, np.float32)
    return made


def recording(folder: Path, name: str, seconds: float) -> Recording:
    sound = np.random.default_rng(len(name)).normal(0, 0.1, int(16_000 * seconds))
    soundfile.write(folder / f"{name}.wav", sound, 16_000, subtype="FLOAT")
    return Recording(f"home/{name}", folder / f"{name}.wav", "stop", "anna", "home", "given", seconds, "CC0")


def test_outputs_are_those_of_the_encoder_on_the_clip_and_silence(
    tmp_path: Path, weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher, "BATCH_OUTPUTS", 300)
    clips = [recording(tmp_path, name, seconds) for name, seconds in (("a", 0.7), ("bb", 1.31), ("ccc", 0.3))]
    clips += [recording(tmp_path, "dddd", 0.01), recording(tmp_path, "eeeee", 26)]
    store = teacher.open_outputs(tmp_path / "outputs")
    complaints = teacher.teach(store, clips, weights)
    assert sorted(store.keys()) == ["home/a", "home/bb", "home/ccc"]
    assert ["too short" in complaint for complaint in complaints] == [True, False]
    assert ["too long" in complaint for complaint in complaints] == [False, True]
    assert [len(store[f"home/{name}"]) for name in ("a", "bb", "ccc")] == [35, 65, 15]

    sound, _ = soundfile.read(clips[1].path, dtype="float32")
    features = scaled(whisper_log_mel(sound))
    silence = np.full((300 - len(features), 80), features.min())
    both = np.stack([np.concatenate([features, silence])] * 2)
    expected = np.asarray(encode(weights, both))[0][:65]
    np.testing.assert_allclose(store["home/bb"], expected, atol=0.01)
    assert np.abs(store["home/a"][:15] - store["home/ccc"]).max() > 0.1

    again = teacher.open_outputs(tmp_path / "outputs")
    monkeypatch.setattr(teacher, "encode", None)  # nothing is left to compute
    seen: list[tuple[int, int]] = []
    teacher.teach(again, clips[:3], weights, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(0, 0)]
    assert len(again) == 3
