from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.sound.playback import Playback, PlaybackState
from assistant.sound.playback_queue import PlaybackQueue

RATE = 1000
LATENCY = 0.05


def sound(first: int, count: int) -> NDArray[np.int16]:
    return np.arange(first, first + count, dtype=np.int16)


def filled(queue: PlaybackQueue, count: int, now: float) -> list[int]:
    out = np.full(count, -1, dtype=np.int16)
    queue.fill(out, RATE, now, LATENCY)
    return out.tolist()


def test_pieces_follow_each_other_without_a_gap_then_silence() -> None:
    queue = PlaybackQueue()
    first, second = Playback(sound(1, 5), RATE), Playback(sound(6, 3), RATE)
    queue.add(first)
    queue.add(second)
    assert filled(queue, 4, 0.0) == [1, 2, 3, 4]
    assert filled(queue, 6, 0.004) == [5, 6, 7, 8, 0, 0]
    assert second.began_at == pytest.approx(0.004 + 0.001 + LATENCY)


def test_a_piece_is_finished_when_it_has_come_out_not_when_it_was_taken() -> None:
    queue = PlaybackQueue()
    piece = Playback(sound(1, 10), RATE)
    queue.add(piece)
    assert piece.state is PlaybackState.WAITING
    filled(queue, 20, 10.0)
    assert piece.taken
    filled(queue, 20, 10.05)
    assert not piece.done.is_set()
    filled(queue, 20, 10.07)
    assert piece.done.is_set()
    assert piece.state.value == "finished"


def test_played_follows_what_comes_out() -> None:
    queue = PlaybackQueue()
    piece = Playback(sound(1, 1000), RATE)
    queue.add(piece)
    assert piece.played(0.0) == 0.0
    for n in range(10):
        filled(queue, 20, n * 0.02)
    assert piece.played(0.18) == pytest.approx(0.18 - LATENCY)
    assert piece.played(0.05) == pytest.approx(0.0)
    assert piece.played(9.0) == pytest.approx(0.2)


def test_a_held_piece_goes_on_where_it_was_and_its_times_with_it() -> None:
    queue = PlaybackQueue()
    piece = Playback(sound(1, 100), RATE)
    queue.add(piece)
    filled(queue, 20, 0.0)
    queue.pause()
    assert filled(queue, 20, 0.02) == [0] * 20
    assert piece.played(1.0) == pytest.approx(0.02)
    queue.resume()
    assert filled(queue, 20, 5.0) == sound(21, 20).tolist()
    assert piece.time_of(0.01) == pytest.approx(0.01 + LATENCY)
    assert piece.time_of(0.03) == pytest.approx(5.01 + LATENCY)
    assert piece.began_at == pytest.approx(LATENCY)


def test_unrest_of_the_callbacks_does_not_move_the_times() -> None:
    queue = PlaybackQueue()
    piece = Playback(sound(1, 1000), RATE)
    queue.add(piece)
    for now in (0.0, 0.035, 0.04, 0.085, 0.09):
        filled(queue, 20, now)
    assert piece.time_of(0.09) == pytest.approx(0.09 + LATENCY)


def test_dropping_ends_all_and_tells_whether_some_was_on_its_way() -> None:
    queue = PlaybackQueue()
    assert not queue.drop()
    waiting = Playback(sound(1, 10), RATE)
    queue.add(waiting)
    assert not queue.drop()
    assert waiting.state is PlaybackState.STOPPED
    out, after = Playback(sound(1, 10), RATE), Playback(sound(1, 10), RATE)
    queue.add(out)
    queue.add(after)
    filled(queue, 5, 0.0)
    queue.pause()
    assert queue.drop()
    assert [p.state for p in (out, after)] == [PlaybackState.STOPPED] * 2
    assert filled(queue, 3, 0.1) == [0, 0, 0]
    queue.add(Playback(sound(7, 2), RATE))
    assert filled(queue, 3, 0.2) == [7, 8, 0]


def test_an_empty_piece_ends_too() -> None:
    queue = PlaybackQueue()
    piece = Playback(sound(0, 0), RATE)
    queue.add(piece)
    filled(queue, 5, 0.0)
    filled(queue, 5, 1.0)
    assert piece.state is PlaybackState.FINISHED


@pytest.mark.parametrize(("wanted", "taken"), [(-1.0, 0.0), (0.25, 0.25), (9.0, 1.5)])
def test_gain_stays_within_its_range(wanted: float, taken: float) -> None:
    queue = PlaybackQueue()
    queue.gain = wanted
    assert queue.gain == taken
