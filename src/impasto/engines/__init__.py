"""Engines: where the transformer network runs.

:mod:`impasto.engines.onnx` is the default and needs no torch; :mod:`impasto.engines.torch` serves CUDA and
MPS where torch is installed. Both paint one picture at a time and speak numpy.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from impasto.styles import OwnNetwork

log = logging.getLogger(__name__)

Array = NDArray[np.float32]
Device = Literal["auto", "cpu", "cuda", "mps"]
DEVICES: tuple[Device, ...] = ("auto", "cpu", "cuda", "mps")


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


def threads() -> int:
    """How many CPU threads to use: OMP_NUM_THREADS, else the cores this process may run on."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@lru_cache(maxsize=4)
def load_engine(device: Device = "auto", own: OwnNetwork | None = None, lanes: int = 1) -> Engine:
    """The engine for a device and a network; loaded once per process.

    Args:
        own: the network of a style that brings one; ``None`` is the bundled network.
        device: ``"auto"`` takes CUDA or MPS through torch where both are there, else the CPU.

    Raises:
        InputError: the device is not there.
        MissingExtraError: it needs torch.
    """
    from impasto.engines.onnx import OnnxEngine

    if device == "cpu":
        return OnnxEngine("cpu", own, lanes)
    if device == "auto" and importlib.util.find_spec("torch") is None:
        return OnnxEngine("cuda" if "cuda" in OnnxEngine.devices() else "cpu", own, lanes)
    if device == "cuda" and "cuda" in OnnxEngine.devices():
        return OnnxEngine("cuda", own, lanes)
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError(f"--device {device}", "train")
    # torch takes a second to import: with --device auto only a machine with a GPU shall pay that.
    if device == "auto" and not _may_have_gpu():
        return OnnxEngine("cpu", own, lanes)
    from impasto.engines.torch import TorchEngine, available

    there = available()
    if device == "auto":
        return TorchEngine(there[0], own) if there else OnnxEngine("cpu", own, lanes)
    if device not in there:
        raise InputError(f"This machine has no {device} device that torch can use; take --device auto.")
    return TorchEngine(device, own)


def _may_have_gpu() -> bool:
    """A cheap guess without importing torch."""
    import platform

    is_mac = platform.system() == "Darwin" and platform.machine() == "arm64"
    return is_mac or Path("/proc/driver/nvidia").exists() or Path("/dev/nvidia0").exists() or os.name == "nt"
