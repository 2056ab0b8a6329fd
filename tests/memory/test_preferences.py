from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.memory import Memory, Preferences
from assistant.memory.preferences import RATE_RANGE, VOLUME_RANGE, mapping_of, preferences_from
from assistant.settings import Settings

ALL = Preferences(
    rate=140, volume=80, cadence="often", tick=False, voice="en-gb-scotland", last_routine="stretch-and-hold"
)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rate", 105),
        ("rate", 285),
        ("volume", 25),
        ("volume", 100),
        ("cadence", "quiet"),
        ("cadence", "normal"),
        ("tick", True),
        ("tick", False),
        ("voice", "Älteste Stimme"),
        ("voice", "v" * 60),
        ("last_routine", "heating-pad"),
    ],
)
def test_what_can_be_is_kept(key: str, value: object) -> None:
    assert mapping_of(preferences_from({key: value})) == {key: value}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rate", 104),
        ("rate", 286),
        ("rate", 140.0),
        ("rate", "140"),
        ("rate", True),
        ("volume", 24),
        ("volume", 101),
        ("volume", None),
        ("cadence", "loud"),
        ("cadence", ["quiet"]),
        ("tick", 1),
        ("tick", "yes"),
        ("voice", ""),
        ("voice", "   "),
        ("voice", "v" * 61),
        ("voice", "en\ngb"),
        ("voice", "\ud800"),
        ("voice", 7),
        ("last_routine", "Heating Pad"),
        ("last_routine", "../x"),
        ("last_routine", "-"),
        ("last_routine", "pad\n"),
        ("last_routine", "p" * 61),
    ],
)
def test_what_cannot_be_is_dropped_and_the_rest_stays(key: str, value: object) -> None:
    found = {**mapping_of(ALL), key: value, "unknown": 1}
    expected = {name: known for name, known in mapping_of(ALL).items() if name != key}
    assert mapping_of(preferences_from(found)) == expected


@given(st.dictionaries(st.sampled_from([*mapping_of(ALL), "x"]), st.integers() | st.text() | st.booleans() | st.none()))
def test_any_mapping_gives_preferences_that_stay_as_they_are(found: dict[str, Any]) -> None:
    preferences = preferences_from(found)
    assert preferences_from(mapping_of(preferences)) == preferences


def test_the_ranges_are_those_of_the_settings() -> None:
    for key, (low, high) in (("rate", RATE_RANGE), ("volume", VOLUME_RANGE)):
        limits = {type(limit).__name__: limit for limit in Settings.model_fields[key].metadata}
        assert (limits["Ge"].ge, limits["Le"].le) == (low, high)


def test_they_are_there_at_the_next_start(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    assert memory.preferences == Preferences()
    assert memory.keep(ALL)
    assert memory.keep(Preferences(rate=150, tick=True))
    memory.close()
    again = Memory(tmp_path)
    assert again.preferences == Preferences(rate=150, tick=True)
    again.close()


def test_what_cannot_be_is_not_kept(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    assert memory.keep(Preferences(rate=10_000, volume=50, voice="\x00"))
    assert memory.preferences == Preferences(volume=50)
    memory.close()


def test_where_nothing_can_be_kept_they_hold_until_the_end(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    memory = Memory(tmp_path / "file")
    assert not memory.keep(ALL)
    assert memory.preferences == ALL
    memory.close()
