"""Painting a picture all around: its views one after the other, as one painting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Protocol

from impasto.feedforward.composition import Normalisation, PassStatistics
from impasto.feedforward.options import Options
from impasto.feedforward.passes import PaintingProgress
from impasto.networks.grain import Array, grain_of_ring
from impasto.pictures.colors import ColorTransport
from impasto.pictures.picture import Picture, to_unit_range
from impasto.pictures.sphere import Layout, Sphere, as_one_type

_MARGIN = (
    48  # pixels around what a view shows, at the size at which strokes are laid: beyond, hardly any stroke reaches
)


@dataclass(frozen=True)
class Painted:
    """A painted picture.

    Attributes:
        picture: the painting.
        statistics: what its networks were normalised with. Given back to :meth:`Painter.paint` with the next frame
            of a video, they keep that frame as this one was.
        transport: the map that matched its colours with the photograph's; ``None``: they are not matched.
    """

    picture: Picture
    statistics: PassStatistics = field(default_factory=dict)
    transport: ColorTransport | None = None

    def normalisation(self) -> Normalisation:
        """How another view of the same sphere is normalised, so that both look as one painting."""
        return Normalisation(self.statistics, wanted=False, transport=self.transport)


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
    rgb = sphere.merged(as_one_type(paintings))
    alpha = picture.alpha if picture.alpha is None or rgb.dtype == picture.dtype else to_unit_range(picture.alpha)
    return replace(picture, rgb=rgb, alpha=alpha)
