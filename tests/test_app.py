"""The assistant joined: hearing events in, speech and screen out, on a silent speaker."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

import pytest

from app_scene import PlainVoice, Run, Seen, run
from assistant.app import UNSURE_PAUSE, Assistant, Typed
from assistant.content import Content, load_content
from assistant.dialogue.events import PartLost
from assistant.hearing.events import CommandSpotted, HearingFailed, Hypothesis
from assistant.settings import Settings
from assistant.sound.speaker import SilentSpeaker
from assistant.voices import Voices


@pytest.fixture(scope="module")
def content() -> Content:
    return load_content()


LISTENING = Settings(always_listening=True)
QUESTION = "how long do i leave the heating pad on"


def test_a_question_is_answered_and_its_timing_told(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears(QUESTION)

    done = run(content, scene, settings=LISTENING)
    assert done.screen.lines[0] == ("heard", QUESTION)
    assert "15 to 20 minutes" in done.screen.last("says")
    assert len(done.screen.timings) == 1
    timing = done.screen.timings[0]
    assert timing.endpointing == 0.2
    assert timing.final_result == 0.05
    assert timing.total == pytest.approx(0.25 + timing.understanding + timing.speaking)


def test_without_wake_phrase_other_peoples_talk_is_ignored(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears("does heat help")
        assert it.screen.lines == [("ignored", "does heat help")]
        await it.hears("hey marigold does heat help")

    assert "heat is for muscle pain" in run(content, scene).screen.last("says")


def test_a_red_flag_is_taken_without_wake_phrase(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears("i can't feel it when i wipe")

    assert run(content, scene).screen.last("says").startswith("Stop, please.")


def test_a_lesser_reading_can_be_the_one_that_was_meant(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears("how long do i leave the eating bad on", QUESTION)

    assert "15 to 20 minutes" in run(content, scene, settings=LISTENING).screen.last("says")


def test_its_own_words_in_the_microphone_are_ignored(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears(QUESTION)
        await asyncio.sleep(2.0)
        await it.hears("a heating bad on")
        assert it.screen.last("ignored") == "a heating bad on"

    done = run(content, scene, settings=LISTENING)
    assert sum(kind == "says" for kind, _ in done.screen.lines) == 1


def test_a_spotted_stop_silences_it_and_the_turn_is_not_taken_twice(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears(QUESTION)
        assert it.listening[-1].spot
        await asyncio.sleep(0.3)
        await it.gives(CommandSpotted("stop", 1.0, 0.5))
        assert it.assistant.state.speaking is None
        assert not it.listening[-1].spot
        before = len(it.screen.lines)
        await it.hears("stop", spotted="stop")
        assert len(it.screen.lines) == before

    run(content, scene, settings=LISTENING)


def test_its_own_voice_taken_for_a_command_is_no_command(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears(QUESTION)
        await asyncio.sleep(1.5)
        echo = "the guide says put a"
        assert it.assistant.is_own(CommandSpotted("stop", 1.0, 0.5, echo))
        assert not it.assistant.is_own(CommandSpotted("stop", 1.0, 0.5, f"{echo} stop"))
        assert not it.assistant.is_own(CommandSpotted("stop", 1.0, 0.5, "oh do be quiet"))

    run(content, scene, settings=LISTENING)


def test_a_safety_script_is_not_stopped_on_the_word_of_the_grammar_alone(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears(QUESTION)
        assert "stop" in it.listening[-1].alone
        await it.hears("i can't feel it when i wipe")
        assert it.listening[-1].spot
        assert it.listening[-1].alone == frozenset()

    run(content, scene, settings=LISTENING)


def test_while_it_answers_only_commands_and_flags_get_through(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears(QUESTION)
        await it.hears("why do i keep getting lower back spasms")
        assert it.screen.last("ignored") == "why do i keep getting lower back spasms"
        await it.hears("hey marigold why do i keep getting lower back spasms")
        assert "causes" in it.screen.last("says")
        await it.hears("both my legs have gone weak")
        assert it.screen.last("says").startswith("Stop, please.")

    run(content, scene, settings=LISTENING)


def test_a_clear_question_breaks_into_what_the_product_says_of_itself(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears("help")
        await it.hears(QUESTION)

    assert "15 to 20 minutes" in run(content, scene, settings=LISTENING).screen.last("says")


def test_slower_says_the_rest_from_the_sentence_it_is_in_and_ends_once(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears(QUESTION)
        await asyncio.sleep(0.3)
        await it.gives(CommandSpotted("slower", 1.0, 0.5))
        first = it.voice.asked[0]
        again = [ask for ask in it.voice.asked if ask[0] == first[0]]
        assert len(again) == 2
        assert again[1][1].rate < again[0][1].rate
        assert it.assistant.state.speaking is not None
        await it.gives(CommandSpotted("stop", 2.0, 1.5))
        assert it.assistant.state.speaking is None

    run(content, scene, settings=LISTENING)


def test_a_breath_in_the_middle_of_a_question_does_not_cut_it_in_two(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears("how should i sleep with back spasms")
        assert "back may be the best" in it.screen.last("says")
        await it.hears("or is it better to alternate hot and cold packs", goes_on=True)
        assert "back may be the best" not in it.screen.last("says")

    done = run(content, scene, settings=LISTENING)
    assert [kind for kind, _ in done.screen.lines] == ["heard", "says", "heard", "says"]


def test_what_follows_a_question_and_adds_nothing_leaves_the_answer_alone(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears(QUESTION)
        await it.hears("then", goes_on=True)
        await it.hears("the football starts at eight", goes_on=True)

    done = run(content, scene, settings=LISTENING)
    assert sum(kind == "says" for kind, _ in done.screen.lines) == 1


def test_after_an_answer_it_listens_for_a_while_without_wake_phrase(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.hears("hey marigold does heat help")
        await it.silence()
        await asyncio.sleep(1.7)  # "more" is one of the answer's own words
        await it.hears("more")

    done = run(content, scene, speed=math.inf)
    assert done.screen.last("heard") == "more"
    assert "chronic" in done.screen.last("says")


def test_failed_hearing_and_a_lost_microphone_are_told(content: Content) -> None:
    async def scene(it: Run) -> None:
        await it.gives(HearingFailed("RuntimeError: broken"))
        assert "say that again" in it.screen.last("says")
        await it.gives(PartLost("microphone"))
        assert "microphone is gone" in it.screen.last("says")

    run(content, scene, speed=math.inf)


def test_typed_questions_are_answered_and_their_end_ends_the_run(content: Content) -> None:
    async def play() -> Seen:
        screen, speaker = Seen(), SilentSpeaker(math.inf)
        assistant = Assistant(content, Settings(), lambda e, clock: Voices(PlainVoice(), speaker, clock, e), screen)
        assistant.hand_over(Typed("does heat help"))
        assistant.hand_over(Typed(None))
        await asyncio.wait_for(assistant.run(typed=True, first_use=True), 10)
        assistant.close()
        speaker.close()
        return screen

    screen = asyncio.run(play())
    said = [text for kind, text in screen.lines if kind == "says"]
    assert said[0].startswith("Hello")
    assert "not a medical device" in said[0]
    assert "heat is for muscle pain" in said[1]


@pytest.mark.parametrize(
    ("readings", "pause"),
    [
        (["stop"], 0.0),
        ([QUESTION], 0.0),
        (["can i take ibuprofen for this"], 0.0),
        (["how long"], math.inf),
        (["what's the weather like tomorrow"], math.inf),
        ([], math.inf),
    ],
)
def test_how_much_silence_ends_a_turn_depends_on_what_was_said(
    content: Content, readings: Sequence[str], pause: float
) -> None:
    found: list[float] = []

    async def scene(it: Run) -> None:
        found.append(it.assistant.pause_needed([Hypothesis(text, 1.0) for text in readings]))

    run(content, scene)
    assert found == [pause]
    assert 0.0 < UNSURE_PAUSE < 0.6
