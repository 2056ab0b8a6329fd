"""The ear on synthesised speech with the model that ships: turns, pauses, noise, its thread, faults."""

from __future__ import annotations

import functools
import itertools
import statistics
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.hearing.ear import GOES_ON_WITHIN, Ear
from assistant.hearing.endpointing import LONG_PAUSE, SHORT_PAUSE, EndpointingSettings
from assistant.hearing.events import (
    CommandSpotted,
    Heard,
    HeardSoFar,
    HearingEvent,
    HearingFailed,
    Hypothesis,
    SpeechBegan,
)
from assistant.hearing.recogniser import Recogniser, SpeechModel
from assistant.sound.samples import SAMPLE_RATE, Block
from said import BLOCK, END, QUESTION, SPOTTING, Listener, linux, model, said, silence, sound, texts

pytestmark = linux

OTHER = "does heat help"
LONG_QUESTION = "how long do i leave the heating pad on"
NOTICED = 0.16
"""Seconds by which the detector may place the end of speech beside the last loud sample."""


def complete(_: Sequence[Hypothesis]) -> float:
    return 0.0


# Turns -------------------------------------------------------------------------------------------------


@functools.cache
def heard_in_blocks(*blocks: int) -> Listener:
    return Listener().hear(sound(1.0, OTHER, END), blocks)


@pytest.mark.parametrize("blocks", [(1, 511, 513, 37, 1000), (16_000,)])
def test_the_size_of_the_blocks_does_not_matter(blocks: tuple[int, ...]) -> None:
    odd, even = heard_in_blocks(*blocks), heard_in_blocks(512)
    assert texts(odd) == texts(even) == [OTHER]
    mine, theirs = odd.only(Heard)[0], even.only(Heard)[0]
    assert (mine.began, mine.ended, mine.words) == (theirs.began, theirs.ended, theirs.words)


def test_a_turn_is_told_from_its_begin_to_its_end() -> None:
    listener = Listener().hear(sound(1.0, QUESTION, END))
    began, heard = listener.only(SpeechBegan)[0], listener.only(Heard)[0]
    kinds = [type(told.event) for told in listener.told]
    assert (kinds[0], kinds[-1]) == (SpeechBegan, Heard)
    assert kinds.count(SpeechBegan) == kinds.count(Heard) == 1
    end = 1.0 + said(QUESTION).seconds
    assert 1.0 < began.at < 1.3
    assert heard.began <= 1.0
    assert heard.ended == pytest.approx(end, abs=NOTICED)
    assert heard.words[0].start == pytest.approx(1.0, abs=0.1)
    assert heard.words[-1].end == pytest.approx(end, abs=0.2)
    assert not heard.goes_on


def test_the_first_word_is_not_lost_when_speech_starts_abruptly() -> None:
    for text in ("pause", OTHER):
        assert texts(Listener().hear(sound(1.0, text, END))) == [text]


def test_partial_results_grow() -> None:
    listener = Listener().hear(sound(0.5, LONG_QUESTION, END))
    partials = listener.only(HeardSoFar)
    assert len(partials) >= 5
    assert LONG_QUESTION.startswith(partials[-1].text)  # its last word may come with the final result
    assert len(partials[-1].text.split()) >= 8
    assert len({partial.text for partial in partials}) == len(partials)
    assert all(b.at - a.at > 0.1 for a, b in itertools.pairwise(partials))


def test_the_turns_of_a_long_stream_keep_their_times() -> None:
    listener = Listener().hear(sound(1.0, QUESTION, 3.0, OTHER, END))
    first, second = listener.only(Heard)
    assert (first.text, second.text) == (QUESTION, OTHER)
    begin = 4.0 + said(QUESTION).seconds
    assert second.words[0].start == pytest.approx(begin, abs=0.1)
    assert second.ended == pytest.approx(begin + said(OTHER).seconds, abs=NOTICED)


@pytest.mark.parametrize("pause", [0.4])
def test_a_pause_inside_a_sentence_keeps_one_turn(pause: float) -> None:
    cut = int(said(LONG_QUESTION).words[4].start * SAMPLE_RATE)
    whole = said(LONG_QUESTION).samples
    listener = Listener().hear(sound(0.5, whole[:cut], pause, whole[cut:], END))
    assert texts(listener) == [LONG_QUESTION]
    words = listener.only(Heard)[0].words
    for word, mark, late in zip(words, said(LONG_QUESTION).words, [0.0] * 4 + [pause] * 5, strict=True):
        assert word.start == pytest.approx(0.5 + mark.start + late, abs=0.15)


def test_a_long_pause_splits() -> None:
    listener = Listener().hear(sound(0.5, "stop", END, OTHER, END))
    assert texts(listener) == ["stop", OTHER]
    assert len(listener.only(SpeechBegan)) == 2


def test_what_is_complete_ends_early_and_the_rest_waits(capsys: pytest.CaptureFixture[str]) -> None:
    def delays(pause_needed: Callable[[Sequence[Hypothesis]], float]) -> list[float]:
        found = []
        for text in ("stop", OTHER):
            listener = Listener(pause_needed=pause_needed).hear(sound(0.5, text, END))
            found.append(listener.when(Heard)[0] - 0.5 - said(text).seconds)
            stages = listener.only(Heard)[0].stages
            assert stages.endpointing == pytest.approx(found[-1], abs=NOTICED + 0.02)
            assert 0.0 < stages.final_result < 1.0
        return found

    early, settled, late = delays(complete), delays(lambda _: 0.5), delays(lambda _: 99.0)
    with capsys.disabled():
        medians = [statistics.median(found) for found in (early, settled, late)]
        print("\n  end-pointing, median s of sound: complete {:.2f}, after 0.5 {:.2f}, long {:.2f}".format(*medians))
    assert all(SHORT_PAUSE - NOTICED < delay < SHORT_PAUSE + NOTICED for delay in early)
    assert all(0.5 - NOTICED < delay < 0.5 + NOTICED for delay in settled)
    assert all(LONG_PAUSE - NOTICED < delay < LONG_PAUSE + NOTICED for delay in late)


def test_endless_talk_is_cut_without_losing_words(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = sound(LONG_QUESTION, OTHER, QUESTION)
    accepted: list[bytes] = []
    accept = Recogniser.accept

    def noted(recogniser: Recogniser, given: bytes) -> None:
        accepted.append(given)
        accept(recogniser, given)

    monkeypatch.setattr(Recogniser, "accept", noted)
    samples = sound(0.5, talk, END)
    listener = Listener(settings=EndpointingSettings(longest_turn=3.5)).hear(samples)
    first, second = listener.only(Heard)
    assert first.ended - first.began < 4.1
    assert second.goes_on
    wanted = f"{LONG_QUESTION} {OTHER} {QUESTION}".split()
    heard = f"{first.text} {second.text}".split()
    assert len(set(wanted) - set(heard)) <= 1  # the word in which it was cut
    assert b"".join(accepted) in samples.tobytes(), "all of the sound was heard, and once"


def test_finish_ends_a_turn_whose_silence_is_missing() -> None:
    listener = Listener().hear(sound(0.5, QUESTION, 0.1))
    assert texts(listener) == []
    listener.ear.finish()
    listener.ear.finish()
    assert texts(listener) == [QUESTION]


# Going on after the turn was closed -------------------------------------------------------------------------


@pytest.mark.parametrize(("pause", "goes_on"), [(0.25, True), (0.45, True), (GOES_ON_WITHIN + 0.15, False)])
def test_speech_soon_after_a_closed_turn_goes_on_with_it(pause: float, goes_on: bool) -> None:
    listener = Listener(pause_needed=complete).hear(sound(0.5, QUESTION, pause, OTHER, END))
    assert texts(listener) == [QUESTION, OTHER]
    assert [heard.goes_on for heard in listener.only(Heard)] == [False, goes_on]
    assert [began.goes_on for began in listener.only(SpeechBegan)] == [False, goes_on]


def test_speech_after_a_noise_does_not_go_on_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = Listener(pause_needed=complete)
    with monkeypatch.context() as patch:
        patch.setattr(Recogniser, "final", lambda _: ())  # a cough: speech to the detector, without words
        listener.hear(sound(0.5, "enough", 0.3))
        listener.ear.finish()
    listener.hear(sound(0.1, OTHER, END))
    wordless, heard = listener.only(Heard)
    assert wordless.hypotheses == ()
    assert not heard.goes_on


# No speech ---------------------------------------------------------------------------------------------------


def noise(kind: str) -> NDArray[np.int16]:
    generator = np.random.default_rng(5)
    t = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    made = {
        "silence": np.zeros(t.size),
        "white": generator.normal(0, 1000, t.size),
        "loud": generator.normal(0, 9000, t.size),
        "clicks": np.where(generator.random(t.size) < 4 / SAMPLE_RATE, 20_000, 0),
        "knocks": 15_000 * np.exp(-60 * (t % 0.7)) * np.sin(2 * np.pi * 180 * t),
        "hum": 6000 * np.sin(2 * np.pi * 50 * t),
        "chords": sum(3000 * np.sin(2 * np.pi * f * t) for f in (220, 277, 330)) * (np.sin(4 * np.pi * t) > 0),
        "melody": 6000 * np.sin(2 * np.pi * 220 * 2 ** (np.floor(t * 4) % 12 / 12) * t),
        "clipped": 32_767 * np.sign(np.sin(2 * np.pi * 300 * t)),
    }[kind]
    return np.asarray(np.clip(made, -32_768, 32_767), dtype=np.int16)


@pytest.mark.parametrize("kind", ["silence", "white", "loud", "clicks", "knocks", "hum", "chords", "melody", "clipped"])
def test_noise_has_no_words(kind: str) -> None:
    listener = Listener(SPOTTING).hear(sound(noise(kind), END))
    assert listener.only(CommandSpotted) == []
    assert [text for text in texts(listener) if text] == []


def test_a_question_after_noise_is_heard() -> None:
    listener = Listener(SPOTTING).hear(sound(noise("chords"), noise("clicks"), 0.3, QUESTION, END))
    assert [text for text in texts(listener) if text] == [QUESTION]


@pytest.mark.parametrize("level", [0.0, 12.0])
def test_a_minute_of_silence_costs_little(level: float) -> None:
    quiet = np.random.default_rng(1).normal(0, level, 60 * SAMPLE_RATE).astype(np.int16)
    listener = Listener()
    began = time.process_time()
    listener.hear(quiet)
    assert time.process_time() - began < 1.0
    assert listener.told == []


def test_the_level_is_that_of_the_sound() -> None:
    listener = Listener()
    listener.hear((16_384 * np.sin(np.arange(5120) * 0.3)).astype(np.int16))
    assert listener.ear.level == pytest.approx(0.5 / 2**0.5, abs=0.01)
    listener.hear(silence(0.1))
    assert listener.ear.level == 0.0


# The thread, and faults -----------------------------------------------------------------------------------------


class Running:
    """An ear in its own thread."""

    def __init__(self) -> None:
        self.events: list[HearingEvent] = []
        self.changed = threading.Condition()
        self.fed = 0
        self.ear = Ear(model(), self.keep)
        self.ear.start()

    def keep(self, event: HearingEvent) -> None:
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def put(self, *parts: str | float, size: int = BLOCK) -> None:
        samples = sound(*parts)
        for start in range(0, len(samples), size):
            block = samples[start : start + size]
            self.ear.put(Block(block, self.fed))
            self.fed += len(block)

    def heard(self, text: str) -> Heard:
        def found() -> list[Heard]:
            return [event for event in self.events if isinstance(event, Heard) and event.text == text]

        with self.changed:
            assert self.changed.wait_for(found, 15), self.events
            return found()[0]

    def count(self, kind: type[HearingEvent]) -> int:
        return sum(isinstance(event, kind) for event in self.events)


def ears() -> int:
    return sum(thread.name == "ear" for thread in threading.enumerate())


def test_its_own_thread_hears_and_ends() -> None:
    running = Running()
    running.ear.start()
    assert ears() == 1
    running.put(0.5, "stop", END)
    running.heard("stop")
    running.ear.close()
    running.ear.close()
    assert ears() == 0
    running.ear.start()
    running.put("wait", END)
    running.heard("wait")
    running.ear.close()
    assert ears() == 0


def test_closing_does_not_wait_for_what_was_not_heard_yet() -> None:
    running = Running()
    running.put(*[QUESTION] * 20)
    assert running.ear.backlog > 100
    began = time.monotonic()
    running.ear.close()
    assert time.monotonic() - began < 1.0
    assert ears() == 0


@pytest.mark.parametrize("broken", ["accept", "partial", "final"])
def test_after_a_failing_recogniser_the_next_turn_is_heard(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = threading.Event()
    failing.set()
    whole = getattr(Recogniser, broken)

    def once(recogniser: Recogniser, *given: bytes) -> object:
        if failing.is_set():
            failing.clear()
            raise RuntimeError("decoder broke")
        return whole(recogniser, *given)

    monkeypatch.setattr(Recogniser, broken, once)
    running = Running()
    running.put(0.5, "stop", END, OTHER, END, size=4000)
    heard = running.heard(OTHER)
    running.ear.close()
    failures = [event for event in running.events if isinstance(event, HearingFailed)]
    assert [failure.reason for failure in failures] == ["RuntimeError: decoder broke"]
    began = 0.5 + said("stop").seconds + END
    assert heard.words[0].start == pytest.approx(began, abs=0.1)


def test_recognisers_that_cannot_be_made_again_are_tried_until_they_can(monkeypatch: pytest.MonkeyPatch) -> None:
    running = Running()
    attempts = []
    whole = SpeechModel.open_recogniser

    def scarce(speech_model: SpeechModel) -> Recogniser:
        attempts.append(1)
        if len(attempts) < 10:
            raise MemoryError
        return whole(speech_model)

    def fail(_: Recogniser, sound: bytes) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(SpeechModel, "open_recogniser", scarce)
        with monkeypatch.context() as inner:
            inner.setattr(Recogniser, "accept", fail)
            running.put(0.5, said(QUESTION).samples[:8000], 0.1)  # type: ignore[arg-type]
            with running.changed:
                assert running.changed.wait_for(lambda: running.count(HearingFailed), 5)
        running.put(1.0, OTHER, END)
        running.heard(OTHER)
    running.ear.close()
    assert len(attempts) >= 10
    assert running.count(HearingFailed) <= 2, "told once for a turn, not with every block"


def test_a_listener_that_raises_does_not_deafen_it() -> None:
    running = Running()
    keep = running.keep

    def raising(event: HearingEvent) -> None:
        keep(event)
        raise ValueError("a fault of the listener's")

    running.ear._on_event = raising
    running.put(0.5, "wait", END, "stop", END)
    running.heard("wait")
    running.heard("stop")
    running.ear.close()
    assert running.count(HearingFailed) == 0
