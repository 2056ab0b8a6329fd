"""The main job on real input: a question into the microphone, the answer out of the speaker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr

from assistant.answering import reply_to
from assistant.content import load_content
from assistant.hearing.recording import hear_recording
from assistant.language import normal_form
from assistant.loading import load_speech_model
from conversation import Conversation, conversation, envelope, planned_speech, stretches
from virtual_devices import SPEAKER_RATE, VirtualDevices, virtual_devices

pytestmark = [pytest.mark.devices, pytest.mark.timeout(180)]

QUESTION = "how long do i leave the heating pad on"
BETWEEN_ANSWERS = 0.8
"""Seconds of silence that part two utterances; sentences of one are parted by 0.18 s and their own fading."""
SLOWEST_FIRST_SOUND = 1.5
"""Seconds: far above the goal (0.6), for a busy machine; the measurement script tells the real figures."""
SLOWEST_STOP = 1.2


@pytest.fixture(scope="module")
def devices() -> Iterator[VirtualDevices]:
    with virtual_devices() as found:
        yield found


@pytest.fixture
def talk(devices: VirtualDevices, tmp_path: Path) -> Iterator[Conversation]:
    with conversation(devices, tmp_path) as running:
        yield running


def test_a_spoken_question_is_answered_aloud(talk: Conversation, capsys: pytest.CaptureFixture[str]) -> None:
    reply = reply_to(load_content(), [QUESTION])
    planned, rate = planned_speech(reply.sentences)
    planned = soxr.resample(planned, rate, SPEAKER_RATE)
    with talk.devices.record_speaker() as recording:
        time.sleep(8)  # the greeting
        before = len(talk.lines)
        asked = talk.ask(QUESTION)
        talk.wait_for(r"^You: +how long do i leave the heating pad on", after=before)
        assert talk.wait_for(r"^Marigold:", after=before).text.removeprefix("Marigold: ") == " ".join(reply.sentences)
        time.sleep(len(planned) / SPEAKER_RATE + 1.0)
    samples = recording.samples
    began, ended = stretches(samples, quiet=BETWEEN_ANSWERS)[-1]
    first_sound = recording.began + began - asked
    with capsys.disabled():
        print(f"\n  first sound {first_sound:.3f} s after the end of the question")
    assert 0.0 < first_sound < SLOWEST_FIRST_SOUND

    loud = np.flatnonzero(np.abs(planned.astype(int)) > 300)
    assert ended - began == pytest.approx((loud[-1] - loud[0]) / SPEAKER_RATE, rel=0.02)
    heard = samples[int(began * SPEAKER_RATE) : int(ended * SPEAKER_RATE)]
    mine, theirs = envelope(heard, SPEAKER_RATE), envelope(planned[loud[0] : loud[-1]], SPEAKER_RATE)
    length = min(len(mine), len(theirs))
    assert np.corrcoef(mine[:length], theirs[:length])[0, 1] > 0.9

    words = " ".join(
        turn.text for turn in hear_recording(load_speech_model(None), soxr.resample(heard, 48_000, 16_000))
    )
    assert {"heating", "pad", "minutes", "muscle", "pain"} <= set(normal_form(words).split()), words


def test_stop_in_the_middle_of_an_answer_silences_it(talk: Conversation, capsys: pytest.CaptureFixture[str]) -> None:
    with talk.devices.record_speaker() as recording:
        before = len(talk.lines)
        talk.ask(QUESTION)
        talk.wait_for(r"^Marigold: The guide says", after=before)
        time.sleep(2.5)
        stop = talk.spoken("stop")
        said = talk.play(stop)
        talk.wait_for(r"^You: +stop", after=before)
        time.sleep(2.0)
    ended = recording.began + stretches(recording.samples, quiet=BETWEEN_ANSWERS)[-1][1]
    after_word = ended - said
    with capsys.disabled():
        print(f"\n  silent {after_word:.3f} s after the end of the word stop ({len(stop) / 16_000:.2f} s long)")
    assert after_word < SLOWEST_STOP
    assert recording.began + recording.seconds() - ended > 1.5
    assert not [line for line in talk.lines[before + 3 :] if line.text.startswith("Marigold:")]


def test_it_does_not_answer_its_own_voice(talk: Conversation) -> None:
    """The answer, played back into the microphone while it is said, is neither a question nor a command."""
    before = len(talk.lines)
    talk.ask(QUESTION)
    answer = talk.wait_for(r"^Marigold: The guide says", after=before).text
    planned, rate = planned_speech([answer.removeprefix("Marigold: The guide says: ")[:150]])
    quiet = (soxr.resample(planned, rate, 16_000) // 2).astype(np.int16)
    after = len(talk.lines)
    talk.play(quiet)
    time.sleep(2.0)
    taken = [line.text for line in talk.lines[after:] if line.text.startswith(("You:", "Marigold:"))]
    assert taken == []


def test_ctrl_c_ends_it_cleanly_while_it_speaks(talk: Conversation) -> None:
    before = len(talk.lines)
    talk.ask(QUESTION)
    talk.wait_for(r"^Marigold: The guide says", after=before)
    assert talk.interrupt() == 0
    assert not [line for line in talk.lines if "Traceback" in line.text]


def test_devices_that_vanish_are_found_again(tmp_path: Path) -> None:
    with virtual_devices() as devices, conversation(devices, tmp_path) as talk:
        time.sleep(6)
        devices.kill()
        talk.wait_for(r"The microphone is gone")
        talk.wait_for(r"The speaker is gone")
        time.sleep(2.0)
        devices.restart()
        talk.wait_for(r"The microphone is back", seconds=20)
        talk.wait_for(r"The speaker is back", seconds=20)
        time.sleep(4.0)
        before = len(talk.lines)
        with devices.record_speaker() as recording:
            talk.ask(QUESTION)
            talk.wait_for(r"^Marigold: The guide says", after=before)
            time.sleep(3.0)
        assert sum(end - begin for begin, end in stretches(recording.samples, quiet=BETWEEN_ANSWERS)) > 1.5
