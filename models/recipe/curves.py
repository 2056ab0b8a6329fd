"""The course of a training as a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

CURVES: Final = (
    ("LF-MMI objective a frame (higher is better)", ("objective", "validation")),
    ("distance to the teacher (lower is better)", ("teacher", "validation_teacher")),
    ("learning rate", ("rate",)),
)


def read_log(path: Path) -> list[dict[str, float]]:
    """Return the lines of a training's ``log.jsonl``; a last line cut off by a stop is left out."""
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return lines


def draw_curves(log: Sequence[dict[str, float]], path: Path) -> None:
    """Draw training and validation figures over the hours of sound that were heard, as PNG or SVG by the ending."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure: Any
    figure, axes = pyplot.subplots(len(CURVES), 1, figsize=(8, 9), sharex=True, constrained_layout=True)
    for axis, (title, names) in zip(axes, CURVES, strict=True):
        for name in names:
            points = [(line["heard"] / 3600, line[name]) for line in log if name in line]
            if points:
                axis.plot(
                    *zip(*points, strict=True), label=name.replace("_", " "), marker="." if len(points) < 60 else ""
                )
        axis.set_title(title, fontsize=10)
        axis.grid(visible=True, alpha=0.3)
        if axis.get_legend_handles_labels()[0]:
            axis.legend(fontsize=8)
    axes[-1].set_xlabel("hours of sound heard (with augmentation)")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
