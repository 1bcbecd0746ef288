"""The temporal loss of Ruder et al. 2016, which holds a frame of a video to earlier results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from impasto.optimisation.objective import ExtraLoss
from impasto.optimisation.style_pictures import Array

_SMOOTH_L1_BETA = 1 / 256  # difference of samples, in [0, 1], from which on the smooth L1 loss is linear
_MIN_VARIANCE = 1e-3  # of samples in [0, 1]: a frame of less variance counts as if it had this much


def temporal_loss(
    content: Array,
    held: Sequence[tuple[Array, Array]],
    *,
    weight: float,
    criterion: Literal["mse", "smooth-l1"],
) -> ExtraLoss | None:
    """The temporal loss of Ruder et al. 2016, divided by the variance of the frame.

    For every earlier result w with certainty c it is the mean of c (x - w)^2. It has its true gradient; that of
    artistic-videos lacks one of the two factors sqrt(c).

    Source: Ruder, Dosovitskiy and Brox 2016, *Artistic style transfer for videos*, arXiv 1604.08610.

    Args:
        content: the frame, H x W x 3 in [0, 1].
        held: results w, H x W x 3 in [0, 1], moved along to the frame, and certainties c, H x W in [0, 1].
        weight: of the loss.
        criterion: ``"mse"``, the loss of the paper, or ``"smooth-l1"``, which grows linearly with large differences.

    Returns:
        A function of the picture x, 1 x 3 x H x W; ``None`` where nothing is held.
    """
    if not held:
        return None
    unit = weight / max(float(content.var()), _MIN_VARIANCE)
    pairs = [
        (torch.from_numpy(np.ascontiguousarray(w.transpose(2, 0, 1)[None])), torch.from_numpy(c)[None, None])
        for w, c in held
    ]

    def loss(picture: Tensor) -> Tensor:
        """The temporal loss of a picture, 1 x 3 x H x W, as a scalar."""
        total = picture.new_zeros(())
        for target, certainty in pairs:
            target, certainty = target.to(picture), certainty.to(picture)
            if criterion == "mse":
                total = total + (certainty * (picture - target) ** 2).mean()
            else:
                root = certainty.sqrt()
                total = (
                    total + F.smooth_l1_loss(root * picture, root * target, beta=_SMOOTH_L1_BETA) * 2 * _SMOOTH_L1_BETA
                )
        return unit * total

    return loss
