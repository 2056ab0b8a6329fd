"""Every command does something that makes sense in every state, and docs/routines.md says what."""

from __future__ import annotations

import pytest
from state_table import BEGIN, DOCUMENT, END, STATES, commands, described, document, outcome, tables

from assistant.dialogue.actions import Say
from assistant.understanding.commands import COMMANDS

NOTHING_TO_DO = {
    ("an answer is read", "resume"): "it speaks already",
    ("a warning is read", "*"): "only the speaking itself can be changed while a warning is read",
}
UNKNOWN = ("doesn't cover that", "isn't in my guide")


@pytest.mark.parametrize("state", STATES)
def test_every_command_is_answered(state: str) -> None:
    for command in commands():
        told = described(state, command)
        if (state, command) not in NOTHING_TO_DO and (state, "*") not in NOTHING_TO_DO:
            assert told != "nothing", command
        assert not any(text in told for text in UNKNOWN), command


@pytest.mark.parametrize("state", STATES)
def test_stop_leaves_no_clock_and_no_speech(state: str) -> None:
    scene, before, actions = outcome(state, "stop")
    if state == "an answer is read while it counts":
        assert [run.phase for run in scene.state.runs] == [run.phase for run in before.runs]
        assert scene.state.speaking is None
        return
    if state == "two clocks run":
        assert len(scene.state.runs) == 2
        scene.told("stop")
    assert scene.state.runs == ()
    if before.runs:
        assert not any(isinstance(action, Say) for action in actions) or state == "two clocks run"


def test_the_states_show_what_they_are_called() -> None:
    """A state that was not reached would make a table of something else."""
    phases = {name: tuple(run.phase.value for run in make().state.runs) for name, make in STATES.items()}
    assert phases["idle"] == phases["an answer is read"] == phases["a warning is read"] == ()
    assert phases["the introduction is said"] == phases["it waits for ready, with a pad"] == ("waiting",)
    assert phases["it counts, pressing"] == phases["it holds the stretch"] == ("running",)
    assert phases["it rubs, without a set time"] == ("going",)
    assert phases["it is paused"] == phases["it paused, as nobody answered"] == ("paused",)
    assert phases["a pad rings, more is offered"] == phases["pressing is over, more is offered"] == ("over",)
    assert phases["two clocks run"] == phases["which one is asked"] == ("running", "running")
    assert phases["it came back after a power cut"] == ("running",)
    assert phases["a safety question is open"] == ("paused",)


def test_the_document_has_the_tables_of_now() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert BEGIN in text
    assert END in text
    assert document(text) == text, "python tests/dialogue/state_table.py --write"
    assert tables().count("\n| ") == len(STATES) * (len(commands()) + 2)


def test_all_fixed_commands_are_in_it() -> None:
    fixed = "stop pause resume next back repeat restart remaining extend louder quieter slower faster help yes no"
    assert set(fixed.split()) <= set(COMMANDS) <= set(commands())
