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
    """Speak with this rate (words a minute) and volume (0 to 100); a sentence being said begins again."""

    rate: int
    volume: int


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Send a `Tick` at this time (s, on the clock that events are dated with)."""

    time: float


Action = Say | Silence | Hold | GoOn | SetVoice | WakeAt
