"""Delays of partial results, computing time, memory."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from models.recipe.check_sets import SAMPLE_RATE, Samples
from models.recipe.check_speed import end_of_speech, memory, real_time_factor, time_scale, watch


class Scripted:
    """Shows words at set times after the begin, as a recogniser that closes a segment after the second one."""

    def __init__(self) -> None:
        self.fed = 0.0
        self.closed = False

    def SetWords(self, _: bool) -> None:  # noqa: N802 - vosk's interface
        pass

    def AcceptWaveform(self, sound: bytes) -> bool:  # noqa: N802
        self.fed += len(sound) / 2 / SAMPLE_RATE
        if self.fed >= 1.0 and not self.closed:
            self.closed = True
            return True
        return False

    def Result(self) -> str:  # noqa: N802
        return json.dumps({"result": [{"word": "hold", "end": 0.2}, {"word": "on", "end": 0.4}]})

    def PartialResult(self) -> str:  # noqa: N802
        if self.closed:
            return json.dumps({"partial": "please" if self.fed >= 1.5 - 1e-9 else ""})
        return json.dumps({"partial": "hold on" if self.fed >= 0.6 - 1e-9 else "hole" if self.fed >= 0.5 else ""})

    def FinalResult(self) -> str:  # noqa: N802
        return json.dumps({"result": [{"word": "please", "end": 0.8}]})


def test_delays_count_from_the_end_of_each_word() -> None:
    speech = np.full(int(1.2 * SAMPLE_RATE), 1000, np.int16)
    shown = watch(Scripted(), speech, scale=1.5)
    assert shown.from_word == pytest.approx([0.6 - 0.3, 0.6 - 0.6, 1.5 - 1.2], abs=0.021)
    assert shown.from_speech == pytest.approx(1.5 - 1.2, abs=0.021)
    assert len(shown.costs) == 110


def test_the_end_of_the_speech_is_where_it_falls_silent() -> None:
    loud = np.full(SAMPLE_RATE, 4000, np.int16)
    silence = np.zeros(SAMPLE_RATE // 2, np.int16)
    assert end_of_speech(np.concatenate([silence, loud, silence])) == pytest.approx(1.5, abs=0.02)
    assert end_of_speech(silence) == 0.0


def test_word_times_are_scaled_by_the_frames_of_the_model(tmp_path: Path) -> None:
    assert time_scale(tmp_path) == 1.0
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "model.conf").write_text("--beam=11.0\n--frame-subsampling-factor=2\n")
    assert time_scale(tmp_path) == pytest.approx(2 / 3)


class Busy:
    """Computes for as long as 0.1 of the sound lasts."""

    def hear(self, samples: Samples, grammar: tuple[str, ...]) -> str:
        until = time.process_time() + 0.1 * (len(samples) / SAMPLE_RATE + 0.3)
        while time.process_time() < until:
            pass
        return ""


def test_the_factor_is_processor_time_for_a_second_of_sound() -> None:
    assert real_time_factor(Busy(), [np.zeros(SAMPLE_RATE // 2, np.int16)] * 2, ()) == pytest.approx(0.1, rel=0.2)


def test_memory_is_told_in_megabytes() -> None:
    now, most = memory("VmRSS"), memory("VmHWM")
    assert np.isnan(now) or 10 < now <= most < 100_000
    assert np.isnan(memory("VmNothing"))
