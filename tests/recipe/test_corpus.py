from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from assistant.hearing.language_part.phone_set import BASE_INDEX
from models.recipe.corpus import BadManifestError, is_validation, read_manifests, transcribe, words_of
from shared_folder import SHARED

HEADER = "path\ttext\tspeaker\tsource\tlabel\tseconds\tlicence\n"
SPELT: dict[str, list[tuple[str, ...]]] = {
    "stop": [("S", "T", "AA", "P")],
    "em": [("EH", "M")],
    "'em": [("AX", "M")],
    "dogs": [("D", "AO", "G", "Z"), ("D", "AA", "G", "Z")],
}


def pronounce(word: str) -> Sequence[Sequence[str]]:
    return SPELT.get(word, [])


def manifest(folder: Path, *rows: str) -> Path:
    path = folder / "manifest.tsv"
    folder.mkdir(exist_ok=True)
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def row(path: str, text: str, seconds: str = "2.0", speaker: str = "anna") -> str:
    return "\t".join((path, text, speaker, "home", "given", seconds, "CC0"))


def test_recordings_of_several_manifests_are_kept_apart(tmp_path: Path) -> None:
    one = manifest(tmp_path / "one", row("a.wav", 'say "stop'), row("b.wav", "stop"))
    two = manifest(tmp_path / "two", row("a.wav", "stop", "1.5"))
    found = read_manifests([one, two])
    assert [recording.key for recording in found] == ["one/a.wav", "one/b.wav", "two/a.wav"]
    assert found[0].text == 'say "stop'
    assert found[2].path == tmp_path / "two" / "a.wav"
    assert found[2].seconds == 1.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path\ttext\n", "lacks the column speaker"),
        ("", "lacks the column path"),
        (HEADER + row("a.wav", "stop", "long") + "\n", "Line 2 .* no number of seconds"),
        (HEADER + "a.wav\tstop\n", "Line 2 .* no number of seconds"),
        (HEADER + 2 * (row("a.wav", "stop") + "\n"), "a second time"),
    ],
)
def test_bad_manifests_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "manifest.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(BadManifestError, match=message):
        read_manifests([tmp_path / "manifest.tsv"])


def test_a_missing_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadManifestError, match="can't be read"):
        read_manifests([tmp_path / "none.tsv"])


def test_a_twentieth_of_the_speakers_validates() -> None:
    share = sum(is_validation(f"speaker {number}") for number in range(4000)) / 4000
    assert share == pytest.approx(0.05, abs=0.01)
    assert [name for name in ("libri_1723", "libri_254", "af_heart") if is_validation(name)] == []
    assert is_validation("speaker 29") == is_validation("speaker 29")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Stop, please!", ["stop", "please"]),
        ("Don’t “stop” ' now", ["don't", "stop", "now"]),
        ("café naïve", ["cafe", "naive"]),
        ("hip-flexor", ["hip", "flexor"]),
        ("", []),
    ],
)
def test_words_of_a_transcript(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_words_become_phones_by_their_usual_pronunciation(tmp_path: Path) -> None:
    path = manifest(tmp_path, row("a.wav", "Stop 'em, dogs'!"))
    utterances, skipped = transcribe(read_manifests([path]), pronounce)
    spelt = [("S", "T", "AA", "P"), ("AX", "M"), ("D", "AO", "G", "Z")]
    assert utterances[0].words == tuple(tuple(BASE_INDEX[phone] for phone in word) for word in spelt)
    assert str(skipped) == "none left out"


def test_what_cannot_be_trained_on_is_left_out_and_counted(tmp_path: Path) -> None:
    path = manifest(
        tmp_path,
        row("good.wav", "stop"),
        row("unknown.wav", "stop zzyzx"),
        row("again.wav", "zzyzx"),
        row("empty.wav", "..."),
        row("digits.wav", "stop 5"),
        row("short.wav", "stop", "0.2"),
        row("long.wav", "stop", "25"),
        row("fast.wav", "stop stop stop", "0.4"),
    )
    utterances, skipped = transcribe(read_manifests([path]), pronounce)
    assert [utterance.recording.key.rpartition("/")[2] for utterance in utterances] == ["good.wav"]
    assert skipped.reasons == {
        "with unknown words": 2,
        "without words": 1,
        "with digits": 1,
        "too short": 1,
        "too long": 1,
        "with more phones than fit": 1,
    }
    assert skipped.unknown_words == {"zzyzx": 2}
    assert "2 with unknown words" in str(skipped)
    assert "zzyzx" in str(skipped)


@pytest.mark.skipif(not (SHARED / "training" / "manifest.tsv").is_file(), reason="the training speech is not there")
def test_the_training_manifest_is_read_whole() -> None:
    recordings = read_manifests([SHARED / "training" / "manifest.tsv"])
    hours = sum(recording.seconds for recording in recordings) / 3600
    assert len(recordings) == 5707
    assert hours == pytest.approx(4.6, abs=0.1)
    assert 0.02 < sum(recording.validates for recording in recordings) / len(recordings) < 0.12
