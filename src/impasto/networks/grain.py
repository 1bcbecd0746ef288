"""Grain: faint noise that the network sees beside the picture, so that even parts have something to paint.

The same input makes a network paint the same thing, so that over an even sky or wall it can only repeat itself: it
paints a weave, or rows of rings. Noise gives every place a difference that strokes can follow (noise as the seed of
texture: Ulyanov et al. 2016, arXiv 1603.03417, section 3.2). Networks are trained with it, to make strokes of it and
not to show it.

Grain depends on nothing but the place, so that tiles agree on it and a picture that is painted twice looks the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float32]
_RING_FADING = 128  # columns over which one end of a ring of grain fades into the other, twice the largest cell

OCTAVES = ((4, 127, 0.02), (8, 61, 0.025), (16, 31, 0.025), (32, 17, 0.03), (64, 11, 0.035))
"""Of each octave: the side of a cell in pixels, cells until it repeats, and standard deviation, where white is 1.

Fine octaves become strokes, coarse ones their arrangement: without coarse ones an even sky is filled evenly. More grain
costs content, less lets skies repeat (lab book). The sum of all octaves repeats after 2.9 thousand million pixels.
"""


def grain_of_box(top: int, left: int, height: int, width: int) -> Array:
    """The grain of a box of the endless plane.

    Args:
        top: first row of the box; may be negative.
        left: first column of the box; may be negative.
        height: rows of the box.
        width: columns of the box.

    Returns:
        H x W x 1 on the scale of pictures in [0, 1]; mean 0, standard deviation 0.06 over many cells.
    """
    total = np.zeros((height, width), np.float32)
    for octave in OCTAVES:
        pattern = _pattern(*octave)
        for rows, from_rows in _runs(top, height, len(pattern)):
            for columns, from_columns in _runs(left, width, len(pattern)):
                total[rows, columns] += pattern[from_rows, from_columns]
    return total[..., None]


def grain_of_ring(height: int, width: int, period: int) -> Array:
    """The grain of a band whose ends repeat each other: H x W, alike where columns are a period apart.

    Its last columns fade into what stands before its first, by weights whose squares add up to 1, so that it stays as
    uneven.

    Args:
        height: rows of the band.
        width: columns of the band; what is more than a period lies at both ends by halves.
        period: columns after which it repeats itself.
    """
    fading = min(_RING_FADING, period // 2)
    ring = grain_of_box(0, 0, height, period)[..., 0]
    angle = (np.arange(fading, dtype=np.float32) + np.float32(0.5)) * np.float32(np.pi / 2 / fading)
    ring[:, period - fading :] *= np.cos(angle)
    ring[:, period - fading :] += np.sin(angle) * grain_of_box(0, -fading, height, fading)[..., 0]
    return ring.take(np.arange(width) - (width - period) // 2, axis=1, mode="wrap")


def grain_patterns() -> list[Array]:
    """One period of each octave; the grain at a place is their sum, each at the place modulo its own side."""
    return [_pattern(*octave) for octave in OCTAVES]


def grain_cells() -> list[Array]:
    """The cells of each octave, normally distributed numbers: all that another program needs to make the same grain."""
    return [_cells(cell, count) for cell, count, _ in OCTAVES]


def _runs(start: int, length: int, period: int) -> Iterator[tuple[slice, slice]]:
    """Cut a side of a box where the pattern begins anew: yields slices of the box and of the pattern."""
    at = 0
    while at < length:
        first = (start + at) % period
        run = min(period - first, length - at)
        yield slice(at, at + run), slice(first, first + run)
        at += run


@cache
def _pattern(cell: int, count: int, deviation: float) -> Array:
    """Smooth noise whose opposite borders fit together: a square of ``count`` cells of ``cell`` pixels a side."""
    around = around_cells(cell, count)
    side = len(around) * cell
    smooth = np.asarray(Image.fromarray(around).resize((side, side), Image.Resampling.BICUBIC))
    inner = smooth[2 * cell : -2 * cell, 2 * cell : -2 * cell]
    inner = inner - inner.mean()  # the mean of few cells is not 0
    return np.ascontiguousarray(inner * np.float32(deviation / inner.std()))


def around_cells(cell: int, count: int) -> Array:
    """The cells of an octave with two of the opposite side around them, as the interpolation between cells needs it."""
    return np.pad(_cells(cell, count), 2, mode="wrap")


def _cells(cell: int, count: int) -> Array:
    """The cells of the octave whose cells have ``cell`` pixels a side: a square of ``count`` a side."""
    return np.random.default_rng(cell).standard_normal((count, count)).astype(np.float32)
