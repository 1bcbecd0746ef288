"""A picture continued beyond its borders, so that the network takes it and strokes do not stop short of them."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.pictures.box import Box, Indices, mirrored_indices, round_up
from impasto.pictures.picture import RowSource, to_unit_range
from impasto.pictures.resampling import enlarge_box, fill_transparent, interpolate_into, shrink_picture

Array = NDArray[np.float32]
Number = TypeVar("Number", bound=np.generic)

_FILL_SIDE = 1024  # pixels: longer side of the copy on which colours for transparent pixels are made up


class PaddedPicture:
    """A picture mirrored at its borders to sides that the network takes, transparent parts filled.

    Boxes count rows and columns from the corner of the mirrored picture.

    Args:
        source: the picture.
        multiple: both sides become multiples of so many pixels.
        minimum: the least that a side becomes, pixels.
        border: pixels that are mirrored on each side at least.

    Attributes:
        source: the picture.
        whole: the box of all of the mirrored picture.
        inner: the box of the picture itself.
        dtype: the type of the picture's samples.
    """

    def __init__(self, source: RowSource, multiple: int, minimum: int, border: int) -> None:
        self.source = source
        width, height = source.size
        sides = [max(minimum, round_up(side + 2 * border, multiple)) for side in (height, width)]
        self.whole = Box(0, 0, *sides)
        top, left = (sides[0] - height) // 2, (sides[1] - width) // 2
        self.inner = Box(top, left, top + height, left + width)
        self.dtype = source.dtype
        self._beneath: Array | None = None
        if source.transparent:
            small = shrink_picture(source, _FILL_SIDE)
            self._beneath = fill_transparent(small.rgb, small.alpha)

    def content(self, box: Box) -> Array:
        """The picture in a box: H x W x 3, float32 in [0, 1]."""
        rows, columns = self._indices(box)
        first = int(rows.min())
        part = self.source.rows(first, int(rows.max()) + 1)
        rgb = to_unit_range(_take(part.rgb, rows - first, columns))
        if self._beneath is None or part.alpha is None:
            return rgb
        # From an alpha of 1/8 on a pixel keeps its own colour; below, that fades into the colour made up for it.
        trust = np.clip(8 * to_unit_range(_take(part.alpha, rows - first, columns)), 0, 1)[..., None]
        if trust.min() >= 1:
            return rgb
        filled: Array = rgb * trust + (1 - trust) * self.enlarged(self._beneath, box)
        return filled

    def take(self, plane: NDArray[Number], box: Box) -> NDArray[Number]:
        """A box of an array of the picture's own size, H x W or H x W x C."""
        taken: NDArray[Number] = _take(plane, *self._indices(box))
        return taken

    def enlarged(self, small: NDArray[np.generic], box: Box) -> Array:
        """A box of a smaller version of the picture, h x w x 3, enlarged to the picture's size: H x W x 3, float32."""
        rows, columns = self._indices(box)
        top, left = int(rows.min()), int(columns.min())
        inside = Box(top, left, int(rows.max()) + 1, int(columns.max()) + 1)
        large = enlarge_box(small, self.source.size, inside)
        return _take(large, rows - top, columns - left)

    def interpolated(self, small: NDArray[np.generic], box: Box, planes: int = 3) -> Array:
        """A box of a smaller version of the picture, h x w x 3, interpolated linearly at the picture's size.

        Args:
            small: integers, or floating point in [0, 1].
            box: where it lies in the mirrored picture.
            planes: channels of the result; those beyond the third are 0.

        Returns:
            H x W x ``planes``, float32 in [0, 1]. In memory each plane lies by itself, as the network takes it.
        """
        places = [
            np.clip((at + 0.5) * (short / side) - 0.5, 0, short - 1)
            for at, short, side in zip(self._indices(box), small.shape, self.source.size[::-1], strict=False)
        ]
        out = np.zeros((planes, box.height, box.width), np.float32)
        interpolate_into(out[:3], small, *places)
        return out.transpose(1, 2, 0)

    def _indices(self, box: Box) -> tuple[Indices, Indices]:
        """The picture's own rows and columns that a box shows, mirrored where it reaches beyond them."""
        inner = self.inner
        return (
            mirrored_indices(box.top - inner.top, box.bottom - inner.top, inner.height),
            mirrored_indices(box.left - inner.left, box.right - inner.left, inner.width),
        )


def _take(array: NDArray[Any], rows: Indices, columns: Indices) -> NDArray[Any]:
    """``array[rows][:, columns]``; a view where both rows and columns are consecutive."""
    for axis, at in enumerate((rows, columns)):
        # Runs of consecutive rows or columns are copied many times faster than single ones.
        gaps = np.flatnonzero(np.diff(at) != 1) + 1
        bounds = zip([0, *gaps], [*gaps, len(at)], strict=True)
        parts = [slice(int(at[start]), int(at[stop - 1]) + 1) for start, stop in bounds]
        pieces = [array[part] if axis == 0 else array[:, part] for part in parts]
        array = pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=axis)
    return array
