"""A routine led by voice: a person at the virtual microphone, the counting out of the virtual speaker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conversation import Conversation, conversation
from short_content import shortened
from virtual_devices import virtual_devices

pytestmark = [pytest.mark.devices, pytest.mark.timeout(180)]

PRINTED_LATE = 0.4
"""Seconds by which a line may be printed after its second on a busy machine; the sound itself is measured elsewhere
(tests/speaking/test_countdown_on_devices.py)."""


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Conversation]:
    with (
        virtual_devices() as devices,
        conversation(devices, tmp_path, "--content", str(shortened(tmp_path))) as running,
    ):
        time.sleep(6)  # the greeting
        yield running


def begin(talk: Conversation) -> None:
    """Start pressing, by voice, however it is heard: it may be taken for a question that offers it."""
    before = len(talk.lines)
    talk.ask("hey marigold start press and rub")
    if "Okay, " not in talk.wait_for(r"^Marigold: (Okay, |.*Shall I)", after=before).text:
        talk.ask("hey marigold yes please")
    talk.wait_for(r"^Marigold: Okay, pressing and rubbing", after=before)
    time.sleep(4.0)  # it says "say next to skip" first, and hears its own words as such
    talk.ask("next")
    talk.wait_for(r"^Marigold: Press firmly", after=before)
    time.sleep(9.0)
    talk.ask("ready")
    talk.wait_for(r"0:00  Press now", after=before)


def test_it_is_led_by_voice_alone(talk: Conversation) -> None:
    begin(talk)
    before = len(talk.lines)
    start = talk.wait_for(r"Press now").at
    time.sleep(1.0)
    talk.ask("does heat help a spasm")
    assert "heat is for muscle pain" in talk.wait_for(r"^Marigold: The guide says", after=before).text
    for second, word in ((9, "Five"), (10, "Four"), (11, "Three"), (12, "Two"), (13, "One"), (14, "And release")):
        line = talk.wait_for(rf"0:{second:02}  {word}\.", after=before)
        assert -0.05 <= line.at - start - second <= PRINTED_LATE, line
    talk.wait_for(r"carry on to press again", after=before)
    time.sleep(5.0)
    talk.ask("next")
    talk.wait_for(r"^Marigold: Now rub gently", after=before)


def test_stop_ends_the_counting(talk: Conversation) -> None:
    begin(talk)
    before = len(talk.lines)
    time.sleep(2.0)
    talk.ask("stop")
    talk.wait_for(r"^Marigold: Stopped\. Let go now\.", after=before)
    time.sleep(7.0)
    counted = [line.text for line in talk.lines[before:] if line.text.strip().startswith("0:")]
    assert not [text for text in counted if "Five" in text or "release" in text]
