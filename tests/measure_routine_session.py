"""Leads routines by voice on the virtual devices: ``python tests/measure_routine_session.py`` prints the transcript.

A synthetic person starts a routine, asks a question while its clock runs, pauses, goes on, asks for the time left,
adds a minute, goes to the next step and stops. Each line has the seconds since the first word.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from conversation import Conversation, conversation
from virtual_devices import virtual_devices

SESSION = (
    # (seconds to wait, what is said, what has to be printed after it)
    (6.0, "hey marigold start press and rub", r"^Marigold: Okay, pressing and rubbing"),
    (4.0, "next", r"^Marigold: Press firmly on the sore spot"),
    (9.0, "ready", r"Press now"),
    (4.0, "does heat help a spasm", r"^Marigold: The guide says yes, heat"),
    (5.0, "pause", r"(?i)^Marigold: Paused|You: +pause"),
    (4.0, "carry on", r"Going on"),
    (2.5, "how long is left", r"^Marigold: .*seconds? left"),
    (2.5, "add a minute", r"^Marigold: The guide's limit"),
    (9.0, "next", r"^Marigold: Let go now"),
    (8.0, "next", r"^Marigold: Well done"),
    (4.0, "start the heating pad", r"^Marigold: Okay, the heating pad"),
    (3.0, "next", r"^Marigold: Put the heating pad on"),
    (6.0, "ready", r"The time starts now"),
    (3.0, "how much longer", r"^Marigold: .*left"),
    (3.5, "stop", r"Stopped"),
)


def run(talk: Conversation, begun: float) -> list[str]:
    """Hold the session; return what went wrong."""
    wrong = []
    for wait, said, expected in SESSION:
        time.sleep(wait)
        before = len(talk.lines)
        ended = talk.ask(said)
        print(f"{ended - begun:7.2f}  > {said}", flush=True)
        try:
            line = talk.wait_for(expected, after=before, seconds=6.0)
        except AssertionError:
            wrong.append(f"{said}: no {expected!r}")
        else:
            print(f"{line.at - begun:7.2f}    {line.text} ({line.at - ended:+.2f} s)", flush=True)
    return wrong


def main() -> None:
    """Run the session."""
    with virtual_devices() as devices, tempfile.TemporaryDirectory() as home:
        with conversation(devices, Path(home)) as talk:
            begun = time.monotonic()
            wrong = run(talk, begun)
            time.sleep(3.0)
        print("\nAll that was printed:")
        print(*(f"{line.at - begun:7.2f}  {line.text}" for line in talk.lines), sep="\n")
        print("\nWrong:", *(wrong or ["nothing"]), sep="\n  ")


if __name__ == "__main__":
    main()
