"""Arithmetic on the pixels of floating-point pictures: scaling, and filling transparent parts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = np.ndarray
Floats = NDArray[np.float32]


def lanczos(a: Array, size: tuple[int, int]) -> Array:
    """Scale H x W x C to that width and height."""
    out = np.empty((size[1], size[0], a.shape[2]), np.float32)
    for channel in range(a.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(a[..., channel]))
        out[..., channel] = np.asarray(plane.resize(size, Image.Resampling.LANCZOS))
    return np.clip(out, 0, 1, out=out)  # Lanczos overshoots


def fill_transparent(rgb: Array, alpha: Array | None) -> Array:
    """Extend the colours of visible pixels smoothly into the transparent parts.

    What a file holds beneath transparent pixels is arbitrary, often black, and a network would paint
    it, with an edge around what is visible. Pixels at least one eighth opaque keep their colour.
    """
    if alpha is None:
        return rgb
    trust = np.clip(alpha[..., None] * 8, 0, 1)
    if trust.min() >= 1:
        return rgb
    if trust.max() <= 0:
        return np.full_like(rgb, 0.5)
    return _extended(rgb * trust, trust)


def _extended(colour: Floats, weight: Floats) -> Floats:
    """Fill up ``colour``, premultiplied with ``weight``, from ever coarser averages of itself."""
    height, width = weight.shape[:2]
    if height == width == 1:
        return colour / weight
    total = _halved(weight)
    coarse_weight = np.minimum(total, np.float32(1))
    scale: Floats = np.divide(coarse_weight, np.maximum(total, 1e-12), dtype=np.float32)
    coarse = _halved(colour) * scale
    below = _doubled(_doubled(_extended(coarse, coarse_weight), 0), 1)[:height, :width]
    return colour + (1 - weight) * below


def _halved(a: Floats) -> Floats:
    """Sums of 2 x 2 pixels; beyond the edges there is nothing."""
    a = np.pad(a, ((0, a.shape[0] % 2), (0, a.shape[1] % 2), (0, 0)))
    return a[::2, ::2] + a[1::2, ::2] + a[::2, 1::2] + a[1::2, 1::2]


def _doubled(a: Floats, axis: int) -> Floats:
    """Twice the size along an axis, interpolated."""
    a = np.moveaxis(a, axis, 0)
    out = np.empty((2 * len(a), *a.shape[1:]), a.dtype)
    out[::2] = 0.75 * a + 0.25 * np.concatenate([a[:1], a[:-1]])
    out[1::2] = 0.75 * a + 0.25 * np.concatenate([a[1:], a[-1:]])
    return np.moveaxis(out, 0, axis)
