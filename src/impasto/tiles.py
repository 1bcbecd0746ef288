"""Tiles: where a large picture is cut, so that the pieces together are what the whole would have been.

A painted pixel depends on the picture within the network's receptive radius, on where the pixel lies on the
network's grid (it works at an eighth of the picture's size), and on the normalisation statistics of the whole
picture. So tiles that overlap by the radius, start on the grid and share their statistics have no seams: they
equal the untiled painting but for rounding.

Statistics of a picture that is too large to be measured at once are those of a **mosaic**: small pieces from all
over the picture, at full scale, side by side in one picture that goes through the network once. All other ways
that were tried are further from the truth or dearer (``docs/large-pictures.md``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]
Sample = list[list["Box"]]

PIECE = 128  # side of a mosaic's pieces: more and smaller ones see more of the picture, but more cuts, too


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


def plan(whole: Box, most: int, margin: int, multiple: int) -> list[list[Box]]:
    """Cut a picture into rows of tiles such that least is painted twice.

    Args:
        whole: the picture; starts at 0, its sides are multiples of ``multiple``.
        most: pixels that fit into memory at once, margins included.
        margin: what a tile has to see around itself: the receptive radius rounded up to a multiple.
        multiple: of the network's grid.
    """
    best: tuple[int, int, int] | None = None
    for columns in range(1, whole.width // multiple + 1):
        width = round_up(-(-whole.width // columns), multiple) + margin * min(2, columns - 1)
        rows = _fewest_rows(whole.height, most // width, margin, multiple)
        if rows is None:
            continue
        work = (whole.width + 2 * margin * (columns - 1)) * (whole.height + 2 * margin * (rows - 1))
        if best is None or work < best[0]:
            best = work, rows, columns
        elif work > 4 * best[0]:
            break
    rows, columns = best[1:] if best else (-(-whole.height // multiple), -(-whole.width // multiple))
    downs, acrosses = _cuts(whole.height, rows, multiple), _cuts(whole.width, columns, multiple)
    return [[Box(top, left, bottom, right) for left, right in acrosses] for top, bottom in downs]


def _fewest_rows(height: int, tallest: int, margin: int, multiple: int) -> int | None:
    """How many rows of tiles there have to be for none to be taller, margins included."""
    if height <= tallest:
        return 1
    if round_up(-(-height // 2), multiple) + margin <= tallest:
        return 2
    inner = (tallest - 2 * margin) // multiple * multiple
    return -(-height // inner) if inner > 0 else None


def _cuts(length: int, count: int, multiple: int) -> list[tuple[int, int]]:
    step = round_up(-(-length // count), multiple)
    return [(start, min(start + step, length)) for start in range(0, length, step)]


def mosaic(whole: Box, pixels: int, multiple: int) -> Sample:
    """Pieces from all over a picture, about as many pixels together as wanted; rows of pieces of one height.

    Each is drawn at random from a cell of its own of an even grid (with a fixed seed, so that results do not
    vary), which sees more of the picture than pieces drawn anywhere. All pieces of a row lie at the same height,
    so that a file need only be read from top to bottom.
    """
    if pixels >= whole.pixels:
        return [[whole]]
    random = np.random.default_rng(0)
    high, wide = min(PIECE, whole.height), min(PIECE, whole.width)
    pieces = pixels / (high * wide)
    down = _clipped(np.sqrt(pieces * whole.height / whole.width), whole.height // high)
    across = _clipped(pieces / down, whole.width // wide)
    down = _clipped(pieces / across, whole.height // high)
    return [
        [Box(top, left, top + high, left + wide) for left in _starts(whole.width, wide, across, multiple, random)]
        for top in _starts(whole.height, high, down, multiple, random)
    ]


def _clipped(count: float, most: int) -> int:
    return max(1, min(round(count), most))


def _starts(length: int, span: int, count: int, multiple: int, random: np.random.Generator) -> list[int]:
    """Where spans of a line start, one somewhere in each of as many equal parts."""
    cell = length / count
    return [int(i * cell + random.random() * (cell - span)) // multiple * multiple for i in range(count)]


def mirrored(start: int, stop: int, length: int) -> Indices:
    """Indices ``start`` to ``stop`` of a line of that length, which repeats mirrored beyond both ends."""
    at = np.arange(start, stop) % (2 * length)
    return np.where(at < length, at, 2 * length - 1 - at)
