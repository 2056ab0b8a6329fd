"""A countdown at the virtual speaker: every number on its second, also while an answer is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.speaking.cache import CachedSynthesiser
from assistant.speaking.supervised import SupervisedSynthesiser
from assistant.speaking.voice import NoVoiceError
from measure_countdown import COUNT, played
from virtual_devices import in_this_process, virtual_devices

pytestmark = pytest.mark.devices

MOST = 0.02
"""Seconds."""


def test_a_countdown_of_twelve_seconds_is_on_its_seconds_while_an_answer_is_read(tmp_path: Path) -> None:
    synthesiser = CachedSynthesiser(SupervisedSynthesiser())
    try:
        synthesiser.start()
    except NoVoiceError as fault:
        pytest.skip(str(fault))
    numbers = [(7.0 + number, word) for number, word in enumerate(COUNT)]
    plan = [(0.0, "Press now."), (2.0, "ten"), *numbers, (12.0, "And release.")]
    try:
        with virtual_devices() as devices, in_this_process(devices):
            found = played(devices, plan, synthesiser, reading=True, file=tmp_path / "heard.raw")
    finally:
        synthesiser.close()
    assert min(cue.likeness for cue in found) > 0.95  # nothing was said over them
    assert max(abs(cue.matched) for cue in found) < MOST
    assert max(abs(cue.by_energy) for cue in found if cue.by_energy is not None) < MOST
    assert sum(cue.by_energy is not None for cue in found) >= len(plan) - 2
    assert max(abs(cue.told) for cue in found) < MOST
