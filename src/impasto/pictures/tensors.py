"""Pictures as tensors of torch, channels first; torch itself is not imported, since who has a tensor has done so."""

from __future__ import annotations

import sys
from typing import Any, Protocol, TypeGuard

import numpy as np

from impasto.errors import InputError
from impasto.pictures.picture import Array


class Tensor(Protocol):
    """What is used of ``torch.Tensor``."""

    @property
    def ndim(self) -> int:
        """Number of axes."""
        ...

    @property
    def shape(self) -> Any:
        """Length of each axis."""
        ...

    @property
    def dtype(self) -> Any:
        """Type of the samples."""
        ...

    def detach(self) -> Any:
        """The same without gradients."""
        ...

    def new_tensor(self, data: Any) -> Any:
        """A tensor of the same type on the same device."""
        ...


def is_tensor(value: object) -> TypeGuard[Tensor]:
    """Whether something is a tensor of torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def tensor_to_array(tensor: Tensor) -> Array:
    """A tensor as an array of H x W x C, or H x W, in main memory; gradients are left behind.

    Args:
        tensor: C x H x W, where C is 1, 3 or 4, or H x W; floating point, which becomes float32, or uint8.

    Raises:
        InputError: it has another shape or type, or cannot be copied into main memory.
    """
    if tensor.ndim not in (2, 3) or (tensor.ndim == 3 and tensor.shape[0] not in (1, 3, 4)):
        raise InputError(
            f"A tensor of shape {tuple(tensor.shape)} is no picture: give 3 x H x W (or N x 3 x H x W where several "
            "pictures are taken), channels first."
        )
    try:
        plain = tensor.detach().cpu()
        array: Array = (plain.float() if plain.is_floating_point() else plain).numpy()
    except (RuntimeError, TypeError, NotImplementedError) as error:  # sparse, quantised, or without data
        raise InputError(f"A tensor of {tensor.dtype} cannot be used ({error}): give a dense one.") from error
    if array.dtype not in (np.float32, np.uint8):
        raise InputError(f"A tensor of {tensor.dtype} is no picture: convert it to uint8 or float32.")
    return array if array.ndim == 2 else np.moveaxis(array, 0, -1)


def array_to_tensor(array: Array, like: Tensor) -> Any:
    """An array of H x W x C as a tensor of C x H x W, of the type and on the device of another."""
    return like.detach().new_tensor(np.ascontiguousarray(np.moveaxis(array, -1, 0)))
