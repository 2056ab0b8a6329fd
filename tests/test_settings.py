from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from assistant.cli import main as command_line
from assistant.settings import FILE_NAME, Settings, WrongSettingError, load_settings, voice_settings
from assistant.speaking.voice import RANGES

TABLE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [key for key in os.environ if key.startswith("MARIGOLD_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "household.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_anything_all_is_as_it_comes() -> None:
    assert load_settings() == Settings()


def test_the_command_line_goes_before_the_environment_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, "rate = 110\npitch = 10\nvolume = 30\nvoice = 'en-us'\n")
    monkeypatch.setenv("MARIGOLD_PITCH", "20")
    monkeypatch.setenv("MARIGOLD_VOLUME", "40")
    monkeypatch.setenv("MARIGOLD_ALWAYS_LISTENING", "true")
    found = load_settings(file, volume=50, voice=None)
    assert (found.rate, found.pitch, found.volume, found.voice) == (110, 20, 50, "en-us")
    assert found.always_listening is True
    assert found.microphone is None


def test_a_variable_that_is_set_to_nothing_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARIGOLD_RATE", "")
    assert load_settings(written(tmp_path, "rate = 110")).rate == 110


def test_the_household_file_is_found_without_being_named(tmp_path: Path) -> None:
    file = tmp_path / "config" / "marigold" / FILE_NAME
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\xef\xbb\xbfrate = 120\r\n")  # as some editors write it
    assert load_settings().rate == 120


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.toml", tmp_path):
        with pytest.raises(WrongSettingError, match=re.escape(f"There are no settings in {path}.")):
            load_settings(path)


@pytest.mark.parametrize("data", [b"rate = \n", b"rate = 1\nrate = 2\n", b"\xff\xfe", b"just words"])
def test_what_is_no_toml_is_told_with_its_file(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "household.toml"
    file.write_bytes(data)
    with pytest.raises(WrongSettingError, match=re.escape(f"The settings in {file} can't be read: ")):
        load_settings(file)


def test_an_unknown_key_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    file = written(tmp_path, "[voice]\nname = 'en-us'\n")
    with pytest.raises(WrongSettingError, match=re.escape("it is a text")):
        load_settings(file)
    file = written(tmp_path, "raet = 120\n")
    with pytest.raises(WrongSettingError) as told:
        load_settings(file)
    assert str(told.value) == f"There is no setting 'raet' (in {file}). Known: {', '.join(Settings.model_fields)}."


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("rate = 104", "Setting rate: 104 can't be used; it is a whole number from 105 to 285 ({})."),
        ("rate = 286", "Setting rate: 286 can't be used; it is a whole number from 105 to 285 ({})."),
        ("rate = 'fast'", "Setting rate: 'fast' can't be used; it is a whole number from 105 to 285 ({})."),
        ("rate = 150.5", "Setting rate: 150.5 can't be used; it is a whole number from 105 to 285 ({})."),
        ("volume = 24", "Setting volume: 24 can't be used; it is a whole number from 25 to 100 ({})."),
        ("volume = 101", "Setting volume: 101 can't be used; it is a whole number from 25 to 100 ({})."),
        ("pitch = -1", "Setting pitch: -1 can't be used; it is a whole number from 0 to 100 ({})."),
        ("pitch = 101", "Setting pitch: 101 can't be used; it is a whole number from 0 to 100 ({})."),
        ("short_pause = 0.09", "Setting short_pause: 0.09 can't be used; it is a number from 0.1 to 1.0 ({})."),
        ("short_pause = nan", "Setting short_pause: nan can't be used; it is a number from 0.1 to 1.0 ({})."),
        ("long_pause = inf", "Setting long_pause: inf can't be used; it is a number from 0.3 to 3.0 ({})."),
        ("long_pause = 3.01", "Setting long_pause: 3.01 can't be used; it is a number from 0.3 to 3.0 ({})."),
        ("always_listening = 'maybe'", "Setting always_listening: 'maybe' can't be used; it is true or false ({})."),
        ("voice = ['a']", "Setting voice: ['a'] can't be used; it is a text ({})."),
        ("content = 7", "Setting content: 7 can't be used; it is the folder of a content pack ({})."),
        (
            "content = '~nobody-of-this-name/x'",
            "Setting content: '~nobody-of-this-name/x' can't be used; it is the folder of a content pack ({}).",
        ),
    ],
)
def test_a_wrong_value_is_told_with_key_value_range_and_place(tmp_path: Path, line: str, told: str) -> None:
    file = written(tmp_path, line)
    with pytest.raises(WrongSettingError) as fault:
        load_settings(file)
    assert str(fault.value) == told.format(f"in {file}")


def test_a_wrong_variable_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARIGOLD_LONG_PAUSE", "soon")
    with pytest.raises(WrongSettingError, match=r"Setting long_pause: 'soon' .* 3\.0 \(MARIGOLD_LONG_PAUSE\)\."):
        load_settings()


def test_a_value_without_end_is_shown_in_part(tmp_path: Path) -> None:
    with pytest.raises(WrongSettingError) as fault:
        load_settings(written(tmp_path, f"pitch = '{'9' * 9_000}'"))
    assert len(str(fault.value)) < 400


def test_a_device_may_be_given_by_its_number(tmp_path: Path) -> None:
    found = load_settings(written(tmp_path, "microphone = 2\nspeaker = '3'\n"))
    assert (found.microphone, found.speaker) == ("2", "3")


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings(written(tmp_path, "content = '~/guide'")).content == tmp_path / "guide"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().rate = 120


def test_the_voice_takes_every_setting_that_is_allowed() -> None:
    for key, (low, high) in RANGES.items():
        limits = {type(limit).__name__: limit for limit in Settings.model_fields[key].metadata}
        assert low <= limits["Ge"].ge
        assert limits["Le"].le <= high
        for value in (limits["Ge"].ge, limits["Le"].le):
            assert getattr(voice_settings(Settings.model_validate({key: value})), key) == value


def test_the_command_line_tells_wrong_settings_with_exit_code_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = written(tmp_path, "volume = 500")
    assert command_line.run(["--settings", str(file), "ask", "does heat help"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert (
        said.err == f"marigold: Setting volume: 500 can't be used; it is a whole number from 25 to 100 (in {file}).\n"
    )


def test_every_setting_is_in_the_table_with_default_and_range() -> None:
    rows = {
        cells[0].strip("`"): cells
        for line in TABLE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `") and len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 5
    }
    assert list(rows) == list(Settings.model_fields)
    for key, field in Settings.model_fields.items():
        _, default, taken, variable, meaning = rows[key]
        assert variable == f"`MARIGOLD_{key.upper()}`"
        assert meaning
        shown = {None: "none", True: "`true`", False: "`false`"}.get(field.default, f"`{field.default}`")
        assert default == shown, key
        for limit in field.metadata:
            bound = getattr(limit, "ge", None) if hasattr(limit, "ge") else getattr(limit, "le", None)
            assert bound is None or str(bound) in taken, key
