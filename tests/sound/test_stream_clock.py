"""The clock of an output, on a sound card that is made up: its callbacks come late, in bursts, and off the clock."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.sound.stream_clock import StreamClock

RATE = 22_050
BLOCK = 441
LATENCY = 0.04
DEPTH = 3
"""Blocks in the card's buffer."""


class Card:
    """A sound card whose buffer is filled by callbacks, each some time later than it could be."""

    def __init__(self, clock: StreamClock, began: float, off: float = 0.0) -> None:
        self.clock = clock
        self.length = BLOCK / RATE / (1 + off)
        self.free = 0.0
        """When the thread of the callbacks is done with the last one."""
        self.block = 0
        self.start(began)

    def start(self, at: float, delay: float = 0.004) -> None:
        self.zero = at + delay - self.block * self.length
        """When block 0 comes out, or would."""
        self.filled = self.block + DEPTH
        self.free = max(self.free, at)

    def call(self, late: float) -> tuple[float, float]:
        """Return when the next block should have been asked for, as the clock says, and as it is."""
        room = self.zero + (self.block - DEPTH + 1) * self.length
        arrival = self.free if self.block < self.filled else max(self.free, room + late)
        out = self.zero + self.block * self.length
        if arrival > out:  # it ran dry
            self.start(arrival)
            out = self.zero + self.block * self.length
        said = self.clock.note(BLOCK, arrival)
        self.free = arrival + 0.0002
        self.block += 1
        return said, out

    def errors(self, lates: Iterator[float] | list[float]) -> list[float]:
        """Return, for each block, by how much the clock is off: seconds, less the constant of the card."""
        constant = (DEPTH - 1) * BLOCK / RATE
        return [said - (out - constant) for said, out in (self.call(late) for late in lates)]


def unrest(seed: int, count: int) -> list[float]:
    """Return delays of a busy machine: mostly small, some of 35 ms, in stretches."""
    dice = random.Random(seed)
    delays = []
    busy = 0
    for _ in range(count):
        busy = busy - 1 if busy else (dice.randint(1, 20) if dice.random() < 0.02 else 0)
        delays.append(dice.uniform(0.0, 0.035) if busy else dice.expovariate(1000))
    return delays


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), off=st.floats(-0.0003, 0.0003), began=st.floats(0.0, 1e6))
def test_late_callbacks_bursts_and_a_clock_that_is_off_hardly_move_it(seed: int, off: float, began: float) -> None:
    card = Card(StreamClock(RATE, LATENCY), began, off)
    errors = card.errors(unrest(seed, 2000))
    assert max(abs(error) for error in errors[25:]) < 0.004
    assert max(abs(error) for error in errors) < 0.04


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), dry=st.floats(0.07, 30.0), off=st.floats(-0.0003, 0.0003))
def test_after_it_ran_dry_it_is_right_again_within_half_a_second(seed: int, dry: float, off: float) -> None:
    card = Card(StreamClock(RATE, LATENCY), 100.0, off)
    card.errors(unrest(seed, 400))
    card.errors([dry])
    errors = card.errors(unrest(seed + 1, 400))
    assert max(abs(error) for error in errors[25:]) < 0.004
    assert max(abs(error) for error in errors[8:]) < 0.036


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), pause=st.floats(0.001, 5.0), delay=st.floats(0.0, 0.025))
def test_after_a_restart_it_is_right_again_within_half_a_second(seed: int, pause: float, delay: float) -> None:
    card = Card(StreamClock(RATE, LATENCY), 100.0)
    card.errors(unrest(seed, 200))
    card.clock.restart()
    card.start(card.free + pause, delay)
    errors = card.errors(unrest(seed + 1, 300))
    assert max(abs(error) for error in errors[25:]) < 0.004
    assert max(abs(error) for error in errors) < 0.045


def test_callbacks_that_fall_behind_by_a_block_and_catch_up_do_not_move_it() -> None:
    card = Card(StreamClock(RATE, LATENCY), 0.0)
    card.errors([0.0] * 10)
    errors = card.errors([min(0.02, 0.0002 * n) for n in range(115)] + [0.0] * 300)
    assert max(abs(error) for error in errors) < 0.001


def test_an_hour_off_the_clock_does_not_add_up() -> None:
    card = Card(StreamClock(RATE, LATENCY), 0.0, 0.0003)
    card.errors([0.0] * 179_500)
    errors = card.errors([0.0] * 500)
    assert max(abs(error) for error in errors) < 0.002


def test_a_step_of_the_server_that_shows_in_no_callback_is_followed_within_the_window() -> None:
    card = Card(StreamClock(RATE, LATENCY), 0.0)
    card.errors([0.001] * 500)
    card.zero += 0.015
    assert max(abs(error) for error in card.errors([0.001] * 200)) < 0.02
    card.errors([0.001] * 60)
    assert max(abs(error) for error in card.errors([0.001] * 100)) < 0.002


def test_the_first_callbacks_fill_the_buffer_and_tell_nothing() -> None:
    clock = StreamClock(RATE, LATENCY)
    first = [clock.note(BLOCK, 10.0 + n * 0.0003) for n in range(3)]
    assert first == pytest.approx([10.0 - LATENCY, 10.02 - LATENCY, 10.04 - LATENCY])
    assert clock.note(BLOCK, 10.044) == pytest.approx(10.044)
    assert clock.note(BLOCK, 10.07) == pytest.approx(10.064)


def test_the_first_callbacks_tell_nothing_on_a_slow_machine_either() -> None:
    clock = StreamClock(RATE, LATENCY)
    for at in (10.0, 10.006, 10.012):
        clock.note(BLOCK, at)
    assert clock.note(BLOCK, 10.044) == pytest.approx(10.044)
