from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from small_models import small_network, spoken, vosk_result

from assistant.errors import WrongInputError
from assistant.hearing.language_part.phone_set import pdf_pairs
from models.recipe.__main__ import recipe
from models.recipe.export import check_parameters, export_model
from models.recipe.features import BadOptionsError, dct_with_lifter
from models.recipe.network import FEATURES, NetworkConfig, Params, forward, input_frames, save_network
from models.recipe.nnet3 import FixedAffine, MatrixFormat, Network, write_acoustic_model
from models.recipe.nnet3_reader import (
    DamagedModelError,
    ForeignModelError,
    MissingModelFileError,
    read_network,
    read_start,
)
from models.recipe.places import MissingStepError

SHIPPED = Path(__file__).parents[2] / "models" / "marigold-en"
FRAMES = 40


compiled_forward = jax.jit(forward, static_argnums=0)


def scores(config: NetworkConfig, params: Params) -> NDArray[np.float32]:
    """Return the network's scores for two clips of noise as loud as log-mel energies."""
    random = np.random.default_rng(5)
    features = random.normal(8, 4, size=(2, input_frames(config, FRAMES), FEATURES)).astype(np.float32)
    return np.asarray(compiled_forward(config, params, features, np.ones((2, FRAMES), np.float32))[0])


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """Return the folder of a small model, stored as the one that ships."""
    export_model(*small_network(), tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("stride", [2, 3])
def test_a_network_comes_back_from_its_export(tmp_path: Path, stride: int) -> None:
    config, params = small_network(stride)
    export_model(config, params, tmp_path, compressed=False)
    read_config, read = read_network(tmp_path)
    assert read_config == config
    assert read.keys() == params.keys()
    centred = {**params, "pos": params["pos"] - params["pos"].mean()}
    for name, values in read.items():
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, centred[name], atol=1e-5, err_msg=name)


def test_a_network_that_came_back_gives_the_same_scores(tmp_path: Path) -> None:
    config, params = small_network()
    expected = scores(config, params)
    assert expected.std() > 0.1
    export_model(config, params, tmp_path / "floats", compressed=False)
    np.testing.assert_allclose(scores(*read_network(tmp_path / "floats")), expected, atol=1e-4)
    export_model(config, params, tmp_path / "bytes")
    difference = np.abs(scores(*read_network(tmp_path / "bytes")) - expected)
    assert 0 < difference.mean() < 0.02


def test_the_shipped_form_comes_back_to_the_rounding_of_its_storage(exported: Path) -> None:
    _, params = small_network()
    _, read = read_network(exported)
    for name in (name.removesuffix(".0") for name in params if name.endswith(".0")):
        matrix = params[f"{name}.0"].astype(float)
        together = matrix
        if name[-1] in "kvqr" and name.startswith("l"):
            together = np.concatenate([params[f"{name[:-1]}{part}.0"] for part in "kvqr"], axis=1).astype(float)
        if name == "fe":
            stored = np.linalg.inv(dct_with_lifter()) @ matrix
            allowed = np.abs(dct_with_lifter()).sum(1, keepdims=True) * np.ptp(stored) / 65535
        else:
            # The widest step is at most a 63rd of what lies between the least and the greatest value of an input.
            allowed = np.ptp(together, axis=1, keepdims=True) / 63 / 2 + 2 * np.ptp(together) / 65535
        assert (np.abs(read[f"{name}.0"] - matrix) <= allowed + 1e-6).all(), name
        np.testing.assert_allclose(read[f"{name}.1"], params[f"{name}.1"], atol=1e-6)


def test_the_model_that_ships_hears_the_same_when_it_is_read_and_written_again(tmp_path: Path) -> None:
    config, params = read_network(SHIPPED)
    check_parameters(config, params)
    assert f"--frame-subsampling-factor={config.stride}\n" in (SHIPPED / "conf" / "model.conf").read_text("utf-8")
    export_model(config, params, tmp_path, compressed=False)
    shutil.copytree(SHIPPED / "graph", tmp_path / "graph")
    samples = np.concatenate([spoken("how long should i hold the stretch"), np.zeros(8000, np.int16)])
    heard = vosk_result(SHIPPED, samples)["text"]
    assert len(heard.split()) > 3
    assert vosk_result(tmp_path, samples)["text"] == heard


def test_training_can_start_from_a_folder_or_a_saved_network(tmp_path: Path, exported: Path) -> None:
    config, params = small_network()
    save_network(tmp_path / "network.npz", config, params)
    for start in (tmp_path / "network.npz", exported):
        read_config, read = read_start(start)
        assert read_config == config
        np.testing.assert_allclose(read["l0.k.0"], params["l0.k.0"], atol=0.05)


def test_the_command_line_takes_a_folder_to_start_from(tmp_path: Path, exported: Path) -> None:
    arguments = ["train", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--start"]
    result = CliRunner().invoke(recipe, [*arguments, str(exported)])
    assert isinstance(result.exception, MissingStepError)  # the model is good; the weights are not there yet
    (exported / "am" / "final.mdl").unlink()
    result = CliRunner().invoke(recipe, [*arguments, str(exported)])
    assert isinstance(result.exception, MissingModelFileError)


def refusal(folder: Path, error: type[WrongInputError]) -> str:
    """Return the one line with which the model is refused."""
    with pytest.raises(error) as caught:
        read_network(folder)
    message = str(caught.value)
    assert str(folder) in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("part", ["", "am/final.mdl", "conf/model.conf"])
def test_a_folder_that_lacks_something_is_refused(exported: Path, part: str) -> None:
    missing = exported / part
    if part:
        missing.unlink()
    else:
        shutil.rmtree(missing)
    assert str(missing) in refusal(exported, MissingModelFileError)


def test_a_model_that_is_cut_off_anywhere_is_refused(exported: Path) -> None:
    model = exported / "am" / "final.mdl"
    data = model.read_bytes()
    places = {5, data.index(b"<Tuples>"), data.index(b"<Nnet3>"), data.index(b"<LeftContext>"), len(data) - 1}
    places |= set(np.linspace(1, len(data) - 1, 100, dtype=int).tolist())
    for place in sorted(places):
        model.write_bytes(data[:place])
        assert "end is missing" in refusal(exported, DamagedModelError), place


def test_values_that_are_no_numbers_are_refused(exported: Path) -> None:
    model = exported / "am" / "final.mdl"
    data = model.read_bytes()
    end = data.index(b"</FixedAffineComponent> </Nnet3> ")
    model.write_bytes(data[: end - 4] + struct.pack("<f", np.nan) + data[end:])
    assert "not numbers" in refusal(exported, DamagedModelError)


@pytest.mark.parametrize("data", [b"", b"RIFF\0\0\0\0WAVE", b"<TransitionModel> <Topology>", b"\0B<Nnet3> "])
def test_what_is_no_kaldi_model_is_refused(exported: Path, data: bytes) -> None:
    (exported / "am" / "final.mdl").write_bytes(data)
    assert "no binary model" in refusal(exported, ForeignModelError)


def test_a_model_of_other_phones_or_of_one_matrix_is_refused(exported: Path) -> None:
    network = Network(FEATURES)
    network.finish(network.add("fe", FixedAffine(np.eye(FEATURES), np.zeros(80), MatrixFormat.FLOAT), "input"))
    write_acoustic_model(exported / "am" / "final.mdl", pdf_pairs()[:-1], network)
    assert "phones" in refusal(exported, ForeignModelError)
    write_acoustic_model(exported / "am" / "final.mdl", pdf_pairs(), network)
    assert "has no component h" in refusal(exported, ForeignModelError)


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (replaced(b"SigmoidComponent", b"TanhComponent"), "c1.g is of another kind"),
        (replaced(b"<AddLogStddev> F", b"<AddLogStddev> T"), "fin is of another kind or has other settings"),
        (replaced(b"<ComponentName> fin ", b"<ComponentName> end "), "end is of another kind"),
        (replaced(b"<ComponentName> l3.qkv ", b"<ComponentName> l4.qkv "), "no component l3.qkv"),
        (replaced(b"<ComponentName> l2.o ", b"<ComponentName> l2.u "), "lacks l2.o.0"),
        (replaced(b"<ComponentName> l0.att ", b"<ComponentName> l9.att "), "no component l0.att"),
        (replaced(b"<NumRightInputs> \x04\x03", b"<NumRightInputs> \x04\x04"), "l1.qkv doesn't fit its attention"),
        (replaced(b"Scale(1.702, ", b"Scale(1.502, "), "connected in another way"),
        (replaced(b"<BiasParams>", b"<OtherParams>"), "<BiasParams> was expected"),
        (replaced(b"<LinearParams> CM2", b"<LinearParams> CM3"), "'CM3' are not known"),
        (lambda data: data + b"more", "more behind the network"),
    ],
)
def test_another_network_is_refused(exported: Path, change: Callable[[bytes], bytes], message: str) -> None:
    model = exported / "am" / "final.mdl"
    model.write_bytes(change(model.read_bytes()))
    assert message in refusal(exported, ForeignModelError)


def test_a_matrix_in_place_of_the_centring_one_is_refused(exported: Path) -> None:
    model = exported / "am" / "final.mdl"
    data = model.read_bytes()
    low = data.index(b"<ComponentName> h ") + len(b"<ComponentName> h <FixedAffineComponent> <LinearParams> CM ")
    model.write_bytes(data[:low] + struct.pack("<f", 0.5) + data[low + 4 :])
    assert "h does something else" in refusal(exported, ForeignModelError)


@pytest.mark.parametrize("value", ["2", "0", "three", None])
def test_options_with_another_stride_than_the_network_are_refused(exported: Path, value: str | None) -> None:
    options = exported / "conf" / "model.conf"
    stated = "" if value is None else f"--frame-subsampling-factor={value}\n"
    options.write_text(options.read_text("utf-8").replace("--frame-subsampling-factor=3\n", stated), "utf-8")
    assert "--frame-subsampling-factor" in refusal(exported, ForeignModelError)


def test_a_file_that_holds_no_options_is_refused(exported: Path) -> None:
    (exported / "conf" / "model.conf").write_text("beam 11\n", "utf-8")
    with pytest.raises(BadOptionsError, match="beam 11"):
        read_network(exported)
