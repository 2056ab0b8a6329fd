"""The voices kept apart: which sentences they say, and how the clips are made."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.recipe.reserved import (
    COMMANDS_EACH,
    QUESTIONS_EACH,
    VOICES,
    WORDS,
    Line,
    MissingVoiceError,
    Wave,
    finish,
    flite,
    make,
    make_reserved,
    plan,
    sentences,
    strings,
    wordings,
)

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def own() -> set[str]:
    return set(wordings(CHECKOUT / "content"))


@pytest.fixture(scope="module")
def said(own: set[str]) -> dict[str, list[str]]:
    return sentences(CHECKOUT / "tests" / "data", own)


def test_only_utterances_are_taken_from_a_tree() -> None:
    tree = {"stop": {"routine": ["one", "two"]}, "dev": [{"text": "three", "context": "speaking", "either": ["id"]}]}
    assert list(strings(tree)) == ["one", "two", "three"]


def test_sentences_that_a_language_model_may_have_read_are_left_out() -> None:
    data = CHECKOUT / "tests" / "data"
    every = sentences(data)
    taken = every["question"][0]
    fewer = sentences(data, [taken.upper() + "?"])
    assert taken not in fewer["question"]
    assert len(fewer["question"]) == len(every["question"]) - 1
    assert set(every) == {"question", "off topic", "red flag", "command"}
    texts = [text for kind in every.values() for text in kind]
    assert len(texts) == len(set(texts))


def test_the_guide_s_own_wordings_are_not_among_them(own: set[str], said: dict[str, list[str]]) -> None:
    assert "stop it" in own
    assert not own & {text for kind in said.values() for text in kind}


def test_every_voice_says_as_much_and_nothing_is_said_twice(said: dict[str, list[str]]) -> None:
    lines = plan(said)
    assert len(lines) == len(VOICES) * (QUESTIONS_EACH + COMMANDS_EACH + len(WORDS))
    texts = [line.text for line in lines if line.kind != "word"]
    assert len(texts) == len(set(texts))
    assert len({line.file for line in lines}) == len(lines)
    assert sum(line.kind == "command" for line in lines if line.voice == VOICES[0]) == COMMANDS_EACH
    with pytest.raises(ValueError, match="too few"):
        plan({"question": ["one sentence"], "command": []})


def hum(text: str, speed: float) -> tuple[Wave, int]:
    time = np.arange(int(24_000 * 0.05 * len(text) / speed)) / 24_000
    return np.concatenate([np.zeros(12_000), 0.1 * np.sin(2 * np.pi * 220 * time)]).astype(np.float32), 24_000


def test_clips_are_made_once_and_listed(tmp_path: Path) -> None:
    lines = [Line("a/00.flac", "a", "word", "stop"), Line("a/01.flac", "a", "question", "how long")]
    told: list[tuple[int, int]] = []
    seconds = make(tmp_path, lines, {"a": hum}, lambda *step: told.append(step))
    assert told == [(1, 2), (2, 2)]
    assert [json.loads(row)["text"] for row in (tmp_path / "audio.jsonl").read_text().splitlines()] == [
        "stop",
        "how long",
    ]
    about = soundfile.info(tmp_path / "a" / "01.flac")
    assert (about.samplerate, about.channels) == (16_000, 1)
    # Half a second of silence before the hum is gone; 0.2 s are put on either side.
    assert 0.4 + 0.3 < about.duration < 0.4 + 0.6
    assert make(tmp_path, lines, {}) == seconds


def test_what_is_listed_stays_whatever_sentences_there_are_now(tmp_path: Path) -> None:
    lines = [Line("a/00.flac", "a", "word", "stop")]
    seconds = make(tmp_path / "reserved", lines, {"a": hum})
    assert make_reserved(tmp_path, tmp_path / "no styles", checkout=CHECKOUT) == seconds


def test_a_clip_has_the_wanted_peak_and_rate() -> None:
    wave = finish(*hum("hello", 1.0), peak=0.5)
    assert np.max(np.abs(wave)) == pytest.approx(0.5, rel=0.01)
    assert len(wave) == pytest.approx(16_000 * (0.25 + 0.4 + 0.05), abs=16_000 * 0.06)
    with pytest.raises(MissingVoiceError):
        finish(np.zeros(100, np.float32), 16_000, 0.5)


def test_a_missing_program_is_named() -> None:
    with pytest.raises(MissingVoiceError, match="package flite"):
        flite("slt", program="no-such-flite")("stop", 1.0)
