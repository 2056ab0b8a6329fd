"""The view of routines under way on a terminal: it comes with a routine, renews itself, and goes with it.

It has the whole screen meanwhile; what was said in that time is printed when it goes. Elsewhere (a pipe, a narrow or
plain terminal) all is printed line by line.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TextIO, cast

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from assistant.cli.keyboard import Keyboard, can_be_drawn_into
from assistant.cli.live_picture import Scene, picture
from assistant.cli.terminal import Terminal, clean
from assistant.dialogue.view import RoutineView

NARROW: Final = 40
"""Columns up to which lines are printed and nothing is drawn: neither the digits nor the words have room."""
LOOK_EVERY: Final = 0.125
"""Seconds between two looks at the clocks: a digit changes soon after its second, at next to no cost."""
ENDING_SECONDS: Final = 2.0
"""... that are given to the drawing thread to end: a terminal that hangs must not keep the program."""
KEPT_LINES: Final = 500
"""Lines of the conversation that are printed when the view goes: hours of it."""
_LETTERS: Final = "█━─…"
_PLAIN_TERMINALS: Final = ("", "dumb", "unknown")


def may_draw(environment: Mapping[str, str]) -> bool:
    """Return whether standard output is a terminal that can be drawn on, and is wanted to be."""
    stdout = sys.stdout
    if stdout is None or not stdout.isatty() or environment.get("NO_COLOR"):
        return False
    try:
        _LETTERS.encode(stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return environment.get("TERM", "") not in _PLAIN_TERMINALS and Console(file=stdout).width > NARROW


@contextlib.contextmanager
def open_screen(*, timings: bool) -> Iterator[Terminal]:
    """Give the screen that fits standard output; the terminal is as before afterwards, whatever happens."""
    stdin, screen = sys.stdin, Terminal(timings=timings)
    typed_on = stdin is not None and not stdin.closed and stdin.isatty()
    # Where the keyboard's echo can't be switched off, the view and what is typed would write over each other.
    if may_draw(os.environ) and (not typed_on or can_be_drawn_into(stdin)):
        screen = live = LiveTerminal(timings=timings, descriptor=stdin.fileno() if typed_on else None)
        if live.keyboard is not None:
            sys.stdin = cast(TextIO, live.keyboard)
    try:
        yield screen
    finally:
        sys.stdin = stdin
        screen.close()


class LiveTerminal(Terminal):
    """Prints the conversation, and shows routines as long as any is under way. A thread of its own draws."""

    def __init__(self, *, timings: bool, descriptor: int | None) -> None:
        """``descriptor``: of the terminal that is typed on, None without one."""
        super().__init__(timings=timings)
        self.keyboard = None if descriptor is None else Keyboard(descriptor, self._changed, self.heard)
        self._console = Console(file=sys.stdout, highlight=False)
        self._views: Callable[[], tuple[RoutineView, ...]] = tuple
        self._said = self._heard = self._notice = ""
        self._so_far = False
        self._kept: deque[str] = deque(maxlen=KEPT_LINES)
        self._shown: Live | None = None
        self._drawn: tuple[object, ...] = ()
        self._lock = threading.RLock()
        """Held for moments only, never while a picture is drawn: a slow terminal must not hold up the conversation."""
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._drawer = threading.Thread(target=self._run, name="view", daemon=True)

    # From any thread -------------------------------------------------------------------------------

    def watch(self, views: Callable[[], tuple[RoutineView, ...]]) -> None:
        """Show the routines that ``views`` gives, as long as there are any."""
        super().watch(views)
        self._views = views
        self._drawer.start()

    def heard_so_far(self, text: str) -> None:
        """Show a partial result."""
        with self._lock:
            self._heard, self._so_far = clean(text), True
            if self._shown is None:
                super().heard_so_far(text)
        self._changed()

    def heard(self, text: str) -> None:
        """Show what was heard, or typed into the view."""
        with self._lock:
            self._heard, self._so_far = clean(text), False
            super().heard(text)

    def ignored(self, text: str) -> None:
        """Show what was not taken as meant for the assistant."""
        with self._lock:
            self._heard, self._so_far = f"(not for me: {clean(text)})", False
            super().ignored(text)

    def says(self, text: str) -> None:
        """Show what is being said."""
        with self._lock:
            self._said, self._notice = clean(text), ""
            super().says(text)

    def counts(self, text: str, moment: float | None) -> None:
        """Show a cue."""
        with self._lock:
            self._said = clean(text)
            kept = tuple(self._kept)
            super().counts(text, moment)
            if self._shown is not None:  # the view shows it on its second; later nobody needs it
                self._kept = deque(kept, maxlen=KEPT_LINES)

    def notice(self, text: str) -> None:
        """Show a message about the assistant itself."""
        with self._lock:
            self._notice = clean(text)
            super().notice(text)

    def close(self) -> None:
        """Leave the terminal as it was: cursor, echo, and what stood on it."""
        self._closing.set()
        self._wake.set()
        if self._drawer.is_alive():
            self._drawer.join(ENDING_SECONDS)
        if self.keyboard is not None:
            self.keyboard.give_back()

    def _line(self, text: str) -> None:
        if self._shown is None:
            super()._line(text)
        else:
            self._kept.append(text)
        self._changed()

    def _changed(self) -> None:
        self._wake.set()

    # The thread that draws ---------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._look()
                self._wake.wait(LOOK_EVERY)
                self._wake.clear()
        except OSError:
            return  # the terminal is gone; the routine goes on without it
        finally:
            with contextlib.suppress(OSError):
                self._hide()

    def _look(self) -> None:
        views = self._views()
        columns, lines = self._console.size
        wanted = bool(views) and columns > NARROW
        if wanted and self._shown is None:
            self._show()
        elif not wanted and self._shown is not None:
            self._hide()
        if self._shown is not None:
            self._draw(self._shown, views, columns, lines)

    def _show(self) -> None:
        with self._lock:
            if self.keyboard is not None:
                self.keyboard.take_over()
            to_terminal = sys.stderr is not None and sys.stderr.isatty()
            self._shown = Live(
                console=self._console,
                screen=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=to_terminal,
            )
            self._drawn = ()
            self._shown.start()

    def _hide(self) -> None:
        """Let the view go, and print what was said meanwhile."""
        with self._lock:
            shown, self._shown = self._shown, None
            if shown is None:
                return
            shown.stop()
            if self.keyboard is not None:
                self.keyboard.give_back()
            kept, self._kept = self._kept, deque(maxlen=KEPT_LINES)
            for line in kept:
                super()._line(line)

    def _draw(self, shown: Live, views: tuple[RoutineView, ...], columns: int, lines: int) -> None:
        """Draw, where anything is to be seen otherwise than before."""
        with self._lock:
            typed = self.keyboard.text if self.keyboard is not None else None
            scene = Scene(views, self._said, self._heard, self._so_far, self._notice, typed)
        texts = picture(scene, columns, lines)
        look = (columns, *(line.markup for line in texts))
        if look != self._drawn:
            self._drawn = look
            shown.update(_whole(texts), refresh=True)


def _whole(lines: list[Text]) -> Group:
    for line in lines:
        line.no_wrap, line.overflow = True, "crop"
    return Group(*lines)
