"""Clips of the walker that several tests move."""

import pytest

from impasto.motion.clip import Clip
from impasto.motion.walker import Walk, make_walk

OLD = Walk(stoop=0.5, arm_swing=0.15, knee_lift=0.05, cadence=0.7, stride=0.7, crouch=0.1, width=0.3)


@pytest.fixture(scope="session")
def plain() -> Clip:
    """A plain walk of 4 s."""
    return make_walk(Walk(), name="plain")


@pytest.fixture(scope="session")
def old() -> Clip:
    """A stooping walk with short steps, on another skeleton."""
    return make_walk(OLD, naming="bandai", order="ZYX", still_root=True, name="old")
