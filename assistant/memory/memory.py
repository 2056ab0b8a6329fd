"""What is known from one start to the next: the running state, and what the person chose. Nothing that was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import platformdirs

from assistant.memory.clocks import Anchor, anchor_now
from assistant.memory.database import Database
from assistant.memory.journal import Journal, Saved
from assistant.memory.preferences import Preferences, mapping_of, preferences_from

FILE_NAME: Final = "routine.db"


class Memory:
    """Journal and preferences in one file. Never raises: what can't be kept returns False, and `problem` says why."""

    def __init__(self, folder: Path | None = None, now: Callable[[], Anchor] = anchor_now) -> None:
        """Open the memory in ``folder`` (the user's data folder where none is given), or begin it."""
        self._now = now
        self._database = Database((folder or Path(platformdirs.user_data_dir("marigold"))) / FILE_NAME)
        self._journal = Journal(self._database)
        self._preferences = preferences_from(self._database.latest("preferences") or {})

    @property
    def problem(self) -> str | None:
        """What is wrong now, in one line for the person, or None."""
        return self._database.problem

    def news(self) -> str | None:
        """Return a problem that wasn't returned before, each once, or None."""
        return self._database.news()

    @property
    def preferences(self) -> Preferences:
        """What the person chose, now or at an earlier time."""
        return self._preferences

    def save(self, snapshot: Mapping[str, Any], anchor: Anchor | None = None) -> bool:
        """Write the state, with the moment (now where none is given); return whether it is on the disk."""
        return self._journal.write(snapshot, anchor or self._now())

    def saved(self) -> Saved | None:
        """Return the state that was written last, or None."""
        return self._journal.read()

    def clear(self) -> bool:
        """Drop the state, for nothing is running any more; return whether that is on the disk. Preferences stay."""
        return self._journal.clear()

    def keep(self, preferences: Preferences) -> bool:
        """Take over preferences, without values that can't be; return whether they are on the disk."""
        chosen = mapping_of(preferences)
        self._preferences = preferences_from(chosen)
        return self._database.append("preferences", chosen, keep=1)

    def forget(self) -> bool:
        """Erase all that is known about the person; return whether no byte of it is left in a file."""
        self._preferences = Preferences()
        return self._database.erase()

    def close(self) -> None:
        """Close the file; another copy may have it then."""
        self._database.close()
