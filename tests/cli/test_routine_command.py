from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.cli import main as command_line
from assistant.content import load_guide
from assistant.routines.describe import spoken_steps

SIX = ["press-and-rub", "hot-and-cold", "heating-pad", "stretch-and-hold", "sleep-on-back", "sleep-on-side"]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("MARIGOLD_CONTENT", raising=False)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = command_line.run(arguments)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.out, said.err


def test_list_shows_the_six_routines_with_needs_and_lengths(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "routine", "list")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split(":")[0] for line in lines if not line.startswith(" ")] == SIX
    at = lines.index("hot-and-cold: hot and cold in turn")
    assert lines[at + 1 : at + 3] == [
        "  needs: a warm pad; a cold pack; a cloth for each",
        "  steps: warm (20 minutes), break (20 minutes), cold (20 minutes)",
    ]
    assert "  steps: press (30 seconds, or up to 1 minute), rub (no set time)" in lines
    assert "  steps: heat (15 minutes, or up to 20 minutes)" in lines


def test_list_as_json_has_the_agreed_keys(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "routine", "list", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)["routines"]
    assert [r["id"] for r in found] == SIX
    assert found[2] == {
        "id": "heating-pad",
        "title": "the heating pad",
        "needs": ["a heating pad", "a cloth"],
        "steps": [{"id": "heat", "kind": "timed", "seconds": 900, "extend_to": 1200}],
    }
    assert found[0]["steps"][1] == {"id": "rub", "kind": "untimed", "seconds": None, "extend_to": None}


@pytest.mark.parametrize("name", SIX)
def test_show_says_every_step_in_order(capsys: pytest.CaptureFixture[str], name: str) -> None:
    code, out, err = run(capsys, "routine", "show", name)
    assert (code, err) == (0, "")
    title, *rest = out.splitlines()
    routine = load_guide().routines[name]
    assert title.lower() == f"{routine.title}."
    assert tuple(line.strip() for line in rest if line.startswith("  ")) == spoken_steps(routine)


@pytest.mark.parametrize("name", SIX)
def test_show_keeps_the_guide_and_the_safety_notes_apart(capsys: pytest.CaptureFixture[str], name: str) -> None:
    _, out, _ = run(capsys, "routine", "show", name)
    routine = load_guide().routines[name]
    by: dict[str, str] = {}
    heading = ""
    for line in out.splitlines()[1:]:
        if line.startswith("  "):
            by[line.strip()] = heading
        else:
            heading = line
    assert set(by.values()) == {"The guide says:", "For safety, not from the guide:"}
    assert all(by[sentence] == "The guide says:" for sentence in routine.describe)
    assert all(by[sentence] == "For safety, not from the guide:" for sentence in routine.before)


def test_an_unknown_routine_is_answered_with_near_ones(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "routine", "show", "heat-pad")
    assert (code, out) == (2, "")
    assert err == "marigold: There is no routine 'heat-pad'. Near to it: heating-pad.\n"
    code, out, err = run(capsys, "routine", "show", "sleep-on")
    assert code == 2
    assert "sleep-on-back" in err
    assert "sleep-on-side" in err


def test_nothing_near_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "routine", "show", "\x1bqqqq")
    assert (code, len(err.splitlines())) == (2, 1)
    assert err == f"marigold: There is no routine '?qqqq'. There are: {', '.join(SIX)}.\n"


def test_help_names_all_three(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "routine", "--help")
    assert code == 0
    listed = [line.split()[0] for line in out.partition("Commands:\n")[2].splitlines() if line.strip()]
    assert listed == ["list", "show", "start"]
    code, out, _ = run(capsys, "routine", "start", "--help")
    assert code == 0
    assert all(option in out for option in ("--speed", "--silent", "--from"))


def test_another_word_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "routine", "juggle")
    assert (code, out) == (2, "")
    assert "juggle" in err


def test_another_pack_is_listed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("id: a\ntitle: A\nattribution: the leaflet says\n", encoding="utf-8")
    code, out, _ = run(capsys, "--content", str(tmp_path), "routine", "list")
    assert (code, out) == (0, "This guide has no routines.\n")
    code, _, err = run(capsys, "--content", str(tmp_path), "routine", "show", "heating-pad")
    assert (code, err) == (2, "marigold: There is no routine 'heating-pad'. There are: none at all.\n")
