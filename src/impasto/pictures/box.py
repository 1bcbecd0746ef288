"""Boxes of pixels, and the mirrored continuation of a picture beyond its borders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Box:
    """Rows ``top`` to ``bottom`` and columns ``left`` to ``right``, the ends not among them."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def pixels(self) -> int:
        """Rows times columns."""
        return self.height * self.width

    def grown(self, margin: int, within: Box) -> Box:
        """With a margin on all sides, as far as there is room."""
        return Box(
            max(within.top, self.top - margin),
            max(within.left, self.left - margin),
            min(within.bottom, self.bottom + margin),
            min(within.right, self.right + margin),
        )

    def cut(self, other: Box) -> Box:
        """What both have in common."""
        return self.grown(0, other)

    def seen_from(self, other: Box) -> tuple[slice, slice]:
        """This box as rows and columns of an array that holds the other."""
        rows = slice(self.top - other.top, self.bottom - other.top)
        return rows, slice(self.left - other.left, self.right - other.left)

    def halves(self, multiple: int) -> list[Box]:
        """The two halves of its longer side, cut at a multiple; none if it is too small to be cut."""
        if max(self.height, self.width) < 2 * multiple:
            return []
        if self.height >= self.width:
            middle = self.top + round_up(self.height // 2, multiple)
            return [Box(self.top, self.left, middle, self.right), Box(middle, self.left, self.bottom, self.right)]
        middle = self.left + round_up(self.width // 2, multiple)
        return [Box(self.top, self.left, self.bottom, middle), Box(self.top, middle, self.bottom, self.right)]


def round_up(value: int, multiple: int) -> int:
    """The next multiple, or the value itself if it is one."""
    return -(-value // multiple) * multiple


def mirrored_indices(start: int, stop: int, length: int) -> Indices:
    """Indices ``start`` to ``stop`` of a line of that length, which repeats mirrored beyond both ends."""
    at = np.arange(start, stop) % (2 * length)
    return np.where(at < length, at, 2 * length - 1 - at)
