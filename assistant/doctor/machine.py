"""What isn't sound: settings and where they come from, room on the disk, the clock, the content."""

from __future__ import annotations

import os
import shutil
import time
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs

from assistant.doctor.check import Check, bad, good
from assistant.guide.lint import Severity, check_guide
from assistant.guide.model import Guide
from assistant.hearing.models.disk import megabytes
from assistant.hearing.models.locate import downloads_folder
from assistant.settings import FILE_NAME, Settings

LEAST_FREE: Final = 100_000_000
"""Bytes. What is written down during use takes under a megabyte; below this the whole system is in trouble."""
LARGEST_JUMP: Final = 0.5
"""Seconds that the wall clock may gain on the monotonic one: correcting a clock slowly stays far below."""
EARLIEST_YEAR: Final = 2025
"""Small computers without a clock of their own start years back; Marigold is younger than this."""


def settings_file(named: Path | None) -> Path:
    """Return the file that the settings are read from, whether it is there or not."""
    return named or Path(platformdirs.user_config_dir("marigold")) / FILE_NAME


def keys_in(file: Path) -> frozenset[str]:
    """Return the keys that a settings file sets; none where it can't be read, which loading has then told."""
    try:
        return frozenset(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return frozenset()


def check_settings(
    settings: Settings, file: Path, in_file: Collection[str], given: Mapping[str, Any], env: Mapping[str, str]
) -> Check:
    """Tell which settings are not the default, and where each comes from."""
    told = []
    for key in Settings.model_fields:
        value = getattr(settings, key)
        variable = f"MARIGOLD_{key.upper()}"
        if given.get(key) is not None:
            told.append(f"{key} = {value} (command line)")
        elif variable in env:
            told.append(f"{key} = {value} ({variable})")
        elif key in in_file:
            told.append(f"{key} = {value} ({file})")
    there = "" if file.is_file() else f"; there is no {file}"
    return good("settings", ", ".join([*told, "all else as it comes" if told else "all as they come"]) + there)


def data_folder(env: Mapping[str, str]) -> Path:
    """Return the folder that Marigold keeps its data in, whether it is there yet or not."""
    return downloads_folder(env).parent


def free_bytes(folder: Path) -> tuple[int, bool]:
    """Return the room on the disk of ``folder`` or of its nearest parent that exists, and whether one may write."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(there).free, there.is_dir() and os.access(there, os.W_OK)


def check_disk(folder: Path, free: int, *, writable: bool) -> Check:
    """Judge the room for Marigold's data."""
    if not writable:
        return bad("disk", f"{folder} can't be written to", "Give yourself the right to, or set MARIGOLD_DATA.")
    if free < LEAST_FREE:
        return bad(
            "disk", f"only {megabytes(free)} free for {folder}", "Free some, or set MARIGOLD_DATA to another disk."
        )
    return good("disk", f"{free / 1e9:.1f} GB free for {folder}")


@dataclass(frozen=True, slots=True)
class Moment:
    """One look at both clocks, in seconds."""

    wall: float
    monotonic: float


def moment() -> Moment:
    """Look at both clocks."""
    return Moment(time.time(), time.monotonic())


def time_zone(env: Mapping[str, str]) -> str | None:
    """Return the name of this machine's time zone, or None where none has been set."""
    is_set = bool(env.get("TZ")) or os.name == "nt" or Path("/etc/localtime").exists()
    return time.strftime("%Z") or "without a name" if is_set else None


def check_clock(began: Moment, ended: Moment, zone: str | None) -> Check:
    """Judge whether wall clock and monotonic clock went alike from ``began`` to ``ended``."""
    took = ended.monotonic - began.monotonic
    gained = ended.wall - began.wall - took
    year = time.gmtime(ended.wall).tm_year
    if year < EARLIEST_YEAR:
        return bad("clock", f"it says that this is the year {year}", "Set the date, or let the network set it.")
    if abs(gained) > LARGEST_JUMP:
        how = "forward" if gained > 0 else "back"
        return bad(
            "clock",
            f"it jumped {how} by {abs(gained):.1f} s within {took:.1f} s",
            "Wait until the system has set its clock, then run this again.",
        )
    zoned = f"time zone {zone}" if zone is not None else "no time zone is set, so that UTC is taken"
    return good("clock", f"both clocks went alike for {took:.1f} s; {zoned}")


def check_content(guide: Guide, seconds: float, knows: Callable[[str], bool] | None) -> Check:
    """Count what the guide holds, and look for what is wrong with it."""
    if not guide.entries:
        return bad("content", f"the guide '{guide.title}' answers nothing", "Run: marigold content check")
    ways = sum(len(entry.ways) for entry in guide.entries.values())
    held = (
        f"'{guide.title}': {len(guide.entries)} answers to {ways} ways of asking, {len(guide.routines)} routines, "
        f"{len(guide.facts)} facts; loaded in {seconds:.1f} s"
    )
    errors = sum(finding.severity is Severity.ERROR for finding in check_guide(guide, knows))
    if errors:
        return bad("content", f"{held}; {errors} errors in it", "See them with: marigold content check")
    return good("content", held)
