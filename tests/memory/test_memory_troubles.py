from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest
from memory_children import HOLDER, child, first_line, killed, snapshot

from assistant.memory import Memory, Preferences, lock, opening
from assistant.memory.database import ANOTHER_COPY

FULL_DISK = """
import json, resource, sqlite3
from memory_children import snapshot
memory = Memory(Path(sys.argv[1]))
memory.save(snapshot(0))
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
done = [memory.save(snapshot(number)) for number in range(1, 200)]
said = [memory.problem, memory.news(), memory.news(), memory.save(snapshot(200)), memory.news()]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps([done, said, memory.saved().snapshot, memory.save(snapshot(201)), memory.problem]), flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 KB."""
    if shutil.which("mount") is None:
        pytest.skip("there is no command to mount a small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "none", disk], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("no right to mount a small file system")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)  # also where a failed test has a file open


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 1024)
        except OSError:
            return filler


def saved_number(folder: Path) -> int:
    memory = Memory(folder)
    saved = memory.saved()
    memory.close()
    assert saved is not None
    return int(saved.snapshot["number"])


def test_it_is_at_home_in_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platformdirs, "user_data_dir", lambda name: str(tmp_path / "new" / name))
    memory = Memory()
    assert memory.save({"number": 1})
    memory.close()
    file = tmp_path / "new" / "marigold" / "routine.db"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_disk_that_is_full_for_a_while(small_disk: Path, tmp_path: Path) -> None:
    folder = small_disk / "memory"
    memory = Memory(folder)
    assert memory.save(snapshot(1))
    filler = fill(small_disk)
    last = 1
    while memory.save({"number": last + 1, "long": "0123456789abcdef" * 1000}):
        last += 1
        assert last < 20
    assert memory.problem == f"Can't write to {folder / 'routine.db'}: the disk is full."
    assert [memory.news(), memory.news()] == [memory.problem, None]
    assert not memory.save({"number": 1000, "long": "0123456789abcdef" * 1000})
    assert memory.news() is None  # told once
    shutil.copytree(folder, tmp_path / "copy")
    assert saved_number(tmp_path / "copy") == last
    filler.unlink()
    assert memory.save({"number": 2000, "long": "0123456789abcdef" * 1000})
    assert memory.problem is None
    memory.close()
    assert saved_number(folder) == 2000


@pytest.mark.parametrize("writes", [1, 10, 200])
def test_on_a_full_disk_the_room_of_the_log_is_used_again(small_disk: Path, writes: int) -> None:
    memory = Memory(small_disk)
    for number in range(writes):
        assert memory.save({"number": number})
    fill(small_disk)
    assert all(memory.save({"number": number}) for number in range(200, 400))
    memory.close()
    assert saved_number(small_disk) == 399


def test_on_a_full_disk_it_is_read_and_forgotten(small_disk: Path) -> None:
    memory = Memory(small_disk)
    assert memory.save({"number": 7, "who": "zebra-crossing"})
    memory.close()
    fill(small_disk)
    again = Memory(small_disk)
    saved = again.saved()
    assert saved is not None
    assert saved.snapshot["number"] == 7
    assert again.forget()
    assert again.saved() is None
    again.close()
    for file in small_disk.iterdir():
        assert b"zebra" not in file.read_bytes()


def test_a_disk_too_full_to_begin(small_disk: Path) -> None:
    fill(small_disk)
    memory = Memory(small_disk)
    assert not memory.save({"number": 1})
    assert "the disk is full" in str(memory.problem)
    assert memory.saved() is None
    memory.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no limits for a process's files")
@pytest.mark.parametrize("limit", [0, 20_000, 40_000, 100_000])
def test_files_that_may_not_grow(tmp_path: Path, limit: int) -> None:
    process = child(FULL_DISK, tmp_path, limit)
    out, complaint = process.communicate(timeout=30)
    assert out, complaint.decode()
    done, (problem, first, second, more, third), seen, at_last, problem_then = json.loads(out)
    assert not all(done) or limit > 40_000
    if not all(done):
        assert problem.startswith(f"Can't write to {tmp_path / 'routine.db'}: ")
        assert (first, second, more, third) == (problem, None, False, None)
    assert seen == snapshot(max((number for number, written in enumerate(done, 1) if written), default=0))
    assert at_last
    assert problem_then is None
    assert saved_number(tmp_path) == 201


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    for folder in (tmp_path / "data", tmp_path / "data" / "deeper"):
        memory = Memory(folder)
        assert str(memory.problem).startswith(f"Nothing can be kept in {folder}: ")
        assert memory.news() == memory.problem
        assert (memory.save({}), memory.keep(Preferences(rate=140)), memory.clear(), memory.forget()) == (False,) * 4
        assert memory.saved() is None
        assert memory.news() is None
        memory.close()
    assert (tmp_path / "data").read_text() == "mine"


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "routine.db" / "inside").mkdir(parents=True)
    memory = Memory(tmp_path)
    assert str(memory.problem).startswith(f"Nothing can be kept in {tmp_path / 'routine.db'}: ")
    assert not memory.save({})
    memory.close()
    assert (tmp_path / "routine.db" / "inside").is_dir()


@pytest.mark.parametrize("orderly", [True, False])
def test_a_disk_that_became_read_only_is_still_read(small_disk: Path, orderly: bool) -> None:
    """Some systems do that to a disk which they found damaged after a power cut."""
    if orderly:
        memory = Memory(small_disk)
        assert memory.save({"number": 5})
        assert memory.keep(Preferences(rate=140))
        memory.close()
    else:
        program = HOLDER.replace('{"held": True}', '{"number": 5}) and memory.keep(Preferences(rate=140)')
        holder = child(program, small_disk)
        assert first_line(holder) == b"held\n"
        killed(holder)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    again = Memory(small_disk)
    assert str(again.problem).startswith(f"Nothing can be kept in {small_disk}: ")
    saved = again.saved()
    assert saved is not None
    assert saved.snapshot == {"number": 5}
    assert again.preferences == Preferences(rate=140)
    assert not again.save({"number": 6})
    assert not again.forget()
    again.close()


def test_a_second_copy_keeps_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.1)
    holder = child(HOLDER, tmp_path)
    assert first_line(holder) == b"held\n"
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    second = Memory(tmp_path)
    assert second.problem == ANOTHER_COPY
    assert (second.save({"second": 1}), second.keep(Preferences(rate=140)), second.saved()) == (False, False, None)
    second.close()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    killed(holder)
    third = Memory(tmp_path)
    assert third.problem is None
    saved = third.saved()
    assert saved is not None
    assert saved.snapshot == {"held": True}
    third.close()


def test_two_in_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.0)
    first = Memory(tmp_path)
    second = Memory(tmp_path)
    assert (first.problem, second.problem) == (None, ANOTHER_COPY)
    second.close()
    assert first.save({"number": 1})
    first.close()
    third = Memory(tmp_path)
    assert third.problem is None
    third.close()


def test_a_copy_that_is_just_ending_is_waited_for(tmp_path: Path) -> None:
    holder = child(HOLDER, tmp_path)
    assert first_line(holder) == b"held\n"
    began = time.monotonic()
    ending = subprocess.Popen(["sh", "-c", f"sleep 0.2; kill -9 {holder.pid}"])
    memory = Memory(tmp_path)
    assert memory.problem is None
    assert time.monotonic() - began > 0.1
    memory.close()
    ending.wait()
    holder.communicate()


def test_another_program_that_has_it_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that knows nothing of our lock meets SQLite's."""
    monkeypatch.setattr(opening, "PATIENCE", 0.1)
    Memory(tmp_path).close()
    program = (
        "import sqlite3\nconnection = sqlite3.connect(Path(sys.argv[1]) / 'routine.db', isolation_level=None)\n"
        "connection.execute('BEGIN IMMEDIATE')\nos.write(1, b'held\\n')\nsys.stdin.read()"
    )
    holder = child(program, tmp_path)
    assert first_line(holder) == b"held\n"
    memory = Memory(tmp_path)
    assert memory.problem == f"Nothing can be kept in {tmp_path / 'routine.db'}: another program has it open."
    memory.close()
    killed(holder)
    again = Memory(tmp_path)
    assert again.problem is None
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        sqlite3.connect(tmp_path / "routine.db", timeout=0).execute("SELECT * FROM snapshots")
    again.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows doesn't remove open files")
@pytest.mark.parametrize("what", ["file", "log", "folder", "replaced"])
def test_files_that_are_removed_while_it_runs_are_begun_again(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "memory"
    memory = Memory(folder)
    assert memory.save({"number": 1})
    if what == "file":
        (folder / "routine.db").unlink()
    elif what == "log":
        (folder / "routine.db-wal").unlink()
    else:
        shutil.rmtree(folder)
    if what == "replaced":
        other = Memory(folder)
        assert other.save({"number": "other"})
        other.close()
    assert memory.save({"number": 2})
    shutil.copytree(folder, tmp_path / "copy")
    memory.close()
    for place in (folder, tmp_path / "copy"):
        assert saved_number(place) == 2


def test_locks_may_be_missing_on_a_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl", reason="Windows locks otherwise")

    def unsupported(file: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    memory = Memory(tmp_path)
    assert memory.problem is None
    assert memory.save({"number": 1})
    memory.close()
