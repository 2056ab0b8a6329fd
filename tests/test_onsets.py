"""The measurements of counting find a cue where it is, and tell it from another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.voice import NoVoiceError, VoiceSettings
from measure_led_countdown import LEAST_LIKENESS
from onsets import Exact, Recorded, energy_onset, exact_sounds, found_in, takes_of
from virtual_devices import SPEAKER_RATE

AT = 14_511
"""Samples of silence before the cue."""
MOST = 0.0015
"""Seconds: spectra are 1 ms apart."""
TEXTS = ("Five.", "Nine.", "Four.", "And release.")


@pytest.fixture(scope="module")
def synthesiser() -> Iterator[SupervisedSynthesiser]:
    found = SupervisedSynthesiser()
    try:
        found.synthesise("Press firmly on the sore spot.", VoiceSettings())
    except NoVoiceError as fault:
        pytest.skip(str(fault))
    yield found
    found.close()


def recording_of(sound: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return ``sound`` after `AT` samples of silence, and as much after it."""
    silence = np.zeros(AT, dtype=np.float32)
    return np.concatenate((silence, sound, silence)).astype(np.int16)


def test_another_take_is_found_where_it_begins_and_told_from_other_words(synthesiser: SupervisedSynthesiser) -> None:
    known = takes_of(TEXTS, synthesiser, VoiceSettings())
    later = exact_sounds(TEXTS, synthesiser, VoiceSettings())
    for text in TEXTS:
        heard = recording_of(later[text].samples)
        likeness = {other: known[other].best(heard) for other in TEXTS}
        assert abs(likeness[text][0] - AT) / SPEAKER_RATE < MOST, text
        assert [other for other in TEXTS if likeness[other][1] > LEAST_LIKENESS] == [text]


def test_a_word_under_another_one_is_not_taken_as_heard(synthesiser: SupervisedSynthesiser) -> None:
    known = takes_of(TEXTS[:2], synthesiser, VoiceSettings())
    both = recording_of(known["Five."].samples)
    other = known["Nine."].samples
    both[AT - 4800 : AT - 4800 + len(other)] += other.astype(np.int16) // 2
    assert known["Five."].best(both)[1] < LEAST_LIKENESS


def test_a_cue_that_is_late_and_one_that_is_missing_are_told(
    synthesiser: SupervisedSynthesiser, tmp_path: Path
) -> None:
    said = exact_sounds(TEXTS, synthesiser, VoiceSettings())
    heard = np.zeros(5 * SPEAKER_RATE, dtype=np.int16)
    for second, text in ((0.5, "Four."), (1.53, "Five."), (3.5, "And release.")):
        begin = round(second * SPEAKER_RATE)
        heard[begin : begin + len(said[text].samples)] = said[text].samples.astype(np.int16)
    recording = Recorded(tmp_path / "heard.raw")
    heard.tofile(recording.file)
    recording.counts += range(480, len(heard), 480)
    recording.arrivals = [count / SPEAKER_RATE for count in recording.counts[1:]]
    plan = [(0.0, "Four."), (1.0, "Five."), (2.0, "Nine."), (3.0, "And release.")]
    known = takes_of(TEXTS, synthesiser, VoiceSettings())
    found = found_in(recording, plan, known, [0.0, 1.0, 2.0, 3.0], (0.0, 1.4))
    assert [cue.likeness > LEAST_LIKENESS for cue in found] == [True, True, False, True]
    assert [round(cue.matched, 2) for cue in found if cue.text != "Nine."] == [0.0, 0.03, 0.0]
    assert [cue.by_energy and round(cue.by_energy, 2) for cue in found] == [0.0, 0.03, None, 0.0]


def test_known_samples_are_found_to_the_sample() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 9600).astype(np.float32)
    place, likeness = Exact(noise).best(recording_of(noise))
    assert place == AT
    assert likeness > 0.99


def test_an_onset_is_the_first_loud_sample_after_silence() -> None:
    noise = np.full(9600, 3000, dtype=np.float32)
    assert energy_onset(recording_of(noise), AT + 200, noise) == AT
    assert energy_onset(np.zeros(3 * AT, dtype=np.int16), AT, noise) is None
    loud_throughout = np.full(3 * AT, 3000, dtype=np.int16)
    assert energy_onset(loud_throughout, AT + 10_000, noise) is None
