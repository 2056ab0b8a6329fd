"""Synthetic training speech: who speaks, what is said, what is kept, with a synthesiser that hums."""

from __future__ import annotations

import csv
import functools
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.recipe.corpus import read_manifests
from models.recipe.kokoro import (
    MissingVoicePartsError,
    UnspeakableTextError,
    blend_name,
    read_styles,
)
from models.recipe.sentences import Line, as_line, make_lines
from models.recipe.speech import (
    FASTEST,
    RESERVED_VOICES,
    SLOWEST,
    OtherSpeechError,
    ReservedVoiceError,
    Speaker,
    Synthesiser,
    TooFewVoicesError,
    Wave,
    make_speakers,
    make_tasks,
    make_training_speech,
    speak,
    trim,
)

VOICES = ("af_heart", "af_kore", "am_adam", "am_echo", "bf_alice", "bm_lewis", "jf_alpha", "zm_yunxi")
RATE = 24_000


class Hum:
    """Hums for a tenth of a second a word, with half a second of silence around it, and remembers what it said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, float]] = []

    def __call__(self, text: str, blend: Mapping[str, float], accent: str, speed: float) -> tuple[Wave, int]:
        if "unspeakable" in text:
            raise UnspeakableTextError(text)
        self.said.append((text, accent, speed))
        time = np.arange(int(len(text.split()) * 0.1 * RATE)) / RATE
        silence = np.zeros(RATE // 2)
        return np.concatenate([silence, 0.2 * np.sin(2 * np.pi * 200 * time), silence]).astype(np.float32), RATE


def humming() -> Synthesiser:
    return Hum()


def lines(count: int) -> list[Line]:
    return [Line("domain", f"Number {place} of them all.", f"number {place} of them all") for place in range(count)]


def rows(folder: Path) -> list[dict[str, str]]:
    text = (folder / "manifest.tsv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture
def speakers() -> list[Speaker]:
    return make_speakers(VOICES, 12)


def test_a_blend_is_of_one_accent_and_another_language_has_the_smaller_part() -> None:
    made = make_speakers(VOICES, 200)
    letters = {"american": "a", "british": "b"}
    for speaker in made:
        assert 2 <= len(speaker.blend) <= 3
        assert sum(speaker.blend.values()) == pytest.approx(1, abs=0.002)
        foreign = {name: weight for name, weight in speaker.blend.items() if name[0] not in "ab"}
        assert {name[0] for name in speaker.blend if name not in foreign} == {letters[speaker.accent]}
        assert sum(foreign.values()) <= 0.451
    assert 0.2 < sum(speaker.accent == "british" for speaker in made) / len(made) < 0.4
    assert len({speaker.name for speaker in made}) > 190


def test_speakers_and_tasks_follow_from_the_seed() -> None:
    assert make_speakers(VOICES, 30, seed=4) == make_speakers(reversed(VOICES), 30, seed=4)
    assert make_speakers(VOICES, 30, seed=4) != make_speakers(VOICES, 30, seed=5)
    speakers = make_speakers(VOICES, 30)
    assert make_tasks(lines(40), speakers, 1) == make_tasks(lines(40), speakers, 1)
    assert make_tasks(lines(40), speakers, 1) != make_tasks(lines(40), speakers, 2)
    # More lines at the end change nothing for those before: a finished run can be made longer.
    assert make_tasks(lines(60), speakers)[:40] == make_tasks(lines(40), speakers)


def test_speeds_and_speakers_vary(speakers: list[Speaker]) -> None:
    tasks = make_tasks(lines(400), speakers)
    assert {task.speaker.name for task in tasks} == {speaker.name for speaker in speakers}
    speeds = [task.speed for task in tasks]
    assert min(speeds) >= SLOWEST
    assert max(speeds) <= FASTEST
    assert np.std(speeds) > 0.08


@pytest.mark.parametrize("voice", ["af_sky", "bf_lily", "am_onyx"])
def test_a_reserved_voice_is_refused(voice: str, tmp_path: Path) -> None:
    assert voice in RESERVED_VOICES
    with pytest.raises(ReservedVoiceError, match=voice):
        make_speakers([*VOICES, voice])
    blend = {"af_heart": 0.9, voice: 0.1}
    with pytest.raises(ReservedVoiceError, match=voice):
        speak(lines(1), [Speaker("hidden", blend, "american")], tmp_path / "out", humming)
    assert not (tmp_path / "out").exists()


def test_blends_need_two_styles_of_each_accent() -> None:
    with pytest.raises(TooFewVoicesError, match="british"):
        make_speakers(["af_heart", "af_kore", "bf_alice"])


def test_silence_is_trimmed_to_a_quarter_of_a_second() -> None:
    tone = np.sin(np.arange(16_000) / 5).astype(np.float32)
    wave = np.concatenate([np.zeros(24_000), tone, np.zeros(24_000)]).astype(np.float32)
    assert len(trim(wave)) == pytest.approx(16_000 + 2 * 4_000, abs=320)
    assert np.array_equal(trim(tone), tone)
    assert len(trim(np.zeros(16_000, np.float32))) == 0
    assert len(trim(np.zeros(0, np.float32))) == 0


def test_what_is_said_is_listed_and_can_be_trained_on(speakers: list[Speaker], tmp_path: Path) -> None:
    made = speak(lines(10), speakers, tmp_path, humming)
    recordings = read_manifests([tmp_path / "manifest.tsv"])
    assert made.clips == len(recordings) == 10
    assert [recording.text for recording in recordings] == [line.words for line in lines(10)]
    for recording in recordings:
        sound, rate = soundfile.read(recording.path)
        assert rate == 16_000
        assert sound.ndim == 1
        assert len(sound) / rate == pytest.approx(recording.seconds, abs=0.02)
        assert recording.seconds == pytest.approx(0.5 + 0.5, abs=0.05)  # five words and what is left of the silence
        assert 0.2 < np.abs(sound).max() <= 1
    assert made.seconds == pytest.approx(sum(recording.seconds for recording in recordings), abs=0.1)
    table = json.loads((tmp_path / "speakers.json").read_text(encoding="utf-8"))
    assert {recording.speaker for recording in recordings} <= set(table)


def test_a_later_run_says_only_what_is_missing(speakers: list[Speaker], tmp_path: Path) -> None:
    speak(lines(4), speakers, tmp_path, humming)
    first = rows(tmp_path)
    hum = Hum()
    made = speak(lines(7), speakers, tmp_path, lambda: hum)
    assert [text for text, *_ in hum.said] == [line.spoken for line in lines(7)[4:]]
    assert made.clips == 7
    assert rows(tmp_path)[:4] == first


def test_a_row_cut_off_by_a_crash_is_said_again(speakers: list[Speaker], tmp_path: Path) -> None:
    speak(lines(5), speakers, tmp_path, humming)
    whole = rows(tmp_path)
    manifest = tmp_path / "manifest.tsv"
    manifest.write_bytes(manifest.read_bytes()[:-30])
    hum = Hum()
    assert speak(lines(5), speakers, tmp_path, lambda: hum).clips == 5
    assert [text for text, *_ in hum.said] == [lines(5)[4].spoken]
    assert rows(tmp_path) == whole


def test_speech_of_other_sentences_is_not_mixed_in(speakers: list[Speaker], tmp_path: Path) -> None:
    speak(lines(3), speakers, tmp_path, humming)
    with pytest.raises(OtherSpeechError, match="empty folder"):
        speak([Line("talk", "Something else.", "something else"), *lines(3)], speakers, tmp_path, humming)


def test_it_stops_after_the_minutes_asked_for(speakers: list[Speaker], tmp_path: Path) -> None:
    made = speak(lines(50), speakers, tmp_path, humming, minutes=0.1)
    assert 6 <= made.seconds < 7.2
    assert speak(lines(50), speakers, tmp_path, humming, minutes=0.1) == made


def test_clips_of_no_use_are_left_out(speakers: list[Speaker], tmp_path: Path) -> None:
    endless = " ".join(["on"] * 160)
    said = [
        Line("general", "This is unspeakable.", "this is unspeakable"),
        Line("general", endless, endless),
        Line("general", "This is fine.", "this is fine"),
    ]
    made = speak(said, speakers, tmp_path, humming)
    assert (made.clips, made.skipped) == (1, 2)
    assert [row["text"] for row in rows(tmp_path)] == ["this is fine"]


def test_workers_say_the_same_as_one(speakers: list[Speaker], tmp_path: Path) -> None:
    speak(lines(6), speakers, tmp_path / "one", humming)
    speak(lines(6), speakers, tmp_path / "two", functools.partial(Hum), workers=2)
    assert sorted(map(str, rows(tmp_path / "two"))) == sorted(map(str, rows(tmp_path / "one")))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Wait 15 minutes, then try 2 more.", "wait fifteen minutes then try two more"),
        ("It's the 3rd time today!", "it's the third time today"),
        ("Heat for 15-20 minutes.", "heat for fifteen to twenty minutes"),
        ("A well-known fact: it’s “fine”.", None),
        ("A well-known fact: it’s fine.", "a well known fact it's fine"),
        ("NASA said so.", None),
        ("Mr. Weston came.", None),
        ("That is 5% of it.", None),
        ("Naïve café.", None),
        ("e.g. heat", None),
        ("...", None),
    ],
)
def test_words_are_those_a_voice_says(text: str, words: str | None) -> None:
    line = as_line("general", text)
    assert (line.words if line else None) == words
    if line:
        assert not any(character.isdigit() for character in line.spoken)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "text" / "tales").mkdir(parents=True)
    subjects = ("old man", "young woman", "red fox", "king", "queen", "miller")
    objects = ("river", "castle", "garden", "forest", "market", "bridge")
    tales = [f"The {subject} walked to the {thing} again." for subject in subjects for thing in objects]
    tales += ["The old man saw a qwertyish thing.", "Mr. Fox met the king.", "Gone."]
    (folder / "text" / "tales" / "tales.txt").write_text("\n\n".join(tales), encoding="utf-8")
    (folder / "training").mkdir()
    (folder / "training" / "domain.tsv").write_text("cmd\tgo on please\nwarn\tmy legs feel numb\n", encoding="utf-8")
    return folder


def test_lines_are_of_every_kind_and_follow_from_the_seed(data: Path) -> None:
    made = make_lines(data, ["Is heat any good?"], count=400)
    kinds = Counter(line.kind for line in made)
    assert set(kinds) == {"general", "talk", "domain", "command", "number", "record", "letters", "word"}
    assert all(set(line.words) <= set("abcdefghijklmnopqrstuvwxyz' ") for line in made)
    assert make_lines(data, ["Is heat any good?"], count=400) == made
    assert make_lines(data, ["Is heat any good?"], count=400, seed=12) != made
    assert kinds["general"] == 36  # neither the typing error, nor the abbreviation, nor the lone word
    repeated = Counter(line.words for line in made if line.kind != "command")
    assert max(Counter(line.words for line in made).values()) <= 14
    assert sum(count > 1 for count in repeated.values()) < 0.05 * len(made)


def test_texts_that_measure_are_left_out(data: Path) -> None:
    measured = "the red fox walked to the bridge again"
    assert measured in {line.words for line in make_lines(data, count=400)}
    without = ["The red fox walked to the bridge, again!", "Stop!"]
    left = {line.words for line in make_lines(data, without=without, count=400)}
    assert measured not in left
    assert "the red fox walked to the river again" in left
    assert "stop" in {line.words for line in make_lines(data, without=without, count=2000)}  # nobody can avoid that


def test_from_data_and_styles_to_speech_without_the_reserved_voices(data: Path, tmp_path: Path) -> None:
    styles = tmp_path / "styles"
    styles.mkdir()
    for voice in (*VOICES, "af_sky", "bf_emma"):
        np.zeros(2 * 256, np.float32).tofile(styles / f"{voice}.bin")
    made = make_training_speech(data, styles, tmp_path / "out", minutes=0.2, count=200, make_synthesiser=humming)
    assert made.seconds >= 12
    table = json.loads((tmp_path / "out" / "speakers.json").read_text(encoding="utf-8"))
    used = {voice for speaker in table.values() for voice in speaker["blend"]}
    assert used == set(VOICES)


def test_single_letters_are_said_by_name(data: Path) -> None:
    spelled = [line for line in make_lines(data, count=1000) if line.kind == "letters"]
    assert len(spelled) == 30
    for line in spelled:
        assert all(len(word) == 1 for word in line.words.split())
        assert line.spoken.replace(",", "").rstrip(".!?").lower() == line.words
        assert "A " not in line.spoken  # would be read as the article


def test_styles_are_read_and_wrong_ones_named(tmp_path: Path) -> None:
    with pytest.raises(MissingVoicePartsError, match="kokoro-js"):
        read_styles(tmp_path)
    np.arange(3 * 256, dtype=np.float32).tofile(tmp_path / "af_heart.bin")
    assert read_styles(tmp_path)["af_heart"].shape == (3, 256)
    (tmp_path / "af_kore.bin").write_bytes(b"1234")
    with pytest.raises(MissingVoicePartsError, match=r"af_kore\.bin"):
        read_styles(tmp_path)


def test_a_blend_has_the_same_name_whatever_its_order() -> None:
    assert blend_name({"a": 0.4, "b": 0.6}) == blend_name({"b": 0.6, "a": 0.4})
    assert blend_name({"a": 0.4, "b": 0.6}) != blend_name({"a": 0.6, "b": 0.4})
