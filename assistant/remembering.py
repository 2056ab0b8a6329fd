"""Keeps what must survive a power cut: routines at each change, and how the person likes the voice and the counting.

The order matters: what is about to be said is on the disk before it is said. So after a power cut nothing is lost,
and nothing is said twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from assistant.dialogue.events import Returned, Slept
from assistant.dialogue.kept import Kept, kept_of
from assistant.dialogue.state import State
from assistant.memory.clocks import SleepWatch, WallWatch, anchor_now, seconds_between
from assistant.memory.memory import Memory
from assistant.routines.plan import Cadence, Lengths

_KEPT: Final = TypeAdapter(Kept)
ALIVE_EVERY: Final = 10.0
"""Seconds between two writings of a state that has not changed: a small page each, and "I was off for a minute" is
right within them."""
_log = logging.getLogger(__name__)


class Remembering:
    """Writes the state down and reads it back. Without a memory (None) it does nothing."""

    def __init__(
        self, memory: Memory | None, speed: float = 1.0, also_forget: Callable[[], None] = lambda: None
    ) -> None:
        """Take the memory, and how many times faster than time the conversation's clock runs.

        ``also_forget`` erases what is known about the person elsewhere.
        """
        self._memory = memory
        self._also_forget = also_forget
        self._speed = speed
        self._saved = float("-inf")
        """When the state was written last, on the conversation's clock."""
        self._sleep = SleepWatch()
        self._wall = WallWatch()

    # At the start ------------------------------------------------------------------------------------

    def started(self, state: State) -> State:
        """Return ``state`` with what the person chose at an earlier time."""
        if self._memory is None:
            return state
        chosen = self._memory.preferences
        rate = chosen.rate or state.rate
        return replace(
            state,
            rate=rate,
            volume=chosen.volume or state.volume,
            cadence=Cadence(chosen.cadence) if chosen.cadence else state.cadence,
            tick=state.tick if chosen.tick is None else chosen.tick,
            voice=chosen.voice,
            last_routine=chosen.last_routine,
            lengths=Lengths(rate=rate),
        )

    def returned(self) -> Returned | None:
        """Return what was under way when the assistant was ended, or None."""
        saved = self._memory.saved() if self._memory is not None else None
        if saved is None:
            return None
        try:
            kept = _KEPT.validate_python(saved.snapshot.get("kept"))
        except ValidationError as fault:
            _log.warning("What was kept can't be used: %s", fault.error_count())
            return None
        if not kept.runs and not kept.exposures:
            return None
        away = seconds_between(saved.anchor, anchor_now())
        return Returned(kept, None if away is None else away * self._speed)

    # At each change ------------------------------------------------------------------------------------

    def changed(self, before: State, after: State, now: float) -> None:
        """Write down what has changed from one state to the next."""
        if self._memory is None:
            return
        if (before.runs, before.exposures, before.flagged) != (after.runs, after.exposures, after.flagged):
            self._save(after, now)
        if _chosen(before) != _chosen(after):
            kept = self._memory.preferences
            changes = {key: value for key, value in _chosen(after).items() if value != _chosen(before)[key]}
            self._memory.keep(replace(kept, **changes))

    def time_went_on(self, state: State, now: float) -> Slept | None:
        """Return that the machine slept, where it did.

        A wall clock that was set makes the state be written anew; and now and then it is written anyway, so that it
        can be told how long the assistant was off.
        """
        if self._memory is not None and state.runs and (self._wall.jumped() or now - self._saved >= ALIVE_EVERY):
            self._save(state, now)
        slept = self._sleep.slept()
        return Slept(slept * self._speed) if slept > 0.0 else None

    def forget(self) -> bool:
        """Erase all that is known about the person; return whether nothing is left of it."""
        self._also_forget()
        return self._memory is None or self._memory.forget()

    def news(self) -> str | None:
        """Return what is wrong with the memory, each problem once."""
        return self._memory.news() if self._memory is not None else None

    def _save(self, state: State, now: float) -> None:
        assert self._memory is not None
        self._saved = now
        kept = kept_of(state, now)
        if not kept.runs and not kept.exposures:
            self._memory.clear()
            return
        self._memory.save({"kept": _KEPT.dump_python(kept, mode="json"), "ends": _ends(state, now)})

    def close(self) -> None:
        """Close the memory."""
        if self._memory is not None:
            self._memory.close()


def _ends(state: State, now: float) -> dict[str, float]:
    """Return when each running clock ends, by the wall clock (Unix time), for whoever looks into the file."""
    wall = time.time()
    return {
        run.routine: round(wall + run.clock.left(now), 3)
        for run in state.runs
        if run.clock.runs and run.clock.length is not None
    }


def _chosen(state: State) -> dict[str, Any]:
    return {
        "rate": state.rate,
        "volume": state.volume,
        "cadence": state.cadence.value,
        "tick": state.tick,
        "voice": state.voice,
        "last_routine": state.last_routine,
    }
