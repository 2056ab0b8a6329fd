"""What survives a power cut: the state of a running routine, and what the person chose. Imports nothing of ours."""

from assistant.memory.clocks import Anchor, SleepWatch, WallWatch, anchor_now, seconds_between
from assistant.memory.journal import Saved
from assistant.memory.memory import Memory
from assistant.memory.preferences import Cadence, Preferences

__all__ = [
    "Anchor",
    "Cadence",
    "Memory",
    "Preferences",
    "Saved",
    "SleepWatch",
    "WallWatch",
    "anchor_now",
    "seconds_between",
]
