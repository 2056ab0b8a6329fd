"""The recognisers with the model that ships, on our own synthesiser's speech."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from assistant.hearing.events import Hypothesis, Word
from assistant.hearing.recogniser import ALTERNATIVES, Recogniser, SpeechModel, UnusableModelError, join
from assistant.sound.samples import SAMPLE_RATE
from said import linux, model, said, sound

pytestmark = linux

SENTENCES = (
    "how long do i leave the heating pad on",
    "how do i stop a back spasm",
    "does a deep tissue massage help",
    "which side should i sleep on",
)
WORD_ERROR = 0.1
"""Seconds a word's time may be off: three frames of the model, and what a synthesiser's mark itself is off."""
TAIL = 0.3


def fed(recogniser: Recogniser, *parts: str | float) -> float:
    """Feed the parts in frames; return how long they are (s)."""
    samples = sound(*parts)
    for start in range(0, len(samples), 512):
        recogniser.accept(samples[start : start + 512].tobytes())
    return len(samples) / SAMPLE_RATE


def heard(recogniser: Recogniser, *parts: str | float) -> str:
    fed(recogniser, *parts)
    readings = recogniser.final()
    return readings[0].text if readings else ""


def assert_in_time(words: tuple[Word, ...], text: str, began: float) -> list[float]:
    marks = said(text).words
    assert [word.text for word in words] == [mark.text.lower() for mark in marks]
    errors = [word.start - began - mark.start for word, mark in zip(words, marks, strict=True)]
    assert max(map(abs, errors)) < WORD_ERROR, errors
    # A word's end may lie before the next word's begin, which is where the synthesiser's mark ends.
    assert all(a.start < a.end <= b.start + 0.021 for a, b in itertools.pairwise(words))
    return errors


@pytest.mark.parametrize("text", SENTENCES[1:3])
def test_sentences_about_the_subject_are_heard(text: str) -> None:
    assert heard(model().open_recogniser(), 0.2, text, TAIL) == text


def test_words_come_at_their_times_also_in_later_utterances() -> None:
    recogniser = model().open_recogniser()
    errors, at = [], 0.0
    for text, lead in zip(SENTENCES, (0.0, 0.5, 1.5, 0.0), strict=True):
        recogniser.begin(at)
        length = fed(recogniser, lead, text, TAIL)
        recogniser.final()
        errors += assert_in_time(recogniser.words(), text, at + lead)
        at += length + 2.0  # sound in between that this recogniser wasn't given
    assert abs(float(np.median(errors))) < 0.06
    assert recogniser.words() == ()


def test_words_keep_their_times_where_the_model_closes_a_segment_itself() -> None:
    recogniser = model().open_recogniser()
    first, second = SENTENCES[:2]
    recogniser.begin(7.0)
    fed(recogniser, first, 2.5, second, 2.5)
    length = fed(recogniser, first, TAIL)
    readings = recogniser.final()
    assert readings[0].text == f"{first} {second} {first}"
    words = recogniser.words()
    places = [7.0, 7.0 + said(first).seconds + 2.5, 7.0 + said(first).seconds + said(second).seconds + 5.0]
    counts = [len(text.split()) for text in (first, second, first)]
    for text, place, count in zip((first, second, first), places, counts, strict=True):
        assert_in_time(words[:count], text, place)
        words = words[count:]
    recogniser.begin(places[2] + length)
    closed = fed(recogniser, second)
    while recogniser._running:  # until the model closes it: then nothing is left for the final result to close
        closed += fed(recogniser, 0.032)
    recogniser.final()
    assert_in_time(recogniser.words(), second, places[2] + length)
    fed(recogniser, first, TAIL)
    recogniser.final()
    assert_in_time(recogniser.words(), first, places[2] + length + closed)


def test_readings_come_best_first_and_share_the_weight() -> None:
    recogniser = model().open_recogniser()
    several = 0
    for text in (*SENTENCES[:2], "should i use ice or heat first"):
        fed(recogniser, text, TAIL)
        readings = recogniser.final()
        weights = [reading.weight for reading in readings]
        assert sum(weights) == pytest.approx(1.0)
        assert weights == sorted(weights, reverse=True)
        assert 1 <= len(readings) <= ALTERNATIVES
        assert len({reading.text for reading in readings}) == len(readings)
        assert recogniser.words()[0].text == readings[0].text.split()[0]
        several += len(readings) > 1
    assert several


def test_a_partial_result_grows_into_the_final_one() -> None:
    recogniser = model().open_recogniser()
    assert recogniser.partial() == ""
    # The model looks ahead, and decodes a chunk at a time: a partial result is 0.6 s behind the sound at the most.
    samples = sound(SENTENCES[0], 0.7)
    partials = []
    for start in range(0, len(samples), 2048):
        recogniser.accept(samples[start : start + 2048].tobytes())
        partials.append(recogniser.partial())
    assert "how long do i" in partials
    assert partials[-1] == SENTENCES[0]
    assert recogniser.final()[0].text == SENTENCES[0]
    assert recogniser.partial() == ""
    assert recogniser.final() == ()


def test_silence_has_no_words() -> None:
    recogniser = model().open_recogniser()
    assert heard(recogniser, 2.0) == ""
    assert recogniser.final() == ()
    assert recogniser.words() == ()


def test_reset_forgets_what_was_said_and_keeps_the_time() -> None:
    recogniser = model().open_recogniser()
    first, second = SENTENCES[:2]
    recogniser.begin(0.0)
    length = fed(recogniser, first)
    recogniser.reset()
    assert recogniser.partial() == ""
    assert heard(recogniser, second, TAIL) == second
    assert_in_time(recogniser.words(), second, length)


@pytest.mark.parametrize("word", ["stop", "yes", "no", "wait", "hang on"])
def test_a_grammar_hears_its_phrases(word: str) -> None:
    recogniser = model().grammar_recogniser(["stop", "yes", "no", "wait", "hang on"])
    assert recogniser is not None
    assert heard(recogniser, 0.3, word, TAIL) == word


@pytest.mark.parametrize("text", SENTENCES[:2])
def test_a_grammar_does_not_take_a_sentence_for_a_phrase(text: str) -> None:
    recogniser = model().grammar_recogniser(["stop", "yes", "no", "wait"])
    assert recogniser is not None
    assert heard(recogniser, 0.3, text, TAIL) not in ("stop", "yes", "no", "wait")


def test_phrases_with_unknown_words_are_left_out() -> None:
    assert model().knows("stop")
    assert not model().knows("xqzzy")
    recogniser = model().grammar_recogniser(["stop xqzzy", "xqzzy", "wait", " ", ""])
    assert recogniser is not None
    assert heard(recogniser, 0.3, "wait", TAIL) == "wait"
    assert heard(recogniser, 0.3, "stop", TAIL) != "stop"


@pytest.mark.parametrize("phrases", [[], [""], ["xqzzy"], ["stop xqzzy", "Stop"]])
def test_without_a_phrase_that_can_be_heard_there_is_no_grammar(phrases: list[str]) -> None:
    assert model().grammar_recogniser(phrases) is None


def test_a_folder_that_is_no_model_is_refused_in_words(tmp_path: object, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnusableModelError, match="marigold models verify"):
        SpeechModel(str(tmp_path))
    assert "Traceback" not in capfd.readouterr().err


def readings(*pairs: tuple[str, float]) -> tuple[Hypothesis, ...]:
    return tuple(Hypothesis(text, weight) for text, weight in pairs)


def test_segments_join_into_all_their_combinations() -> None:
    joined = join([readings(("how long", 0.6), ("how wrong", 0.4)), readings(("do i press", 0.7), ("to press", 0.3))])
    assert [reading.text for reading in joined] == [
        "how long do i press",
        "how wrong do i press",
        "how long to press",
        "how wrong to press",
    ]
    assert [reading.weight for reading in joined] == pytest.approx([0.42, 0.28, 0.18, 0.12])


def test_joined_readings_are_few_and_share_the_weight() -> None:
    many = readings(*[(f"w{i}", 0.2) for i in range(5)])
    joined = join([many, many, many])
    assert len(joined) == ALTERNATIVES
    assert sum(reading.weight for reading in joined) == pytest.approx(1.0)
    assert len(join([many], most=2)) == 2


def test_segments_without_words_join_to_nothing() -> None:
    one = readings(("stop", 1.0))
    assert join([]) == ()
    assert join([(), ()]) == ()
    assert join([(), one, ()]) == one
