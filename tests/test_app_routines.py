"""Routines in the joined assistant: cues beside speech, the state on disk, talk that is not meant for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from app_scene import Run, run
from assistant.content import Content, load_content
from assistant.dialogue.state import State
from assistant.hearing.events import CommandSpotted
from assistant.memory.memory import Memory
from assistant.remembering import Remembering
from assistant.routines.run import Phase
from assistant.settings import Settings

LISTENING = Settings(always_listening=True)
FAST = 40.0
"""So many times faster speech goes by; clocks run in real time."""


@pytest.fixture(scope="module")
def content() -> Content:
    return load_content()


async def _counting(it: Run) -> None:
    await it.hears("hey marigold start press and rub")
    await it.hears("next")
    await it.hears("ready")
    await asyncio.sleep(1.2)
    assert it.screen.last("counts") == "Press now."


def test_it_counts_and_stop_ends_it(content: Content) -> None:
    async def scene(it: Run) -> None:
        await _counting(it)
        assert it.assistant.state.runs[0].phase is Phase.RUNNING
        assert 0.0 < it.assistant.views()[0].elapsed < 2.0
        assert it.assistant.views()[0].next_cue == "Halfway."
        await it.gives(CommandSpotted("stop", 1.0, 0.5, "stop"))
        assert it.assistant.state.runs == ()
        await asyncio.sleep(1.0)
        assert it.screen.last("counts") == "Stopped. Let go now."

    run(content, scene, speed=FAST)


def test_a_question_is_answered_while_the_clock_runs(content: Content) -> None:
    async def scene(it: Run) -> None:
        await _counting(it)
        await it.hears("hey marigold does heat help")
        assert "heat is for muscle pain" in it.screen.last("says")
        assert "Shall I" not in it.screen.last("says")
        assert it.assistant.state.runs[0].phase is Phase.RUNNING

    run(content, scene, speed=FAST)


def test_in_a_long_wait_only_whole_commands_are_taken_without_its_name(content: Content) -> None:
    async def scene(it: Run) -> None:
        await _counting(it)
        await it.silence()
        it.assistant.state = _unattended(it)
        for talk in ("what had happened", "i have none", "take me see", "did you feed the cat"):
            await it.hears(talk)
            assert it.screen.last("ignored") == talk
        await it.hears("how long is left")
        assert "seconds left" in it.screen.last("says")

    run(content, scene, speed=FAST)


def _unattended(it: Run) -> State:
    return replace(it.assistant.state, attentive_until=float("-inf"), speaking=None)


def test_in_a_routine_only_stop_is_taken_before_the_turn_is_over(content: Content) -> None:
    async def scene(it: Run) -> None:
        await _counting(it)
        await it.silence()
        now = it.listening[-1]
        assert now.spots("stop")
        assert "ready" in now.commands
        assert not now.spots("ready")
        assert now.alone == frozenset()

    run(content, scene, speed=FAST)


def test_what_is_said_in_one_breath_with_its_name_is_heard(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears("does heat help")
        await it.gives(CommandSpotted("hey marigold", 1.0, 0.5, "hey marigold"))
        await it.hears("hey marigold yes please", spotted="hey marigold")
        assert "The guide says: A heating pad" in it.screen.last("says")

    run(content, scene, settings=LISTENING)


def test_what_runs_is_taken_up_again(content: Content, tmp_path: Path) -> None:
    async def before(it: Run) -> None:
        await _counting(it)
        await it.hears("slower")

    async def after(it: Run) -> None:
        await asyncio.sleep(0.1)
        assert it.screen.last("says").startswith("I'm back. I was gone for a moment. The pressing has ")
        assert it.assistant.state.runs[0].phase is Phase.RUNNING
        assert it.assistant.state.rate == 145
        assert {settings.rate for _, settings in it.voice.asked} == {145}
        await it.hears("forget what you know about me")
        await it.hears("stop")
        assert it.assistant.state.rate == 165

    run(content, before, speed=FAST, remembering=Remembering(Memory(tmp_path)))
    run(content, after, speed=FAST, remembering=Remembering(Memory(tmp_path)))
    memory = Memory(tmp_path)
    assert memory.preferences.rate is None
    saved = memory.saved()
    assert saved is None or not saved.snapshot["kept"]["runs"]
    memory.close()


def test_lengths_are_measured_in_the_voice_of_now(content: Content) -> None:
    async def scene(it: Run) -> None:
        await _counting(it)
        lengths = it.assistant.state.lengths
        assert lengths.measured["And release."] == pytest.approx(0.6, abs=0.1)  # two words of 0.3 s each
        await it.hears("faster")
        await asyncio.sleep(0.3)
        assert it.assistant.state.lengths.rate == 185
        assert "Five." in it.assistant.state.lengths.measured

    run(content, scene, speed=FAST)
