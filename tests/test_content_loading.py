from __future__ import annotations

import gc
import os
import shutil
from pathlib import Path

import pytest

from assistant import content as loading
from assistant.cli import main as command_line
from assistant.content import NoContentError, NotAPackError, load_content, load_guide, read_files, shipped
from assistant.guide.pack import BrokenContentError

HEAD = "id: a\ntitle: A\nattribution: the leaflet says\n"


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [key for key in os.environ if key.startswith("MARIGOLD_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    (folder / "entries").mkdir(parents=True)
    (folder / "pack.yaml").write_text(HEAD, encoding="utf-8")
    (folder / "entries" / "rest.md").write_text(
        "---\nid: rest\ntitle: rest\nquestion: shall i rest my knee\n---\nThe leaflet says: yes. [F01]\n",
        encoding="utf-8",
    )
    return folder


def test_all_that_ships_is_loaded_and_collecting_goes_on() -> None:
    content = load_content()
    assert len(content.guide.entries) == 16
    assert "stop" in content.commands
    assert content.interpreter.interpret(["does heat help"]).id == "heat-for-a-spasm"
    assert gc.isenabled()


def test_a_fault_while_loading_leaves_collecting_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(NotAPackError):
        load_content(tmp_path)
    assert gc.isenabled()
    gc.disable()
    try:
        with pytest.raises(NotAPackError):
            load_content(tmp_path)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_another_pack_answers_its_own_questions_and_keeps_the_safety_layer(pack: Path) -> None:
    content = load_content(pack)
    assert list(content.guide.entries) == ["rest"]
    assert content.interpreter.interpret(["shall i rest my knee"]).id == "rest"
    assert content.interpreter.interpret(["i can't feel it when i wipe"]).kind == "red_flag"


def test_a_folder_that_is_no_pack_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], pack: Path) -> None:
    for folder in (tmp_path, tmp_path / "gone", pack / "pack.yaml"):
        assert command_line.run(["--content", str(folder), "ask", "does heat help"]) == 2
        said = capsys.readouterr()
        assert (said.out, said.err) == ("", f"marigold: {folder} is no content pack: it has no pack.yaml.\n")


def test_a_foreign_folder_is_read_only_where_a_pack_has_something(pack: Path) -> None:
    (pack / "notes.txt").write_text("x", encoding="utf-8")
    (pack / "picture.png").write_bytes(b"\xff\xd8" * 2_000_000)
    (pack / "folder.md").mkdir()
    (pack / "gone.md").symlink_to(pack / "nowhere")
    (pack / "circle").symlink_to(pack)
    assert list(read_files(pack)) == ["entries/rest.md", "pack.yaml"]
    os.mkfifo(pack / "pipe.yaml")  # reading it would never end
    assert list(load_guide(pack).entries) == ["rest"]


def test_a_file_that_is_no_text_or_far_too_large_is_told_by_name(pack: Path) -> None:
    (pack / "notes.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BrokenContentError, match=r"^Content file notes\.md: can't be read \("):
        load_guide(pack)
    (pack / "notes.md").write_bytes(b"a" * (loading.MAX_FILE_BYTES + 1))
    with pytest.raises(BrokenContentError, match=r"^Content file notes\.md: larger than 2 MB\."):
        load_guide(pack)


def test_an_installation_without_its_content_says_install_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "__file__", str(tmp_path / "assistant" / "content.py"))
    with pytest.raises(NoContentError, match="The folder 'content' is missing from this installation"):
        shipped("content")
    (tmp_path / "content" / "product").mkdir(parents=True)
    with pytest.raises(NoContentError, match=r"The content file commands\.yaml is missing"):
        loading.load_commands()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a\n", "should be keys with values"),
        ("a: [\n", "not valid YAML"),
        ("a: 2024-13-45\n", "has a value in it that can't be used"),
    ],
)
def test_a_product_file_that_was_broken_is_told_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    shutil.copytree(shipped("content") / "product", tmp_path / "content" / "product")
    (tmp_path / "content" / "product" / "commands.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(loading, "__file__", str(tmp_path / "assistant" / "content.py"))
    with pytest.raises(BrokenContentError, match=rf"^Content file commands\.yaml: {told}"):
        loading.load_commands()
