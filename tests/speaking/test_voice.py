from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from assistant.speaking.voice import Speech, UnknownVoiceError, VoiceSettings, WrongVoiceSettingError


@pytest.mark.parametrize(
    ("key", "value", "range_"),
    [
        ("rate", 79, "80 to 450"),
        ("rate", 451, "80 to 450"),
        ("rate", 1.5, "80 to 450"),
        ("volume", -1, "0 to 100"),
        ("volume", 101, "0 to 100"),
        ("pitch", 101, "0 to 100"),
    ],
)
def test_a_wrong_setting_names_key_value_and_range(key: str, value: object, range_: str) -> None:
    with pytest.raises(WrongVoiceSettingError) as fault:
        VoiceSettings(**cast(Any, {key: value}))
    for part in (key, str(value), range_):
        assert part in str(fault.value)
    assert fault.value.exit_code == 2


@pytest.mark.parametrize("settings", [{"rate": 80}, {"rate": 450}, {"volume": 0}, {"volume": 99}, {"pitch": 0}])
def test_the_ends_of_the_ranges_are_taken(settings: dict[str, Any]) -> None:
    assert VoiceSettings(**settings) != VoiceSettings()


@pytest.mark.parametrize("name", ["", "x" * 300, "en\x00gb", "en\n"])
def test_what_cannot_be_a_voice_is_refused(name: str) -> None:
    with pytest.raises(UnknownVoiceError) as fault:
        VoiceSettings(voice=name)
    assert len(str(fault.value)) < 200


def test_speech_knows_its_length() -> None:
    assert Speech("a", np.zeros(11_025, dtype=np.int16), 22_050).seconds == 0.5
