"""The engine for a device and a network: the one rule that chooses it."""

from __future__ import annotations

import importlib.util
import os
from functools import lru_cache
from pathlib import Path

from impasto.engines.base import Engine
from impasto.engines.devices import DEVICES, ENGINES, TORCH_DEVICES, Device, EngineName, torch_device
from impasto.engines.speeds import measured_fastest
from impasto.errors import InputError, MissingExtraError
from impasto.styles.style import EmbeddedNetwork

VARIABLE = "IMPASTO_ENGINE"
"""The environment variable that names an engine where no option does."""


@lru_cache(maxsize=4)
def load_engine(
    device: Device = "auto",
    embedded: EmbeddedNetwork | None = None,
    parallel: int = 1,
    engine: EngineName = "auto",
    many: bool = False,
) -> Engine:
    """Load the engine for a device and a network; the last four are kept and given again.

    Without a wish it is torch, or onnxruntime, on a GPU that is there. On the CPU it is onnxruntime; for many pictures
    OpenVINO, where ``impasto doctor`` has measured that it is faster here.

    Args:
        device: ``"auto"`` takes CUDA or MPS through torch where both are there, else the CPU; the providers of
            onnxruntime for other GPUs are only taken by their names.
        embedded: the network that a style brings along; ``None``: the package's.
        parallel: how many pictures are painted at a time; each gets its share of the CPU's threads.
        engine: ``"auto"`` takes what ``IMPASTO_ENGINE`` names, else goes by the rule.
        many: whether many pictures are to be painted, so that making ready may take longer.

    Raises:
        InputError: the device is not there, or the engine does not run on it.
        MissingExtraError: the device or the engine needs a package that is not installed.
    """
    wanted = _wanted(engine)
    if wanted == "torch":
        return _torch(torch_device(device) if _has("torch") else device, embedded, "--engine torch")
    if wanted == "openvino":
        if device not in ("auto", "cpu"):
            raise InputError(f"OpenVINO runs on the CPU alone; leave out --device {device}, or --engine openvino.")
        from impasto.engines.openvino import OpenvinoEngine  # late, as its package is optional

        return OpenvinoEngine(embedded, parallel)
    from impasto.engines.onnxruntime import OnnxruntimeEngine  # late: onnxruntime takes a while to import
    from impasto.engines.providers import missing_provider

    here = OnnxruntimeEngine.devices()
    has_cuda = "cuda" in here
    if device in here and device != "cpu":
        return OnnxruntimeEngine(device, embedded, parallel)
    if device not in TORCH_DEVICES:
        raise missing_provider(device)
    if wanted == "onnxruntime":
        if device not in ("auto", "cpu"):
            raise InputError(f"The onnxruntime that is installed has no {device}; leave out --device, or --engine.")
        return OnnxruntimeEngine("cuda" if device == "auto" and has_cuda else "cpu", embedded, parallel)
    if device == "auto" and has_cuda and not _has("torch"):
        return OnnxruntimeEngine("cuda", embedded, parallel)
    # torch takes a second to import: with --device auto only a machine with a GPU shall pay that.
    if device not in ("auto", "cpu") or (device == "auto" and _has("torch") and _may_have_gpu()):
        chosen = torch_device(device) if _has("torch") else device
        if chosen != "cpu":
            return _torch(chosen, embedded, f"--device {device}")
    if many and measured_fastest() == "openvino":
        return load_engine("cpu", embedded, parallel, "openvino")
    return OnnxruntimeEngine("cpu", embedded, parallel)


def engines_there() -> dict[str, tuple[Device, EngineName]]:
    """The engines that can be used here, by a name for each: device and engine, as :func:`load_engine` takes them."""
    from impasto.engines.onnxruntime import OnnxruntimeEngine

    there: dict[str, tuple[Device, EngineName]] = {"onnxruntime": ("cpu", "onnxruntime")}
    if _has("openvino"):
        there["openvino"] = ("cpu", "openvino")
    here = OnnxruntimeEngine.devices()
    there |= {f"onnxruntime on {device}": (device, "onnxruntime") for device in DEVICES if device in here[1:]}
    if _has("torch") and _may_have_gpu():
        from impasto.engines.torch import available_gpus

        there |= {f"torch on {device}": (device, "torch") for device in DEVICES if device in available_gpus()}
    return there


def _wanted(engine: EngineName) -> str:
    """The engine that is asked for; ``"auto"``: none.

    Raises:
        InputError: the environment names one that there is not.
    """
    named = os.environ.get(VARIABLE) or "auto"
    if named not in ENGINES:
        raise InputError(f"{VARIABLE} names the engine {named}; take one of {', '.join(ENGINES)}.")
    return named if engine == "auto" else engine


def _torch(device: str, embedded: EmbeddedNetwork | None, what: str) -> Engine:
    """The engine of torch.

    Raises:
        MissingExtraError: torch, which ``what`` needs, is not installed.
    """
    if not _has("torch"):
        raise MissingExtraError(what, "train")
    from impasto.engines.torch import TorchEngine  # late, as it imports torch

    return TorchEngine(device, embedded)


def _has(module: str) -> bool:
    """Whether a package is installed; it is not imported."""
    return importlib.util.find_spec(module) is not None


def _may_have_gpu() -> bool:
    """Whether there may be a GPU: a cheap guess that does not import torch."""
    import platform

    is_mac = platform.system() == "Darwin" and platform.machine() == "arm64"
    return is_mac or Path("/proc/driver/nvidia").exists() or Path("/dev/nvidia0").exists() or os.name == "nt"
