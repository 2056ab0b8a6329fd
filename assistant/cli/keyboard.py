"""The keyboard while the view is drawn: lines are typed into the view, and not by the terminal over it."""

from __future__ import annotations

import codecs
import io
import os
import threading
from collections.abc import Callable
from typing import Any, Final

try:
    import termios
except ImportError:  # Windows
    termios = None  # type: ignore[assignment]

END_OF_INPUT: Final = "\x04"
_ERASE: Final = ("\x7f", "\x08")
_KILL: Final = "\x15"
_ERASE_WORD: Final = "\x17"
_ESCAPE: Final = "\x1b"
LONGEST_LINE: Final = 1000
"""Letters; more is no question, but a cat on the keyboard."""


def can_be_drawn_into(stream: object) -> bool:
    """Return whether ``stream`` is a keyboard whose echo can be switched off."""
    isatty = getattr(stream, "isatty", None)
    return termios is not None and not getattr(stream, "closed", True) and isatty is not None and isatty()


class LineBeingTyped:
    """A line as it is typed: letters, backspace, Ctrl-U and Ctrl-W. Keys that send more than a letter do nothing."""

    def __init__(self) -> None:
        self.text = ""
        self._in_sequence = ""

    def key(self, letter: str) -> str | None:
        """Take a letter in; return the whole line where it ended one. End of input is `END_OF_INPUT` alone."""
        if self._in_sequence:
            self._sequence(letter)
        elif letter == _ESCAPE:
            self._in_sequence = letter
        elif letter in ("\n", "\r"):
            whole, self.text = self.text, ""
            return whole
        elif letter == END_OF_INPUT:
            return END_OF_INPUT if not self.text else None
        elif letter in _ERASE:
            self.text = self.text[:-1]
        elif letter == _KILL:
            self.text = ""
        elif letter == _ERASE_WORD:
            self.text = self.text.rstrip().rpartition(" ")[0]
            self.text += " " if self.text else ""
        elif letter.isprintable() and len(self.text) < LONGEST_LINE:
            self.text += letter
        return None

    def _sequence(self, letter: str) -> None:
        """Leave out what an arrow key sends: ESC [ ... letter, ESC O letter, or ESC and one letter."""
        begin = self._in_sequence
        self._in_sequence += letter
        if begin == _ESCAPE and letter in ("[", "O"):
            return
        if begin == _ESCAPE or begin.endswith("O") or "@" <= letter <= "~":
            self._in_sequence = ""


class Keyboard(io.TextIOBase):
    """Stands in for standard input, which is a terminal: gives whole lines, and shows the one that is being typed.

    Until `take_over` and after `give_back` the terminal itself echoes and edits, as usual.
    """

    def __init__(self, descriptor: int, changed: Callable[[], None], entered: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._changed = changed
        self._entered = entered
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._line = LineBeingTyped()
        self._pending = ""
        self._ended = False
        self._lock = threading.Lock()
        self._usual: list[Any] | None = None

    @property
    def text(self) -> str:
        """What has been typed of the line."""
        return self._line.text

    def fileno(self) -> int:
        """Return the terminal's descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return True."""
        return True

    def readable(self) -> bool:
        """Return True."""
        return True

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]  # noqa: ARG002 - whole lines only
        """Wait for a line and return it with its end; nothing at the end of input."""
        while not self._ended:
            if not self._pending:
                got = os.read(self._descriptor, 1024)
                if not got:
                    self._ended = True
                    break
                self._pending = self._decoder.decode(got)
            letters, self._pending = self._pending, ""
            for place, letter in enumerate(letters):
                line = self._line.key(letter)
                if line is None:
                    continue
                if line == END_OF_INPUT:
                    self._ended = True
                    return ""
                self._pending = letters[place + 1 :]
                if self.taken:
                    self._entered(line)
                return f"{line}\n"
            self._changed()
        return ""

    @property
    def taken(self) -> bool:
        """Whether the view shows what is typed."""
        return self._usual is not None

    def take_over(self) -> None:
        """Let the terminal neither echo nor edit. Ctrl-C goes on to end the program; Ctrl-Z would stop the clocks."""
        with self._lock:
            if self._usual is not None:
                return
            mode = termios.tcgetattr(self._descriptor)
            self._usual = [*mode[:6], list(mode[6])]
            mode[0] &= ~termios.IXON  # Ctrl-S would hold what is drawn
            mode[3] &= ~(termios.ICANON | termios.ECHO)
            mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
            mode[6][termios.VSUSP] = os.fpathconf(self._descriptor, "PC_VDISABLE").to_bytes(1, "big")
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, mode)

    def give_back(self) -> None:
        """Let the terminal echo and edit again."""
        with self._lock:
            usual, self._usual = self._usual, None
            if usual is not None:
                termios.tcsetattr(self._descriptor, termios.TCSADRAIN, usual)
