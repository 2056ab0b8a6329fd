"""What an onlooker sees of a conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assistant.dialogue.view import RoutineView


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one answer took to begin, by stage, in seconds from the last sound of the question."""

    endpointing: float
    final_result: float
    understanding: float
    speaking: float
    """Synthesis of the first sentence and the way to the speaker."""

    @property
    def total(self) -> float:
        """From the end of speech to the first sound."""
        return self.endpointing + self.final_result + self.understanding + self.speaking


class Screen:
    """What an onlooker sees. This one shows nothing; `assistant.cli.talk` has one that prints."""

    def heard_so_far(self, text: str) -> None:
        """Show a partial result."""

    def heard(self, text: str) -> None:
        """Show what was heard."""

    def ignored(self, text: str) -> None:
        """Show what was heard and not taken as meant for the assistant."""

    def says(self, text: str) -> None:
        """Show what is being said."""

    def notice(self, text: str) -> None:
        """Show a message about the assistant itself."""

    def timing(self, timing: Timing) -> None:
        """Show how long an answer took to begin."""

    def counts(self, text: str, moment: float | None) -> None:
        """Show a cue on its second; ``moment`` is what its step's clock reads (s), None for one on no clock."""

    def watch(self, views: Callable[[], tuple[RoutineView, ...]]) -> None:
        """Take what gives the routines under way, for a view that renews itself."""
