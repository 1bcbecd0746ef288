"""Masks: pictures that say where something applies, read and fitted to a size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError
from impasto.pictures.conversion import Source, as_picture
from impasto.pictures.picture import to_samples, to_unit_range

MaskLike = Source
"""A file, a PIL image or an array: H x W or H x W x 3; white is fully, black not at all, grey in between."""

Mask = NDArray[np.uint8]


def read_mask(mask: MaskLike, max_pixels: int, *, may_be_black: bool = False) -> Mask:
    """A mask as H x W, uint8: its luminance, and nothing where it is transparent.

    Args:
        max_pixels: refuse a larger one.
        may_be_black: take one that is black all over, too, as those of some frames of a video are.

    Raises:
        InputError: it cannot be read, or is black all over.
    """
    name = f"The mask {mask}" if isinstance(mask, (str, Path)) else "The mask"
    if isinstance(mask, np.ndarray) and mask.dtype == bool:
        mask = mask.astype(np.uint8) * 255
    picture = as_picture(mask, max_pixels=max_pixels, compact=1)
    levels = np.empty(picture.rgb.shape[:2], np.uint8)
    for row in range(0, len(levels), 256):  # so that the temporaries stay small
        part = picture.rows(row, row + 256)
        grey = to_unit_range(part.rgb).mean(axis=2)
        opacity = 1 if part.alpha is None else to_unit_range(part.alpha)
        levels[row : row + 256] = to_samples(grey * opacity, levels.dtype)
    if not (may_be_black or levels.any()):
        raise InputError(f"{name} is black all over, so nothing would be painted; white is where it applies.")
    return levels


def fit_mask(mask: Mask, size: tuple[int, int], original: tuple[int, int], *others: tuple[int, int]) -> Mask:
    """A mask in the size of what is painted.

    Args:
        mask: of that size, or of one of the following.
        size: what is painted, which may be larger than the result.
        original: the picture as it was read.
        others: the result.

    Raises:
        InputError: it has another.
    """
    own = mask.shape[1], mask.shape[0]
    if own == size:
        return mask
    if own not in (original, *others):
        raise InputError(
            f"A mask has {own[0]} x {own[1]} pixels and the picture {original[0]} x {original[1]}; "
            "give one of the picture's size."
        )
    return np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR))
