"""TODO: say what this module is for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.pictures import picture

Array = NDArray[np.float32]


@dataclass(frozen=True)
class StylePicture:
    """A picture whose style is wanted.

    Attributes:
        rgb: H x W x 3 in [0, 1].
        weight: relative to the other styles of the same region.
        mask: h x w in [0, 1] of any size, where the style applies; styles with the very same array share a region.
            ``None``: wherever no mask is.
    """

    rgb: Array
    weight: float = 1.0
    mask: Array | None = None


def hashable_levels(values: Array) -> bytes:
    """What is hashed of a picture or mask: levels of 8 bits, so that no rounding tells one from itself."""
    return picture.to_samples(values, np.dtype(np.uint8)).tobytes()


def to_tensor(rgb: Array, device: torch.device) -> Tensor:
    """H x W x 3 to 1 x 3 x H x W, a copy of its own."""
    return torch.from_numpy(np.array(rgb.transpose(2, 0, 1)[None], np.float32, order="C")).to(device)
