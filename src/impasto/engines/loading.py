"""The engine for a device and a network."""

from __future__ import annotations

import importlib.util
import os
from functools import lru_cache
from pathlib import Path

from impasto.engines.base import Engine
from impasto.engines.devices import Device, torch_device
from impasto.errors import MissingExtraError
from impasto.styles.style import EmbeddedNetwork


@lru_cache(maxsize=4)
def load_engine(device: Device = "auto", embedded: EmbeddedNetwork | None = None, parallel: int = 1) -> Engine:
    """Load the engine for a device and a network; the last four are kept and given again.

    Args:
        device: ``"auto"`` takes CUDA or MPS through torch where both are there, else the CPU.
        embedded: the network that a style brings along; ``None``: the package's.
        parallel: how many pictures are painted at a time; each gets its share of the CPU's threads.

    Raises:
        InputError: the device is not there.
        MissingExtraError: the device needs torch, which is not installed.
    """
    from impasto.engines.onnxruntime import OnnxruntimeEngine  # lazily: onnxruntime takes a while to import

    if device == "cpu":
        return OnnxruntimeEngine("cpu", embedded, parallel)
    if device == "auto" and importlib.util.find_spec("torch") is None:
        return OnnxruntimeEngine("cuda" if "cuda" in OnnxruntimeEngine.devices() else "cpu", embedded, parallel)
    if device == "cuda" and "cuda" in OnnxruntimeEngine.devices():
        return OnnxruntimeEngine("cuda", embedded, parallel)
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError(f"--device {device}", "train")
    # torch takes a second to import: with --device auto only a machine with a GPU shall pay that.
    if device == "auto" and not _may_have_gpu():
        return OnnxruntimeEngine("cpu", embedded, parallel)
    chosen = torch_device(device)
    if chosen == "cpu":
        return OnnxruntimeEngine("cpu", embedded, parallel)
    from impasto.engines.torch import TorchEngine  # lazily, as it imports torch

    return TorchEngine(chosen, embedded)


def _may_have_gpu() -> bool:
    """Whether there may be a GPU: a cheap guess that does not import torch."""
    import platform

    is_mac = platform.system() == "Darwin" and platform.machine() == "arm64"
    return is_mac or Path("/proc/driver/nvidia").exists() or Path("/dev/nvidia0").exists() or os.name == "nt"
