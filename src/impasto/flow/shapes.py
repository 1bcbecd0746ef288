"""Checks of the arrays that the functions of this room take: frames, flow fields and certainty maps."""

from __future__ import annotations

from typing import Any

import numpy as np

from impasto.errors import InputError
from impasto.options import say_value


def check_arrays(**arrays: Any) -> None:
    """Refuse what is no array of numbers with height and width.

    Args:
        arrays: values by the names of their arguments.

    Raises:
        InputError: one is no array, has fewer than two axes or no pixels, or holds no numbers.
    """
    for name, value in arrays.items():
        if not isinstance(value, np.ndarray):
            raise InputError(f"The argument {name} takes an array of pixels, not {say_value(value)}.")
        if value.ndim < 2 or value.size == 0 or value.dtype.kind not in "fiu":
            raise InputError(
                f"The argument {name} is no array of pixels: its shape is {value.shape}, of {value.dtype}."
            )


def check_flow(flow: Any) -> None:
    """Refuse what is no flow field, H x W x 2.

    Raises:
        InputError: it is none.
    """
    check_arrays(flow=flow)
    if flow.ndim != 3 or flow.shape[2] != 2:
        raise InputError(f"A flow field is H x W x 2, horizontal and vertical; this array has shape {flow.shape}.")
