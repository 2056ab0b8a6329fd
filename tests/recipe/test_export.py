from __future__ import annotations

import functools
import shutil
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_models import score_by_vosk, small_network, spoken, vosk_result

from assistant.hearing.language_part.phone_set import PHONE_ID, first_pdf, later_pdf
from models.recipe.export import UnfitParametersError, export_model
from models.recipe.features import FULL_SCALE, log_mel
from models.recipe.network import NetworkConfig, forward, input_frames
from shared_folder import SHARED

SENTENCE = "how long should i hold the stretch"
PHONES = ("AA_S", "IY_S", "SPN_S")
CHECKPOINT = SHARED / "models" / "checkpoint" / "marigold-en.npz"
SHIPPED = Path(__file__).parents[2] / "models" / "marigold-en"


@functools.cache
def scores_by_jax() -> dict[str, float]:
    """Return the sums of scores over all frames that `score_by_vosk` gives, from our own network."""
    config, params = small_network()
    samples = spoken(SENTENCE)
    features = log_mel(np.asarray(samples / FULL_SCALE, np.float32))
    frames = (len(features) - 1) // config.stride + 1
    # Kaldi repeats the last frame for as long as the network looks ahead.
    ahead = sum(config.right) + 1
    behind = input_frames(config, frames + ahead) - 2 - len(features)
    padded = np.concatenate([features[:1], features[:1], features, np.repeat(features[-1:], behind, axis=0)])
    arrays = {name: jnp.asarray(value) for name, value in params.items()}
    compiled = jax.jit(lambda features: forward(config, arrays, features, jnp.ones((1, frames + ahead)))[0])
    scores = np.asarray(compiled(padded[None]))[0]
    firsts = {phone: scores[0, first_pdf(PHONE_ID[phone])] for phone in PHONES}
    return {phone: firsts[phone] + scores[1:frames, later_pdf(PHONE_ID[phone])].sum() for phone in PHONES}


def test_libvosk_computes_the_scores_that_the_network_was_trained_to_give(tmp_path: Path) -> None:
    config, params = small_network()
    samples = spoken(SENTENCE)
    expected = scores_by_jax()
    export_model(config, params, tmp_path, compressed=False)
    for phone in PHONES:
        assert score_by_vosk(tmp_path, phone, samples) == pytest.approx(expected[phone], abs=2e-3)
    assert len({round(score) for score in expected.values()}) == len(PHONES)


def test_compression_changes_scores_little(tmp_path: Path) -> None:
    config, params = small_network()
    samples = spoken(SENTENCE)
    frames = len(samples) / 480
    expected = scores_by_jax()
    export_model(config, params, tmp_path, compressed=False)
    size = (tmp_path / "am" / "final.mdl").stat().st_size
    export_model(config, params, tmp_path)
    assert (tmp_path / "am" / "final.mdl").stat().st_size < 0.6 * size
    for phone in PHONES:
        assert score_by_vosk(tmp_path, phone, samples) == pytest.approx(expected[phone], abs=0.05 * frames)


def test_the_options_say_how_many_frames_the_network_skips(tmp_path: Path) -> None:
    config, params = small_network()
    export_model(config, params, tmp_path)
    assert "--frame-subsampling-factor=3\n" in (tmp_path / "conf" / "model.conf").read_text(encoding="utf-8")
    assert sorted(path.name for path in (tmp_path / "am").iterdir()) == ["final.mdl"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda params: params.pop("c1.0"), "lacks c1.0"),
        (lambda params: params.update({"l4.q.0": np.zeros(1)}), "has l4.q.0"),
        (lambda params: params.update({"l0.r.1": np.zeros(7)}), r"l0.r.1 .* shape \(7,\)"),
        (lambda params: params["out.1"].fill(np.nan), "out.1 .* not numbers"),
    ],
)
def test_parameters_of_another_network_are_refused(tmp_path: Path, change: object, message: str) -> None:
    config, params = small_network()
    assert callable(change)
    change(params)
    with pytest.raises(UnfitParametersError, match=message):
        export_model(config, params, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not CHECKPOINT.is_file(), reason="the first model's checkpoint is not beside the checkout")
@pytest.mark.parametrize("compressed", [True, False])
def test_the_first_models_checkpoint_still_hears(tmp_path: Path, compressed: bool) -> None:
    config = NetworkConfig(stride=2, left=(40, 40, 40, 40), right=(8, 5, 3, 2))
    with np.load(CHECKPOINT) as file:
        params = {name: file[name] for name in file.files if name != "config"}
    shutil.copytree(SHIPPED / "graph", tmp_path / "graph")
    export_model(config, params, tmp_path, compressed=compressed)
    samples = np.concatenate([spoken(SENTENCE), np.zeros(8000, np.int16)])
    assert vosk_result(tmp_path, samples)["text"] == SENTENCE
