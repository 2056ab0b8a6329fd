"""The mouth falls silent: when it is stopped, overtaken or closed, by one thread or by many."""

from __future__ import annotations

import threading
import time

from mouth_stage import SOON, Stage

from assistant.sound.playback import PlaybackState
from assistant.speaking.mouth import MouthEvent, SentenceBegan, SpeakerLost, SpeakingBegan, SpeakingEnded

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


def test_a_held_utterance_can_be_stopped_and_the_next_one_is_heard(real: Stage) -> None:
    real.say("a", "one two three")
    real.began("a")
    real.mouth.pause()
    real.mouth.stop()
    assert real.end("a").how == "stopped"
    real.say("b", "one")
    assert real.end("b").how == "finished"


def test_no_playback_is_left_waiting(real: Stage) -> None:
    real.say("a", "one two three", "four", "five")
    real.began("a")
    real.mouth.stop()
    real.end("a")
    assert {line.playback.state for line in real.mouth._lines} == {PlaybackState.STOPPED}


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
