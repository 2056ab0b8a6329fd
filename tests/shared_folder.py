"""Where recordings and documents lie that tests read but that aren't ours to publish."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

SHARED: Final = Path(os.environ.get("MARIGOLD_SHARED") or Path(__file__).resolve().parents[2] / "shared").absolute()
"""The folder named by ``MARIGOLD_SHARED``, else ``shared`` beside the checkout; tests skip what isn't in it."""
