"""Scheduled pieces: at their sample, mixed, missed; and speech that gives way to them."""

from __future__ import annotations

import math
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant.sound.playback import Playback, PlaybackState
from assistant.sound.playback_queue import HELD_AFTER, PlaybackQueue
from assistant.sound.scheduled import Scheduled
from assistant.sound.speaker import SilentSpeaker

RATE = 1000
BLOCK = 20
LATENCY = 0.05
START = 100.0
WORD = 300
"""Samples of each word of the speech; it is all 1000."""


class Player:
    """A queue that is played block by block, and all that came out; time 0 is its first sample's."""

    def __init__(self, *, boundaries: bool = True, pieces: int = 1, words: int = 20) -> None:
        self.queue = PlaybackQueue()
        self.heard: list[int] = []
        self.speech = []
        for _ in range(pieces):
            piece = Playback(np.full(words * WORD, 1000, dtype=np.int16), RATE)
            if boundaries:
                piece.boundaries = tuple(range(WORD, words * WORD + 1, WORD))
            self.queue.add(piece)
            self.speech.append(piece)

    def cue(
        self, at: float, count: int = 400, *, value: int = 5000, alone: bool = True, late: float = math.inf
    ) -> Playback:
        playback = Playback(np.full(count, value, dtype=np.int16), RATE)
        self.queue.schedule(Scheduled(playback, START + LATENCY + at, alone, late))
        return playback

    def play(self, seconds: float, block: int = BLOCK, wavering: float = 0.0) -> None:
        for number in range(int(seconds * RATE / block)):
            out = np.full(block, -1, dtype=np.int16)
            now = START + len(self.heard) / RATE + (wavering if number % 2 else 0.0)
            self.queue.fill(out, RATE, now, LATENCY)
            self.heard += out.tolist()

    def level(self, first: float, last: float) -> set[int]:
        return set(self.heard[round(first * RATE) : round(last * RATE)])

    def speech_time(self, playback: Playback, seconds: float) -> float:
        return playback.time_of(seconds) - START - LATENCY


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 400), block=st.integers(1, 64), count=st.integers(1, 100))
def test_a_piece_begins_at_its_very_sample(at: int, block: int, count: int) -> None:
    player = Player(words=0)
    cue = player.cue(at / RATE, count)
    player.play(0.7, block)
    assert player.heard[:600] == ([0] * at + [5000] * count + [0] * 600)[:600]
    assert cue.began_at == pytest.approx(START + LATENCY + at / RATE, abs=1e-6)
    assert cue.state is PlaybackState.FINISHED


def test_what_is_late_begins_at_once_or_is_missed() -> None:
    player = Player(words=0)
    player.play(0.5)
    late, missed = player.cue(0.4, 10, late=0.15), player.cue(0.3, 10, late=0.15)
    player.play(0.1)
    assert late.state in (PlaybackState.PLAYING, PlaybackState.FINISHED)
    assert late.began_at == pytest.approx(START + LATENCY + 0.5)
    assert missed.state is PlaybackState.MISSED
    assert missed.done.is_set()
    assert player.heard.count(5000) == 10


def test_pieces_are_added_up_and_cut_off_where_they_are_too_loud() -> None:
    player = Player(words=0)
    player.cue(0.1, 100, value=20_000)
    player.cue(0.15, 100, value=20_000)
    player.play(0.3)
    assert player.level(0.1, 0.15) == player.level(0.2, 0.25) == {20_000}
    assert player.level(0.15, 0.2) == {32_767}


def test_speech_is_held_at_the_last_words_end_before_it_and_goes_on_after_it() -> None:
    player = Player()
    cue = player.cue(1.0)
    player.play(3.0)
    assert player.level(0.0, 0.89) == {1000}
    assert player.heard[899] < 300  # faded
    assert player.level(0.9, 1.0) == {0}
    assert player.level(1.0, 1.4) == {5000}
    assert player.level(1.4, 1.4 + HELD_AFTER - 0.001) == {0}
    goes_on = player.heard.index(1000, 1400)
    assert 1.4 + HELD_AFTER <= goes_on / RATE < 1.4 + HELD_AFTER + 0.03
    assert cue.state is PlaybackState.FINISHED


def test_the_times_of_speech_stay_right_through_a_hold() -> None:
    player = Player()
    player.cue(1.0)
    player.play(3.0)
    speech = player.speech[0]
    goes_on = player.heard.index(1000, 1400) / RATE
    assert speech.began_at == START + LATENCY
    assert player.speech_time(speech, 0.8) == pytest.approx(0.8)
    assert player.speech_time(speech, 0.9) == pytest.approx(goes_on, abs=0.006)
    assert player.speech_time(speech, 1.5) == pytest.approx(goes_on + 0.6, abs=0.006)
    assert speech.played(START + 3.0) == pytest.approx(speech.position / RATE - LATENCY)
    assert speech.position / RATE == pytest.approx(0.9 + 3.0 - goes_on, abs=0.006)


def test_a_word_that_ends_too_near_to_it_is_not_begun() -> None:
    player = Player()
    player.cue(0.91)
    player.play(1.5)
    assert player.level(0.0, 0.59) == {1000}
    assert player.level(0.6, 0.91) == {0}


def test_a_hold_of_a_moment_is_known_too() -> None:
    player = Player()
    player.cue(1.0)
    player.play(0.94)
    player.queue.drop_scheduled()
    player.play(0.5)
    goes_on = player.heard.index(1000, 900) / RATE
    assert goes_on == pytest.approx(0.945, abs=0.005)
    assert player.speech_time(player.speech[0], 1.0) == pytest.approx(goes_on + 0.1, abs=0.006)


def test_nothing_of_the_speech_is_lost_in_a_hold() -> None:
    player = Player()
    player.speech[0].samples = np.arange(1, 6001, dtype=np.int16)
    player.cue(1.0, value=-1)
    player.play(8.0)
    said = [value for value in player.heard if value > 0]
    steps = {after - before for before, after in pairwise(said[:880] + said[-5000:])}
    assert steps == {1} | {said[-5000] - said[879]}
    assert said[-1] == 6000


def test_it_stays_held_from_number_to_number() -> None:
    player = Player()
    for second in range(5):
        player.cue(1.0 + second)
    player.play(7.0)
    assert 1000 not in player.heard[900 : 5400 + int(HELD_AFTER * RATE)]
    assert 1000 in player.heard[5600:]


def test_it_goes_on_between_pieces_that_are_far_from_each_other() -> None:
    player = Player()
    player.cue(1.0)
    player.cue(3.0)
    player.play(3.5)
    assert player.level(1.6, 2.3) == {1000}
    assert 1000 not in player.heard[2980:3400]


def test_speech_that_begins_between_two_numbers_waits() -> None:
    player = Player(words=0)
    player.cue(0.5)
    player.cue(1.5)
    player.play(1.0)
    late = Playback(np.full(500, 1000, dtype=np.int16), RATE)
    player.queue.add(late)
    player.play(2.0)
    assert player.heard.index(1000) / RATE == pytest.approx(1.9 + HELD_AFTER, abs=0.03)
    assert late.began_at == pytest.approx(START + LATENCY + player.heard.index(1000) / RATE, abs=1e-6)


def test_speech_about_to_begin_waits_where_its_first_word_would_run_into_the_piece() -> None:
    player = Player()
    player.cue(0.25)
    player.play(0.7)
    assert player.level(0.0, 0.25) == {0}
    assert player.speech[0].began_at is None


def test_a_short_answer_that_is_over_before_the_piece_is_not_held() -> None:
    player = Player(words=2)
    player.cue(0.7)
    player.play(1.0)
    assert player.level(0.0, 0.6) == {1000}
    assert player.level(0.6, 0.7) == {0}
    assert player.speech[0].state is PlaybackState.FINISHED


def test_the_next_sentence_waits_too() -> None:
    player = Player(words=2, pieces=3)
    player.cue(0.65)
    player.play(3.0)
    assert player.level(0.0, 0.59) == {1000}
    assert player.level(0.61, 0.65) == {0}
    began = player.speech[1].began_at
    assert began is not None
    assert began - START - LATENCY == pytest.approx(1.05 + HELD_AFTER, abs=0.03)


def test_speech_without_a_boundary_goes_on_low_under_it() -> None:
    player = Player(boundaries=False)
    player.cue(1.0)
    player.play(2.0)
    assert player.level(0.0, 0.95) == {1000}
    assert player.level(1.0, 1.38) == {5250}
    assert player.level(1.46, 2.0) == {1000}


def test_a_long_word_goes_on_low_and_speech_is_held_at_its_end() -> None:
    player = Player()
    player.speech[0].boundaries = (200, 1100, 2000)
    player.cue(1.0)
    player.play(2.0)
    assert player.level(1.0, 1.09) == {5250}
    assert player.level(1.11, 1.4) == {5000}


@pytest.mark.parametrize("wavering", [0.004, -0.004])
def test_a_clock_that_wavers_neither_tears_speech_nor_loses_the_hold(wavering: float) -> None:
    for at in np.arange(1.2, 1.5, 0.007):
        player = Player()
        player.cue(float(at), value=5000)
        player.play(2.4, wavering=wavering)
        begins = player.heard.index(5000)
        assert set(player.heard[begins : begins + 400]) == {5000}, at
        silence = player.heard[:begins][::-1].index(1000)
        assert silence < 620, at


def test_a_tick_is_mixed_into_speech_that_goes_on() -> None:
    player = Player()
    player.cue(1.0, 50, value=300, alone=False)
    player.play(1.5)
    assert player.level(0.0, 1.0) == player.level(1.05, 1.5) == {1000}
    assert player.level(1.0, 1.05) == {1300}


def test_holding_speech_does_not_hold_what_is_scheduled() -> None:
    player = Player()
    cue = player.cue(0.5)
    player.play(0.1)
    player.queue.pause()
    player.play(1.0)
    assert player.level(0.1, 0.5) == {0}
    assert player.level(0.5, 0.9) == {5000}
    assert cue.state is PlaybackState.FINISHED
    player.queue.resume()
    player.play(0.2)
    assert 1000 in player.heard[1100:]


def test_dropping_the_scheduled_lets_speech_go_on() -> None:
    player = Player()
    cue, next_cue = player.cue(1.0), player.cue(2.0)
    player.play(1.2)
    assert player.queue.drop_scheduled()
    assert cue.state is next_cue.state is PlaybackState.STOPPED
    player.play(0.3)
    assert player.level(1.22, 1.5) == {1000}


def test_dropping_only_what_has_not_begun() -> None:
    player = Player(words=0)
    cue, next_cue = player.cue(0.1), player.cue(1.0)
    player.play(0.2)
    assert not player.queue.drop_scheduled(begun=False)
    player.play(1.0)
    assert cue.state is PlaybackState.FINISHED
    assert next_cue.state is PlaybackState.STOPPED
    assert player.heard.count(5000) == 400


def test_dropping_speech_leaves_what_is_scheduled() -> None:
    player = Player()
    cue = player.cue(0.5)
    player.play(0.1)
    assert player.queue.drop_speech()
    assert player.queue.sounds(START, START + 1.0)
    assert not player.queue.sounds(START, START + 0.4)
    player.play(1.0)
    assert player.level(0.1, 0.5) == {0}
    assert cue.state is PlaybackState.FINISHED
    assert player.speech[0].state is PlaybackState.STOPPED


def test_dropping_all() -> None:
    player = Player()
    cue = player.cue(0.5)
    player.play(0.1)
    assert player.queue.drop()
    assert cue.state is player.speech[0].state is PlaybackState.STOPPED
    player.play(1.0)
    assert player.level(0.1, 1.1) == {0}
    assert player.queue.due == math.inf


# The silent speaker ---------------------------------------------------------------------------------------------


def silence(seconds: float) -> NDArray[np.int16]:
    return np.zeros(int(seconds * 22_050), dtype=np.int16)


@pytest.mark.parametrize("speed", [1.0, 50.0, math.inf])
def test_the_silent_speaker_keeps_the_second(speed: float) -> None:
    speaker = SilentSpeaker(speed)
    at = time.monotonic() + 0.3
    cue = speaker.play_at(silence(0.1), 22_050, at)
    assert cue.done.wait(5)
    assert cue.began_at == pytest.approx(at, abs=0.03)
    assert cue.state is PlaybackState.FINISHED
    speaker.close()


def test_a_silent_speaker_that_waits_takes_no_processor_time() -> None:
    speaker = SilentSpeaker(math.inf)
    speaker.play_at(silence(0.1), 22_050, time.monotonic() + 60)
    before = time.process_time()
    time.sleep(0.4)
    assert time.process_time() - before < 0.1
    speaker.drop_scheduled()
    speaker.close()


def test_the_silent_speaker_holds_speech_for_a_cue_and_drops_each_lane() -> None:
    speaker = SilentSpeaker()
    speech = speaker.play(silence(1.0), 22_050)
    speech.boundaries = tuple(range(0, 22_050, 2205))
    began = time.monotonic()
    cue = speaker.play_at(silence(0.2), 22_050, began + 0.35)
    assert cue.done.wait(5)
    time.sleep(0.05)
    assert speech.played() == pytest.approx(0.3, abs=0.11)
    later = speaker.play_at(silence(0.2), 22_050, began + 9)
    speaker.stop_speech()
    assert speech.state is PlaybackState.STOPPED
    assert not later.done.is_set()
    speaker.drop_scheduled(begun=False)
    assert later.state is PlaybackState.STOPPED
    speaker.close()
    assert speaker.play_at(silence(0.2), 22_050, began).done.is_set()
