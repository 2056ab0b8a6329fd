"""Draws the view of two routines under way into ``docs/routine-view.svg``: ``python tests/draw_routine_view.py``.

The state is a real one: the heating pad, beside it the pressing, led by the dialogue on a clock of numbers.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import MONOKAI

from assistant.cli.live_picture import Scene, picture
from assistant.content import load_content
from assistant.dialogue import events
from assistant.dialogue.advance import Dialogue
from assistant.dialogue.state import State
from assistant.dialogue.view import RoutineView, views_of
from assistant.understanding.meaning import Kind, Meaning

ROOT: Final = Path(__file__).resolve().parent.parent


PLACE: Final = ROOT / "docs" / "routine-view.svg"
COLUMNS: Final = 72
LINES: Final = 20
_FONT_RULE: Final = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)
"""Fetches a font from the network."""


def two_clocks() -> tuple[tuple[RoutineView, ...], str]:
    """Return what is to be seen 5 minutes into the heating pad and 12 seconds into a press, and what is being said."""
    content = load_content()
    dialogue = Dialogue(content.guide, content.phrases)
    state = State()

    def happen(event: events.Event, now: float) -> None:
        nonlocal state
        state, _ = dialogue.advance(state, event, now)

    def command(name: str, now: float) -> None:
        happen(events.Understood(Meaning(Kind.COMMAND, id=name, heard=name, score=1.0), typed=True), now)
        if state.speaking is not None:
            happen(events.SpeechEnded(state.speaking.utterance, True, len(state.speaking.sentences)), now)

    command("start:heating-pad", 0.0)
    command("yes", 0.0)
    command("start:press-and-rub", 280.0)
    command("yes", 281.0)
    command("yes", 289.2)
    for second in range(290, 303):
        happen(events.Tick(), float(second))
    happen(events.Understood(Meaning(Kind.COMMAND, id="remaining", heard="how long is left", score=1.0)), 302.0)
    assert state.speaking is not None
    return views_of(state, dialogue.timing, 302.4), " ".join(state.speaking.sentences)


def drawing() -> str:
    """Return the SVG; it fetches nothing."""
    views, said = two_clocks()
    scene = Scene(views, said=said, heard="how long is left", typed="")
    console = Console(width=COLUMNS, height=LINES, file=io.StringIO(), record=True, color_system="truecolor")
    for line in picture(scene, COLUMNS, LINES):
        console.print(line, no_wrap=True, crop=True, highlight=False)
    svg = console.export_svg(title="marigold", theme=MONOKAI, unique_id="marigold")
    return _FONT_RULE.sub("", svg).replace("Fira Code, monospace", "monospace")


if __name__ == "__main__":
    PLACE.write_text(drawing(), encoding="utf-8")
