from pathlib import Path

import pytest
from sample_models import OLDER, TINY, copy_of_embedded, fst, write_files

from assistant.hearing.models.locate import read_catalogue
from assistant.hearing.models.manifest import MANIFEST, write_manifest
from assistant.hearing.models.verify import DamagedModelError, verify_files

MARIGOLD = read_catalogue().require("marigold-en")


@pytest.mark.parametrize("files", [TINY, OLDER], ids=["newer", "older"])
def test_a_whole_model_of_either_layout_has_no_problems(files: dict[str, bytes], tmp_path: Path) -> None:
    assert verify_files(write_files(tmp_path, files), None) == []


@pytest.mark.parametrize("name", list(TINY))
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    write_files(tmp_path, TINY)
    (tmp_path / name).unlink()
    assert name in {problem.file for problem in verify_files(tmp_path, None)}


@pytest.mark.parametrize("name", [name for name in TINY if name != "ivector/online_cmvn.conf"])
def test_an_empty_file_is_named(name: str, tmp_path: Path) -> None:
    write_files(tmp_path, TINY)
    (tmp_path / name).write_bytes(b"")
    assert f"{name} is empty" in {str(problem) for problem in verify_files(tmp_path, None)}


@pytest.mark.parametrize("name", list(OLDER))
def test_a_missing_file_of_the_older_layout_is_named(name: str, tmp_path: Path) -> None:
    write_files(tmp_path, OLDER)
    (tmp_path / name).unlink()
    assert verify_files(tmp_path, None)


@pytest.mark.parametrize("name", ["graph/HCLr.fst", "graph/Gr.fst"])
@pytest.mark.parametrize("data", [b"<html>Please log in</html>", fst(output_symbols=True)[:20], b"x"])
def test_a_graph_that_is_none_is_named(name: str, data: bytes, tmp_path: Path) -> None:
    write_files(tmp_path, {**TINY, name: data})
    assert f"{name} is no graph (OpenFst)" in {str(problem) for problem in verify_files(tmp_path, None)}


def test_words_must_be_in_the_graph_or_beside_it(tmp_path: Path) -> None:
    write_files(tmp_path, {**TINY, "graph/Gr.fst": fst(output_symbols=False)})
    assert [str(problem) for problem in verify_files(tmp_path, None)] == ["graph/words.txt is missing"]
    write_files(tmp_path, {"graph/words.txt": b"<eps> 0\n"})
    assert verify_files(tmp_path, None) == []


def test_a_model_without_i_vectors_needs_none(tmp_path: Path) -> None:
    write_files(tmp_path, {name: data for name, data in TINY.items() if not name.startswith("ivector")})
    assert verify_files(tmp_path, None) == []


def test_an_empty_folder_and_no_folder_are_no_models(tmp_path: Path) -> None:
    assert verify_files(tmp_path, None)
    assert verify_files(tmp_path / "gone", None)


@pytest.mark.parametrize("file", MARIGOLD.files, ids=lambda file: file.path)
def test_one_changed_byte_of_the_shipped_model_is_found_by_its_hash(file: object, tmp_path: Path) -> None:
    path = copy_of_embedded(tmp_path) / str(getattr(file, "path", ""))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert verify_files(tmp_path, MARIGOLD) == []
    assert [problem.file for problem in verify_files(tmp_path, MARIGOLD, hashes=True)] == [
        path.relative_to(tmp_path).as_posix()
    ]


@pytest.mark.parametrize("file", MARIGOLD.files, ids=lambda file: file.path)
def test_a_truncated_file_of_the_shipped_model_is_found_without_hashes(file: object, tmp_path: Path) -> None:
    path = copy_of_embedded(tmp_path) / str(getattr(file, "path", ""))
    path.write_bytes(path.read_bytes()[:-1])
    problems = verify_files(tmp_path, MARIGOLD)
    assert len(problems) == 1
    assert "should have" in problems[0].what


def test_a_list_written_at_installation_finds_later_damage(tmp_path: Path) -> None:
    write_files(tmp_path, TINY)
    write_manifest(tmp_path)
    assert verify_files(tmp_path, None, hashes=True) == []
    (tmp_path / "am/final.mdl").write_bytes(b"<Transiti0nModel>")
    assert verify_files(tmp_path, None) == []
    assert [problem.file for problem in verify_files(tmp_path, None, hashes=True)] == ["am/final.mdl"]
    (tmp_path / "am/final.mdl").write_bytes(b"<Trans")
    assert [problem.file for problem in verify_files(tmp_path, None)] == ["am/final.mdl"]


def test_an_unreadable_list_leaves_the_check_of_the_layout(tmp_path: Path) -> None:
    write_files(tmp_path, {**TINY, MANIFEST: b'[{"path": "../../etc/passwd"}]'})
    assert verify_files(tmp_path, None, hashes=True) == []


def test_the_message_names_the_first_problem_and_what_to_do(tmp_path: Path) -> None:
    problems = verify_files(write_files(tmp_path, {"am/final.mdl": b""}), None)
    message = str(DamagedModelError(tmp_path, problems))
    assert "am/final.mdl is empty and " in message
    assert "marigold models get" in message
    assert len(message.splitlines()) == 2
