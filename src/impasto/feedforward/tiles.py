"""Painting a composition within a budget of memory: at once, or in tiles that look as if it were painted at once.

A tile sees as much around itself as the network reaches (the overlap of tiles:
:attr:`impasto.feedforward.composition.StyleLayer.margin`, from
:func:`impasto.networks.architecture.receptive_radius`), and all tiles are normalised with one set of statistics,
measured on a mosaic of pieces from all over the picture. If memory runs out all the same, tiles are halved.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from math import isqrt

import numpy as np

from impasto.errors import OutOfMemoryError
from impasto.feedforward.composition import Array, Composition, Sample
from impasto.memory import MIN_PIXELS, Budget
from impasto.pictures.box import Box, round_up
from impasto.pictures.picture import to_samples

log = logging.getLogger(__name__)

PIECE_SIDE = 128  # pixels: side of a mosaic's pieces; smaller ones see more of the picture, but bring more cuts
_MIN_SAMPLE_PIXELS = 1 << 20  # pixels on which the statistics of a picture are measured, at least
_SAMPLE_PART = 12  # statistics of a very large picture are measured on its pixels divided by this


def paint_bands(
    composition: Composition,
    budget: Budget,
    *,
    streamed: bool = False,
    report: Callable[[int], None] = lambda _pixels: None,
) -> Iterator[Array]:
    """Paint a composition from top to bottom.

    Args:
        composition: what is to be painted; its statistics are in its normalisation afterwards.
        budget: the memory that it may take.
        streamed: whether a band may be only some rows high, for a picture that is too large to be whole in memory.
        report: called with the pixels of each tile that is painted.

    Yields:
        H x W x 3. Without ``streamed`` one band, the whole picture: float32 in [0, 1] if it was painted at once,
        otherwise in the type of the source. With ``streamed`` a band for every row of tiles, in that type.

    Raises:
        OutOfMemoryError: there is too little memory even for small tiles.
    """
    padded = composition.padded
    if not streamed:
        at_once = _painted_at_once(composition, budget)
        if at_once is not None:
            report(padded.whole.pixels)
            yield at_once
            return
    height, width = padded.inner.height, padded.inner.width
    result = None if streamed else np.empty((height, width, 3), padded.dtype)
    # While rows of tiles are streamed, two are in memory besides the tile: the one being painted and the one written.
    rows_of_tiles = 2 * width * 3 * padded.dtype.itemsize * isqrt(budget.pixels())
    reserved = rows_of_tiles if result is None else result.nbytes
    for row in _planned_tiles(composition, budget, reserved):
        band_box = Box(row[0].top, 0, row[0].bottom, padded.whole.width).intersection(padded.inner)
        if band_box.height <= 0:
            continue
        if result is None:
            band = np.empty((band_box.height, width, 3), padded.dtype)
        else:
            band = result[band_box.top - padded.inner.top : band_box.bottom - padded.inner.top]
        for box in row:
            _paint_tile(composition, budget, box, band, band_box)
            report(box.pixels)
        if result is None:
            yield band
    _release(composition, budget)
    if result is not None:
        yield result


def _painted_at_once(composition: Composition, budget: Budget) -> Array | None:
    """All of a composition's picture at once; ``None`` if there is too little memory for that."""
    pixels = composition.padded.whole.pixels
    if not budget.allows(pixels):
        return None
    try:
        painted = composition.paint_whole()
    except (MemoryError, OutOfMemoryError) as error:
        _halve_budget(error, pixels, budget)
        return None
    budget.note_kept(pixels)
    return painted


def _planned_tiles(composition: Composition, budget: Budget, reserved: int) -> list[list[Box]]:
    """Rows of tiles for a composition, which has its statistics afterwards.

    Args:
        composition: what is to be painted.
        budget: the memory that it may take.
        reserved: bytes of it that are needed for something else.
    """
    _release(composition, budget)
    if not composition.use_given_statistics():
        _measure_statistics(composition, budget)
        _release(composition, budget)
    return plan_tiles(composition.padded.whole, budget.pixels(reserved), composition.margin, composition.multiple)


def _measure_statistics(composition: Composition, budget: Budget) -> None:
    """Measure the statistics, on a smaller sample if memory runs out."""
    whole = composition.padded.whole
    while True:
        pixels = min(budget.pixels(), max(_MIN_SAMPLE_PIXELS, whole.pixels // _SAMPLE_PART))
        try:
            return composition.measure_sample(plan_mosaic(whole, pixels, composition.multiple))
        except (MemoryError, OutOfMemoryError) as error:
            _halve_budget(error, pixels, budget)


def _paint_tile(composition: Composition, budget: Budget, box: Box, band: Array, band_box: Box) -> None:
    """Paint a tile into its band; if memory runs out, in halves.

    Args:
        composition: what is to be painted.
        budget: the memory that it may take.
        box: the tile in the padded picture.
        band: where the painting goes, H x W x 3.
        band_box: where the band lies in the padded picture.
    """
    shown = box.intersection(band_box)
    if shown.height <= 0 or shown.width <= 0:
        return
    wide = box.grown(composition.margin, composition.padded.whole)
    halves = box.halves(composition.multiple)
    if wide.pixels <= budget.largest or not halves:
        try:
            band[shown.seen_from(band_box)] = to_samples(composition.paint_box(box), band.dtype)
            return
        except (MemoryError, OutOfMemoryError) as error:
            _halve_budget(error, wide.pixels, budget, can_halve=bool(halves))
    for half in halves:
        _paint_tile(composition, budget, half, band, band_box)


def _release(composition: Composition, budget: Budget) -> None:
    """Have the engines give back what they keep for the next picture, so that it counts as free."""
    for engine in {id(layer.engine): layer.engine for layer in composition.layers}.values():
        engine.release()
    budget.note_kept(0)


def _halve_budget(error: Exception, pixels: int, budget: Budget, *, can_halve: bool = True) -> None:
    """After memory ran out, halve what is painted at once, and log a warning.

    Args:
        error: what was raised.
        pixels: how many were to be painted at once.
        budget: remembers that so many are too many.
        can_halve: whether what was to be painted can be cut into halves.

    Raises:
        OutOfMemoryError: what was to be painted cannot be cut, or is very small already.
    """
    if not can_halve or pixels <= MIN_PIXELS:
        raise OutOfMemoryError(
            f"Even {pixels / 1e6:.2f} million pixels at a time need more memory than there is; close other programs, "
            "or give a --size."
        ) from error
    budget.note_shortage(pixels)
    log.warning("Memory ran out at %.1f million pixels; going on with tiles of half as many.", pixels / 1e6)


def plan_tiles(whole: Box, most: int, margin: int, multiple: int) -> list[list[Box]]:
    """Cut a picture into rows of tiles such that least is painted twice.

    Args:
        whole: the picture; starts at 0, its sides are multiples of ``multiple``.
        most: pixels that fit into memory at once, margins included.
        margin: pixels that a tile has to see around itself: the receptive radius rounded up to a multiple.
        multiple: pixels of the network's grid, on which tiles start and end.

    Returns:
        Rows of tiles. If no tile with its margins fits, tiles are as small as the grid.
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
            break  # more columns only add margins
    rows, columns = best[1:] if best else (-(-whole.height // multiple), -(-whole.width // multiple))
    row_cuts, column_cuts = _cuts(whole.height, rows, multiple), _cuts(whole.width, columns, multiple)
    return [[Box(top, left, bottom, right) for left, right in column_cuts] for top, bottom in row_cuts]


def _fewest_rows(height: int, tallest: int, margin: int, multiple: int) -> int | None:
    """How many rows of tiles keep each within a height, margins included; ``None``: not even the lowest tiles fit."""
    if height <= tallest:
        return 1
    if round_up(-(-height // 2), multiple) + margin <= tallest:
        return 2
    inner = (tallest - 2 * margin) // multiple * multiple
    return -(-height // inner) if inner > 0 else None


def _cuts(length: int, count: int, multiple: int) -> list[tuple[int, int]]:
    """Where at most ``count`` even parts of a line start and end, all on multiples."""
    side = round_up(-(-length // count), multiple)
    return [(start, min(start + side, length)) for start in range(0, length, side)]


def plan_mosaic(whole: Box, pixels: int, multiple: int) -> Sample:
    """Pieces from all over a picture, about as many pixels together as wanted; rows of pieces of one height.

    Each is drawn at random from a cell of its own of an even grid (with a fixed seed, so that results do not
    vary), which sees more of the picture than pieces drawn anywhere. All pieces of a row lie at the same height,
    so that a file need only be read from top to bottom.

    Args:
        whole: the picture.
        pixels: how many are wanted; a picture that has no more is one piece.
        multiple: pixels of the network's grid, on which pieces start.
    """
    if pixels >= whole.pixels:
        return [[whole]]
    rng = np.random.default_rng(0)
    high, wide = min(PIECE_SIDE, whole.height), min(PIECE_SIDE, whole.width)
    pieces = pixels / (high * wide)
    down = _clipped(np.sqrt(pieces * whole.height / whole.width), whole.height // high)
    across = _clipped(pieces / down, whole.width // wide)
    down = _clipped(pieces / across, whole.height // high)
    return [
        [Box(top, left, top + high, left + wide) for left in _starts(whole.width, wide, across, multiple, rng)]
        for top in _starts(whole.height, high, down, multiple, rng)
    ]


def _clipped(count: float, most: int) -> int:
    """A count rounded to a whole number from 1 to ``most``."""
    return max(1, min(round(count), most))


def _starts(length: int, span: int, count: int, multiple: int, rng: np.random.Generator) -> list[int]:
    """Where pieces along a line start: one at a random place in each of ``count`` equal parts.

    Args:
        length: of the line, in pixels.
        span: length of a piece, in pixels.
        count: how many pieces there are.
        multiple: pixels of the network's grid, on which pieces start.
        rng: draws the places.
    """
    cell = length / count
    return [int(i * cell + rng.random() * (cell - span)) // multiple * multiple for i in range(count)]
