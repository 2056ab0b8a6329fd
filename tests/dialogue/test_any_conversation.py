"""What holds in every conversation, whatever happens in it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
from dialogue_script import NOISE, SMALL, WAKE, command, either, flag, question, typed, words
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.dialogue.actions import Say, Silence
from assistant.dialogue.commands import RATE_RANGE, VOLUME_RANGE
from assistant.dialogue.events import Event, PartBack, PartLost, SpeechEnded, Started, Tick, Understood
from assistant.dialogue.safety import is_release
from assistant.dialogue.state import OfferQuestion, State
from assistant.understanding.commands import COMMANDS
from assistant.understanding.meaning import Kind, Meaning

SAID = st.sampled_from(
    [
        WAKE,
        NOISE,
        question("heat"),
        question("heat", "how-long"),
        question("massage"),
        question("nowhere"),
        either("heat", "massage"),
        either("heat", "massage", "sleep"),
        either("sleep"),
        words("pass the salt"),
        words("the second one"),
        words("neither"),
        words("both"),
        words("the massage one", ("entry:massage", 0.4)),
        words("which pill", left_open="pills"),
        words("which pill", left_open="nothing of ours"),
        words("you misheard me"),
        words("i have been checked"),
        command("yes", "okay"),
        command("start:pad"),
        command("start:nowhere"),
        command("dance"),
        *(command(name) for name in COMMANDS),
        *(flag(f"R{n}", tier) for n, tier in enumerate(("E", "U", "M", "STOP", "D", "ASK", "ASK"))),
        Understood(Meaning(Kind.COMMAND)),
        Understood(Meaning(Kind.ANSWER)),
        Understood(Meaning(Kind.CLARIFY)),
    ]
)
ADDRESSED = SAID.map(lambda said: replace(said, meaning=replace(said.meaning, addressed=True)))
PART = st.sampled_from(["microphone", "speaker", "voice", "recogniser", "kettle"])
EVENT: st.SearchStrategy[Event | None] = st.one_of(
    SAID,
    ADDRESSED,
    SAID.map(typed),
    st.builds(PartLost, PART),
    st.builds(PartBack, PART),
    st.builds(Started, st.booleans(), st.booleans()),
    st.just(Tick()),
    st.builds(SpeechEnded, st.sampled_from(["u1", "u2", "u9"]), st.booleans(), st.integers(0, 9)),
    st.none(),
)
"""None stands for the end of what is being said."""
STEPS = st.lists(st.tuples(st.floats(0, 60), EVENT), max_size=40)


def happening(state: State, event: Event | None) -> Event:
    if event is not None:
        return event
    return SpeechEnded(state.speaking.utterance, finished=True, sentences_done=1) if state.speaking else Tick()


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_any_conversation_keeps_its_promises(steps: list[tuple[float, Event | None]]) -> None:
    state, now = State(), 0.0
    for wait, happened in steps:
        now += wait
        event = happening(state, happened)
        before = state
        state, actions = SMALL.advance(state, event, now)

        says = [action for action in actions if isinstance(action, Say)]
        assert len(says) <= 1
        for say in says:
            assert say.sentences
            assert all(sentence.strip() and "{" not in sentence for sentence in say.sentences)
            assert len(say.layers) == len(say.sentences)
            assert state.speaking is not None
            assert (state.speaking.utterance, state.speaking.sentences) == (say.utterance, say.sentences)
        if any(isinstance(action, Silence) for action in actions) and not says:
            assert state.speaking is None

        assert RATE_RANGE[0] <= state.rate <= RATE_RANGE[1]
        assert VOLUME_RANGE[0] <= state.volume <= VOLUME_RANGE[1]
        assert state.attentive_until >= before.attentive_until
        assert state.turns == before.turns + len(says)
        if not state.may_lead:
            assert not (isinstance(state.question, OfferQuestion) and state.question.routine)
        assert repr(state)
        hash(state)


@settings(max_examples=300, deadline=None)
@given(STEPS, STEPS)
def test_a_red_flag_is_lifted_only_by_plain_words(
    before: list[tuple[float, Event | None]], after: list[tuple[float, Event | None]]
) -> None:
    state, now = State(), 0.0
    for wait, happened in [*before, (1.0, flag("R01", "E"))]:
        now += wait
        state, actions = SMALL.advance(state, happening(state, happened), now)
    assert any(isinstance(action, Say) for action in actions)
    for wait, happened in after:
        now += wait
        event = happening(state, happened)
        released = isinstance(event, Understood) and is_release(SMALL.phrases, state, event.meaning)
        state, actions = SMALL.advance(state, event, now)
        if released:
            return
        assert state.flagged is not None
        for action in actions:
            if isinstance(action, Say):
                assert "routine_offer." not in action.sentences
                assert "Put it on." not in action.sentences


@given(STEPS)
def test_the_same_events_give_the_same_conversation(steps: list[tuple[float, Event | None]]) -> None:
    def played() -> State:
        state, now = State(), 0.0
        for wait, happened in steps:
            now += wait
            state, _ = SMALL.advance(state, happening(state, happened), now)
        return state

    assert played() == played()


def test_the_state_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        State().turns = 5  # type: ignore[misc]
