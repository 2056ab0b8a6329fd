"""What is written down at each change, and what comes back of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.content import load_content
from assistant.dialogue.advance import Dialogue
from assistant.dialogue.events import Begin
from assistant.dialogue.kept import runs_of
from assistant.dialogue.state import State
from assistant.guide.model import Pad
from assistant.memory.clocks import Anchor
from assistant.memory.memory import Memory
from assistant.remembering import ALIVE_EVERY, Remembering
from assistant.routines.plan import Cadence
from assistant.routines.run import Exposure, Phase, Run
from assistant.routines.step_clock import StepClock

NOW = 500.0
PAD = Run("heating-pad", phase=Phase.RUNNING, clock=StepClock(900.0).started(NOW - 120.0), cued=0.0)


@pytest.fixture
def remembering(tmp_path: Path) -> Iterator[Remembering]:
    kept = Remembering(Memory(tmp_path))
    yield kept
    kept.close()


def _again(folder: Path) -> Remembering:
    return Remembering(Memory(folder))


def test_a_clock_that_ran_has_run_on(remembering: Remembering, tmp_path: Path) -> None:
    remembering.changed(State(), State(runs=(PAD,)), NOW)
    remembering.close()
    again = _again(tmp_path)
    returned = again.returned()
    assert returned is not None
    assert returned.away is not None
    assert 0.0 <= returned.away < 10.0
    (run,) = runs_of(returned.kept, now=50.0, away=30.0)
    assert run.clock.elapsed(50.0) == pytest.approx(150.0, abs=0.1)
    assert run.clock.length == 900.0
    again.close()


def test_a_clock_that_stood_stands(remembering: Remembering, tmp_path: Path) -> None:
    stood = replace(PAD, phase=Phase.PAUSED, paused_in=Phase.RUNNING, clock=PAD.clock.stopped(NOW))
    remembering.changed(State(runs=(PAD,)), State(runs=(stood,)), NOW)
    remembering.close()
    again = _again(tmp_path)
    returned = again.returned()
    assert returned is not None
    (run,) = runs_of(returned.kept, now=50.0, away=3000.0)
    assert run.clock.elapsed(50.0) == pytest.approx(120.0)
    assert run == stood
    again.close()


def test_a_finished_routine_leaves_nothing_but_the_pad_that_was_on(remembering: Remembering) -> None:
    remembering.changed(State(), State(runs=(PAD,)), NOW)
    worn = Exposure(Pad.HEAT, 900.0, NOW, 1200.0)
    remembering.changed(State(runs=(PAD,)), State(exposures=(worn,)), NOW)
    returned = remembering.returned()
    assert returned is not None
    assert returned.kept.runs == ()
    assert returned.kept.exposures == (replace(worn, ended=0.0),)
    remembering.changed(State(exposures=(worn,)), State(), NOW + 2000.0)
    assert remembering.returned() is None


def test_preferences_come_back_and_only_what_was_chosen_is_kept(remembering: Remembering, tmp_path: Path) -> None:
    before = State(rate=165)
    remembering.changed(before, replace(before, rate=145, cadence=Cadence.OFTEN), NOW)
    remembering.changed(State(), State(tick=True, last_routine="press-and-rub", voice="en-us"), NOW)
    remembering.close()
    again = _again(tmp_path)
    state = again.started(State(rate=200, volume=80))
    assert (state.rate, state.volume, state.cadence, state.tick) == (145, 80, Cadence.OFTEN, True)
    assert (state.voice, state.last_routine) == ("en-us", "press-and-rub")
    assert state.lengths.rate == 145
    again.forget()
    assert again.started(State(rate=200)) == State(rate=200)
    again.close()


def test_what_another_version_wrote_is_left_alone(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    for snapshot in ({"kept": {"runs": [{"run": {"routine": 7}}]}}, {"kept": None}, {}):
        memory.save(snapshot)
        assert Remembering(memory).returned() is None
    memory.close()


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    Remembering(memory).changed(State(runs=(PAD,)), State(runs=(PAD,), attentive_until=9.0), NOW)
    assert memory.saved() is None
    memory.close()


def test_it_knows_when_it_was_last_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine minutes without a cue before the power goes are no nine minutes off."""
    moment = Anchor(1_000_000.0, 5_000.0, "boot")
    monkeypatch.setattr("assistant.remembering.anchor_now", lambda: moment)
    memory = Memory(tmp_path, now=lambda: moment)
    kept = Remembering(memory)
    kept.changed(State(), State(runs=(PAD,)), NOW)
    for seconds in range(1, 541):
        moment = replace(moment, wall=1_000_000.0 + seconds, steady=5_000.0 + seconds)
        kept.time_went_on(State(runs=(PAD,)), NOW + seconds)
    moment = replace(moment, wall=moment.wall + 20.0, steady=moment.steady + 20.0)
    returned = kept.returned()
    assert returned is not None
    assert returned.away is not None
    assert 20.0 <= returned.away <= 20.0 + ALIVE_EVERY
    (run,) = runs_of(returned.kept, 0.0, returned.away)
    assert run.clock.elapsed(0.0) == pytest.approx(120.0 + 560.0)
    memory.close()


def test_a_routine_of_a_guide_that_has_it_no_more_is_dropped(remembering: Remembering) -> None:
    content = load_content()
    dialogue = Dialogue(content.guide, content.phrases)
    remembering.changed(State(), State(runs=(replace(PAD, routine="gone"),)), NOW)
    returned = remembering.returned()
    assert returned is not None
    state, _ = dialogue.advance(State(), returned, 10.0)
    assert state.runs == ()
    state, _ = dialogue.advance(state, Begin("heating-pad"), 11.0)
    assert [run.routine for run in state.runs] == ["heating-pad"]


def test_without_a_memory_nothing_is_kept() -> None:
    nothing = Remembering(None)
    nothing.changed(State(), State(runs=(PAD,)), NOW)
    assert nothing.returned() is None
    assert nothing.forget()
    assert nothing.news() is None
    assert nothing.started(State(rate=180)) == State(rate=180)
