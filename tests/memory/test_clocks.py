from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.memory import clocks
from assistant.memory.clocks import BOOT_ID, Anchor, SleepWatch, WallWatch, anchor_now, seconds_between

NOON = 1_750_000_000.0


@dataclass
class Machine:
    """A machine whose clocks run when the test says so."""

    wall: float = NOON
    steady: float = 5000.0
    awake: float = 3000.0

    def run(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds
        self.awake += seconds

    def sleep(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def sleep_watch(self) -> SleepWatch:
        return SleepWatch(lambda: self.steady, lambda: self.awake)

    def wall_watch(self) -> WallWatch:
        return WallWatch(lambda: self.wall, lambda: self.steady)


@pytest.mark.parametrize("jump", [0.0, 3600.0, -3600.0, 1e9, -1e9])
def test_within_a_boot_a_set_wall_clock_changes_nothing(jump: float) -> None:
    assert seconds_between(Anchor(NOON, 100.0, "a"), Anchor(NOON + 60 + jump, 160.0, "a")) == 60.0


def test_across_boots_the_wall_clock_tells() -> None:
    assert seconds_between(Anchor(NOON, 9000.0, "a"), Anchor(NOON + 300, 40.0, "b")) == 300.0


def test_nobody_knows_how_long_where_the_wall_clock_went_backwards() -> None:
    assert seconds_between(Anchor(NOON, 9000.0, "a"), Anchor(NOON - 1, 0.5, "b")) is None


def test_a_clock_that_says_less_than_this_boot_has_lasted_is_not_believed() -> None:
    """A small computer without a clock battery wakes at the time of its last orderly end."""
    before = Anchor(NOON, 9000.0, "a")
    assert seconds_between(before, Anchor(NOON + 20, 300.0, "b")) is None
    assert seconds_between(before, Anchor(NOON + 299, 300.0, "b")) == 299.0  # whole seconds of a battery clock


def test_without_an_id_of_the_boot_the_wall_clock_tells() -> None:
    assert seconds_between(Anchor(NOON, 100.0, ""), Anchor(NOON + 90, 5000.0, "")) == 90.0


def test_a_steady_clock_that_went_backwards_is_another_machine_s() -> None:
    """The saved state of a virtual machine, taken up again, has the same id of the boot."""
    assert seconds_between(Anchor(NOON, 100.0, "a"), Anchor(NOON + 90, 50.0, "a")) == 90.0


@given(st.floats(0, 1e9), st.floats(0, 1e6), st.floats(0, 1e6), st.sampled_from("ab"), st.floats(0, 1e9))
def test_never_less_than_nothing(wall: float, steady: float, later: float, boot: str, wall_later: float) -> None:
    elapsed = seconds_between(Anchor(wall, steady, "a"), Anchor(wall_later, later, boot))
    assert elapsed is None or elapsed >= 0


def test_now_runs_on_and_stays_in_its_boot() -> None:
    before = anchor_now()
    time.sleep(0.02)
    now = anchor_now()
    assert before.boot == now.boot
    assert abs(now.wall - time.time()) < 5
    elapsed = seconds_between(before, now)
    assert elapsed is not None
    assert 0.01 < elapsed < 5


@pytest.mark.skipif(not BOOT_ID.exists(), reason="this system has no id of the boot")
def test_linux_names_the_boot() -> None:
    assert len(anchor_now().boot) == 36


def test_a_system_without_an_id_of_the_boot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(clocks, "BOOT_ID", tmp_path / "gone")
    assert anchor_now().boot == ""
    (tmp_path / "odd").write_bytes(b"\xff\xfe")
    monkeypatch.setattr(clocks, "BOOT_ID", tmp_path / "odd")
    assert anchor_now().boot == ""


def test_a_system_without_a_clock_that_counts_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    assert abs(anchor_now().steady - time.monotonic()) < 1


def test_a_sleep_is_told_once() -> None:
    machine = Machine()
    watch = machine.sleep_watch()
    machine.run(100)
    assert watch.slept() == 0.0
    machine.sleep(1200)
    machine.run(3)
    assert watch.slept() == pytest.approx(1200)
    assert watch.slept() == 0.0


def test_a_night_of_running_is_no_sleep() -> None:
    machine = Machine()
    watch = machine.sleep_watch()
    for _ in range(1000):
        machine.run(30.1)
        assert watch.slept() == 0.0


def test_short_sleeps_add_up() -> None:
    machine = Machine()
    watch = machine.sleep_watch()
    told = []
    for _ in range(9):
        machine.sleep(0.2)
        told.append(watch.slept())
    assert sum(told) == pytest.approx(1.8)
    assert told[:2] == [0.0, 0.0]


def test_setting_the_wall_clock_is_no_sleep_and_a_sleep_is_no_jump() -> None:
    machine = Machine()
    sleeps, jumps = machine.sleep_watch(), machine.wall_watch()
    machine.wall += 7200
    assert sleeps.slept() == 0.0
    assert jumps.jumped()
    machine.sleep(7200)
    assert not jumps.jumped()
    assert sleeps.slept() == pytest.approx(7200)


@pytest.mark.parametrize("jump", [1.5, -1.5, 3600.0, -3600.0])
def test_a_set_wall_clock_is_told_once(jump: float) -> None:
    machine = Machine()
    watch = machine.wall_watch()
    machine.run(10)
    assert not watch.jumped()
    machine.wall += jump
    assert watch.jumped()
    machine.run(10)
    assert not watch.jumped()


def test_small_corrections_of_the_wall_clock_count_when_they_add_up() -> None:
    machine = Machine()
    watch = machine.wall_watch()
    told = []
    for _ in range(5):
        machine.wall += 0.3
        told.append(watch.jumped())
    assert told == [False, False, False, True, False]


def test_being_held_up_between_two_readings_is_no_sleep() -> None:
    machine = Machine()
    holds = [0.0, 0.0, 2.0, 0.0]

    def steady() -> float:
        machine.run(holds.pop(0) if holds else 0.0)
        return machine.steady

    watch = SleepWatch(steady, lambda: machine.awake)
    assert [watch.slept(), watch.slept(), watch.slept()] == [0.0, 0.0, 0.0]
    assert holds == []


def test_this_machine_neither_slept_nor_jumped_just_now() -> None:
    sleeps, jumps = SleepWatch(), WallWatch()
    os.sched_yield()
    assert sleeps.slept() == 0.0
    assert not jumps.jumped()
