"""How a pass refines the coarser painting of the pass before it.

The network sees the coarse painting, enlarged, instead of the picture. What it paints is the result, but the means of
small cells stay those of the coarse painting. So strokes keep the size and the place in which they were laid, and get
edges and finer strokes within.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.feedforward.padding import PaddedPicture
from impasto.pictures.box import Box
from impasto.pictures.picture import Picture, to_samples
from impasto.pictures.resampling import enlarge_box

Array = NDArray[np.float32]

_CELL = 4  # pixels: side of the cells whose means stay; it divides the network's grid, so that tiles agree

KEPT = 0.0  # share where the coarse painting has the size of the last pass, and is not to be painted again
FINAL_SHARE = 0.8  # share of the network's painting in the result of the last pass; with all of it a weave shows
# Share of the network's painting in passes before the last: what they add is seen from afar, and painted once more.
PASSING_SHARE = 0.5


@dataclass(frozen=True)
class Refinement:
    """A coarse painting, to be refined at the size of a padded picture.

    Attributes:
        coarse: the painting, h x w x 3, of the padded picture's shape and of any smaller size.
        padded: the picture at whose size it is to be refined.
        share: of the network's painting in the result, 0 to 1; the rest is the coarse painting, enlarged.
        reach: pixels around a box that the means of cells depend on.
    """

    coarse: NDArray[np.generic]
    padded: PaddedPicture
    share: float = FINAL_SHARE
    reach = 2 * _CELL

    def network_input(self, box: Box) -> Array:
        """What the network sees of a box: the coarse painting enlarged, H x W x 4, float32 in [0, 1], without grain.

        It is interpolated linearly: a sharper enlargement shows the pixels of the coarse painting, and the network
        would paint these as a weave.
        """
        return self.padded.interpolated(self.coarse, box, planes=4)

    def merged(self, painted: Array, network_input: Array) -> Array:
        """The refined painting, H x W x 3 in [0, 1].

        Args:
            painted: what the network made of ``network_input``, H x W x 3; its memory is used.
            network_input: see :meth:`network_input`.
        """
        for plane, wanted in zip(painted.transpose(2, 0, 1), network_input.transpose(2, 0, 1), strict=False):
            plane += _enlarged_cells(_cell_means(wanted) - _cell_means(plane))
            plane *= np.float32(self.share)
            plane += np.float32(1 - self.share) * wanted
        return np.clip(painted, 0, 1, out=painted)


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


def _cell_means(plane: Array) -> Array:
    """The means of the cells of a plane, H x W; both are multiples of :data:`_CELL`."""
    height, width = plane.shape
    # Rows are added first: that is one long addition a row, and leaves little to add up along it.
    rows = plane.reshape(height // _CELL, _CELL, width).sum(axis=1)
    means: Array = rows.reshape(height // _CELL, width // _CELL, _CELL).sum(axis=2) / np.float32(_CELL**2)
    return means


def _enlarged_cells(cells: Array) -> Array:
    """One value a cell to a smooth plane of pixels, by linear interpolation between the middles of cells."""
    return _enlarged_rows(np.ascontiguousarray(_enlarged_rows(cells.T).T))


def _enlarged_rows(cells: Array) -> Array:
    """Rows of cells, h x w, to rows of pixels, H x w."""
    around = np.concatenate([cells[:1], cells, cells[-1:]])
    out = np.empty((len(cells), _CELL, cells.shape[1]), np.float32)
    for row in range(_CELL):
        at = (row + 0.5) / _CELL - 0.5  # place in cells, from the middle of the cell
        first, share = (0, at + 1) if at < 0 else (1, at)
        before, after = (around[start : start + len(cells)] for start in (first, first + 1))
        np.add(before, (after - before) * np.float32(share), out=out[:, row])
    return out.reshape(-1, cells.shape[1])
