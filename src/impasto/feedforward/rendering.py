"""TODO: say what this module is for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from math import isqrt

import numpy as np

from impasto.errors import InputError
from impasto.feedforward.composition import Array, Composition, PassStatistics
from impasto.feedforward.tiles import plan_mosaic, plan_tiles
from impasto.memory import LEAST, Budget
from impasto.pictures.box import Box
from impasto.pictures.picture import to_samples

log = logging.getLogger(__name__)


_SAMPLE = 1 << 20  # at least so many pixels of a large picture are looked at for its statistics ...
_SAMPLE_FRACTION = 12  # ... and of an even larger one this part, so that it takes a twelfth of the time


def render(
    scene: Composition, budget: Budget, given: PassStatistics | None, share: float
) -> tuple[Array, PassStatistics]:
    """All of a scene; a large one in the type of its source.

    Args:
        scene: what is to be painted.
        budget: what it may take.
        given, share: see :meth:`impasto.feedforward.painter.Painter.paint`.

    Returns:
        H x W x 3, and the statistics that were used.

    Raises:
        InputError: there is too little memory even for small tiles.
    """
    whole = scene.canvas.whole
    if budget.allows(whole.pixels):
        try:
            result = scene.whole(given, share)
        except Exception as error:
            _go_on_smaller(error, whole.pixels, budget)
        else:
            budget.keeps(whole.pixels)
            return result
    picture = scene.canvas.picture
    out = np.empty((picture.height, picture.width, 3), scene.canvas.kind)
    for row in _prepared(scene, budget, given, share, out.nbytes):
        for box in row:
            _tile(scene, budget, box, out, picture)
    _release(scene, budget)
    return out, scene.memory


def render_rows(scene: Composition, budget: Budget) -> Iterator[Array]:
    """The painting of a large scene from top to bottom, one row of tiles at a time, in the type of its source."""
    canvas = scene.canvas
    # Two rows of tiles are in memory besides: the one that is painted and the one that is written.
    row_bytes = 2 * canvas.picture.width * 3 * canvas.kind.itemsize
    for row in _prepared(scene, budget, None, 0.0, row_bytes * isqrt(budget.pixels())):
        place = Box(row[0].top, 0, row[0].bottom, canvas.whole.width).cut(canvas.picture)
        if place.height > 0:
            band = np.empty((place.height, place.width, 3), canvas.kind)
            for box in row:
                _tile(scene, budget, box, band, place)
            yield band
    _release(scene, budget)


def _release(scene: Composition, budget: Budget) -> None:
    """Have the engines give back what they keep for the next picture, so that it counts as free."""
    for engine in {id(layer.engine): layer.engine for layer in scene.layers}.values():
        engine.release()
    budget.keeps(0)


def _prepared(
    scene: Composition, budget: Budget, given: PassStatistics | None, share: float, reserved: int
) -> list[list[Box]]:
    """Tiles, where so many bytes are needed for something else; the scene has its statistics."""
    _release(scene, budget)
    if given is not None and share == 0 and scene.colors != "match":
        scene.memory = given
    else:
        _survey(scene, budget, given, share)
        _release(scene, budget)
    return plan_tiles(scene.canvas.whole, budget.pixels(reserved), scene.margin, scene.multiple)


def _survey(scene: Composition, budget: Budget, given: PassStatistics | None, share: float) -> None:
    """Measure the statistics, on a smaller sample if memory runs out."""
    whole = scene.canvas.whole
    while True:
        pixels = min(budget.pixels(), max(_SAMPLE, whole.pixels // _SAMPLE_FRACTION))
        try:
            return scene.survey(plan_mosaic(whole, pixels, scene.multiple), given, share)
        except Exception as error:
            _go_on_smaller(error, pixels, budget)


def _tile(scene: Composition, budget: Budget, box: Box, band: Array, place: Box) -> None:
    """Paint a tile into its band, which lies at a place of the canvas; if memory runs out, in halves."""
    shown = box.cut(place)
    if shown.height <= 0 or shown.width <= 0:
        return
    wide = box.grown(scene.margin, scene.canvas.whole)
    halves = box.halves(scene.multiple)
    if wide.pixels <= budget.largest or not halves:
        try:
            band[shown.seen_from(place)] = to_samples(scene.box(box), band.dtype)
            return
        except Exception as error:
            _go_on_smaller(error, wide.pixels, budget, possible=bool(halves))
    for half in halves:
        _tile(scene, budget, half, band, place)


def _go_on_smaller(error: Exception, pixels: int, budget: Budget, possible: bool = True) -> None:
    """If memory ran out, halve what is painted at once, and say so; any other error goes on."""
    # Engines say in classes of their own that memory is short.
    if not (isinstance(error, MemoryError) or "alloc" in str(error) or "out of memory" in str(error)):
        raise error
    if not possible or pixels <= LEAST:
        raise InputError(
            f"Even {pixels / 1e6:.2f} million pixels at a time need more memory than there is; close other programs, "
            "or give a --size."
        ) from error
    budget.ran_short(pixels)
    log.warning("Memory ran out at %.1f million pixels; going on with tiles of half as many.", pixels / 1e6)
