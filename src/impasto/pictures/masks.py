"""Masks: pictures that say where something applies, read and fitted to a size."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError
from impasto.pictures.conversion import Source, as_picture
from impasto.pictures.picture import Picture, to_samples, to_unit_range

MaskLike = Source
"""A file, a PIL image or an array: H x W or H x W x 3; white is fully, black not at all, grey in between.

Of one that holds only 0 and 1, as masks of classes do, 1 counts as white.
"""

Mask = NDArray[np.uint8]

log = logging.getLogger(__name__)

_DARK = 32  # of 255: a mask that is nowhere brighter may be one of class numbers
_ROWS = 256  # rows that are converted at a time, so that the temporaries stay small


def read_mask(mask: MaskLike, max_pixels: int, *, may_be_black: bool = False) -> Mask:
    """Read a mask.

    Args:
        mask: whatever holds it.
        max_pixels: refuse a mask of more pixels.
        may_be_black: also take a mask that is black all over, as some frames of a video have.

    Returns:
        H x W, uint8: the mean of red, green and blue, which counts for nothing where the mask is transparent.

    Raises:
        InputError: it cannot be read, or is black all over.
    """
    name = f"The mask {mask}" if isinstance(mask, (str, Path)) else "The mask"
    if isinstance(mask, np.ndarray) and mask.dtype == bool:
        mask = mask.astype(np.uint8) * 255
    picture = _in_black_and_white(name, as_picture(mask, max_pixels=max_pixels, compact=1))
    levels = np.empty(picture.rgb.shape[:2], np.uint8)
    for row in range(0, len(levels), _ROWS):
        part = picture.rows(row, row + _ROWS)
        grey = to_unit_range(part.rgb).mean(axis=2)
        opacity = 1 if part.alpha is None else to_unit_range(part.alpha)
        levels[row : row + _ROWS] = to_samples(grey * opacity, levels.dtype)
    if not (may_be_black or levels.any()):
        raise InputError(
            f"{name} is black all over, so nothing would be painted; white is where it applies.", key="mask_black"
        )
    if 0 < levels.max() <= _DARK:
        log.warning(
            "%s is nearly black, %d of 255 at most, so little is painted; if it holds numbers of classes, make what is "
            "meant white",
            name,
            levels.max(),
        )
    return levels


def _in_black_and_white(name: str, picture: Picture) -> Picture:
    """A mask as it is, but one of nothing but the samples 0 and 1 in black and white, which is logged."""
    if picture.dtype.kind != "u" or picture.rgb.max() != 1:
        return picture
    log.warning("%s holds the numbers 0 and 1 only, which are taken as black and white", name)
    return replace(picture, rgb=picture.rgb * (255 if picture.dtype == np.uint8 else 65535))


def fit_mask(mask: Mask, size: tuple[int, int], original: tuple[int, int], *others: tuple[int, int]) -> Mask:
    """Scale a mask to the size of what is painted.

    Args:
        mask: H x W, of one of the sizes below.
        size: width and height of what is painted, which may be larger than the result.
        original: width and height of the picture as it was read.
        others: other sizes that a mask may have, such as the result's.

    Raises:
        InputError: the mask has another size.
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
