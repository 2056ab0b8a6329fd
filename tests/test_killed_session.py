"""kill -9 at random instants of a session: nothing lost, nothing said twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from killed_session import SPEED, judged, killed_session

KILLS = 6
"""Of 200 that are tried by hand (docs/routines.md)."""


@pytest.mark.timeout(180)
def test_kill_9_loses_nothing_and_repeats_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verdict = killed_session(KILLS, tmp_path, seed=20)
    with capsys.disabled():
        print(f"\n  {verdict}")
    assert verdict.lost == []
    assert verdict.twice == []
    assert verdict.cues > 0
    assert verdict.with_clock > 0, "no kill while a clock ran: it showed nothing"


def _log(path: Path, *lines: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def _state(at: float, elapsed: float, step: int = 0, length: float = 900.0) -> dict[str, object]:
    return {"at": at, "state": [["heating-pad", step, "running", elapsed, length, True]]}


def test_a_log_with_a_loss_or_a_repetition_is_found_out(tmp_path: Path) -> None:
    begin: list[dict[str, object]] = [{"at": 0.0, "start": 1}, {"at": 0.0, "begin": "heating-pad"}, _state(1.0, 10.0)]
    again: dict[str, object] = {"at": 2.0, "start": 2}
    cue: dict[str, object] = {"at": 1.0, "cue": "heating-pad/0/half-450"}
    right = judged(_log(tmp_path / "a", *begin, cue, again, _state(3.0, 10.0 + 2.0 * SPEED)), 1)
    assert (right.lost, right.twice, right.with_clock) == ([], [], 1)
    assert judged(_log(tmp_path / "b", *begin, again, _state(3.0, 10.0)), 1).lost
    assert judged(_log(tmp_path / "c", *begin, again, {"at": 3.0, "state": []}), 1).lost
    assert judged(_log(tmp_path / "d", *begin, again, _state(3.0, 90.0, length=600.0)), 1).lost
    assert judged(_log(tmp_path / "e", *begin, cue, again, cue), 1).twice
