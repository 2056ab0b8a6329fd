"""What the live view shows, as lines of text that fit the terminal. Values only; `assistant.cli.live` draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from assistant.cli.big_time import ROWS, big_time, clock_time
from assistant.dialogue.view import RoutineView
from assistant.routines.run import Phase

BESIDE_FROM: Final = 60
"""Columns from which two routines stand side by side: a time of 20 minutes in digits two columns thick takes 29."""
BETWEEN: Final = 2
"""Columns between two routines."""
INSTRUCTION_LINES: Final = 3
"""For the longest first sentence of a step, beside another routine."""
EXACT_BELOW: Final = 100.0
"""Seconds to the next cue that are told as seconds; a longer wait reads better as minutes."""
A_LITTLE: Final = 0.05
"""Seconds by which a second is shown early, so that "Five." and the digit come together."""
_WORDS: Final = {
    Phase.WAITING: 'waiting for you: say "ready"',
    Phase.ANNOUNCED: "begins in a moment",
    Phase.RUNNING: "time left",
    Phase.GOING: 'no set time: say "next"',
    Phase.PAUSED: 'paused: say "go on"',
    Phase.OVER: "time is up",
}
_STYLES: Final = {
    Phase.WAITING: "bold yellow",
    Phase.ANNOUNCED: "bold yellow",
    Phase.RUNNING: "bold green",
    Phase.GOING: "bold green",
    Phase.PAUSED: "bold yellow",
    Phase.OVER: "bold red",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is to be seen. Its texts have no control characters."""

    views: tuple[RoutineView, ...]
    said: str = ""
    """What is being said, or was said last."""
    heard: str = ""
    heard_so_far: bool = False
    """``heard`` is not the whole of it."""
    notice: str = ""
    typed: str | None = None
    """What has been typed of a line; None where there is no keyboard to type on."""


def picture(scene: Scene, columns: int, lines: int) -> list[Text]:
    """Return exactly ``lines`` lines of at most ``columns`` columns."""
    beneath = _fitted(_beneath(scene, columns, max(3, lines // 3)), lines)
    room = lines - len(beneath)
    above = _beside(scene.views, columns, room) if columns >= BESIDE_FROM else _stacked(scene.views, columns, room)
    whole = [*above, *(Text() for _ in range(room - len(above))), *beneath]
    for line in whole:
        line.truncate(columns)
    return whole


def _beside(views: Sequence[RoutineView], columns: int, lines: int) -> list[Text]:
    if not views:
        return []
    each = (columns - BETWEEN * (len(views) - 1)) // len(views)
    blocks = [_block(view, each, lines) for view in views]
    rows = []
    for row in zip(*blocks, strict=True):
        line = Text()
        for place, part in enumerate(row):
            padded = part.copy()
            if place + 1 < len(row):
                padded.pad_right(each + BETWEEN - part.cell_len)
            line.append_text(padded)
        rows.append(line)
    return rows


def _stacked(views: Sequence[RoutineView], columns: int, lines: int) -> list[Text]:
    if not views:
        return []
    return [line for view in views for line in _block(view, columns, lines // len(views))]


def _block(view: RoutineView, columns: int, lines: int) -> list[Text]:
    """Return one routine in exactly ``lines`` lines; the fewer there are, the more is left out."""
    time = _time(view)
    title = Text(_cut(view.title, columns), style="bold")
    place = Text(_cut(f"{view.step}, step {view.number} of {view.steps}", columns), style="dim")
    words = Text(_cut(_words(view), columns), style=_STYLES[view.phase])
    bar = [_bar(view, columns)] if view.length else []
    cue = [Text(_cut(_next(view), columns))] if view.next_cue is not None and view.next_in is not None else []
    told = _wrapped(view.instruction, columns, INSTRUCTION_LINES)
    fixed = 3 + len(bar) + 1
    if time is None:
        digits: list[Text] = []
    elif lines < fixed + ROWS:
        digits = [Text(time, style=_STYLES[view.phase])]
    else:
        room = max(ROWS, lines - fixed - len(told) - 2)
        digits = [Text(line, style=_STYLES[view.phase]) for line in big_time(time, columns, room)]
    kept = [title, place, *digits, *bar, words, *cue]
    left_over = lines - len(kept)
    if left_over < 0:  # no room for all of it: the time, the words, then the rest
        return _least(title, digits, words, [*bar, *cue, place], lines)
    told = _wrapped(view.instruction, columns, min(left_over, INSTRUCTION_LINES))
    spare = left_over - len(told)
    blank = [Text()] if len(digits) > 1 and spare >= 2 else []
    whole = [title, place, *blank, *digits, *blank, *bar, words, *cue, *(Text(line) for line in told)]
    return [*whole, *(Text() for _ in range(lines - len(whole)))]


def _least(title: Text, digits: list[Text], words: Text, others: list[Text], lines: int) -> list[Text]:
    one = Text.assemble(*((digits[0], " ") if len(digits) == 1 else ()), words, "  ", title)
    return [one, *others][:lines]


def _time(view: RoutineView) -> str | None:
    """Return what the clock reads: time left, or time gone where there is no end; None without a clock."""
    if view.length is not None and view.left is not None:
        return clock_time(math.ceil(min(view.left, view.length) - A_LITTLE))
    if view.phase in (Phase.RUNNING, Phase.PAUSED) and view.elapsed > 0.0:
        return clock_time(view.elapsed + A_LITTLE)
    return None


def _words(view: RoutineView) -> str:
    if view.phase is Phase.RUNNING and view.length is None:
        return 'held so far: say "next"'
    if view.phase is Phase.OVER and view.length is not None and view.elapsed >= view.length + 1.0:
        return f"time is up since {clock_time(view.elapsed - view.length)}"
    return _WORDS[view.phase]


def _next(view: RoutineView) -> str:
    assert view.next_in is not None
    seconds = math.ceil(view.next_in - A_LITTLE)
    return f"in {f'{max(0, seconds)} s' if seconds < EXACT_BELOW else clock_time(seconds)}: {view.next_cue}"


def _bar(view: RoutineView, columns: int) -> Text:
    assert view.length
    done = round(columns * min(1.0, max(0.0, view.elapsed / view.length)))
    return Text.assemble(("━" * done, _STYLES[view.phase]), ("─" * (columns - done), "dim"))


def _beneath(scene: Scene, columns: int, lines: int) -> list[Text]:
    """Return what is said, heard and typed, in at most ``lines`` lines; the end of what is typed has to be seen."""
    heard = f"{scene.heard} ..." if scene.heard_so_far else scene.heard
    after = [Text(_cut(f"[{scene.notice}]", columns), style="dim")] if scene.notice else []
    after.append(Text(_cut(f"You: {heard}", columns), style="cyan"))
    if scene.typed is not None:
        room = max(1, columns - 3)
        shown = scene.typed if cell_len(scene.typed) <= room else _end(scene.typed, room)
        after.append(Text.assemble(("> ", "bold"), shown, "_"))
    said = _wrapped(f"Marigold: {scene.said}", columns, max(1, lines - len(after)))
    return [*(Text(line) for line in said), *after]


def _fitted(texts: list[Text], lines: int) -> list[Text]:
    """Return the last ones of ``texts``, where not all have room."""
    return texts[max(0, len(texts) - max(0, lines)) :]


def _wrapped(text: str, columns: int, lines: int) -> list[str]:
    """Return ``text`` in lines that break between words; the last one ends in "…" where there was more."""
    if lines <= 0:
        return []
    found, line = [], ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and cell_len(longer) > columns:
            found.append(line)
            line = word
        else:
            line = longer
    found.append(line)
    shown = [_cut(line, columns) for line in found[:lines]]
    if len(found) > lines and not shown[-1].endswith("…"):
        shown[-1] = f"{shown[-1]} …" if cell_len(shown[-1]) + 2 <= columns else _cut(f"{shown[-1]}…", columns)
    return shown


def _cut(text: str, columns: int) -> str:
    if cell_len(text) <= columns:
        return text
    return f"{set_cell_size(text, max(0, columns - 1)).rstrip()}…"


def _end(text: str, columns: int) -> str:
    while cell_len(text) > columns:
        text = text[1:]
    return text
