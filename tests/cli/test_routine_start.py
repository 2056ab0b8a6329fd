"""``marigold routine start``: led to the end in a child process, and what is told where it can't be."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.cli import main as command_line
from assistant.content import load_content
from assistant.dialogue.events import Begin
from assistant.guide.model import Pad, Routine, Step, StepKind
from assistant.talking import Trial
from silent_machine import ROOT, TIMEOUT, command, marigold, silent_environment

SIX = ["press-and-rub", "hot-and-cold", "heating-pad", "stretch-and-hold", "sleep-on-back", "sleep-on-side"]
CUE = re.compile(r" *(\d+):(\d\d)  (\S.*)")
COUNTED = re.compile(r"(One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten|Halfway)\.|.* (minutes?|seconds?) left\.")
CONTENT = load_content()


def led(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("--typed", "routine", "start", *arguments),
        env=silent_environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
        cwd=ROOT,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, subprocess.CompletedProcess[str]]:
    """All six, 600 times as fast, with a closed keyboard; two at a time."""
    with ThreadPoolExecutor(2) as pool:
        asked = {
            name: pool.submit(led, tmp_path_factory.mktemp(name), name, "--speed", "600", "--silent") for name in SIX
        }
        return {name: run.result() for name, run in asked.items()}


def said(lines: list[str]) -> list[str]:
    return [line.removeprefix("Marigold: ") for line in lines if line.startswith("Marigold: ")]


def cues(lines: list[str]) -> list[tuple[int, str]]:
    found = [CUE.fullmatch(line) for line in lines]
    return [(int(m[1]) * 60 + int(m[2]), m[3]) for m in found if m]


def cue_texts(step: Step) -> tuple[str, ...]:
    asked_for = " ".join(CONTENT.phrases.say("say_off"))
    texts = (step.begin, step.done, step.again, step.skin_check, *step.check_ins, *step.alarm, asked_for)
    return tuple(text for text in texts if text)


def belongs(text: str, step: Step) -> bool:
    """Whether a cue is one of the step's; what follows its end may be said in one go."""
    rest = text
    for known in sorted(cue_texts(step), key=len, reverse=True):
        rest = rest.replace(known, "")
    return not rest.strip() or COUNTED.fullmatch(text) is not None


@pytest.mark.parametrize("name", SIX)
def test_it_runs_to_its_end_in_seconds(runs: dict[str, subprocess.CompletedProcess[str]], name: str) -> None:
    run = runs[name]
    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert all(line.startswith(("Marigold: ", "[")) or CUE.fullmatch(line) for line in lines)
    assert all(line.isprintable() for line in lines)
    routine = CONTENT.guide.routines[name]
    ends = routine.finish[-1] if routine.finish else routine.steps[-1].done
    last = ends if ends and routine.steps[-1].seconds is None else (routine.finish or ("That's all of it.",))[-1]
    assert said(lines)[-1].endswith(last)


@pytest.mark.parametrize("name", SIX)
def test_the_steps_come_in_their_order(runs: dict[str, subprocess.CompletedProcess[str]], name: str) -> None:
    routine = CONTENT.guide.routines[name]
    whole = " ".join(said(runs[name].stdout.splitlines()))
    places = [whole.find(text) for text in (*routine.before, *(step.say[0] for step in routine.steps))]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("name", SIX)
def test_the_cues_are_those_of_the_content_in_its_order(
    runs: dict[str, subprocess.CompletedProcess[str]], name: str
) -> None:
    routine = CONTENT.guide.routines[name]
    place = 0
    for _, text in cues(runs[name].stdout.splitlines()):
        place = next((i for i in range(place, len(routine.steps)) if belongs(text, routine.steps[i])), -1)
        assert place >= 0, text
    if all(step.kind in (StepKind.POSITION, StepKind.UNTIMED) for step in routine.steps):
        assert cues(runs[name].stdout.splitlines()) == []


def long_steps(routine: Routine) -> list[Step]:
    return [step for step in routine.steps if step.pad in (Pad.HEAT, Pad.COLD) or step.kind is StepKind.BREAK]


@pytest.mark.parametrize("name", ["hot-and-cold", "heating-pad"])
def test_every_clock_of_minutes_begins_aloud_at_zero(
    runs: dict[str, subprocess.CompletedProcess[str]], name: str
) -> None:
    steps = long_steps(CONTENT.guide.routines[name])
    begins = [(moment, text) for moment, text in cues(runs[name].stdout.splitlines()) if "starts now" in text]
    assert begins == [(0, step.begin) for step in steps]


def test_at_a_lower_speed_every_second_of_a_press_is_shown_where_it_belongs(tmp_path: Path) -> None:
    run = led(tmp_path, "press-and-rub", "--speed", "15", "--silent")
    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    press = CONTENT.guide.routines["press-and-rub"].steps[0]
    counted = cues(lines)
    assert counted[0] == (0, press.begin)
    assert (30, press.done) in counted or any(m == 30 and t.startswith(press.done or "-") for m, t in counted)
    assert [moment for moment, _ in counted] == sorted(moment for moment, _ in counted)


@pytest.mark.parametrize(
    ("given", "place"), [("warm", 0), ("1", 0), ("break", 1), (" Break ", 1), ("2", 1), ("cold", 2), ("3", 2)]
)
def test_a_step_is_named_by_its_id_or_its_number(monkeypatch: pytest.MonkeyPatch, given: str, place: int) -> None:
    asked: list[Trial | None] = []
    monkeypatch.setattr("assistant.cli.talk.talk_about", lambda *_, trial=None: asked.append(trial))
    assert command_line.run(["routine", "start", "hot-and-cold", "--from", given, "--speed", "2.5"]) == 0
    assert asked == [Trial(Begin("hot-and-cold", place), 2.5, silent=False)]


def test_it_begins_at_the_step_that_is_named(tmp_path: Path) -> None:
    run = led(tmp_path, "press-and-rub", "--from", "rub", "--speed", "600", "--silent")
    assert run.returncode == 0
    assert "Now rub gently" in said(run.stdout.splitlines())[0]
    assert "Press firmly on the sore spot, for 30 seconds." not in run.stdout


def test_a_closed_keyboard_is_no_fault(tmp_path: Path) -> None:
    words = " ".join(command("--typed", "routine", "start", "sleep-on-back", "--silent"))
    done = subprocess.run(
        ["sh", "-c", f"exec {words} --speed 600 <&-"],
        env=silent_environment(tmp_path),
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, "")


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = command_line.run(["routine", "start", *arguments])
    out, err = capsys.readouterr()
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    return err


@pytest.mark.parametrize("given", ["0", "0.5", "1001", "nan", "inf", "-inf", "fast", "", "1e9", "\x1b[31m"])
def test_a_wrong_speed_is_told_with_the_range(capsys: pytest.CaptureFixture[str], given: str) -> None:
    err = refused(capsys, "press-and-rub", f"--speed={given}", "--silent")
    assert err.startswith("marigold: --speed goes from 1 to 1000, not '")
    assert err.strip().isprintable()


@pytest.mark.parametrize("given", ["0", "3", "-1", "press now", "", "1.0", "²", "\x07"])
def test_a_wrong_step_is_told_with_the_steps(capsys: pytest.CaptureFixture[str], given: str) -> None:
    err = refused(capsys, "press-and-rub", f"--from={given}")
    assert err.startswith("marigold: There is no step '")
    assert err.endswith("' in press-and-rub. Its steps: 1 press, 2 rub.\n")
    assert err.strip().isprintable()


def test_a_near_routine_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "heat-pad") == "marigold: There is no routine 'heat-pad'. Near to it: heating-pad.\n"


def test_a_routine_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "ID" in refused(capsys)


def test_no_model_is_a_missing_part(tmp_path: Path) -> None:
    env = {**silent_environment(tmp_path), "VOSK_MODEL_PATH": str(tmp_path / "nowhere")}
    done = marigold("routine", "start", "press-and-rub", "--silent", "--speed", "600", env=env)
    assert (done.returncode, done.stdout) == (3, "")
    assert "VOSK_MODEL_PATH names" in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_a_speaker_that_is_not_there_is_wrong_input_unless_nothing_is_played(tmp_path: Path) -> None:
    env = silent_environment(tmp_path)
    done = marigold("--typed", "--speaker", "nope", "routine", "start", "sleep-on-back", "--speed", "600", env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "marigold: There is no speaker called 'nope'. There are: none at all.\n"
