"""Anything that can happen while routines are led, for hypothesis to put together."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import Phase as Stage
from hypothesis import strategies as st
from simulated import Machine, asked, flagged

from assistant.dialogue.actions import Action
from assistant.dialogue.events import Understood
from assistant.understanding.meaning import Kind, Meaning


@dataclass(frozen=True, slots=True)
class Move:
    """After ``wait`` seconds something happens: a command, ``sleep``, ``kill``, or another event."""

    wait: float
    name: str
    seconds: float | None = None
    heard: str | None = None

    def __str__(self) -> str:
        return f"{self.wait:g} {self.name} {self.seconds or ''} {self.heard or ''}".strip()


ROUTINES = ("press-and-rub", "hot-and-cold", "heating-pad", "stretch-and-hold", "sleep-on-back", "sleep-on-side")
_OFTEN = (
    "resume",
    "resume",
    "resume",
    "next",
    "yes",
    "yes",
    "pause",
    "back",
    "restart",
    "stop",
    "acknowledge",
    "extend",
)
_SELDOM = (
    "repeat", "remaining", "no", "help", "which-step", "more", "louder", "quieter", "slower", "faster", "voice",
    "forget", "cadence:quiet", "cadence:normal", "cadence:often", "tick:on", "tick:off", "ask", "flag:ASK", "flag:D",
    "flag:STOP", "flag:E", "quiet", "hush", "cleared",
)  # fmt: skip
_HEARD = st.sampled_from([None, None, None, "the pad", "the press", "both", "the stretch"])
_WAITS = st.one_of(
    st.floats(0.0, 2.0),
    st.floats(0.0, 40.0),
    st.floats(0.0, 1300.0),
    st.sampled_from([0.0, 0.5, 30.0, 300.0, 600.0, 900.0, 1200.0]),
)
_LENGTHS = st.one_of(st.none(), st.floats(-1200.0, 1200.0), st.sampled_from([5.0, 10.0, 60.0, 300.0, -60.0, -300.0]))
_NAMES = st.one_of(
    st.sampled_from(_OFTEN), st.sampled_from(_OFTEN), st.sampled_from(_SELDOM),
    st.sampled_from([f"start:{name}" for name in ROUTINES]),
)  # fmt: skip


def conversations(number: int) -> settings:
    """Return settings for a test of so many conversations. They aren't shrunk: that takes minutes."""
    stages = (Stage.explicit, Stage.reuse, Stage.generate)
    return settings(max_examples=number, deadline=None, phases=stages, suppress_health_check=list(HealthCheck))


def moves(*more: str, longest: int = 22) -> st.SearchStrategy[list[Move]]:
    """Return lists of what happens, from the start of a routine on; ``more``: "sleep" or "kill" among it."""
    names = st.one_of(_NAMES, _NAMES, _NAMES, _NAMES, st.sampled_from(more)) if more else _NAMES
    move = st.builds(Move, _WAITS, names, _LENGTHS, _HEARD)
    first = st.sampled_from([Move(0.0, f"start:{name}") for name in ROUTINES])
    return st.builds(lambda begin, then: [begin, *then], first, st.lists(move, max_size=longest))


LATENESS = st.lists(st.sampled_from([0.0, 0.0, 0.001, 0.01, 0.05, 0.2, 0.4]), min_size=1, max_size=5).map(tuple)
"""Delays of ticks: a busy small machine."""


def make(machine: Machine, move: Move) -> list[Action]:
    """Let ``move`` happen now."""
    if move.name == "sleep":
        machine.sleeps(abs(move.seconds or 1.0))
        return []
    if move.name == "kill":
        machine.is_killed(abs(move.seconds or 1.0))
        return []
    if move.name == "quiet":
        machine.is_quiet()
        return []
    if move.name == "hush":
        return machine.happens(Understood(Meaning(Kind.SILENCE, addressed=True)))
    if move.name == "cleared":
        return machine.happens(Understood(Meaning(Kind.UNKNOWN, heard="i have been checked", addressed=True)))
    if move.name == "ask":
        return machine.happens(asked("heat-for-a-spasm"))
    if move.name.startswith("flag:"):
        return machine.happens(flagged("R00", move.name.removeprefix("flag:")))
    seconds = move.seconds if move.name == "extend" else None
    return machine.does(move.name, move.heard, seconds)


def played(happening: list[Move], **how: object) -> Machine:
    """Return the machine after all that, and a while more."""
    machine = Machine(**how)  # type: ignore[arg-type]
    for move in happening:
        machine.passes(move.wait)
        make(machine, move)
    machine.passes(90.0)
    return machine
