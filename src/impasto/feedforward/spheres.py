"""Painting a picture all around: its views one after the other, as one painting."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Protocol

from impasto.feedforward.composition import PassStatistics
from impasto.feedforward.options import Options
from impasto.feedforward.painted import Painted
from impasto.feedforward.passes import PaintingProgress
from impasto.networks.grain import Array, grain_of_ring
from impasto.pictures.picture import Picture
from impasto.pictures.sphere import Layout, Sphere, as_one_type

# Pixels around what a view shows, at the size at which strokes are laid: beyond, hardly any stroke reaches.
_MARGIN = 48


class ViewPainter(Protocol):
    """What paints one view; see :class:`impasto.feedforward.painter.Painter`."""

    def paint(
        self,
        picture: Picture,
        given: PassStatistics | None = None,
        measured_share: float = 0.0,
        grain: Array | None = None,
        progress: PaintingProgress | None = None,
        like: Painted | None = None,
    ) -> Painted:
        """Paint it."""
        ...


def make_sphere(size: tuple[int, int], options: Options, layout: Layout = "mono") -> Sphere:
    """How a picture all around is taken apart, with as much around its views as strokes need.

    Args:
        size: width and height of the picture.
        options: the size of strokes counts.
        layout: where the spheres of two eyes lie.
    """
    longer = max(size)
    return Sphere(size, ceil(_MARGIN * longer / options.stroke_side(longer)), layout)


def paint_sphere(
    picture: Picture, sphere: Sphere, painters: Sequence[ViewPainter], progress: PaintingProgress | None = None
) -> Picture:
    """Paint a picture all around.

    All views are normalised, and their colours matched, as the first one, so that they look as one painting.

    Args:
        picture: the picture.
        sphere: its views.
        painters: of each view.
        progress: called with the pixels of views that are painted, and those of all.
    """
    pixels = [view.size[0] * view.size[1] for view in sphere.views]
    paintings, first = [], None
    for number, (view, painter) in enumerate(zip(sphere.views, painters, strict=True)):
        seen = Picture(view.sample(picture.rgb), None if picture.alpha is None else view.sample(picture.alpha))
        before, own = sum(pixels[:number]), pixels[number]

        def report(done: int, total: int, before: int = before, own: int = own) -> None:
            """Pass on how far one view is."""
            if progress is not None:
                progress(before + own * done // max(1, total), sum(pixels))

        grain = grain_of_ring(seen.size[1], seen.size[0], view.period) if view.period else None
        painted = painter.paint(seen, grain=grain, progress=report, like=first)
        first = first or painted
        paintings.append(painted.picture.rgb)
    return picture.repainted(sphere.merged(as_one_type(paintings)))
