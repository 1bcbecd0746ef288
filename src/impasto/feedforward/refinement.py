"""How a pass refines the coarser painting of the pass before it.

The network sees the coarse painting, enlarged, instead of the picture, and only the finer part of what it paints is
added. So strokes keep the size in which they were laid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.feedforward.padding import PaddedPicture
from impasto.pictures.box import Box
from impasto.pictures.picture import Picture, to_samples
from impasto.pictures.resampling import enlarge_box

Array = NDArray[np.float32]

_CELL = 4  # pixels: side of the cells that smoothing averages; it divides the network's grid, so that tiles agree
_FINE_SHARE = np.float32(0.8)  # of the finer strokes that is added: all of it brings out a weave of the finest ones


@dataclass(frozen=True)
class Refinement:
    """A coarse painting, to be refined at the size of a padded picture.

    Attributes:
        coarse: the painting, h x w x 3, of the padded picture's shape and of any smaller size.
        padded: the picture at whose size it is to be refined.
        reach: pixels around a box that smoothing depends on, with some to spare.
    """

    coarse: NDArray[np.generic]
    padded: PaddedPicture
    reach = 4 * _CELL

    def network_input(self, box: Box) -> Array:
        """What the network sees of a box: the coarse painting enlarged, H x W x 3, float32 in [0, 1]."""
        return self.padded.enlarged(self.coarse, box)

    def merged(self, painted: Array, network_input: Array) -> Array:
        """The refined painting, H x W x 3 in [0, 1].

        Args:
            painted: what the network made of ``network_input``, H x W x 3.
            network_input: see :meth:`network_input`.
        """
        merged: Array = np.clip(network_input + _FINE_SHARE * (painted - _smoothed(painted)), 0, 1)
        return merged


@dataclass(frozen=True)
class EnlargedPicture:
    """A picture enlarged row by row, as it is read; see :class:`impasto.pictures.picture.RowSource`.

    Attributes:
        picture: the small picture, opaque.
        size: width and height after enlarging.
    """

    picture: Picture
    size: tuple[int, int]
    transparent = False

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the picture's samples."""
        return self.picture.dtype

    def rows(self, top: int, bottom: int) -> Picture:
        """The rows from ``top`` to before ``bottom``."""
        box = Box(top, 0, bottom, self.size[0])
        return Picture(to_samples(enlarge_box(self.picture.rgb, self.size, box), self.dtype))


def _smoothed(picture: Array) -> Array:
    """A picture without what is finer than :data:`_CELL` pixels, H x W x C; H and W are multiples of that."""
    height, width, count = picture.shape
    means = picture.reshape(height // _CELL, _CELL, width // _CELL, _CELL, count).mean(axis=(1, 3))
    out = np.empty_like(picture)
    for channel in range(count):
        plane = Image.fromarray(np.ascontiguousarray(means[..., channel]))
        out[..., channel] = np.asarray(plane.resize((width, height), Image.Resampling.BICUBIC))
    return out
