"""TODO: say what this module is for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.engines.base import Statistics, cpu_threads
from impasto.extras import opencv
from impasto.feedforward.composition import PassStatistics
from impasto.feedforward.painter import Painter
from impasto.flow.estimate import Estimator, estimator, fit_flow
from impasto.flow.files import PairPattern, read_certainty, read_flo
from impasto.pictures.conversion import from_array
from impasto.pictures.picture import to_samples
from impasto.video.motion import (
    _EVEN,
    Floats,
    Frame,
    Motion,
    carry_painting,
    fast_consistency,
    measure_motion,
    sample_at,
)
from impasto.video.moving_grain import fixed_grain, moved_grain
from impasto.video.scene_cuts import is_scene_cut, thumbnail

Stabilize = Literal["off", "light", "flow"]
STABILIZE: tuple[Stabilize, ...] = ("off", "light", "flow")
StabilizerState = dict[str, NDArray[Any]]

PARALLEL_FRAMES = (
    2  # frames whose networks run side by side: two take turns on the cores better than one splits its work
)

_SHARE = 0.2  # of a frame's own statistics in those that it is painted with, half a dozen frames'
_FRESH = 0.15  # of the new painting in what moves, which in time corrects what moving distorts
_CHANGING = 0.5  # of both shares while styles fade
_OTHER_MASK = 3  # grey levels by which masks may differ and count as alike


@contextmanager
def limited_opencv_threads() -> Iterator[None]:
    """Let OpenCV use no more threads than a network beside it: else they wait for one another's cores, spinning."""
    cv2 = opencv()
    before = cv2.getNumThreads()
    cv2.setNumThreads(max(1, cpu_threads() // PARALLEL_FRAMES))
    try:
        yield
    finally:
        cv2.setNumThreads(before)


class Stabilizer:
    """Every frame for itself.

    Painting one has three parts, so that networks of :data:`LANES` frames can run side by side: :meth:`begin` and
    :meth:`finish` are called for frame after frame, :meth:`network` in any thread between them.
    """

    def paint(self, frame: Frame, painter: Painter, *, changing: bool = False) -> Frame:
        """Paint one frame.

        Args:
            frame: H x W x 3, uint8.
            changing: whether styles are just fading into others.
        """
        begun = self.begin(frame, changing)
        self.network(begun, painter)
        return self.finish(begun)

    def begin(self, frame: Frame, changing: bool = False, index: int | None = None) -> FrameInProgress:
        """Find out all that can be known before the network has run.

        Args:
            frame, changing: as in :meth:`paint`.
            index: the frame's number, from 0, that files of flow go by; ``None``: that after the last one.
        """
        return FrameInProgress(frame, changing)

    def network(self, begun: FrameInProgress, painter: Painter) -> None:
        """Run the network on a frame."""
        share = _CHANGING if begun.changing else _SHARE
        painted = painter.paint(from_array(begun.frame, compact=1), begun.given, share, begun.grain)
        rgb = painted.picture.rgb
        begun.painted = np.ascontiguousarray(rgb if rgb.dtype == np.uint8 else to_samples(rgb))
        begun.used = painted.statistics

    def finish(self, begun: FrameInProgress) -> Frame:
        """The painted frame."""
        return begun.painted

    def state(self) -> StabilizerState:
        """What the frame after the last finished one needs of those before it."""
        return {}

    def restore(self, state: StabilizerState) -> None:
        """Go on from such a state."""


def _nothing() -> Frame:
    return np.empty(0, np.uint8)


@dataclass
class FrameInProgress:
    """A frame on its way.

    Attributes:
        frame: H x W x 3.
        changing: whether styles are just fading into others.
        grain: H x W, what the network sees on it; it travels with what moves. ``None``: the fixed one.
        small: the frame as :func:`thumbnail` gives it.
        reference: the picture that its painting will be of, in the size at which motion is estimated.
        before: the frame before it, unless a scene starts.
        motion: from the reference of the frame before.
        painted: by the network, and in the end by :meth:`Off.finish`.
        used: the statistics that the network was normalised with.
        index: its number, from 0.
        applies: where strength and styles apply, as :meth:`impasto.feedforward.painter.Painter.applies` gives it.
    """

    frame: Frame
    changing: bool = False
    grain: Floats | None = None
    small: Frame = field(default_factory=_nothing)
    reference: Frame = field(default_factory=_nothing)
    before: FrameInProgress | None = None
    motion: Motion | None = None
    painted: Frame = field(default_factory=_nothing)
    used: PassStatistics = field(default_factory=dict)
    index: int = 0
    applies: Frame | None = None

    @property
    def given(self) -> PassStatistics | None:
        """What the network shall be normalised with: as many frames back as are painted side by side."""
        before = self.before and self.before.before
        return before.used or None if before else None


@dataclass(frozen=True)
class FlowFiles:
    """Flow that another program has computed, and how far it is to be trusted.

    Attributes:
        flow: pattern of ``.flo`` files from a frame to the one before it: ``backward_[%d]_{%d}.flo``.
        certainty: pattern of their certainty; ``None``: everything inside the picture that moves evenly.
        first: the number of the source's first frame.
    """

    flow: str
    certainty: str | None = None
    first: int = 1

    def __post_init__(self) -> None:
        for pattern in (self.flow, self.certainty):
            if pattern is not None:
                PairPattern(pattern)

    def read(self, index: int, before: int, height: int, width: int) -> tuple[Floats, Floats | None]:
        """The flow back to an earlier frame (both from 0), H x W x 2 for pictures of that size, and its certainty."""
        pair = self.first + index, self.first + before
        flow = fit_flow(read_flo(PairPattern(self.flow).path(*pair)), height, width)
        if self.certainty is None:
            return flow, None
        levels = opencv().resize(read_certainty(PairPattern(self.certainty).path(*pair)), (width, height))
        return flow, levels.astype(np.float32) / 255


class FlowStabilizer(Stabilizer):
    """The last painting is carried on where the picture can be followed.

    Args:
        scale: size at which motion is estimated, of the frame's.
        estimate: the flow.
        files: flow to be used instead.
    """

    def __init__(self, scale: float, estimate: Estimator, files: FlowFiles | None = None) -> None:
        self.scale, self.estimate, self.files = scale, estimate, files
        self.begun: FrameInProgress | None = None  # the last ones
        self.finished: FrameInProgress | None = None

    def begin(self, frame: Frame, changing: bool = False, index: int | None = None) -> FrameInProgress:
        """See :class:`Off`."""
        before, small, seen = self.begun, thumbnail(frame), self._seen(frame)
        if index is None:
            index = before.index + 1 if before else 0
        if before is None or before.frame.shape != frame.shape or is_scene_cut(small, before.small):
            self.begun = FrameInProgress(frame, changing, fixed_grain(*frame.shape[:2]), small, seen, index=index)
            return self.begun
        flow, trust = self._followed(index, seen, before)
        motion = measure_motion(flow, trust, seen, before.reference, *frame.shape[:2])
        stays = ((motion.moves == 0) & (motion.trust > 0.5)).astype(np.uint8)
        reference = opencv().copyTo(before.reference, stays, seen)
        grain = moved_grain(fixed_grain(*frame.shape[:2]) if before.grain is None else before.grain, motion)
        self.begun = FrameInProgress(frame, changing, grain, small, reference, before, motion, index=index)
        return self.begun

    def network(self, begun: FrameInProgress, painter: Painter) -> None:
        """See :class:`Off`."""
        super().network(begun, painter)
        begun.applies = painter.applies((begun.frame.shape[1], begun.frame.shape[0]))

    def finish(self, begun: FrameInProgress) -> Frame:
        """See :class:`Off`."""
        before, motion = begun.before, begun.motion
        if before is not None and motion is not None:
            fresh = _CHANGING if begun.changing else motion.moves * np.float32(_FRESH)
            carried = carry_painting(before.painted, begun.painted, motion, motion.trust * (1 - fresh))
            begun.painted = carried if begun.applies is None else _within(carried, begun, before)
            begun.before = FrameInProgress(before.frame, used=before.used)  # nobody needs more of it now
        self.finished = begun
        return begun.painted

    def _followed(self, index: int, frame: Frame, before: FrameInProgress) -> tuple[Floats, Floats]:
        """The flow from a frame to the reference of the one before it, and how far it can be trusted, 0 to 1.

        Flow is smoothed: strokes bend with every wrinkle in it, frame after frame. What still wrinkles, the checker of
        artistic-videos counts as an edge of motion.
        """
        cv2, reference = opencv(), before.reference
        flow, trust = (
            self.files.read(index, before.index, *frame.shape[:2])
            if self.files
            else (self.estimate(frame, reference), None)
        )
        flow = cv2.blur(flow, (_EVEN, _EVEN))
        if trust is None:
            opposite = self.estimate(reference, frame)
            trust = fast_consistency(flow, cv2.blur(opposite, (_EVEN, _EVEN)))
        return flow, trust

    def _seen(self, frame: Frame) -> Frame:
        """A copy of a frame in the size at which motion is estimated."""
        if self.scale == 1:
            return frame.copy()
        height, width = (max(1, round(side * self.scale)) for side in frame.shape[:2])
        seen: Frame = opencv().resize(frame, (width, height), interpolation=opencv().INTER_AREA)
        return seen

    def state(self) -> StabilizerState:
        """See :class:`Off`."""
        found: StabilizerState = {}
        last = self.finished
        for age, begun in enumerate((last, last and last.before)):
            for (step, layer), statistics in (begun.used if begun else {}).items():
                key = f"{age}_{step}_{layer}"
                found |= {f"mean{key}": statistics.mean, f"variance{key}": statistics.variance}
        if last is not None:
            found |= {
                "index": np.array(last.index),
                "small": last.small,
                "reference": last.reference,
                "painted": last.painted,
            }
            found |= {name: a for name in ("grain", "applies") if (a := getattr(last, name)) is not None}
        return found

    def restore(self, state: StabilizerState) -> None:
        """See :class:`Off`."""
        if "index" not in state:
            return
        used: list[dict[tuple[int, int], Statistics]] = [{}, {}]
        for name in state:
            if name.startswith("mean"):
                key = name.removeprefix("mean")
                age, step, layer = map(int, key.split("_"))
                mean, variance = (state[f"{what}{key}"].astype(np.float32) for what in ("mean", "variance"))
                used[age][step, layer] = Statistics(mean, variance)
        last = state["painted"]
        before = FrameInProgress(last, used=used[1]) if used[1] else None
        self.begun = self.finished = FrameInProgress(
            last,
            grain=state.get("grain"),
            small=state["small"],
            reference=state["reference"],
            before=before,
            painted=last,
            used=used[0],
            index=int(state["index"]),
            applies=state.get("applies"),
        )


def make_stabilizer(mode: Stabilize, method: str = "dis", files: FlowFiles | None = None) -> Stabilizer:
    """The one of a name.

    Args:
        mode: which.
        method: of flow, as :func:`impasto.flow.estimate.estimator` takes it.
        files: flow to be used instead of computing it.
    """
    if mode == "off":
        return Stabilizer()
    light = mode == "light"
    return FlowStabilizer(0.5 if light else 1, estimator(method, preset=0 if light else 1, finest=1), files)


def _within(carried: Frame, begun: FrameInProgress, before: FrameInProgress) -> Frame:
    """A carried painting, but the new one wherever masks say another thing than where it comes from.

    Masks stand still, or have one picture a frame; what is carried on would take their edges along. Where nothing
    applies, the frame shows as it is.
    """
    cv2 = opencv()
    assert begun.applies is not None
    assert begun.motion is not None
    here = begun.applies
    there = here if before.applies is None else before.applies
    if begun.motion.source is not None:
        there = sample_at(there, begun.motion.source, cv2.INTER_LINEAR).reshape(here.shape)
    other = (cv2.absdiff(here, there).reshape(here.shape).max(axis=2) > _OTHER_MASK).astype(np.uint8)
    new = (cv2.dilate(other, np.ones((3, 3), np.uint8)) > 0) | (begun.painted == begun.frame).all(axis=2)
    return np.where(new[..., None], begun.painted, carried)
