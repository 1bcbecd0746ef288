"""Where networks run: the devices that can be asked for, and the one rule that says which one it is."""

from __future__ import annotations

from typing import Literal

from impasto.errors import InputError

Device = Literal["auto", "cpu", "cuda", "mps"]
DEVICES: tuple[Device, ...] = ("auto", "cpu", "cuda", "mps")
"""The devices that can be asked for; ``"auto"`` takes the best one that is there."""


def torch_device(device: str) -> str:
    """The device for torch: ``"auto"`` becomes the best one that torch has here; any other is checked.

    Args:
        device: one of :data:`DEVICES`.

    Returns:
        ``"cpu"``, ``"cuda"`` or ``"mps"``.

    Raises:
        InputError: the device is not there.
    """
    from impasto.engines.torch import available_gpus  # lazily, as it imports torch

    there = [*available_gpus(), "cpu"]
    if device == "auto":
        return there[0]
    if device not in there:
        raise InputError(f"This machine has no {device} device that torch can use; take --device auto.")
    return device
