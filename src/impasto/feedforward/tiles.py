"""TODO: say what this module is for."""

from __future__ import annotations

import numpy as np

from impasto.pictures.box import Box, round_up

Mosaic = list[list["Box"]]

PIECE = 128  # side of a mosaic's pieces: more and smaller ones see more of the picture, but more cuts, too


def plan_tiles(whole: Box, most: int, margin: int, multiple: int) -> list[list[Box]]:
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


def plan_mosaic(whole: Box, pixels: int, multiple: int) -> Mosaic:
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
