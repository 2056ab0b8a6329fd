"""What the dialogue wants done. Values only; `assistant.app` carries them out."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.guide.model import Layer


@dataclass(frozen=True, slots=True)
class Say:
    """Speak these sentences, in place of what is being said."""

    utterance: str
    sentences: tuple[str, ...]
    source: Layer
    """Who says the most of it; ``layers`` tells sentence by sentence."""
    layers: tuple[Layer, ...] = ()
    """Who says each sentence; as long as ``sentences``, or empty where ``source`` says all of them."""

    @property
    def text(self) -> str:
        """All of it as one text."""
        return " ".join(self.sentences)

    def said_by(self, layer: Layer) -> tuple[str, ...]:
        """Return the sentences of one layer, in order."""
        layers = self.layers or (self.source,) * len(self.sentences)
        return tuple(text for text, by in zip(self.sentences, layers, strict=True) if by is layer)


@dataclass(frozen=True, slots=True)
class Silence:
    """Stop speaking at once."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Pause what is being said, to go on with later."""


@dataclass(frozen=True, slots=True)
class GoOn:
    """Go on with what was paused."""


@dataclass(frozen=True, slots=True)
class SetVoice:
    """Speak with this rate (words a minute), volume (0 to 100) and voice (None: as set up).

    A sentence being said begins again.
    """

    rate: int
    volume: int
    voice: str | None = None


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send a `Tick` at this time (s, on the clock that events are dated with)."""

    time: float


@dataclass(frozen=True, slots=True)
class SayAt:
    """Say ``text`` so that its first sound comes at ``at`` (s, on the clock that events are dated with).

    Beside what is being said, which gives way. ``gain`` makes it louder than usual. One that can't begin at its
    time is dropped unless it is ``essential``.
    """

    cue: str
    text: str
    at: float
    moment: float | None = None
    """What the step's clock reads then (s); None where it belongs to no clock."""
    essential: bool = False
    gain: float = 1.0


@dataclass(frozen=True, slots=True)
class SoftTick:
    """Give a soft tick at this time (s)."""

    at: float


@dataclass(frozen=True, slots=True)
class DropCues:
    """Drop what `SayAt` and `SoftTick` asked for: all of it, or (``begun`` False) only what has not begun."""

    begun: bool = True


@dataclass(frozen=True, slots=True)
class Forget:
    """Erase all that is kept about the person."""


Action = Say | Silence | Hold | GoOn | SetVoice | WakeAt | SayAt | SoftTick | DropCues | Forget
