"""The view of routines under way: what it shows at every size, and how it behaves on a terminal."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from assistant.cli import live
from assistant.cli.big_time import LARGEST, ROWS, big_time, clock_time
from assistant.cli.live import LiveTerminal, may_draw, open_screen
from assistant.cli.live_picture import Scene, picture
from assistant.cli.terminal import Terminal
from assistant.dialogue.view import RoutineView
from assistant.routines.run import Phase
from silent_machine import marigold, silent_environment

pytest.importorskip("termios", reason="needs a terminal of POSIX")

from terminal_child import ENTER_VIEW, LEAVE_VIEW, SHOW_CURSOR, on_terminal

from assistant.cli.keyboard import LONGEST_LINE, LineBeingTyped
from draw_routine_view import PLACE, drawing, two_clocks

PRESS = RoutineView(
    routine="press-and-rub",
    title="pressing and rubbing",
    step="press",
    number=1,
    steps=2,
    phase=Phase.RUNNING,
    instruction="Press firmly on the sore spot, for 30 seconds.",
    elapsed=12.2,
    left=17.8,
    length=30.0,
    next_cue="Halfway.",
    next_in=2.8,
)
PAD = replace(
    PRESS,
    routine="heating-pad",
    title="the heating pad",
    step="heat",
    steps=1,
    elapsed=300.0,
    left=600.0,
    length=900.0,
    instruction="Put the heating pad on, for 15 minutes.",
    next_cue="The heating pad: halfway.",
    next_in=150.0,
)
RUB = replace(PRESS, step="rub", number=2, phase=Phase.GOING, left=None, length=None, next_cue=None, next_in=None)

GOLDEN = """\
pressing and rubbing
press, step 1 of 2

██████     ██   ██████
██  ██ █ ████   ██  ██
██  ██     ██   ██████
██  ██ █   ██   ██  ██
██████   ██████ ██████

━━━━━━━━━━━━━━━━━━━━━━━━────────────────────────────────────
time left
in 3 s: Halfway.
Press firmly on the sore spot, for 30 seconds.



Marigold: Press now.
[The microphone is back.]
You: i am rea ...
> how long_
"""


def shown(scene: Scene, columns: int = 60, lines: int = 20) -> str:
    """Return what a console that prints into a file makes of the picture, without the blanks at the ends of lines."""
    console = Console(file=io.StringIO(), width=columns, height=lines, color_system=None)
    console.print(live._whole(picture(scene, columns, lines)))
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


# What it shows ---------------------------------------------------------------------------------------


def test_a_press_on_a_small_terminal() -> None:
    scene = Scene((PRESS,), "Press now.", "i am rea", heard_so_far=True, notice="The microphone is back.")
    assert shown(replace(scene, typed="how long")) == GOLDEN
    assert "> " not in shown(scene)


def test_two_clocks_stand_side_by_side_from_sixty_columns_on() -> None:
    first = shown(Scene((PAD, PRESS))).splitlines()
    assert first[0].split("  ")[0] == "the heating pad"
    assert first[0].endswith("pressing and rubbing")
    assert big_time("0:18", 29, ROWS)[0] in first[3]
    narrow = shown(Scene((PAD, PRESS)), 59).splitlines()
    assert narrow.index("the heating pad") < narrow.index("pressing and rubbing")
    assert big_time("10:00", 29, ROWS)[0] in first[3]


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (replace(PRESS, phase=Phase.WAITING), 'waiting for you: say "ready"'),
        (replace(PRESS, phase=Phase.ANNOUNCED), "begins in a moment"),
        (PRESS, "time left"),
        (replace(PRESS, phase=Phase.PAUSED), 'paused: say "go on"'),
        (replace(PRESS, phase=Phase.OVER, left=0.0, elapsed=30.0), "time is up"),
        (replace(PAD, phase=Phase.OVER, left=0.0, elapsed=942.0), "time is up since 0:42"),
        (RUB, 'no set time: say "next"'),
        (replace(RUB, phase=Phase.RUNNING, elapsed=45.0), 'held so far: say "next"'),
    ],
)
def test_the_phase_is_told_in_words(view: RoutineView, words: str) -> None:
    assert words in shown(Scene((view,))).splitlines()


def test_a_step_without_a_clock_has_no_digits_and_a_hold_counts_up() -> None:
    assert "█" not in shown(Scene((RUB,)))
    held = shown(Scene((replace(RUB, phase=Phase.RUNNING, elapsed=45.0),)))
    assert big_time("0:45", 60, 2 * ROWS)[0] in held.splitlines()
    assert "━" not in held


@pytest.mark.parametrize(
    ("left", "digits"), [(5.0, "0:05"), (4.99, "0:05"), (4.06, "0:05"), (4.04, "0:04"), (4.0, "0:04"), (30.8, "0:30")]
)
def test_a_digit_changes_on_its_spoken_second(left: float, digits: str) -> None:
    rows = big_time(digits, 60, 2 * ROWS)
    assert all(row.rstrip() in shown(Scene((replace(PRESS, left=left),))).splitlines() for row in rows)


@pytest.mark.parametrize("columns", [1, 2, 5, 20, 41, 59, 60, 61, 80, 200])
@pytest.mark.parametrize("views", [(), (PRESS,), (RUB,), (PAD, PRESS), (PAD, RUB)])
def test_it_fits_every_size(columns: int, views: tuple[RoutineView, ...]) -> None:
    long = "The guide says: " + "press firmly, 漢字 as well, " * 30 + "x" * 300
    for lines in (1, 2, 3, 4, 7, 10, 13, 20, 60):
        for typed in (None, "y" * 250):
            texts = picture(Scene(views, long, long, notice=long, typed=typed), columns, lines)
            assert len(texts) == lines
            assert all(text.cell_len <= columns for text in texts)
            assert not any("\n" in text.plain for text in texts)


def test_what_matters_stays_on_few_lines() -> None:
    few = shown(Scene((PRESS,), "Press now.", typed=""), 60, 5)
    assert few.splitlines()[0] == "0:18 time left  pressing and rubbing"
    assert "Marigold: Press now." in few


def test_the_end_of_what_is_typed_is_seen() -> None:
    assert shown(Scene((PRESS,), typed="a" * 100 + "end"), 60).splitlines()[-1].endswith("end_")


def test_digits_grow_with_the_terminal() -> None:
    sizes = ((60, 16), (60, 20), (200, 60))
    heights = [sum("█" in line for line in shown(Scene((PRESS,)), *size).splitlines()) for size in sizes]
    assert heights == [ROWS, 2 * ROWS, LARGEST * ROWS]


def test_times() -> None:
    assert [clock_time(s) for s in (-1.0, 0.0, 59.9, 60.0, 1200.0, 3605.0)] == [
        "0:00",
        "0:00",
        "0:59",
        "1:00",
        "20:00",
        "1:00:05",
    ]
    assert big_time("20:00", 10, 5) == ["20:00"]
    assert big_time("20:00", 60, 4) == ["20:00"]
    assert max(map(len, big_time("20:00", 29, 5))) == 29
    digits = ["\n".join(big_time(f"{n}", 10, 5)) for n in range(10)]
    assert len(set(digits)) == 10
    assert all(len(drawn.splitlines()) == ROWS for drawn in digits)


# What is typed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("ready\n", "ready"),
        ("readx\x7fy\n", "ready"),
        ("\x7f\x7fready\r", "ready"),
        ("stop it\x17\x17go on\n", "go on"),
        ("nonsense\x15pause\n", "pause"),
        ("\x1b[Are\x1b[1;5Da\x1bOPdy\x1bx\n", "ready"),
        ("re\x07\x00ady\t\x04\n", "ready"),
        ("a" * (LONGEST_LINE + 5) + "\n", "a" * LONGEST_LINE),
        ("\x04", "\x04"),
        ("né\n", "né"),
    ],
)
def test_a_line_is_edited_as_a_terminal_would(keys: str, line: str) -> None:
    typed = LineBeingTyped()
    ends = [typed.key(letter) for letter in keys]
    assert ends[-1] == line
    assert set(ends[:-1]) <= {None}


# Where it is drawn -----------------------------------------------------------------------------------


class Tty(io.TextIOWrapper):
    def __init__(self, encoding: str = "utf-8", *, isatty: bool = True) -> None:
        super().__init__(io.BytesIO(), encoding)
        self._isatty = isatty

    def isatty(self) -> bool:
        return self._isatty

    def written(self) -> str:
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()


@pytest.mark.parametrize(
    ("stdout", "environment", "columns", "draws"),
    [
        (Tty(), {"TERM": "xterm"}, 60, True),
        (Tty(), {"TERM": "xterm", "NO_COLOR": ""}, 41, True),
        (Tty(), {"TERM": "xterm"}, 40, False),
        (Tty(), {"TERM": "xterm", "NO_COLOR": "1"}, 60, False),
        (Tty(), {"TERM": "dumb"}, 60, False),
        (Tty(), {}, 60, False),
        (Tty("ascii"), {"TERM": "xterm"}, 60, False),
        (Tty(isatty=False), {"TERM": "xterm"}, 60, False),
        (None, {"TERM": "xterm"}, 60, False),
    ],
)
def test_lines_are_printed_where_nothing_can_be_drawn(
    monkeypatch: pytest.MonkeyPatch, stdout: Tty | None, environment: dict[str, str], columns: int, draws: bool
) -> None:
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.setenv("COLUMNS", str(columns))
    assert may_draw(environment) is draws


def test_a_pipe_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with open_screen(timings=False) as screen:
        assert type(screen) is Terminal
        screen.heard_so_far("how lo")
        screen.heard("how\x1b[2J long")
        screen.says("Fifteen\r\nminutes.")
    assert capsys.readouterr().out == "You:      how [2J long\nMarigold: Fifteen  minutes.\n"


def test_control_characters_never_reach_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Tty()
    monkeypatch.setattr(sys, "stdout", out)
    screen = LiveTerminal(timings=False, descriptor=None)
    evil = "a\x1b]0;gone\x07\x9b31m\u202eb"
    counts = partial(screen.counts, moment=None)
    for show in (screen.heard, screen.heard_so_far, screen.ignored, screen.says, screen.notice, counts):
        show(evil)
        seen = screen._said, screen._heard, screen._notice
        assert all(text.isprintable() for text in seen)
    own = out.written().replace("\r\x1b[K", "")
    assert all(letter.isprintable() or letter == "\n" for letter in own)
    assert (screen._said, screen._heard) == ("a ]0;gone  31m b", "(not for me: a ]0;gone  31m b)")


# On a terminal ---------------------------------------------------------------------------------------


def test_it_comes_with_the_routine_takes_typed_lines_fits_new_sizes_and_ends_cleanly(tmp_path: Path) -> None:
    surroundings = silent_environment(tmp_path)
    with on_terminal(surroundings, "--typed", "routine", "start", "press-and-rub", "--silent", "--from", "1") as on:
        before = on.mode()
        on.wait_for(lambda t: t.shows('waiting for you: say "ready"', columns=60, lines=20))
        assert on.mode() != before
        on.type("reads\x7f")
        on.wait_for(lambda t: t.shows("> read_"))
        on.type("y\n")
        on.wait_for(lambda t: t.shows("You: ready") and t.shows("time left") and t.shows("> _"))
        on.wait_for(lambda t: t.shows("Marigold: Press now."))
        on.resize(50, 15)
        on.wait_for(lambda t: t.shows("time left", columns=50, lines=15))
        on.resize(40, 15)
        on.wait_for(lambda t: t.written.count(LEAVE_VIEW) == 1)
        on.resize(60, 20)
        on.wait_for(lambda t: t.written.count(ENTER_VIEW) == 2)
        on.type("\x03")
        assert on.end() == 0
        assert on.mode() == before
        assert on.written.count(LEAVE_VIEW) == 2
        last = on.written.rpartition(LEAVE_VIEW)[2]
        assert SHOW_CURSOR in on.written[-len(last) - 30 :]
        assert "Traceback" not in on.written
    again = marigold("--typed", env=surroundings, text="stop\n")
    assert "I'm back" in again.stdout
    assert "pressing" in again.stdout


def test_the_talk_shows_it_too_and_prints_what_was_said_meanwhile(tmp_path: Path) -> None:
    with on_terminal(silent_environment(tmp_path), "--typed", columns=80, lines=24) as on:
        on.wait_for(lambda t: "Type your question" in t.written)
        assert ENTER_VIEW not in on.written
        before = on.mode()
        on.type("start the pressing\n")
        on.wait_for(lambda t: t.shows("press, step 1 of 2", columns=80, lines=24))
        on.type("next\nnext\nnext\n")
        on.wait_for(lambda t: LEAVE_VIEW in t.written and "Well done" in t.written.partition(LEAVE_VIEW)[2])
        printed = on.written.partition(LEAVE_VIEW)[2]
        assert printed.count("You:      next") == 3
        assert on.mode() == before
        on.type("does heat help\n\x04")
        on.wait_for(lambda t: t.written.rpartition("does heat help")[2].count("Marigold: ") >= 1)
        assert on.end() == 0


@pytest.mark.parametrize(("columns", "more"), [(40, {}), (60, {"TERM": "dumb"}), (60, {"NO_COLOR": "1"})])
def test_on_a_plain_terminal_it_runs_in_lines(tmp_path: Path, columns: int, more: dict[str, str]) -> None:
    arguments = ("--typed", "routine", "start", "sleep-on-back", "--silent", "--speed", "600")
    with on_terminal(silent_environment(tmp_path), *arguments, columns=columns, more=more) as on:
        assert on.end() == 0
        assert ENTER_VIEW not in on.written
        assert ("\x1b" in on.written) is (more.get("TERM") != "dumb")
        assert "Marigold: That's it. Rest well." in on.written


# The picture in the documents --------------------------------------------------------------------------


def test_the_picture_in_the_documents_is_the_one_that_is_drawn() -> None:
    assert PLACE.read_text(encoding="utf-8") == drawing(), "draw it anew: python tests/draw_routine_view.py"
    views, said = two_clocks()
    assert [(view.routine, view.phase) for view in views] == [
        ("heating-pad", Phase.RUNNING),
        ("press-and-rub", Phase.RUNNING),
    ]
    assert "left" in said


def test_the_picture_fetches_nothing() -> None:
    svg = PLACE.read_text(encoding="utf-8")
    assert "url(http" not in svg
    assert "@import" not in svg
    assert "<script" not in svg
    assert "href" not in svg
