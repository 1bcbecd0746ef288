"""Pictures as tensors: arrays to tensors, and tensors at another size."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F


def to_tensor(rgb: NDArray[np.float32], device: torch.device) -> Tensor:
    """Copy an H x W x 3 array to a 1 x 3 x H x W tensor on a device."""
    return torch.from_numpy(np.array(rgb.transpose(2, 0, 1)[None], np.float32, order="C")).to(device)


def resize_tensor(picture: Tensor, height: int, width: int) -> Tensor:
    """Resize 1 x C x H x W to another height and width, bicubic, antialiased where it shrinks."""
    return F.interpolate(picture, (height, width), mode="bicubic", antialias=picture.shape[2] > height)
