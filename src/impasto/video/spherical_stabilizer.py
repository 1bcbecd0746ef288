"""Frames all around: each flat view of the sphere is stabilised as a video of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from impasto.feedforward.options import Options
from impasto.feedforward.painted import Painted
from impasto.feedforward.painter import Painter
from impasto.feedforward.spheres import make_sphere
from impasto.flow.estimate import Pixels
from impasto.pictures.projections import check_whole
from impasto.pictures.sphere import Layout, Sphere
from impasto.video.stabilizer_base import FrameInProgress, Stabilizer, StabilizerState


@dataclass
class SphericalFrame(FrameInProgress):
    """A frame all around between the first step of its painting and the last.

    Attributes:
        views: the frame's views, each in progress.
        sphere: how the frame is taken apart.
    """

    views: list[FrameInProgress] = field(default_factory=list)
    sphere: Sphere | None = None


class SphericalStabilizer(Stabilizer):
    """Stabilises the views of frames all around, and puts them together.

    In a view of a pole, which keeps shapes, motion can be followed; in the frame itself a pole is a line. The band at
    the equator goes on at its ends as a ring does, so that what moves across the meridian keeps its strokes.

    Args:
        options: how frames are painted: the size of strokes counts.
        layout: where the spheres of two eyes lie in frames; ``None``: nobody says so, and a frame must be one sphere.
        make: makes the stabiliser of a view, from the columns after which it repeats itself (0: it does not).
    """

    def __init__(self, options: Options, layout: Layout | None, make: Callable[[int], Stabilizer]) -> None:
        self._options, self._layout, self._make = options, layout, make
        self._stabilizers: list[Stabilizer] = []
        self._sphere: Sphere | None = None
        self._restored: StabilizerState = {}
        self._painters: tuple[Painter, list[Painter]] | None = None  # the last painter, and those of its views

    def _take_apart(self, size: tuple[int, int]) -> Sphere:
        """How frames of a width and height are taken apart; other sizes than before begin anew.

        Raises:
            InputError: a frame is no whole sphere.
        """
        if self._sphere is None or self._sphere.size != size:
            if self._layout is None:
                check_whole(size)
            self._sphere = make_sphere(size, self._options, self._layout or "mono")
            self._stabilizers = [self._make(view.period) for view in self._sphere.views]
            self._painters = None
            for number, stabilizer in enumerate(self._stabilizers):
                start, state = f"view{number}_", self._restored
                stabilizer.restore({n.removeprefix(start): array for n, array in state.items() if n.startswith(start)})
            self._restored = {}
        return self._sphere

    def begin(self, frame: Pixels, changing: bool = False, index: int | None = None) -> SphericalFrame:
        """See :class:`Stabilizer`."""
        sphere = self._take_apart((frame.shape[1], frame.shape[0]))
        views = [
            stabilizer.begin(view.sample(frame), changing, index)
            for view, stabilizer in zip(sphere.views, self._stabilizers, strict=True)
        ]
        first = views[0]
        return SphericalFrame(
            frame, changing, index=first.index, starts_scene=first.starts_scene, views=views, sphere=sphere
        )

    def run_network(self, in_progress: FrameInProgress, painter: Painter, like: Painted | None = None) -> None:
        """See :class:`Stabilizer`."""
        assert isinstance(in_progress, SphericalFrame)
        views = zip(in_progress.views, self._stabilizers, self._painters_of_views(painter, in_progress), strict=True)
        for view, stabilizer, own in views:
            stabilizer.run_network(view, own, like)
            like = like or view.network_painting
        in_progress.used = in_progress.views[0].used

    def _painters_of_views(self, painter: Painter, in_progress: SphericalFrame) -> list[Painter]:
        """The painters of all views of a frame; kept for the next frame."""
        sphere, kept = in_progress.sphere, self._painters
        assert sphere is not None
        if kept is None or kept[0] is not painter:
            kept = painter, [painter.seen_in(view, sphere.size) for view in sphere.views]
            self._painters = kept
        return kept[1]

    def finish(self, in_progress: FrameInProgress) -> Pixels:
        """See :class:`Stabilizer`."""
        assert isinstance(in_progress, SphericalFrame)
        assert in_progress.sphere is not None
        views = zip(in_progress.views, self._stabilizers, strict=True)
        in_progress.painted = in_progress.sphere.merged([stabilizer.finish(view) for view, stabilizer in views])
        return in_progress.painted

    def state(self) -> StabilizerState:
        """See :class:`Stabilizer`."""
        return {
            f"view{number}_{name}": array
            for number, stabilizer in enumerate(self._stabilizers)
            for name, array in stabilizer.state().items()
        }

    def restore(self, state: StabilizerState) -> None:
        """See :class:`Stabilizer`; views go on from it once the size of frames is known."""
        self._sphere, self._restored = None, dict(state)
