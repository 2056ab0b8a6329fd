"""A whole measurement on a tiny corpus of tones, with recognisers that know the clips by their pitch."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from shared_folder import SHARED

pytest.importorskip("jiwer", reason="jiwer (extra: train) is not installed")

from models.recipe.check import add_vocabulary, measure, spotted, vocabulary
from models.recipe.check_hearing import (
    UNKNOWN,
    Cache,
    Decoder,
    Grammar,
    System,
    Task,
    folder_digest,
    hear_all,
    key_of,
    vosk_system,
)
from models.recipe.check_noise import Condition
from models.recipe.check_plan import FULL, QUICK, READ, VOICES_KEPT_APART, Measure, make_plan, seconds_of
from models.recipe.check_report import BEGIN, END, MissingMarksError, put_into, report
from models.recipe.check_sets import (
    PEOPLE,
    SAMPLE_RATE,
    TALK,
    Clip,
    MissingDataError,
    Samples,
    load,
    people,
    reserved,
    spread,
    surroundings,
)
from models.recipe.yardstick import MissingYardstickError, WhisperDecoder, whisper_system

WORDS = ("stop", "yes", "bird")
HERTZ = 200.0
"""Pitch of the first clip; the next ones lie as much above each other, beyond what noise would hide."""


@dataclass
class Corpus:
    folder: Path
    pitches: dict[float, str] = field(default_factory=dict)

    def clip(self, path: str, text: str) -> None:
        pitch = HERTZ * (len(self.pitches) + 1)
        self.pitches[pitch] = text
        time = np.arange(SAMPLE_RATE // 4) / SAMPLE_RATE
        self.write(path, (6000 * np.sin(2 * np.pi * pitch * time)).astype(np.int16))

    def write(self, path: str, samples: Samples) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(self.folder / path, samples, SAMPLE_RATE)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    made = Corpus(tmp_path_factory.mktemp("data"))
    rows = ["path\tkind\ttranscript\tspeaker\tdur"]
    for number, name in enumerate(dict.fromkeys((*PEOPLE, *TALK))):
        path = f"speech/{name}/one.flac"
        text = "" if name == TALK[0] else f"sentence {'abcdefghi'[number]} of somebody"
        made.clip(f"corpus/{path}", text)
        rows.append(f"{path}\tsentence\t{text}\ts{number}\t0.25")
    for word in WORDS:
        path = f"speech/speech_commands/{word}.flac"
        made.clip(f"corpus/{path}", word)
        rows.append(f"{path}\tword\t{word}\ts\t0.25")
    made.clip("corpus/speech/an4/yes.flac", "yes")
    rows.append("speech/an4/yes.flac\tword\tyes\ts\t0.25")
    (made.folder / "corpus" / "manifest.tsv").write_text("\n".join(rows) + "\n")
    lines = []
    for place, (kind, text) in enumerate([("question", "how long"), ("command", "carry on"), ("word", "stop")]):
        made.clip(f"reserved/v/{place}.flac", text)
        lines.append({"file": f"v/{place}.flac", "voice": "v", "kind": kind, "text": text})
    (made.folder / "reserved" / "audio.jsonl").write_text("\n".join(map(json.dumps, lines)))
    hiss = np.random.default_rng(0).normal(0, 300, SAMPLE_RATE // 2).astype(np.int16)
    made.write("corpus/noise/picovoice_kitchen.flac", hiss)
    made.write("corpus/noise/babble_1.flac", hiss[::-1].copy())
    made.write("corpus/noise/for_training.flac", hiss)
    made.write("corpus/rir/deepfilternet_rir_hall.wav", np.array([20000, 500, 0, 250], np.int16))
    made.write("corpus/rir/sim_kitchen.wav", np.array([20000, 0, 100], np.int16))
    return made


@dataclass
class ByPitch:
    """Hears what the clip of the nearest pitch says; ``wrong`` in place of everything where the machine is bad."""

    pitches: dict[float, str]
    bad: bool = False
    asked: list[Grammar] = field(default_factory=list)

    def hear(self, samples: Samples, grammar: Grammar) -> str:
        self.asked.append(grammar)
        spectrum = np.abs(np.fft.rfft(samples))
        pitch = float(np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)[np.argmax(spectrum)])
        nearest = min(self.pitches, key=lambda known: abs(known - pitch))
        text = self.pitches[nearest] if abs(nearest - pitch) < HERTZ / 4 and spectrum.max() > 2e6 else ""
        if self.bad:
            text = "no"
        if not grammar:
            return text
        return text if text in grammar else UNKNOWN


def system(corpus: Corpus, *, bad: bool = False, grammars: bool = True, name: str = "ear") -> System:
    def make() -> Decoder:
        return ByPitch(corpus.pitches, bad)

    return System(name, name, make, grammars)


def test_sets_are_read_with_what_is_said_in_them(corpus: Corpus) -> None:
    clips = people(corpus.folder, ["an4", TALK[0]])
    assert {(clip.group, clip.text) for clip in clips} == {
        ("an4", "sentence b of somebody"),
        ("an4", "yes"),
        (TALK[0], ""),
    }
    assert [clip.kind for clip in reserved(corpus.folder)] == ["question", "command", "word"]
    around = surroundings(corpus.folder)
    assert [len(paths) for paths in around] == [1, 1, 1, 1]
    assert around.simulated_rooms[0].name == "sim_kitchen.wav"


def test_what_is_missing_is_named(tmp_path: Path, corpus: Corpus) -> None:
    with pytest.raises(MissingDataError, match=r"manifest\.tsv"):
        people(tmp_path, ["an4"])
    with pytest.raises(MissingDataError, match="fleurs"):
        people(corpus.folder, ["an4", "fleurs"])
    with pytest.raises(MissingDataError, match="recipe reserved"):
        reserved(tmp_path)
    (tmp_path / "reserved").mkdir()
    row = {"file": "v/1.flac", "voice": "v", "kind": "word", "text": "stop"}
    (tmp_path / "reserved" / "audio.jsonl").write_text(json.dumps(row))
    with pytest.raises(MissingDataError, match="lacks 1 of its 1"):
        reserved(tmp_path)
    with pytest.raises(MissingDataError, match="no noise"):
        surroundings(tmp_path)
    (tmp_path / "no.flac").write_bytes(b"no sound")
    with pytest.raises(MissingDataError, match="can't be read"):
        load(tmp_path / "no.flac")
    with pytest.raises(MissingDataError, match=r"final\.mdl"):
        vosk_system(tmp_path)
    with pytest.raises(MissingYardstickError):
        whisper_system(tmp_path)


def test_a_spread_takes_all_voices_in_turn() -> None:
    clips = [Clip(Path(f"{voice}{n}"), "", "g", voice, "k") for voice in "abc" for n in range(10)]
    drawn = spread(clips, 6)
    assert sorted(clip.voice for clip in drawn) == list("aabbcc")
    assert drawn == spread(clips[::-1], 6)
    assert drawn != spread(clips, 6, seed=1)
    assert spread(clips, 30) == clips


def test_a_good_and_a_bad_ear_are_told_apart(corpus: Corpus) -> None:
    plan = make_plan(corpus.folder, FULL, ("stop it",))
    systems = {"before": system(corpus, bad=True, name="bad"), "model": system(corpus)}
    systems["yardstick"] = system(corpus, grammars=False, name="whole")
    results = measure(systems, plan, Cache(), jobs=1)
    for row in results["errors"]:
        if row["condition"] == "clean":
            assert row["figures"]["model"]["rate"] == row["figures"]["yardstick"]["rate"] == 0.0, row
            assert row["figures"]["before"]["rate"] > 90.0
    nine = next(row for row in results["commands"] if row["group"] == "nine commands, single words")
    good, bad, whole = (nine["figures"][role] for role in ("model", "before", "yardstick"))
    assert (good["said"], good["right"], good["others"], good["accepted"]) == (2, 2, 1, 0)
    assert whole == good
    assert (bad["right"], bad["wrong"], bad["accepted"]) == (0, 2, 1)
    silence = [row for row in results["false words"] if row["group"] == "nine commands; noise"]
    assert silence[0]["figures"]["model"]["count"] == 0
    assert silence[0]["figures"]["before"]["count"] == 1
    assert silence[0]["figures"]["before"]["per_hour"] == pytest.approx(7200)
    assert "yardstick" not in silence[0]["figures"]


def test_the_plan_covers_all_surroundings_in_the_same_way_each_time(corpus: Corpus) -> None:
    plan = make_plan(corpus.folder, QUICK)
    assert plan == make_plan(corpus.folder, QUICK)
    conditions = {entry.condition for entry in plan if entry.measure is Measure.ERRORS}
    assert conditions == {"clean", "noise, 20 dB", "noise, 10 dB", "noise, 5 dB", "recorded rooms", "simulated rooms"}
    at = {e.condition: e.tasks[0].condition for e in plan if e.group == VOICES_KEPT_APART}
    assert at["noise, 20 dB"].noise == at["noise, 5 dB"].noise
    assert at["noise, 20 dB"].seed == at["noise, 5 dB"].seed
    read = next(entry for entry in plan if entry.group == READ)
    assert seconds_of(read) == pytest.approx(0.25 * len(read.tasks))
    assert all(task.clip.kind != "word" for e in plan if e.group == VOICES_KEPT_APART for task in e.tasks)


def test_what_was_heard_is_kept(corpus: Corpus, tmp_path: Path) -> None:
    ear = ByPitch(corpus.pitches)
    known = System("ear", "digest", lambda: ear)
    clip = reserved(corpus.folder)[0]
    tasks = [Task(clip), Task(clip, Condition("room", room=surroundings(corpus.folder).recorded_rooms[0]))]
    tasks.append(Task(clip, grammar=("stop", UNKNOWN)))
    steps: list[tuple[int, int]] = []
    first = hear_all(known, tasks, Cache.at(tmp_path / "c.json"), progress=lambda *step: steps.append(step))
    assert first == ["how long", "how long", UNKNOWN]
    assert len(ear.asked) == 3
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert hear_all(known, tasks, Cache.at(tmp_path / "c.json")) == first
    assert len(ear.asked) == 3, "nothing is heard twice"
    hear_all(System("ear", "another", lambda: ear), tasks[:1], Cache.at(tmp_path / "c.json"))
    assert len(ear.asked) == 4, "another model hears for itself"
    (tmp_path / "c.json").write_text("{damaged")
    assert Cache.at(tmp_path / "c.json").texts == {}


def test_the_key_tells_system_sound_and_grammar_apart(corpus: Corpus) -> None:
    one, other = system(corpus, name="one"), system(corpus, name="other")
    sound = np.arange(100, dtype=np.int16)
    keys = {key_of(one, sound, ()), key_of(other, sound, ()), key_of(one, sound[1:], ()), key_of(one, sound, ("a",))}
    assert len(keys) == 4


def test_a_model_s_digest_follows_its_files(tmp_path: Path) -> None:
    (tmp_path / "am").mkdir()
    (tmp_path / "am" / "final.mdl").write_bytes(b"1")
    before = folder_digest(tmp_path)
    (tmp_path / "README.md").write_text("no part of the hearing")
    assert folder_digest(tmp_path) == before
    (tmp_path / "am" / "final.mdl").write_bytes(b"2")
    assert folder_digest(tmp_path) != before


def test_the_yardstick_takes_no_grammar() -> None:
    deaf = WhisperDecoder.__new__(WhisperDecoder)
    with pytest.raises(ValueError, match="grammar"):
        deaf.hear(np.zeros(10, np.int16), ("stop",))


SPEED = {
    "from_word": {"median": 0.41, "late": 0.72, "words": 30},
    "from_speech": {"median": 0.5, "late": 0.9, "words": 9},
    "computing": 0.03,
    "open_factor": 0.14,
    "grammar_factor": 0.12,
    "load": 0.4,
    "memory": 150.0,
    "memory_before": float("nan"),
    "disk": 17.8,
}


def test_the_report_shows_all_and_says_which_goals_were_reached(corpus: Corpus, tmp_path: Path) -> None:
    plan = make_plan(corpus.folder, QUICK, ("stop it",))
    systems = {"before": system(corpus, bad=True, name="bad"), "model": system(corpus)}
    results = measure(systems, plan, Cache(), jobs=1)
    words = tmp_path / "model" / "graph" / "words.txt"
    words.parent.mkdir(parents=True)
    words.write_text("how 1\nlong 2\ncarry 3\n")
    assert vocabulary(tmp_path / "model") == {"how", "long", "carry"}
    add_vocabulary(results, plan, {"model": tmp_path / "model"})
    results["speed"] = {"model": SPEED}
    text = report(json.loads(json.dumps(results)))
    assert (
        "| synthetic voices kept apart | 2 | 4 | 25.0 | 100.0 (100.0 to 100.0) | **0.0** (0.0 to 0.0) | 0 / 100 |"
        in text
    )
    assert "| computing time for a second, whole vocabulary | at most 0.15 s | 0.140 s | yes |" in text
    assert "| computing time for a second, grammar | at most 0.1 s | 0.120 s | no |" in text
    assert "| commands of a grammar heard, single words by people | at least 98 % | 100.0 % | yes |" in text
    assert "0.41 / 0.72" in text
    for line in text.splitlines():
        assert "nan" not in line
    document = tmp_path / "README.md"
    document.write_text(f"Before.\n\n{BEGIN}\nold\n{END}\n\nAfter.\n")
    put_into(document, text)
    put_into(document, text)
    assert document.read_text() == f"Before.\n\n{BEGIN}\n{text}\n{END}\n\nAfter.\n"


def test_a_document_without_marks_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text(f"{END}\n{BEGIN}\n")
    with pytest.raises(MissingMarksError, match="lacks"):
        put_into(document, "text")
    assert document.read_text() == f"{END}\n{BEGIN}\n"


def test_the_assistant_s_phrases_are_found() -> None:
    phrases = spotted(Path(__file__).parents[2] / "content" / "product" / "phrases.yaml")
    assert "stop" in phrases
    assert "hold on" in phrases


@pytest.mark.skipif(not (SHARED / "corpus" / "manifest.tsv").is_file(), reason=f"no corpus in {SHARED}")
def test_the_real_corpus_has_what_is_measured() -> None:
    clips = people(SHARED, [*PEOPLE, *TALK, "speech_commands"])
    assert len(clips) > 500
    assert all(clip.path.is_file() for clip in clips)
    around = surroundings(SHARED)
    assert len(around.noises) >= 2
    assert len(around.babble) == 3
    assert len(around.simulated_rooms) >= 5
    assert len(load(clips[0].path)) > 1000
