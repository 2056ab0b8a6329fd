"""The mouth with a voice that is made up and a speaker that is silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import pytest

from assistant.sound.playback import Playback, PlaybackState
from assistant.sound.speaker import Output, SilentSpeaker
from assistant.speaking.mouth import (
    DUCKED_GAIN,
    GAP_SECONDS,
    Mouth,
    MouthEvent,
    SentenceBegan,
    SpeakerLost,
    SpeakingBegan,
    SpeakingEnded,
)
from assistant.speaking.voice import Speech, SpokenWord, VoiceSettings

VOICE = VoiceSettings()
RATE = 22_050
WORD = 0.1
"""Seconds that a word lasts in the made-up voice."""
SOON = 0.15
"""Seconds, far above the milliseconds that it takes: the machine may be busy."""

Event = TypeVar("Event")


class MadeUpVoice:
    """Says any word in 0.1 s; fails on sentences with "fail"."""

    version = "made up"

    def __init__(self) -> None:
        self.asked: list[tuple[str, VoiceSettings]] = []
        self.slow = 0.0

    def synthesise(self, text: str, settings: VoiceSettings) -> Speech:
        self.asked.append((text, settings))
        time.sleep(self.slow)
        if "fail" in text:
            raise RuntimeError("no voice for that")
        words = tuple(SpokenWord(w, n * WORD, (n + 1) * WORD) for n, w in enumerate(text.split()))
        return Speech(text, np.full(int(len(words) * WORD * RATE), 1000, dtype=np.int16), RATE, words)

    def voices(self) -> list[str]:
        return ["made up"]

    def close(self) -> None:
        pass


class Stage:
    """A mouth, and all it tells."""

    def __init__(self, speed: float = 1.0, output: Output | None = None) -> None:
        self.events: list[MouthEvent] = []
        self.times: list[float] = []
        self.changed = threading.Condition()
        self.react: Callable[[MouthEvent], None] = lambda _: None
        self.voice = MadeUpVoice()
        self.output = output or SilentSpeaker(speed)
        self.mouth = Mouth(self.voice, self.output, self.keep)

    def keep(self, event: MouthEvent) -> None:
        with self.changed:
            self.events.append(event)
            self.times.append(time.monotonic())
            self.changed.notify_all()
        self.react(event)

    def say(self, utterance_id: str, *sentences: str, settings: VoiceSettings = VOICE) -> None:
        self.mouth.say(utterance_id, sentences, settings)

    def wait(self, found: Callable[[], object], seconds: float = 5.0) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: bool(found()), seconds), self.events

    def of(self, kind: type[Event], utterance_id: str | None = None) -> list[Event]:
        found = [event for event in list(self.events) if isinstance(event, kind)]
        return [event for event in found if utterance_id in (None, getattr(event, "utterance_id", None))]

    def began(self, utterance_id: str, index: int = 0) -> None:
        self.wait(lambda: SentenceBegan(utterance_id, index) in self.events)

    def end(self, utterance_id: str) -> SpeakingEnded:
        self.wait(lambda: self.of(SpeakingEnded, utterance_id))
        return self.of(SpeakingEnded, utterance_id)[0]

    def close(self) -> None:
        self.mouth.close()
        self.output.close()


@pytest.fixture
def fast() -> Iterator[Stage]:
    stage = Stage(speed=50.0)
    yield stage
    stage.close()


@pytest.fixture
def real() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


# What it tells ------------------------------------------------------------------------------------------------


def test_events_come_in_their_order(fast: Stage) -> None:
    fast.say("a", "one two", "three", "four five six")
    assert fast.end("a") == SpeakingEnded("a", "finished", 3)
    assert isinstance(fast.events[0], SpeakingBegan)
    assert fast.events[1:] == [
        SentenceBegan("a", 0),
        SentenceBegan("a", 1),
        SentenceBegan("a", 2),
        SpeakingEnded("a", "finished", 3),
    ]
    assert [text for text, _ in fast.voice.asked] == ["one two", "three", "four five six"]


def test_one_utterance_after_another(fast: Stage) -> None:
    for name in "abc":
        fast.say(name, "hello there")
        assert fast.end(name).how == "finished"
    assert len(fast.of(SpeakingEnded)) == len(fast.of(SpeakingBegan)) == 3


def test_nothing_to_say_is_over_at_once(fast: Stage) -> None:
    fast.say("a")
    assert fast.end("a") == SpeakingEnded("a", "finished", 0)
    fast.say("b", "", "word")
    assert fast.end("b") == SpeakingEnded("b", "finished", 2)


def test_the_first_sound_is_told_when_it_comes(real: Stage) -> None:
    asked = time.monotonic()
    real.say("a", "one two three")
    real.end("a")
    began = real.of(SpeakingBegan)[0]
    assert asked <= began.at < asked + SOON
    assert real.times[0] - began.at < SOON
    assert real.times[-1] - began.at == pytest.approx(0.3, abs=SOON)


def test_sentences_are_parted_by_a_gap(real: Stage) -> None:
    real.say("a", "one two", "three", "four")
    real.end("a")
    times = [at for event, at in zip(real.events, real.times, strict=True) if isinstance(event, SentenceBegan)]
    assert times[1] - times[0] == pytest.approx(0.2 + GAP_SECONDS, abs=0.08)
    assert times[2] - times[1] == pytest.approx(0.1 + GAP_SECONDS, abs=0.08)
    assert real.times[-1] - times[2] == pytest.approx(0.1, abs=0.08)


def test_the_first_sentence_plays_before_the_last_is_made() -> None:
    stage = Stage()
    stage.voice.slow = 0.1
    asked = time.monotonic()
    stage.say("a", *["one two three four"] * 6)
    stage.wait(lambda: stage.of(SpeakingBegan))
    assert time.monotonic() - asked < 0.1 + SOON
    assert len(stage.voice.asked) <= 2
    stage.close()


# Falling silent -------------------------------------------------------------------------------------------------


def test_stop_silences_at_once(real: Stage) -> None:
    real.say("a", "a long sentence that goes on and on", "and another")
    real.began("a")
    time.sleep(0.1)
    stopped = time.monotonic()
    real.mouth.stop()
    assert time.monotonic() - stopped < 0.05
    assert real.end("a") == SpeakingEnded("a", "stopped", 0)
    assert real.times[-1] - stopped < 0.05
    assert real.mouth.saying() is None


def test_stop_counts_the_sentences_that_were_said(real: Stage) -> None:
    real.say("a", "one", "two", "a third one that takes long")
    real.began("a", 2)
    real.mouth.stop()
    assert real.end("a") == SpeakingEnded("a", "stopped", 2)


def test_stop_while_a_sentence_is_made() -> None:
    stage = Stage()
    stage.voice.slow = 0.2
    stage.say("a", "one two three")
    time.sleep(0.05)
    stage.mouth.stop()
    assert stage.end("a") == SpeakingEnded("a", "stopped", 0)
    assert stage.of(SpeakingBegan) == []
    stage.close()


def test_stop_in_silence_tells_nothing(fast: Stage) -> None:
    fast.mouth.stop()
    fast.say("a", "one")
    assert fast.end("a").how == "finished"
    fast.mouth.stop()
    time.sleep(0.05)
    assert len(fast.of(SpeakingEnded)) == 1


def test_a_new_utterance_takes_the_place_of_the_old(real: Stage) -> None:
    real.say("a", "a long sentence that goes on and on")
    real.began("a")
    asked = time.monotonic()
    real.say("b", "one")
    assert real.end("b") == SpeakingEnded("b", "finished", 1)
    assert real.end("a") == SpeakingEnded("a", "stopped", 0)
    order = [event for event in real.events if not isinstance(event, SentenceBegan)]
    assert [event.utterance_id for event in order if not isinstance(event, SpeakerLost)] == ["a", "a", "b", "b"]
    assert real.of(SpeakingBegan, "b")[0].at - asked < SOON


def test_what_is_overtaken_before_it_began_ends_too(real: Stage) -> None:
    real.voice.slow = 0.1
    for name in "abcd":
        real.say(name, "one")
    assert real.end("d").how == "finished"
    for name in "abc":
        assert [event.how for event in real.of(SpeakingEnded, name)] == ["stopped"]
    assert real.of(SpeakingBegan, "b") == real.of(SpeakingBegan, "c") == []


# Failures -------------------------------------------------------------------------------------------------------


def test_a_failing_sentence_ends_the_utterance_after_what_was_said(fast: Stage) -> None:
    fast.say("a", "one", "two", "will fail", "never said")
    assert fast.end("a") == SpeakingEnded("a", "failed", 2)
    assert "never said" not in [text for text, _ in fast.voice.asked]
    fast.say("b", "fail")
    assert fast.end("b") == SpeakingEnded("b", "failed", 0)
    fast.say("c", "one")
    assert fast.end("c").how == "finished"
    assert fast.of(SpeakerLost) == []


def test_a_listener_that_raises_does_not_silence_it(fast: Stage, caplog: pytest.LogCaptureFixture) -> None:
    def fault(_: MouthEvent) -> None:
        raise ValueError("a fault of the listener's")

    fast.react = fault
    fast.say("a", "one", "two")
    assert fast.end("a") == SpeakingEnded("a", "finished", 2)
    fast.say("b", "one")
    assert fast.end("b").how == "finished"
    assert "a fault of the listener's" in caplog.text
    assert "Traceback" not in caplog.text


class LosingSpeaker(SilentSpeaker):
    """A speaker that can be lost, and that can refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.there = True
        self.refuses = ""

    def lose(self) -> None:
        self.there = False
        self._queue.drop()

    def check(self) -> bool:
        return self.there

    def play(self, samples: np.ndarray, rate: int) -> Playback:
        if self.refuses == "play":
            raise OSError("no such device")
        return super().play(samples, rate)

    def stop(self) -> None:
        super().stop()
        if self.refuses == "stop":
            raise OSError("it hangs")


def test_a_lost_speaker_is_told_once() -> None:
    speaker = LosingSpeaker()
    stage = Stage(output=speaker)
    stage.say("a", "one", "two three four", "five")
    stage.began("a", 1)
    speaker.lose()
    assert stage.end("a") == SpeakingEnded("a", "failed", 1)
    stage.say("b", "one two three")
    assert stage.end("b").how == "failed"
    assert len(stage.of(SpeakerLost)) == 1
    stage.mouth.use(SilentSpeaker(50.0))
    stage.say("c", "one")
    assert stage.end("c").how == "finished"
    stage.close()


@pytest.mark.parametrize("refused", ["play", "stop"])
def test_a_speaker_that_refuses_does_not_end_it(refused: str) -> None:
    speaker = LosingSpeaker()
    stage = Stage(output=speaker)
    speaker.refuses = refused
    stage.say("a", "one two three")
    if refused == "stop":
        stage.began("a")
        stage.mouth.stop()
    assert stage.end("a").how == ("failed" if refused == "play" else "stopped")
    speaker.refuses = ""
    stage.say("b", "one")
    assert stage.end("b").how == "finished"
    stage.close()


def test_another_output_is_used_from_the_next_utterance_on(real: Stage) -> None:
    other = SilentSpeaker(50.0)
    real.mouth.duck(True)
    real.say("a", "a long sentence that goes on and on")
    real.began("a")
    real.mouth.use(other)
    assert real.end("a") == SpeakingEnded("a", "stopped", 0)
    assert other.gain == DUCKED_GAIN
    real.mouth.duck(False)
    assert other.gain == 1.0
    asked = time.monotonic()
    real.say("b", *["one two three four five"] * 4)
    assert real.end("b").how == "finished"
    assert time.monotonic() - asked < 1.0
    other.close()


# Holding, and the words that were played --------------------------------------------------------------------------


def test_what_is_held_goes_on_where_it_was(real: Stage) -> None:
    real.say("a", "one two three")
    real.began("a")
    time.sleep(0.1)
    real.mouth.pause()
    time.sleep(0.4)
    saying = real.mouth.saying()
    assert saying is not None
    assert saying.text == "one two three"
    assert real.of(SpeakingEnded) == []
    real.mouth.resume()
    assert real.end("a") == SpeakingEnded("a", "finished", 1)
    assert real.times[-1] - real.of(SpeakingBegan)[0].at == pytest.approx(0.7, abs=0.1)
    first, *_, last = real.mouth.words_played((0.0, time.monotonic()))
    assert last.end - first.start == pytest.approx(0.7, abs=0.1)


def test_a_held_utterance_can_be_stopped_and_the_next_one_is_heard(real: Stage) -> None:
    real.say("a", "one two three")
    real.began("a")
    real.mouth.pause()
    real.mouth.stop()
    assert real.end("a").how == "stopped"
    real.say("b", "one")
    assert real.end("b").how == "finished"


def test_it_tells_what_it_is_saying(real: Stage) -> None:
    assert real.mouth.saying() is None
    real.say("a", "one two", "three four five")
    real.began("a", 1)
    time.sleep(0.15)
    saying = real.mouth.saying()
    assert saying is not None
    assert (saying.utterance_id, saying.index, saying.text) == ("a", 1, "three four five")
    assert [word.text for word in saying.words] == ["three", "four"]
    assert saying.words[0].start == saying.began_at
    assert saying.began_at <= time.monotonic() - 0.15
    real.end("a")
    assert real.mouth.saying() is None


def test_the_words_that_were_played_are_known_with_their_times(real: Stage) -> None:
    real.say("a", "one two three", "four five")
    real.end("a")
    began = real.of(SpeakingBegan)[0].at
    words = real.mouth.words_played((began - 1.0, began + 5.0))
    assert [word.text for word in words] == ["one", "two", "three", "four", "five"]
    starts = [word.start - began for word in words]
    gap = 0.3 + GAP_SECONDS
    assert starts == pytest.approx([0.0, 0.1, 0.2, gap, gap + 0.1], abs=0.03)
    assert all(word.end - word.start == pytest.approx(WORD) for word in words)
    between = real.mouth.words_played((began + 0.12, began + 0.18))
    assert [word.text for word in between] == ["two"]
    assert real.mouth.words_played((began - 2.0, began - 1.0)) == []


def test_words_that_were_not_played_are_not_told(real: Stage) -> None:
    real.say("a", "one two three four five", "six")
    real.began("a")
    time.sleep(0.15)
    real.mouth.stop()
    real.end("a")
    words = [word.text for word in real.mouth.words_played((0.0, time.monotonic() + 5.0))]
    assert words in (["one", "two"], ["one", "two", "three"])
    time.sleep(0.2)
    assert [word.text for word in real.mouth.words_played((0.0, time.monotonic() + 5.0))] == words


def test_played_words_are_forgotten_in_time(real: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.speaking.mouth.REMEMBERED_SECONDS", 0.2)
    for name in "ab":
        real.say(name, name)
        real.end(name)
    time.sleep(0.3)
    real.say("c", "c")
    real.end("c")
    assert [word.text for word in real.mouth.words_played((0.0, time.monotonic()))] == ["c"]


def test_a_change_of_the_voice_reaches_what_is_not_made_yet(real: Stage) -> None:
    other = VoiceSettings(rate=300)
    real.say("a", "one", "two", "three", "four")
    real.began("a")
    real.mouth.change_settings(other)
    real.end("a")
    settings = [asked for _, asked in real.voice.asked]
    assert settings[0] == VOICE
    assert settings[-1] == settings[-2] == other


# The end, and many threads ------------------------------------------------------------------------------------------


def mouths() -> int:
    return sum(thread.name == "mouth" for thread in threading.enumerate())


def test_close_in_the_middle_of_an_utterance_ends_it() -> None:
    stage = Stage()
    stage.say("a", "a long sentence that goes on and on")
    stage.began("a")
    began = time.monotonic()
    stage.mouth.close()
    assert time.monotonic() - began < SOON
    assert stage.of(SpeakingEnded) == [SpeakingEnded("a", "stopped", 0)]
    assert mouths() == 0
    stage.close()


def test_what_is_said_after_the_end_is_ended_at_once(fast: Stage) -> None:
    fast.mouth.close()
    fast.say("a", "one")
    assert fast.events == [SpeakingEnded("a", "stopped", 0)]


def test_a_listener_may_close_it_and_say_more() -> None:
    stage = Stage(speed=50.0)

    def react(event: MouthEvent) -> None:
        if event == SpeakingEnded("a", "finished", 1):
            stage.say("b", "one")
        elif event == SpeakingEnded("b", "finished", 1):
            stage.mouth.close()

    stage.react = react
    stage.say("a", "one")
    stage.end("b")
    deadline = time.monotonic() + 2.0
    while mouths() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert mouths() == 0
    stage.close()


def test_many_threads_may_say_and_stop_without_a_leak() -> None:
    before = threading.active_count()
    stage = Stage(speed=20.0)
    said: list[str] = []

    def cycle(thread: int) -> None:
        for number in range(50):
            name = f"{thread}.{number}"
            said.append(name)
            stage.say(name, "one", "two")
            if number % 3:
                time.sleep(0.001 * (number % 5))
            stage.mouth.words_played((0.0, time.monotonic()))
            stage.mouth.saying()
            stage.mouth.stop()

    threads = [threading.Thread(target=cycle, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    stage.say("last", "one")
    assert stage.end("last").how == "finished"
    assert threading.active_count() == before + 2  # the mouth and its speaker
    ended = [event.utterance_id for event in stage.of(SpeakingEnded)]
    assert sorted(ended) == sorted([*said, "last"])
    open_ended = [began.utterance_id for began in stage.of(SpeakingBegan)]
    assert len(open_ended) == len(set(open_ended))
    stage.close()
    assert threading.active_count() == before


def test_no_playback_is_left_waiting(real: Stage) -> None:
    real.say("a", "one two three", "four", "five")
    real.began("a")
    real.mouth.stop()
    real.end("a")
    assert {line.playback.state for line in real.mouth._lines} == {PlaybackState.STOPPED}
