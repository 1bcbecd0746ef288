"""TODO: say what this module is for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Statistics:
    """Mean and variance of every normalised channel, C numbers each."""

    mean: Array
    variance: Array

    def towards(self, other: Statistics, share: float) -> Statistics:
        """A mixture: 0 is these, 1 the others."""
        part = np.float32(share)
        return Statistics(
            self.mean + part * (other.mean - self.mean), self.variance + part * (other.variance - self.variance)
        )


class Engine(Protocol):
    """A loaded network."""

    name: str  # for people: "onnxruntime, CPU"
    network: str  # id of the network
    channels: int  # length of a style's vectors
    multiple: int  # sides of pictures must be multiples of this ...
    minimum: int  # ... and at least this
    radius: int  # input pixels on each side that a painted pixel depends on, statistics aside

    def paint(
        self,
        image: Array,
        scale: Array,
        shift: Array,
        given: Statistics | None = None,
        measured_share: float = 0.0,
    ) -> tuple[Array, Statistics]:
        """Paint 1 x 4 x H x W, RGB in [0, 1] and the grain, or 1 x 3 x H x W without grain.

        Returns 1 x 3 x H x W and the statistics measured on the way.

        With ``given`` statistics, these normalise instead of the measured ones; ``measured_share`` in [0, 1]
        mixes the measured ones in.
        """
        ...

    def release(self) -> None:
        """Give back the memory that is kept for the next picture."""
        ...


def cpu_threads() -> int:
    """How many CPU threads to use: OMP_NUM_THREADS, else the cores this process may run on."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
