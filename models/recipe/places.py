"""Where the recipe reads and writes: one folder of data, one folder of results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.errors import WrongInputError


class MissingStepError(WrongInputError):
    """What an earlier step makes isn't there."""


@dataclass(frozen=True)
class Places:
    """``data`` is only read: ``training/`` (speech), ``corpus/`` (noise, rooms, what measures), ``text/``.

    ``out`` holds what the steps make; each step can be run again, and goes on where it was stopped.
    """

    data: Path
    out: Path

    @property
    def manifests(self) -> list[Path]:
        """Manifests of speech: the one that is given, one of own recordings, and of what the speech step made."""
        own = [self.data / "own" / "manifest.tsv", self.out / "speech" / "manifest.tsv"]
        return [self.data / "training" / "manifest.tsv", *(path for path in own if path.exists())]

    @property
    def whisper(self) -> Path:
        """The original encoder's arrays."""
        return self.out / "whisper.npz"

    @property
    def mel_map(self) -> Path:
        """The map from Kaldi's to Whisper's features."""
        return self.out / "mel_map.npz"

    @property
    def features(self) -> Path:
        """The cache of features."""
        return self.out / "features"

    @property
    def teacher(self) -> Path:
        """The cache of the original encoder's outputs."""
        return self.out / "teacher"

    @property
    def alignment(self) -> Path:
        """The states of every recording's frames."""
        return self.out / "alignment.npz"

    @property
    def training(self) -> Path:
        """The state, log and curves of the training, and the network."""
        return self.out / "training"

    @property
    def network(self) -> Path:
        """The trained network."""
        return self.training / "network.npz"

    @property
    def model(self) -> Path:
        """The finished model in Vosk's format."""
        return self.out / "model"

    def require(self, path: Path, step: str) -> Path:
        """Return ``path``, which the step named ``step`` makes.

        Raises:
            MissingStepError: It isn't there.
        """
        if not path.exists():
            raise MissingStepError(f"{path} isn't there yet. Run the step before: python -m models.recipe {step}")
        return path
