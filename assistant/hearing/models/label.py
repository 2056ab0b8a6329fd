"""What is written into the folder of an adapted model, which no catalogue knows: what it was made of."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.hearing.models.catalogue import VOSK_FRAME_SECONDS

LABEL: Final = "marigold-model.json"
"""libvosk opens only the files that it knows; one more in the folder doesn't disturb it."""


class ModelLabel(BaseModel):
    """What an adapted model was made of."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    made_from: str = Field(min_length=1)
    """The name of the model whose sounds it has."""
    content: str
    """The id of the content pack whose words it knows."""
    frame_seconds: float = Field(gt=0, le=0.1)
    """Length of the model's output frames: that of the model it was made from."""

    @property
    def time_scale(self) -> float:
        """What libvosk's word times are to be multiplied by."""
        return self.frame_seconds / VOSK_FRAME_SECONDS


def write_label(folder: Path, label: ModelLabel) -> None:
    """Write ``label`` into the model's folder.

    Raises:
        OSError: it can't be written.
    """
    (folder / LABEL).write_text(label.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_label(folder: Path) -> ModelLabel | None:
    """Return the label of the model in ``folder``; None where there is none that can be read."""
    try:
        return ModelLabel.model_validate_json((folder / LABEL).read_bytes())
    except (OSError, ValidationError):
        return None
