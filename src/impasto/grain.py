"""Grain: a faint unevenness that is laid on what the network sees, so that it has something to paint where nothing is.

The same input makes a network paint the same thing, so that over an even sky or wall it can only repeat itself: it
paints a weave, or rows of rings. Noise gives every place a difference that strokes can follow (noise as the seed of
texture: Ulyanov et al. 2016, arXiv 1603.03417, section 3.2). Networks are trained with it: they are to use it up as
strokes and not to show it.

It depends on nothing but the place, so that tiles agree on it and a picture that is painted twice looks the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float32]

_OCTAVES = ((4, 127), (8, 61), (16, 31))
"""Of each octave: pixels a cell, and cells until it repeats; all three together do so after 3.8 million pixels."""

_DEVIATION = 0.035  # of each octave, where white is 1; more costs content, less lets skies repeat (lab book)


def grain(top: int, left: int, height: int, width: int) -> Array:
    """The grain of a box of the endless plane.

    Args:
        top, left: its corner; negative ones are fine.
        height, width: its sides in pixels.

    Returns:
        ``height`` x ``width`` x 1, to be added to a picture in [0, 1]; mean 0, standard deviation 0.06.
    """
    total = np.zeros((height, width), np.float32)
    for cell, count in _OCTAVES:
        pattern = _pattern(cell, count)
        for rows, from_rows in _runs(top, height, len(pattern)):
            for columns, from_columns in _runs(left, width, len(pattern)):
                total[rows, columns] += pattern[from_rows, from_columns]
    return total[..., None]


def _runs(start: int, length: int, period: int) -> Iterator[tuple[slice, slice]]:
    """A line of a box, cut where the pattern begins anew: places in the box, and in the pattern."""
    at = 0
    while at < length:
        first = (start + at) % period
        run = min(period - first, length - at)
        yield slice(at, at + run), slice(first, first + run)
        at += run


@cache
def _pattern(cell: int, count: int) -> Array:
    """Smooth noise whose opposite borders fit together."""
    cells = np.random.default_rng(cell).standard_normal((count, count)).astype(np.float32)
    around = np.pad(cells, 2, mode="wrap")
    side = len(around) * cell
    smooth = np.asarray(Image.fromarray(around).resize((side, side), Image.Resampling.BICUBIC))
    inner = smooth[2 * cell : -2 * cell, 2 * cell : -2 * cell]
    return np.ascontiguousarray(inner * np.float32(_DEVIATION / inner.std()))
