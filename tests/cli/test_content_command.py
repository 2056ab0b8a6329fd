import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import main as command_line
from assistant.content import shipped

PACK = shipped("content") / "back-spasms"
DOCUMENT = "How long do I press?\n\nPress on the sore spot for a good while, and never on the bones.\n"


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("VOSK_MODEL_PATH", "MARIGOLD_MODEL", "MARIGOLD_CONTENT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A copy of the pack that ships, to be broken; of the ways of asking only the first batch, to be quick."""
    folder = tmp_path / "pack"
    shutil.copytree(PACK, folder)
    for file in (folder / "entries").iterdir():
        text = file.read_text(encoding="utf-8")
        first_batch = re.sub(r"(?s)(\nasks:\n  [\w-]+:\n(?:    - [^\n]*\n)+).*?(---\n)", r"\1\2", text, count=1)
        file.write_text(first_batch, encoding="utf-8")
    return folder


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "document.txt"
    path.write_text(DOCUMENT, encoding="utf-8")
    return path


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = command_line.run([str(argument) for argument in arguments])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert len(said.err.splitlines()) <= 2
    return code, said.out, said.err


def json_of(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, dict[str, Any]]:
    code, out, _ = run(capsys, *arguments, "--json")
    found = json.loads(out)
    assert isinstance(found, dict)
    return code, found


def test_the_pack_that_ships_is_fit_to_be_used(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "content", "check")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("back-spasms: 16 entries, 68 facts, 6 routines, ")
    assert "no errors" in out.splitlines()[-1]


def test_findings_are_grouped_and_an_error_ends_with_2(capsys: pytest.CaptureFixture[str], pack: Path) -> None:
    change(pack / "entries" / "massage-for-a-spasm.md", "[F03]", "[F99]")
    code, out, err = run(capsys, "content", "check", pack)
    assert code == 2
    lines = out.splitlines()
    heads = [line for line in lines if not line.startswith(" ")][:-1]
    assert all(re.fullmatch(r"(error|warning): [a-z-]+ \(\d+\)", head) for head in heads)
    assert heads == sorted(heads, key=lambda head: head.startswith("warning"))
    at = lines.index("error: unknown-fact (2)")
    assert lines[at + 1].startswith("  entries/massage-for-a-spasm.md, answer 3: names F99")
    assert err.startswith("marigold: The pack back-spasms isn't fit to be used yet: ")


def test_check_as_json(capsys: pytest.CaptureFixture[str], pack: Path) -> None:
    change(pack / "entries" / "massage-for-a-spasm.md", "30 to 60 seconds", "30 to 90 seconds")
    code, found = json_of(capsys, "content", "check", pack)
    assert (code, found["guide"], found["model"]) == (2, "back-spasms", "marigold-en")
    errors = [f for f in found["findings"] if f["severity"] == "error"]
    assert found["errors"] == len(errors)
    assert found["warnings"] == len(found["findings"]) - len(errors)
    assert {
        "severity": "error",
        "check": "figure-invented",
        "file": "entries/massage-for-a-spasm.md",
        "place": "answer 2",
        "what": "says 90, which its facts don't have: Press the sore spot for 30 to 90 seconds.",
    } in errors


def test_strict_counts_warnings(capsys: pytest.CaptureFixture[str], pack: Path) -> None:
    change(pack / "entries" / "calm-a-spasm.md", "    - should i stretch it\n", "    - should i stretch it\n" * 2)
    assert run(capsys, "content", "check", pack)[0] == 0
    code, out, _ = run(capsys, "content", "check", pack, "--strict")
    assert code == 2
    assert "warning: double (1)" in out.splitlines()


def test_the_pack_of_the_settings_is_checked(capsys: pytest.CaptureFixture[str], pack: Path) -> None:
    change(pack / "pack.yaml", "id: back-spasms", "id: another")
    assert json_of(capsys, "--content", pack, "content", "check")[1]["guide"] == "another"


def test_words_are_looked_up_in_the_chosen_model(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    model = tmp_path / "small"
    (model / "graph").mkdir(parents=True)
    words = (PACK.parents[1] / "models" / "marigold-en" / "graph" / "words.txt").read_text(encoding="utf-8")
    (model / "graph" / "words.txt").write_text(re.sub(r"^spasm .*\n", "", words, flags=re.M), encoding="utf-8")
    code, found = json_of(capsys, "--model", model, "content", "check")
    assert (code, found["model"]) == (0, "small")
    unheard = [f["what"] for f in found["findings"] if f["check"] == "unheard"]
    assert any("'spasm'" in what for what in unheard)
    assert not any("'spasms'" in what for what in unheard)


def test_without_a_models_words_it_says_so_and_goes_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = run(capsys, "--model", tmp_path / "gone", "content", "check", "--json")
    assert code == 0
    assert len(err.splitlines()) == 1
    found = json.loads(out)
    assert found["model"] is None
    assert "unheard" not in {f["check"] for f in found["findings"]}


def test_a_document_at_hand_is_looked_through(capsys: pytest.CaptureFixture[str], pack: Path, document: Path) -> None:
    before = (pack / "source.runs").read_text(encoding="utf-8")
    change(pack / "unanswered.yaml", "gives no time for the rubbing.", "says: press on the sore spot for a bit.")
    code, found = json_of(capsys, "content", "check", pack, "--source", document)
    assert code == 2
    errors = {f["check"]: f for f in found["findings"] if f["severity"] == "error"}
    assert set(errors) == {"stale-runs", "copied"}
    assert (
        "'on the sore spot for a'" in errors["copied"]["what"]
        or "'press on the sore spot for'" in errors["copied"]["what"]
    )
    assert (pack / "source.runs").read_text(encoding="utf-8") == before


def test_runs_are_written_and_found_again(capsys: pytest.CaptureFixture[str], pack: Path, document: Path) -> None:
    assert run(capsys, "content", "check", pack, "--source", document, "--write-runs")[0] == 0
    text = (pack / "source.runs").read_text(encoding="utf-8")
    assert re.fullmatch(r"([0-9a-f]{16}\n)+", text)
    assert "press" not in text
    change(
        pack / "routines" / "press-and-rub.yaml", "And release.", "Never on the bones; press on the sore spot for good."
    )
    code, found = json_of(capsys, "content", "check", pack)
    assert code == 2
    assert {f["check"] for f in found["findings"] if f["severity"] == "error"} == {"copied"}


def test_wrong_sources_are_told(capsys: pytest.CaptureFixture[str], pack: Path, tmp_path: Path) -> None:
    for arguments, told in (
        (["--write-runs"], "--source FILE"),
        (["--source", tmp_path / "gone.txt"], "can't be read"),
        (["--source", tmp_path], "can't be read"),
        (["--source", tmp_path / "short.txt"], "no sentence"),
    ):
        (tmp_path / "short.txt").write_text("Hello.", encoding="utf-8")
        code, out, err = run(capsys, "content", "check", pack, *arguments)
        assert (code, out) == (2, "")
        assert told in err


def test_a_folder_that_is_no_pack_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path, document: Path) -> None:
    code, out, err = run(capsys, "content", "check", tmp_path, "--source", document, "--write-runs")
    assert (code, out) == (2, "")
    assert "no content pack" in err
    assert not (tmp_path / "source.runs").exists()


def test_a_broken_pack_is_told_in_one_line(capsys: pytest.CaptureFixture[str], pack: Path) -> None:
    (pack / "facts.yaml").write_text("- id: [", encoding="utf-8")
    code, out, err = run(capsys, "content", "check", pack)
    assert (code, out) == (2, "")
    assert "facts.yaml" in err


def test_show_lists_everything(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "content", "show")
    assert (code, err) == (0, "")
    rows = [line.split()[:2] for line in out.splitlines()]
    assert ["entry", "heat-for-a-spasm"] in rows
    assert ["routine", "hot-and-cold"] in rows
    assert ["unanswered", "mattress"] in rows
    found = json_of(capsys, "content", "show")[1]
    assert (len(found["entries"]), len(found["routines"]), found["facts"]) == (16, 6, 68)
    assert found["routines"][2]["id"] == "heating-pad"


def test_show_an_entry_with_tags_and_all_ways_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "content", "show", "heat-for-a-spasm")
    assert code == 0
    assert "question: Does heat help with muscle spasm?" in out.splitlines()
    assert "  Put a heating pad on the place for 15 to 20 minutes, to bring the pain down. [F40 F41] {how-long}" in out
    ways = json_of(capsys, "content", "show", "heat-for-a-spasm")[1]["ways"]
    assert out.splitlines()[-1] == f"ways of asking: {len(ways)}"
    listed = run(capsys, "content", "show", "heat-for-a-spasm", "--ways")[1].splitlines()
    assert listed[-len(ways) :] == [f"  {way}" for way in ways]


def test_show_a_routine_an_unanswered_question_and_a_fact(capsys: pytest.CaptureFixture[str]) -> None:
    assert "heat (timed, 900 s to 1200 s): " in run(capsys, "content", "show", "heating-pad")[1]
    assert "asks every 20 s" in run(capsys, "content", "show", "stretch-and-hold")[1]
    assert "[safety]" in run(capsys, "content", "show", "wrapping-ice")[1]
    fact = json_of(capsys, "content", "show", "f41")[1]
    assert (fact["kind"], fact["id"], fact["figures"]) == ("fact", "F41", ["15 to 20 minutes"])
    assert {"heat-for-a-spasm, answer", "heating-pad, step heat"} <= {c["where"] for c in fact["carried_by"]}
    assert "figures: 15 to 20 minutes" in run(capsys, "content", "show", "F41")[1].splitlines()


def test_show_suggests_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "content", "show", "heating-pat")
    assert (code, out) == (2, "")
    assert "Did you mean heating-pad" in err
    assert "marigold content show" in run(capsys, "content", "show", "zzzzzz")[2]
