"""Losses on pictures and on features of a perceptual network (Gatys 2015, Johnson 2016).

All are normalised so that one set of weights suits every picture: a style loss of 1 per layer is that of a
picture whose Gram matrix is zero, a content loss of 1 that of a picture without any of the structure.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def gram(features: Tensor) -> Tensor:
    """Gram matrices: N x C x H x W to N x C x C, the mean over positions of the products of channels."""
    n, c, h, w = features.shape
    flat = features.reshape(n, c, h * w)
    return flat @ flat.transpose(1, 2) / (h * w)


def style_loss(grams: Tensor, target: Tensor) -> Tensor:
    """Squared Frobenius distance of Gram matrices relative to the target's own norm, one number a picture.

    Args:
        grams, target: N x C x C. Dividing by the target's energy makes one style weight suit every painting.
    """
    return ((grams - target) ** 2).sum(dim=(1, 2)) / (target**2).sum(dim=(1, 2))


def content_spread(target: Tensor) -> Tensor:
    """What content losses are relative to: the variance of N x C x H x W features over batch and positions.

    Over the batch, not within a picture: a flat crop has none. A batch of flat crops hardly has any either, so it
    counts as a twentieth of the features' energy at least.
    """
    spread = target.var(dim=(0, 2, 3), unbiased=False).sum()
    energy = (target**2).mean(dim=(0, 2, 3)).sum()
    return torch.maximum(spread, 0.05 * energy)


def content_loss(features: Tensor, target: Tensor, spread: Tensor | None = None) -> Tensor:
    """Squared distance of features relative to their spread, one a picture.

    Args:
        features, target: N x C x H x W.
        spread: see :func:`content_spread`; default: the target's.
    """
    spread = content_spread(target) if spread is None else spread
    return ((features - target) ** 2).mean(dim=(2, 3)).sum(dim=1) / spread


def total_variation(images: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels of N x 3 x H x W, one number a picture."""
    rows = images[:, :, 1:] - images[:, :, :-1]
    columns = images[:, :, :, 1:] - images[:, :, :, :-1]
    return (rows**2).mean(dim=(1, 2, 3)) + (columns**2).mean(dim=(1, 2, 3))


def random_flow(n: int, height: int, width: int, generator: torch.Generator | None = None) -> Tensor:
    """A smooth random optical flow with a common shift, N x 2 x H x W in pixels (x, y).

    Stands in for video (Wang et al. 2020, compound regularisation): camera shift of up to 10 pixels, and
    local motion with a standard deviation of 2 pixels that varies over about 50.
    """
    coarse = 2.0 * torch.randn(n, 2, max(2, height // 50), max(2, width // 50), generator=generator)
    shift = torch.rand(n, 2, 1, 1, generator=generator) * 20 - 10
    return F.interpolate(coarse, (height, width), mode="bicubic", align_corners=True) + shift


def warp(images: Tensor, flow: Tensor) -> Tensor:
    """Sample N x C x H x W at each pixel plus its flow (N x 2 x H x W, pixels), bilinear, mirrored outside."""
    _, _, h, w = images.shape
    y, x = torch.meshgrid(torch.arange(h, device=flow.device), torch.arange(w, device=flow.device), indexing="ij")
    grid = torch.stack(((x + flow[:, 0]) / (w - 1), (y + flow[:, 1]) / (h - 1)), dim=-1) * 2 - 1
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=True)
