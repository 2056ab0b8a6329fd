import json
import os
import time
from pathlib import Path

import pytest
from sample_models import EMBEDDED, TINY, copy_of_embedded, write_files

from assistant.hearing.models.probe import probe_model
from assistant.hearing.models.verify import DamagedModelError, verify_files


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return copy_of_embedded(tmp_path / "model")


def test_the_shipped_model_passes_and_is_not_tried_twice(model: Path) -> None:
    probe_model(model)
    began = time.monotonic()
    probe_model(model)
    assert time.monotonic() - began < 0.1


NEEDED = (
    "am/final.mdl",
    "conf/mfcc.conf",
    "conf/model.conf",
    "graph/Gr.fst",
    "graph/HCLr.fst",
    "graph/disambig_tid.int",
    "graph/phones/word_boundary.int",
    "graph/words.txt",
)


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("damage", ["missing", "empty", "half", "garbage"])
def test_damage_is_found_by_the_layout_or_by_the_child_and_never_ends_this_process(
    name: str, damage: str, model: Path
) -> None:
    data = (model / name).read_bytes()
    (model / name).unlink()
    if damage != "missing":
        changed = {"empty": b"", "half": data[: len(data) // 2], "garbage": bytes(range(7, 251)) * 8}[damage]
        (model / name).write_bytes(changed)
    problems = verify_files(model, None)
    if not problems:
        with pytest.raises(DamagedModelError, match=r"recogniser|load"):
            probe_model(model, timeout=20)


def test_a_crash_is_told_by_its_signal(model: Path) -> None:
    # Without its settings the model counts its frames wrong.
    (model / "conf/model.conf").write_bytes(b"")
    with pytest.raises(DamagedModelError, match="SIGABRT") as caught:
        probe_model(model)
    assert caught.value.exit_code == 3


def test_a_hang_is_ended(model: Path) -> None:
    # A search that gives up nothing: every word stays possible all the time.
    with (model / "conf/model.conf").open("a", encoding="utf-8") as settings:
        settings.write("--beam=10000\n--max-active=100000000\n--lattice-beam=1000\n")
    began = time.monotonic()
    with pytest.raises(DamagedModelError, match="doesn't load within 2 s"):
        probe_model(model, timeout=2)
    assert time.monotonic() - began < 10


def test_a_refusal_gives_the_recognisers_own_reason_fit_for_a_terminal(model: Path) -> None:
    (model / "am/final.mdl").write_bytes(b"\x1b[31m\x07" * 500)
    with pytest.raises(DamagedModelError, match="TransitionModel") as caught:
        probe_model(model)
    assert all(line.isprintable() for line in str(caught.value).splitlines())


def test_bad_results_are_not_remembered_and_changes_are_noticed(model: Path) -> None:
    probe_model(model)
    good = (model / "am/final.mdl").read_bytes()
    (model / "am/final.mdl").write_bytes(good[:1000])
    for _ in range(2):
        with pytest.raises(DamagedModelError):
            probe_model(model)
    (model / "am/final.mdl").write_bytes(good)
    probe_model(model)


def test_fresh_tries_again_what_is_remembered(model: Path) -> None:
    probe_model(model)
    path = model / "am/final.mdl"
    about = path.stat()
    path.write_bytes(bytes(about.st_size))
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    probe_model(model)
    with pytest.raises(DamagedModelError):
        probe_model(model, fresh=True)


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', "\x00"])
def test_a_broken_memory_is_no_obstacle(content: str, cache: Path) -> None:
    memory = cache / "marigold" / "probed-models.json"
    memory.parent.mkdir(parents=True)
    memory.write_text(content)
    probe_model(EMBEDDED)
    assert str(EMBEDDED) in json.loads(memory.read_text())


def test_a_cache_that_can_not_be_written_is_no_obstacle(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    probe_model(EMBEDDED)


def test_a_layout_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedModelError):
        probe_model(write_files(tmp_path / "tiny", TINY))


def test_a_stray_module_in_the_current_folder_is_not_run(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vosk.py").write_text("raise SystemExit('the stray one')")
    monkeypatch.chdir(tmp_path)
    probe_model(model)
