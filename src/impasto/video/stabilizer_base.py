"""What every stabiliser offers, and painting without stabilisation.

A stabiliser paints a frame in three steps, so that the networks of several frames can run side by side:
:meth:`Stabilizer.begin`, :meth:`Stabilizer.run_network`, :meth:`Stabilizer.finish`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.extras import opencv
from impasto.feedforward.composition import PassStatistics
from impasto.feedforward.painted import Painted
from impasto.feedforward.painter import Painter
from impasto.flow.estimate import Pixels
from impasto.pictures.conversion import from_array
from impasto.pictures.picture import Picture, to_samples
from impasto.threads import cpu_threads
from impasto.video.motion import Floats, Motion

StabilizerState = dict[str, NDArray[Any]]
"""Arrays by name from which a stabiliser can go on."""

# Frames whose networks run side by side: two networks on half of the cores each are faster than one on all of them.
PARALLEL_FRAMES = 2

FADING_SHARE = 0.5  # share of the new frame in what is painted and in its statistics while styles fade, 0 to 1
_STATISTICS_SHARE = 0.2  # share of a frame's own statistics, 0 to 1: the rest averages about six frames before it


@contextmanager
def limited_opencv_threads() -> Iterator[None]:
    """Let OpenCV use no more threads than one of the networks beside it.

    With more threads than cores, threads of both would wait for one another's cores, spinning.
    """
    cv2 = opencv()
    before = cv2.getNumThreads()
    cv2.setNumThreads(max(1, cpu_threads() // PARALLEL_FRAMES))
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _bytes_of(painting: Picture) -> Pixels:
    """A painting, H x W x 3, uint8."""
    rgb = painting.rgb
    return np.ascontiguousarray(rgb if rgb.dtype == np.uint8 else to_samples(rgb))


def _no_pixels() -> Pixels:
    """An empty array, for what a frame does not have yet."""
    return np.empty(0, np.uint8)


@dataclass
class FrameInProgress:
    """A frame between the first step of its painting and the last.

    Attributes:
        frame: H x W x 3, uint8.
        changing: whether styles are fading into others at this frame.
        grain: H x W, the pattern that the network sees on the frame; it travels with what moves. ``None``: the fixed
            grain.
        thumbnail: the frame as :func:`impasto.video.scene_cuts.thumbnail` gives it.
        reference: the picture that the painting of the frame will show, at the size at which motion is estimated. It
            is the frame itself, except that places at rest keep the pixels of earlier frames.
        before: the frame before this one; ``None`` where a scene starts.
        motion: how this frame relates to the reference of the frame before it; ``None`` where a scene starts.
        painted: H x W x 3, uint8; empty before the network has run. :meth:`Stabilizer.finish` completes it.
        used: the statistics that the network was normalised with; empty before it has run.
        index: the number of the frame, from 0.
        coverage: where strength and styles apply, H x W x M, as ``Painter.styles.coverage`` gives it.
        starts_scene: whether a scene starts with the frame.
        network_painting: what the network painted, as :meth:`impasto.feedforward.painter.Painter.paint` gives it;
            ``None`` before it has run.
    """

    frame: Pixels
    changing: bool = False
    grain: Floats | None = None
    thumbnail: Pixels = field(default_factory=_no_pixels)
    reference: Pixels = field(default_factory=_no_pixels)
    before: FrameInProgress | None = None
    motion: Motion | None = None
    painted: Pixels = field(default_factory=_no_pixels)
    used: PassStatistics = field(default_factory=dict)
    index: int = 0
    coverage: Pixels | None = None
    starts_scene: bool = False
    network_painting: Painted | None = None

    @property
    def given(self) -> PassStatistics | None:
        """The statistics to normalise the network with: those of the frame :data:`PARALLEL_FRAMES` before this one.

        The network of the frame just before this one may still be running.
        """
        before = self.before and self.before.before
        return before.used or None if before else None


class Stabilizer(ABC):
    """Paints the frames of a video one after the other, each with regard to those before it.

    :meth:`begin` and :meth:`finish` must be called for frame after frame, each from one thread at a time.
    :meth:`run_network` may run in any thread between the two, for up to :data:`PARALLEL_FRAMES` frames at once.
    A new stabiliser is a subclass and an entry in :data:`impasto.video.stabilizers.STABILIZERS`.
    """

    def paint(self, frame: Pixels, painter: Painter, *, changing: bool = False) -> Pixels:
        """Paint one frame: all three steps in a row.

        Args:
            frame: H x W x 3, uint8.
            painter: paints it.
            changing: whether styles are fading into others at this frame.

        Returns:
            The painted frame, H x W x 3, uint8.
        """
        in_progress = self.begin(frame, changing)
        self.run_network(in_progress, painter)
        return self.finish(in_progress)

    @abstractmethod
    def begin(self, frame: Pixels, changing: bool = False, index: int | None = None) -> FrameInProgress:
        """Compute all that does not depend on the painting of the frame before, such as motion.

        Args:
            frame: H x W x 3, uint8.
            changing: whether styles are fading into others at this frame.
            index: the number of the frame, from 0, by which flow files are found; ``None``: one more than that of the
                frame before.

        Returns:
            The frame, to be passed to :meth:`run_network` and then to :meth:`finish`.
        """

    def run_network(self, in_progress: FrameInProgress, painter: Painter, like: Painted | None = None) -> None:
        """Run the network on a frame that :meth:`begin` gave, and store what it painted there.

        Args:
            in_progress: the frame; ``painted`` and ``used`` are set.
            painter: paints it; one that is made for :data:`PARALLEL_FRAMES` frames at once is faster.
            like: another view of the same frame, whose statistics and colours this one takes.
        """
        share = FADING_SHARE if in_progress.changing else _STATISTICS_SHARE
        picture = from_array(in_progress.frame, compact=1)
        painted = painter.paint(picture, in_progress.given, share, in_progress.grain, like=like)
        in_progress.painted = _bytes_of(painted.picture)
        in_progress.used, in_progress.network_painting = painted.statistics, painted

    @abstractmethod
    def finish(self, in_progress: FrameInProgress) -> Pixels:
        """Complete the painting of a frame whose network has run, once the frame before it is finished.

        Returns:
            The painted frame, H x W x 3, uint8.
        """

    @abstractmethod
    def state(self) -> StabilizerState:
        """What the next frame needs of those that are finished, for :meth:`restore` in a later run."""

    @abstractmethod
    def restore(self, state: StabilizerState) -> None:
        """Go on from a state that :meth:`state` gave, as if there had been no interruption."""


class NoStabilizer(Stabilizer):
    """No stabilisation: every frame is painted on its own."""

    def begin(self, frame: Pixels, changing: bool = False, index: int | None = None) -> FrameInProgress:
        """See :class:`Stabilizer`; nothing has to be computed."""
        return FrameInProgress(frame, changing)

    def run_network(self, in_progress: FrameInProgress, painter: Painter, like: Painted | None = None) -> None:
        """See :class:`Stabilizer`; no later frame needs the statistics."""
        if painter.whole:  # other views of the frame do
            super().run_network(in_progress, painter, like)
            return
        in_progress.painted = _bytes_of(painter.paint_only(from_array(in_progress.frame, compact=1)))

    def finish(self, in_progress: FrameInProgress) -> Pixels:
        """See :class:`Stabilizer`."""
        return in_progress.painted

    def state(self) -> StabilizerState:
        """See :class:`Stabilizer`; no frame needs anything of those before it."""
        return {}

    def restore(self, state: StabilizerState) -> None:
        """See :class:`Stabilizer`; there is nothing to restore."""
