"""Boxes of pixels, and the mirrored continuation of a picture beyond its borders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels.

    Attributes:
        top, left: the first row and column.
        bottom, right: the row and column after the last ones.
    """

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """The number of columns."""
        return self.right - self.left

    @property
    def pixels(self) -> int:
        """The number of pixels."""
        return self.height * self.width

    def grown(self, margin: int, within: Box) -> Box:
        """The box with a margin of so many pixels on all sides, as far as the box ``within`` has room for it."""
        return Box(
            max(within.top, self.top - margin),
            max(within.left, self.left - margin),
            min(within.bottom, self.bottom + margin),
            min(within.right, self.right + margin),
        )

    def intersection(self, other: Box) -> Box:
        """The pixels that both boxes have in common."""
        return self.grown(0, other)

    def seen_from(self, other: Box) -> tuple[slice, slice]:
        """This box as rows and columns of an array that holds the pixels of another one."""
        rows = slice(self.top - other.top, self.bottom - other.top)
        return rows, slice(self.left - other.left, self.right - other.left)

    def halves(self, multiple: int) -> list[Box]:
        """The box cut in two across its longer side, at a multiple of pixels; an empty list if it is too small."""
        if max(self.height, self.width) < 2 * multiple:
            return []
        if self.height >= self.width:
            middle = self.top + round_up(self.height // 2, multiple)
            return [Box(self.top, self.left, middle, self.right), Box(middle, self.left, self.bottom, self.right)]
        middle = self.left + round_up(self.width // 2, multiple)
        return [Box(self.top, self.left, self.bottom, middle), Box(self.top, middle, self.bottom, self.right)]


def round_up(value: int, multiple: int) -> int:
    """The smallest multiple that is not below the value."""
    return -(-value // multiple) * multiple


def mirrored_indices(start: int, stop: int, length: int) -> Indices:
    """Indices into a line of pixels that is mirrored beyond both ends; the outermost pixels are repeated.

    Args:
        start: the first place; may be negative.
        stop: the place after the last one; may be beyond the line.
        length: pixels of the line.

    Returns:
        ``stop - start`` indices from 0 to ``length - 1``.
    """
    at = np.arange(start, stop) % (2 * length)
    return np.where(at < length, at, 2 * length - 1 - at)
