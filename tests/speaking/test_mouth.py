"""The mouth with a voice that is made up and a speaker that is silent: what it tells, failures, holding, words."""

from __future__ import annotations

import time

import numpy as np
import pytest
from mouth_stage import SOON, VOICE, WORD, Stage

from assistant.sound.playback import Playback
from assistant.sound.speaker import SilentSpeaker
from assistant.speaking.mouth import (
    DUCKED_GAIN,
    GAP_SECONDS,
    MouthEvent,
    SentenceBegan,
    SpeakerLost,
    SpeakingBegan,
    SpeakingEnded,
)
from assistant.speaking.voice import VoiceSettings

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

    def stop_speech(self) -> None:
        super().stop_speech()
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
