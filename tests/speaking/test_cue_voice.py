"""The voice of cues, with a voice that is made up and a speaker that is silent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from mouth_stage import SOON, VOICE, WORD, MadeUpVoice
from numpy.typing import NDArray

from assistant.sound.playback import Playback
from assistant.sound.speaker import Output, SilentSpeaker
from assistant.speaking.cue_voice import _TICK, TICK_PEAK, CueBegan, CueEnded, CueEvent, CueVoice
from assistant.speaking.mouth import Mouth, MouthEvent, SpeakingBegan, SpeakingEnded
from assistant.speaking.voice import Speech, VoiceSettings


class LockedVoice(MadeUpVoice):
    """Says nothing until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = threading.Event()
        self.let.set()

    def synthesise(self, text: str, settings: VoiceSettings) -> Speech:
        assert self.let.wait(5)
        return super().synthesise(text, settings)


class CueStage:
    """A voice of cues, and all it tells."""

    def __init__(self, output: Output | None = None) -> None:
        self.events: list[CueEvent | MouthEvent] = []
        self.changed = threading.Condition()
        self.made = LockedVoice()
        self.output = output or SilentSpeaker()
        self.voice = CueVoice(self.made, self.output, self.keep)
        self.mouth = Mouth(self.made, self.output, self.keep)

    def keep(self, event: CueEvent | MouthEvent) -> None:
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def say(self, cue_id: str, text: str = "ten", after: float | None = 0.2) -> float:
        at = time.monotonic() + (after or 0.0)
        self.voice.say_at(cue_id, text, VOICE, None if after is None else at)
        return at

    def wait(self, found: Callable[[], object]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: bool(found()), 5.0), self.events

    def ends(self, cue_id: str) -> list[str]:
        return [event.how for event in self.events if isinstance(event, CueEnded) and event.cue_id == cue_id]

    def end(self, cue_id: str) -> str:
        self.wait(lambda: self.ends(cue_id))
        return self.ends(cue_id)[0]

    def began(self, cue_id: str) -> float:
        def told() -> list[float]:
            return [e.at for e in self.events if isinstance(e, CueBegan) and e.cue_id == cue_id]

        self.wait(told)
        return told()[0]

    def close(self) -> None:
        self.voice.close()
        self.mouth.close()
        self.output.close()


@pytest.fixture
def stage() -> Iterator[CueStage]:
    made = CueStage()
    yield made
    made.made.let.set()
    made.close()


def test_a_cue_begins_on_its_second_and_tells_so(stage: CueStage) -> None:
    at = stage.say("a", "one two", after=0.3)
    assert stage.end("a") == "finished"
    assert stage.began("a") == pytest.approx(at, abs=0.02)
    assert time.monotonic() - at == pytest.approx(0.2, abs=SOON)
    assert stage.events == [CueBegan("a", stage.began("a")), CueEnded("a", "finished")]


def test_several_wait_for_their_times_in_whatever_order(stage: CueStage) -> None:
    times = {name: stage.say(name, after=after) for name, after in (("c", 0.9), ("a", 0.3), ("b", 0.6))}
    assert stage.end("c") == "finished"
    for name, at in times.items():
        assert stage.began(name) == pytest.approx(at, abs=0.02)
    assert [event.cue_id for event in stage.events if isinstance(event, CueEnded)] == ["a", "b", "c"]


def test_without_a_time_it_is_said_at_once(stage: CueStage) -> None:
    asked = stage.say("a", after=None)
    assert stage.began("a") - asked < SOON
    assert stage.end("a") == "finished"


def test_what_is_too_late_is_not_said(stage: CueStage) -> None:
    stage.say("a", after=-0.5)
    assert stage.end("a") == "late"
    stage.say("b", after=-0.05)
    assert stage.end("b") == "finished"
    assert not any(isinstance(event, CueBegan) and event.cue_id == "a" for event in stage.events)


def test_a_synthesiser_that_hangs_blocks_nobody_and_its_cues_are_late(stage: CueStage) -> None:
    stage.say("ready", after=0.6)
    stage.wait(lambda: stage.made.asked)
    time.sleep(0.05)
    stage.made.let.clear()
    asked = time.monotonic()
    stage.say("a", "hung", after=0.1)
    stage.say("b", after=0.2)
    assert time.monotonic() - asked < 0.02
    assert stage.end("a") == stage.end("b") == "late"
    assert time.monotonic() - asked < 0.2 + 0.15 + SOON
    assert stage.end("ready") == "finished"
    stage.made.let.set()
    stage.say("c")
    assert stage.end("c") == "finished"
    assert stage.ends("a") == stage.ends("b") == ["late"]


def test_a_text_that_fails_ends_as_failed(stage: CueStage) -> None:
    stage.say("a", "fail")
    stage.say("b")
    assert stage.end("a") == "failed"
    assert stage.end("b") == "finished"


def test_dropping_stops_all_at_once(stage: CueStage) -> None:
    stage.say("a", "one two three four five six", after=0.1)
    stage.say("b", after=5.0)
    stage.began("a")
    time.sleep(0.15)
    dropped = time.monotonic()
    stage.voice.drop()
    assert stage.end("a") == stage.end("b") == "stopped"
    assert time.monotonic() - dropped < SOON
    assert stage.voice.speaking_until() <= time.monotonic()


def test_dropping_what_has_not_begun_lets_the_word_end(stage: CueStage) -> None:
    stage.say("a", "one two three", after=0.1)
    stage.say("b", after=0.6)
    stage.began("a")
    time.sleep(0.15)
    stage.voice.drop(begun=False)
    assert stage.end("b") == "stopped"
    assert stage.end("a") == "finished"


def test_a_cue_that_is_dropped_while_it_is_made_is_not_said(stage: CueStage) -> None:
    stage.made.let.clear()
    stage.say("a", after=0.5)
    time.sleep(0.05)
    stage.voice.drop()
    assert stage.end("a") == "stopped"
    stage.made.let.set()
    time.sleep(0.6)
    assert stage.events == [CueEnded("a", "stopped")]


def test_answers_that_begin_and_stop_leave_cues_alone(stage: CueStage) -> None:
    at = stage.say("a", after=0.5)
    stage.mouth.say("x", ["one two three four five six seven"], VOICE)
    stage.mouth.say("y", ["one two three four five six seven"], VOICE)
    time.sleep(0.2)
    stage.mouth.stop()
    assert stage.end("a") == "finished"
    assert stage.began("a") == pytest.approx(at, abs=0.02)


def test_an_answer_gives_way_to_a_cue_and_is_said_to_its_end(stage: CueStage) -> None:
    asked = time.monotonic()
    stage.mouth.say("x", ["one two three four five six seven eight"], VOICE)
    at = stage.say("a", "ten nine", after=0.35)
    stage.wait(lambda: [event for event in stage.events if isinstance(event, SpeakingEnded)])
    assert stage.ends("a") == ["finished"]
    assert stage.began("a") == pytest.approx(at, abs=0.02)
    assert time.monotonic() - asked > 0.8 + 0.2 + 0.15
    spoken = stage.mouth.words_played((0.0, time.monotonic()))
    assert [word.text for word in spoken] == ["one", "two", "three", "four", "five", "six", "seven", "eight"]
    assert not [word for word in spoken if at < word.start < at + 0.2 + 0.13]
    assert next(event for event in stage.events if isinstance(event, SpeakingBegan)).at < at


def test_the_words_that_were_played_are_known(stage: CueStage) -> None:
    at = stage.say("a", "one two")
    assert stage.end("a") == "finished"
    words = stage.voice.words_played((at - 1.0, at + 5.0))
    assert [word.text for word in words] == ["one", "two"]
    assert [word.start for word in words] == pytest.approx([at, at + WORD], abs=0.03)
    assert stage.voice.words_played((at - 2.0, at - 1.0)) == []


def test_it_knows_until_when_it_speaks(stage: CueStage) -> None:
    assert stage.voice.speaking_until() == 0.0
    at = stage.say("a", "one two")
    stage.began("a")
    assert stage.voice.speaking_until() == pytest.approx(at + 0.2, abs=0.03)
    stage.end("a")
    assert stage.voice.speaking_until() == pytest.approx(at + 0.2, abs=0.03)
    later = stage.say("b", after=60.0)
    assert stage.voice.speaking_until() >= later


def test_measuring_tells_the_seconds_of_what_is_heard(stage: CueStage) -> None:
    measured = stage.voice.measure(["one", "one two"], VOICE)
    assert measured == pytest.approx({"one": WORD, "one two": 2 * WORD}, abs=0.005)


def test_another_output_takes_over_what_waits(stage: CueStage) -> None:
    at = stage.say("b", after=0.6)
    stage.say("a", "one two three four five six", after=0.1)
    stage.began("a")
    other = SilentSpeaker()
    stage.voice.use(other)
    assert stage.end("a") == "stopped"
    assert stage.end("b") == "finished"
    assert stage.began("b") == pytest.approx(at, abs=0.02)
    other.close()


class LostSpeaker(SilentSpeaker):
    """A speaker that goes, or refuses."""

    gone = False
    refuses = False

    def check(self) -> bool:
        return not self.gone

    def play_at(
        self,
        samples: NDArray[np.int16],
        rate: int,
        at: float,
        *,
        gain: float = 1.0,
        alone: bool = True,
        late: float = np.inf,
    ) -> Playback:
        if self.refuses:
            raise OSError("no such device")
        return super().play_at(samples, rate, at, gain=gain, alone=alone, late=late)


def test_cues_on_a_lost_speaker_fail(caplog: pytest.LogCaptureFixture) -> None:
    speaker = LostSpeaker()
    stage = CueStage(speaker)
    stage.say("a", after=0.3)
    stage.wait(lambda: stage.made.asked)
    time.sleep(0.05)
    speaker.gone = True
    speaker.stop()
    assert stage.end("a") == "failed"
    speaker.refuses = True
    stage.say("b")
    assert stage.end("b") == "failed"
    stage.voice.tick_at(time.monotonic())
    assert "A tick could not be played" in caplog.text
    stage.close()


def test_closing_ends_every_cue_and_every_thread() -> None:
    before = threading.active_count()
    stage = CueStage()
    stage.say("a", after=5.0)
    stage.close()
    assert stage.ends("a") == ["stopped"]
    stage.say("b")
    assert stage.ends("b") == ["stopped"]
    stage.voice.tick_at(time.monotonic())
    assert threading.active_count() == before


def test_many_threads_may_say_and_drop_and_each_cue_ends_once() -> None:
    stage = CueStage(SilentSpeaker(20.0))
    said: list[str] = []

    def cycle(thread: int) -> None:
        for number in range(30):
            name = f"{thread}.{number}"
            said.append(name)
            stage.say(name, after=0.01 * (number % 4))
            time.sleep(0.002 * (number % 5))
            stage.voice.words_played((0.0, time.monotonic()))
            if number % 7 == 0:
                stage.voice.drop(begun=bool(number % 2))

    threads = [threading.Thread(target=cycle, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    stage.wait(lambda: sum(isinstance(event, CueEnded) for event in stage.events) >= len(said))
    time.sleep(0.1)
    ended = [event.cue_id for event in stage.events if isinstance(event, CueEnded)]
    assert sorted(ended) == sorted(said)
    stage.close()


def test_the_tick_is_soft_short_and_does_not_click() -> None:
    steps = np.abs(np.diff(_TICK.astype(int)))
    assert np.abs(_TICK).max() == TICK_PEAK
    assert steps[:10].max() < TICK_PEAK / 8
    assert steps[-50:].max() < TICK_PEAK / 50
    assert abs(int(_TICK[-1])) < TICK_PEAK / 100
