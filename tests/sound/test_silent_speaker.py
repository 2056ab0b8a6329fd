from __future__ import annotations

import math
import time

import numpy as np
import pytest

from assistant.sound.playback import PlaybackState
from assistant.sound.speaker import SilentSpeaker


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
def test_it_takes_as_long_as_the_sound_would(rate: int) -> None:
    speaker = SilentSpeaker()
    began = time.monotonic()
    playback = speaker.play(np.zeros(int(0.4 * rate), dtype=np.int16), rate)
    assert playback.done.wait(5)
    assert 0.36 < time.monotonic() - began < 0.8
    assert playback.state is PlaybackState.FINISHED
    assert playback.played() == pytest.approx(0.4, abs=0.001)
    speaker.close()


def test_it_can_be_over_at_once() -> None:
    speaker = SilentSpeaker(math.inf)
    began = time.monotonic()
    assert speaker.play(np.zeros(22_050 * 60, dtype=np.int16), 22_050).done.wait(5)
    assert time.monotonic() - began < 2.0
    speaker.close()


def test_an_idle_one_takes_no_processor_time() -> None:
    speaker = SilentSpeaker(1000.0)
    assert speaker.play(np.zeros(441, dtype=np.int16), 22_050).done.wait(5)
    before = time.process_time()
    time.sleep(0.4)
    assert time.process_time() - before < 0.1
    speaker.close()


def test_it_holds_goes_on_and_stops() -> None:
    speaker = SilentSpeaker()
    playback = speaker.play(np.zeros(22_050, dtype=np.int16), 22_050)
    time.sleep(0.1)
    speaker.pause()
    time.sleep(0.1)
    held = playback.played()
    time.sleep(0.2)
    assert playback.played() == held
    assert 0.0 < held < 0.5
    speaker.resume()
    time.sleep(0.15)
    assert playback.played() > held
    speaker.stop()
    assert playback.state is PlaybackState.STOPPED
    assert speaker.check()
    speaker.close()


def test_after_closing_nothing_waits_for_ever() -> None:
    speaker = SilentSpeaker()
    playing = speaker.play(np.zeros(22_050, dtype=np.int16), 22_050)
    speaker.close()
    assert playing.done.is_set()
    assert speaker.play(np.zeros(10, dtype=np.int16), 22_050).done.is_set()
