"""Paint photographs during training as they are painted in use: with grain, and with a margin around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from impasto.networks.architecture import MIRRORED_BORDER
from impasto.networks.grain import grain_of_box
from impasto.networks.transformer import TransformerNetwork
from impasto.pictures.box import mirrored_indices


def with_grain(pictures: Tensor, amount: float | Tensor, places: Sequence[Sequence[int]] = ()) -> Tensor:
    """The network's input: pictures with their grain as a fourth channel, N x 4 x H x W.

    Args:
        pictures: N x 3 x H x W in [0, 1].
        amount: factor of the grain, the same for all pictures or N numbers.
        places: (top, left) in pixels at which the grain of each picture is cut out of the endless pattern; without
            it the pictures get boxes side by side.
    """
    height, width = pictures.shape[-2:]
    places = places or [(0, width * index) for index in range(len(pictures))]
    patterns = np.stack([grain_of_box(top, left, height, width)[..., 0] for top, left in places])
    amounts = amount.view(-1, 1, 1, 1).to(pictures) if isinstance(amount, Tensor) else amount
    return torch.cat([pictures, amounts * torch.from_numpy(patterns)[:, None].to(pictures)], dim=1)


def paint_with_margin(network: TransformerNetwork, inputs: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Paint pictures with a mirrored margin, which is cut off again: N x 3 x H x W in [0, 1].

    Args:
        network: the transformer network.
        inputs: N x 4 x H x W, as :func:`with_grain` returns them; H and W are multiples of the network's.
        scale: N x C, or 1 x C for one style.
        shift: N x C, or 1 x C for one style.
    """
    height, width = inputs.shape[-2:]
    painted, _ = network(
        window(inputs, -MIRRORED_BORDER, -MIRRORED_BORDER, height + 2 * MIRRORED_BORDER, width + 2 * MIRRORED_BORDER),
        scale,
        shift,
    )
    inner: Tensor = painted[..., MIRRORED_BORDER:-MIRRORED_BORDER, MIRRORED_BORDER:-MIRRORED_BORDER]
    return inner


def window(pictures: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """Cut a box (pixels) out of N x C x H x W pictures that repeat mirrored beyond their borders."""
    rows = torch.from_numpy(mirrored_indices(top, top + height, pictures.shape[-2]))
    columns = torch.from_numpy(mirrored_indices(left, left + width, pictures.shape[-1]))
    return pictures[:, :, rows[:, None], columns]
