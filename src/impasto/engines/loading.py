"""TODO: say what this module is for."""

from __future__ import annotations

import importlib.util
import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.engines.base import Engine
from impasto.engines.devices import Device
from impasto.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from impasto.styles.style import EmbeddedNetwork


@lru_cache(maxsize=4)
def load_engine(device: Device = "auto", own: EmbeddedNetwork | None = None, lanes: int = 1) -> Engine:
    """The engine for a device and a network; loaded once per process.

    Args:
        own: the network of a style that brings one; ``None`` is the bundled network.
        device: ``"auto"`` takes CUDA or MPS through torch where both are there, else the CPU.

    Raises:
        InputError: the device is not there.
        MissingExtraError: it needs torch.
    """
    from impasto.engines.onnxruntime import OnnxruntimeEngine

    if device == "cpu":
        return OnnxruntimeEngine("cpu", own, lanes)
    if device == "auto" and importlib.util.find_spec("torch") is None:
        return OnnxruntimeEngine("cuda" if "cuda" in OnnxruntimeEngine.devices() else "cpu", own, lanes)
    if device == "cuda" and "cuda" in OnnxruntimeEngine.devices():
        return OnnxruntimeEngine("cuda", own, lanes)
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError(f"--device {device}", "train")
    # torch takes a second to import: with --device auto only a machine with a GPU shall pay that.
    if device == "auto" and not _may_have_gpu():
        return OnnxruntimeEngine("cpu", own, lanes)
    from impasto.engines.torch import TorchEngine, available_gpus

    there = available_gpus()
    if device == "auto":
        return TorchEngine(there[0], own) if there else OnnxruntimeEngine("cpu", own, lanes)
    if device not in there:
        raise InputError(f"This machine has no {device} device that torch can use; take --device auto.")
    return TorchEngine(device, own)


def _may_have_gpu() -> bool:
    """A cheap guess without importing torch."""
    import platform

    is_mac = platform.system() == "Darwin" and platform.machine() == "arm64"
    return is_mac or Path("/proc/driver/nvidia").exists() or Path("/dev/nvidia0").exists() or os.name == "nt"
