"""What is known of a network that paints without its weights; needs no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.foreign.layers import FORMAT as FOREIGN
from impasto.memory import BYTES_PER_PIXEL

SIDE_MULTIPLE = 8
"""Pixels: sides of what the network paints are multiples of this, since it works at an eighth of the size."""

MIN_SIDE = 16
"""Pixels: sides of what the network paints are at least this, since reflection padding needs two positions."""

MIRRORED_BORDER = 8
"""Mirrored pixels on each side that are painted and cut off: strokes run straight into the network's own border."""

EPSILON = 1e-5
"""Added to variances before they divide, in squared features."""

MIDDLE = (0.5, 0.5, 0.5, 0.0)
"""The value that is taken from each plane of the input: red, green and blue in [0, 1], and grain, which is around 0."""

PLANES = len(MIDDLE)
"""Planes of the input."""

_ROWS = np.array([
    [[0.75, 0.25, 0.00], [0.25, 0.75, 0.75], [0.00, 0.00, 0.25]],
    [[0.25, 0.00, 0.00], [0.75, 0.75, 0.25], [0.00, 0.25, 0.75]],
], np.float32)  # fmt: skip
"""What the three weights of a row become when bilinear doubling comes before: 2 new pixels x 3 old ones x 3 weights."""

DOUBLING: NDArray[np.float32] = np.einsum("ayk,bxl->klabyx", _ROWS, _ROWS).reshape(9, 36)
"""What 3x3 weights become when bilinear doubling comes before: 9 weights x (4 new pixels x 9 old ones)."""

_MAX_BLOCKS = 64  # residual blocks of the largest network that is taken for one of ours
_MAX_SIDE = 4096  # pixels: the largest multiple, minimum, radius and border that a file may ask for


@dataclass(frozen=True)
class Geometry:
    """What sides a network takes, and what of a picture it sees.

    Attributes:
        multiple: pixels; sides of pictures must be multiples of it.
        minimum: pixels that a side must have at least.
        radius: input pixels on each side that a painted pixel depends on, statistics aside.
        border: mirrored pixels on each side that are painted and cut off.
        bytes_per_pixel: memory that painting takes for each pixel that is in the network at once.
    """

    multiple: int = SIDE_MULTIPLE
    minimum: int = MIN_SIDE
    radius: int = 0
    border: int = MIRRORED_BORDER
    bytes_per_pixel: int = BYTES_PER_PIXEL


def is_foreign(about: Mapping[str, str]) -> bool:
    """Whether a model's metadata are those of another program's network, which :mod:`impasto.foreign` has converted."""
    return about.get("format") == FOREIGN


def geometry(about: Mapping[str, str]) -> Geometry:
    """The geometry of a network by the metadata of its model.

    Raises:
        KeyError, ValueError: they are not those of a network that can be run here.
    """
    if is_foreign(about):
        found = {name: int(about[name]) for name in ("multiple", "minimum", "radius", "border", "bytes_per_pixel")}
        if not all(0 <= value <= _MAX_SIDE for value in found.values()) or not found["multiple"]:
            raise ValueError("its description makes no sense")
        return Geometry(**found)
    blocks = json.loads(about["architecture"])["blocks"]
    if blocks not in range(_MAX_BLOCKS):
        raise ValueError("its description makes no sense")
    return Geometry(radius=receptive_radius(blocks))


def receptive_radius(blocks: int) -> int:
    """How far a pixel painted by the transformer network sees, the statistics of its normalisations aside.

    Args:
        blocks: residual blocks at an eighth of the picture's size.

    Returns:
        Pixels of the input on each side.
    """
    # Walking back from an output pixel, as an interval; strides make the reach depend on where in a cell it lies.
    farthest = 0
    for at in range(8):
        low, high = (at - 1) // 2, (at + 1) // 2  # binomial, pixel shuffle
        low, high = low - 2, high + 2  # head, up2
        low, high = (low - 1) // 2 - 1, (high + 1) // 2 + 1  # bilinear doubling, up1
        low, high = (low - 1) // 2 - 2 * blocks, (high + 1) // 2 + 2 * blocks  # bilinear doubling, blocks
        for _ in range(2):  # down2, down1
            low, high = 2 * low - 1, 2 * high + 1
        low, high = 2 * (low - 1), 2 * (high + 1) + 1  # stem, pixel unshuffle
        farthest = max(farthest, at - low, high - at)
    return farthest
