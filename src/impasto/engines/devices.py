"""Where networks run: the devices that can be asked for, and the one rule that says which one it is."""

from __future__ import annotations

import re
from typing import Literal

from impasto.errors import InputError
from impasto.options import suggest

Device = Literal["auto", "cpu", "cuda", "mps", "directml", "coreml", "webgpu"]
TORCH_DEVICES: tuple[Device, ...] = ("auto", "cpu", "cuda", "mps")
"""The devices that torch can use; ``"auto"`` takes the best one that is there."""
DEVICES: tuple[Device, ...] = (*TORCH_DEVICES, "directml", "coreml", "webgpu")
"""The devices that can be asked for where the network paints; the last three are onnxruntime's alone."""

EngineName = Literal["auto", "onnxruntime", "openvino", "torch"]
ENGINES: tuple[EngineName, ...] = ("auto", "onnxruntime", "openvino", "torch")
"""The engines that can be asked for; ``"auto"`` goes by the rule of :func:`impasto.engines.loading.load_engine`."""


def torch_device(device: str) -> str:
    """The device for torch: ``"auto"`` becomes the best one that torch has here; any other is checked.

    Args:
        device: one of :data:`TORCH_DEVICES`, or a GPU of several, such as ``"cuda:1"``.

    Returns:
        ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.

    Raises:
        InputError: the device is not there.
    """
    from impasto.engines.torch import available_gpus, cuda_count  # lazily, as it imports torch

    there = [*available_gpus(), "cpu"]
    if device == "auto":
        return there[0]
    kind, _, number = device.partition(":")
    if kind not in there or (number and int(number) >= cuda_count()):
        raise InputError(f"This machine has no {device} device that torch can use; take --device auto.")
    return device


def split_devices(devices: str) -> list[str]:
    """``"cuda:0,cuda:1"`` to its devices, which may not be there.

    Raises:
        InputError: there is no device of such a name.
    """
    several = [device.strip() for device in devices.split(",")]
    for device in several:
        if device not in TORCH_DEVICES and not re.fullmatch(r"cuda:\d{1,4}", device):
            raise InputError(f"There is no device {device or devices}; {suggest(device, TORCH_DEVICES)}")
    if len(several) > 1 and "auto" in several:
        raise InputError("The device auto is one device; name each, as in --device cuda:0,cuda:1.")
    return several


def torch_devices(devices: str) -> list[str]:
    """The devices for torch that share the work, the first one of which holds what is not shared.

    Args:
        devices: one as :func:`torch_device` takes it, or several with commas between them.

    Raises:
        InputError: one of them is not there.
    """
    several = split_devices(devices)
    return [torch_device(f"{device}:0" if device == "cuda" and len(several) > 1 else device) for device in several]
