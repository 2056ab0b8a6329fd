from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.trimming import trimmed
from assistant.speaking.voice import NoVoiceError, Speech, SpokenWord, VoiceSettings

RATE = 22_050
NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def tone(seconds: float, level: float) -> NDArray[np.float64]:
    return level * np.sin(2 * np.pi * 500 * np.arange(int(seconds * RATE)) / RATE)


def speech(*parts: NDArray[np.float64], words: tuple[SpokenWord, ...] = ()) -> Speech:
    return Speech("word", np.concatenate(parts).astype(np.int16), RATE, words)


def onset(samples: NDArray[np.int16], share: float) -> float:
    level = np.abs(samples.astype(int))
    return float(np.argmax(level > share * level.max())) / RATE


def test_it_begins_two_milliseconds_before_the_sound_and_ends_with_it() -> None:
    made = trimmed(speech(tone(0.05, 0), tone(0.3, 8000), tone(0.2, 0)))
    assert made.seconds == pytest.approx(0.302, abs=0.001)
    assert onset(made.samples, 0.02) == pytest.approx(0.002, abs=0.0005)
    assert made.samples[0] == made.samples[-1] == 0


def test_words_move_along() -> None:
    words = (SpokenWord("one", 0.0, 0.2), SpokenWord("two", 0.2, 0.5))
    made = trimmed(speech(tone(0.05, 0), tone(0.3, 8000), tone(0.2, 0), words=words))
    assert [word.start for word in made.words] == pytest.approx([0.0, 0.152], abs=0.001)
    assert made.words[1].end == made.seconds
    assert [word.text for word in made.words] == ["one", "two"]


def test_hiss_before_the_onset_is_not_found_by_a_lower_threshold() -> None:
    made = trimmed(speech(tone(0.1, 100), tone(0.3, 10_000)))
    assert onset(made.samples, 0.0005) <= onset(made.samples, 0.02) <= 0.0025


def test_a_soft_beginning_is_lifted_until_it_is_heard_and_the_rest_is_not() -> None:
    made = trimmed(speech(tone(0.08, 400), tone(0.3, 10_000)))
    assert onset(made.samples, 0.1) < 0.005
    assert np.abs(made.samples).max() == pytest.approx(10_000, rel=0.01)
    loud = trimmed(speech(tone(0.08, 2_000), tone(0.3, 10_000)))
    assert np.abs(loud.samples[: int(0.08 * RATE)]).max() == pytest.approx(2_000, rel=0.02)


def test_a_sound_at_the_very_beginning_gets_its_lead_too() -> None:
    made = trimmed(speech(tone(0.3, 8000)))
    assert onset(made.samples, 0.02) == pytest.approx(0.002, abs=0.0005)


@pytest.mark.parametrize("level", [np.zeros(0), np.zeros(100)])
def test_silence_stays_as_it_is(level: NDArray[np.float64]) -> None:
    silence = speech(level)
    assert trimmed(silence) is silence


def test_a_single_sample_is_a_sound() -> None:
    made = trimmed(speech(np.array([0, 0, 5000, 0])))
    assert 0 < len(made.samples) < 100


@pytest.fixture(scope="module")
def espeak() -> Iterator[SupervisedSynthesiser]:
    synthesiser = SupervisedSynthesiser()
    try:
        synthesiser.start()
    except NoVoiceError as fault:
        pytest.skip(str(fault))
    yield synthesiser
    synthesiser.close()


@pytest.mark.parametrize("rate", [105, 165, 285])
def test_all_thresholds_agree_on_where_espeaks_numbers_begin(espeak: SupervisedSynthesiser, rate: int) -> None:
    for text in [*NUMBERS, "thirty", "halfway", "And release."]:
        made = trimmed(espeak.synthesise(text, VoiceSettings(rate=rate)))
        found = [onset(made.samples, share) for share in (0.001, 0.01, 0.02, 0.05, 0.1)]
        assert max(found) - min(found) < 0.014, (text, found)
        assert max(found) < 0.014, (text, found)
        assert all(0.0 <= word.start <= word.end <= made.seconds for word in made.words)
