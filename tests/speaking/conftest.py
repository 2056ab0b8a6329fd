"""Stages for the tests of the mouth, in real time and 50 times faster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mouth_stage import Stage


@pytest.fixture
def fast() -> Iterator[Stage]:
    stage = Stage(speed=50.0)
    yield stage
    stage.close()


@pytest.fixture
def real() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()
