"""Steady pictures: what keeps painted frames from flickering.

A network paints two nearly equal frames with strokes in different places. Both stabilisers therefore carry the last
painting on instead of averaging paintings, which would blur: where the picture can be followed from the reference, the
frame that the last painting was made of, that painting is moved along; elsewhere the new one is taken as it is.
What the network sees is kept alike, too: its grain travels with the picture, and the statistics that it normalises
with are smoothed over frames, so that the whole does not breathe.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto import images
from impasto.engines import Statistics, threads
from impasto.flow import Estimator, PairPattern, estimator, fitted, read_certainty, read_flo
from impasto.grain import grain
from impasto.repaint import Painter
from impasto.video.libraries import opencv

Stabilize = Literal["off", "light", "flow"]
STABILIZE: tuple[Stabilize, ...] = ("off", "light", "flow")

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]
State = dict[str, NDArray[Any]]
Sample = TypeVar("Sample", bound=np.generic)

LANES = 2  # frames whose networks run side by side: two take turns on the cores better than one splits its work

_SHARE = 0.2  # of a frame's own statistics in those that it is painted with, half a dozen frames'
_FRESH = 0.15  # of the new painting in what moves, which in time corrects what moving distorts
_NEW_GRAIN = 0.15  # of the fixed grain in what moves
_GRAIN_BAND = 16  # pixels: what is finer than this and what is coarser keep their contrast each for itself
_PATCHES = (32, 128)  # pixels: cells in which they do
_CHANGING = 0.5  # of both shares while styles fade
_ALIKE = 8.0, 24.0  # grey levels that the moved reference may be off: it is surely the same, and not any more
_MARGIN = 5  # pixels around a place that must be trusted, too
_REST = 0.25  # pixels by which a place may have moved and count as at rest
_SLOW = 20  # part of the picture's width up to which motion must explain the picture better than rest
_TELLING = 0.25  # ... by so many grey levels: in the dark, noise looks like motion
_AROUND = 15  # pixels: noise makes flow tremble, but not in one direction over this width
_WIDE = 8  # parts of the picture's width: in a part of that size something shows whether it moves
_EVEN = 7  # pixels over which flow is smoothed
_FINE = 5  # pixels: what is finer than this loses contrast when moved or blended, and gets it back
_OTHER_MASK = 3  # grey levels by which masks may differ and count as alike
_COARSE = 8  # pixels: in cells of this size
_GAIN = 0.8, 2.0


@contextmanager
def lane_of_opencv() -> Iterator[None]:
    """Let OpenCV use no more threads than a network beside it: else they wait for one another's cores, spinning."""
    cv2 = opencv()
    before = cv2.getNumThreads()
    cv2.setNumThreads(max(1, threads() // LANES))
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def cut(frame: Frame, before: Frame) -> bool:
    """Whether a new scene starts with a frame: most of the picture and its colours are others.

    Args:
        frame, before: as :func:`thumbnail` gives them.
    """
    difference = float(np.abs(frame.astype(np.float32) - before).mean()) / 255
    bins = [
        np.bincount((f >> 6).reshape(-1, 3) @ np.array([16, 4, 1]), minlength=64) / (f.size // 3)
        for f in (frame, before)
    ]
    colors = float(np.abs(bins[0] - bins[1]).sum()) / 2
    return difference > 0.25 or (difference > 0.08 and colors > 0.35)


def thumbnail(frame: Frame) -> Frame:
    """A frame at a few hundred pixels, for :func:`cut`."""
    small: Frame = opencv("--stabilize").resize(frame, (32, 18), interpolation=opencv().INTER_AREA)
    return small


class Off:
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

    def begin(self, frame: Frame, changing: bool = False, index: int | None = None) -> Begun:
        """Find out all that can be known before the network has run.

        Args:
            frame, changing: as in :meth:`paint`.
            index: the frame's number, from 0, that files of flow go by; ``None``: that after the last one.
        """
        return Begun(frame, changing)

    def network(self, begun: Begun, painter: Painter) -> None:
        """Run the network on a frame."""
        share = _CHANGING if begun.changing else _SHARE
        painted = painter.paint(images.from_array(begun.frame, compact=1), begun.given, share, begun.grain)
        rgb = painted.picture.rgb
        begun.painted = np.ascontiguousarray(rgb if rgb.dtype == np.uint8 else images.samples(rgb))
        begun.used = painted.statistics

    def finish(self, begun: Begun) -> Frame:
        """The painted frame."""
        return begun.painted

    def state(self) -> State:
        """What the frame after the last finished one needs of those before it."""
        return {}

    def restore(self, state: State) -> None:
        """Go on from such a state."""


def _nothing() -> Frame:
    return np.empty(0, np.uint8)


@dataclass
class Begun:
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
        applies: where strength and styles apply, as :meth:`impasto.repaint.Painter.applies` gives it.
    """

    frame: Frame
    changing: bool = False
    grain: Floats | None = None
    small: Frame = field(default_factory=_nothing)
    reference: Frame = field(default_factory=_nothing)
    before: Begun | None = None
    motion: Motion | None = None
    painted: Frame = field(default_factory=_nothing)
    used: tuple[Statistics, ...] = ()
    index: int = 0
    applies: Frame | None = None

    @property
    def given(self) -> tuple[Statistics, ...] | None:
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
        flow = fitted(read_flo(PairPattern(self.flow).path(*pair)), height, width)
        if self.certainty is None:
            return flow, None
        levels = opencv().resize(read_certainty(PairPattern(self.certainty).path(*pair)), (width, height))
        return flow, levels.astype(np.float32) / 255


class Steady(Off):
    """The last painting is carried on where the picture can be followed.

    Args:
        scale: size at which motion is estimated, of the frame's.
        estimate: the flow.
        files: flow to be used instead.
    """

    def __init__(self, scale: float, estimate: Estimator, files: FlowFiles | None = None) -> None:
        self.scale, self.estimate, self.files = scale, estimate, files
        self.begun: Begun | None = None  # the last ones
        self.finished: Begun | None = None

    def begin(self, frame: Frame, changing: bool = False, index: int | None = None) -> Begun:
        """See :class:`Off`."""
        before, small, seen = self.begun, thumbnail(frame), self._seen(frame)
        if index is None:
            index = before.index + 1 if before else 0
        if before is None or before.frame.shape != frame.shape or cut(small, before.small):
            self.begun = Begun(frame, changing, _fixed_grain(*frame.shape[:2]), small, seen, index=index)
            return self.begun
        flow, trust = self._followed(index, seen, before)
        motion = _motion(flow, trust, seen, before.reference, *frame.shape[:2])
        stays = ((motion.moves == 0) & (motion.trust > 0.5)).astype(np.uint8)
        reference = opencv().copyTo(before.reference, stays, seen)
        grain = _travelled(_fixed_grain(*frame.shape[:2]) if before.grain is None else before.grain, motion)
        self.begun = Begun(frame, changing, grain, small, reference, before, motion, index=index)
        return self.begun

    def network(self, begun: Begun, painter: Painter) -> None:
        """See :class:`Off`."""
        super().network(begun, painter)
        begun.applies = painter.applies((begun.frame.shape[1], begun.frame.shape[0]))

    def finish(self, begun: Begun) -> Frame:
        """See :class:`Off`."""
        before, motion = begun.before, begun.motion
        if before is not None and motion is not None:
            fresh = _CHANGING if begun.changing else motion.moves * np.float32(_FRESH)
            carried = _carried(before.painted, begun.painted, motion, motion.trust * (1 - fresh))
            begun.painted = carried if begun.applies is None else _within(carried, begun, before)
            begun.before = Begun(before.frame, used=before.used)  # nobody needs more of it now
        self.finished = begun
        return begun.painted

    def _followed(self, index: int, frame: Frame, before: Begun) -> tuple[Floats, Floats]:
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
            trust = _consistent(flow, cv2.blur(opposite, (_EVEN, _EVEN)))
        return flow, trust

    def _seen(self, frame: Frame) -> Frame:
        """A copy of a frame in the size at which motion is estimated."""
        if self.scale == 1:
            return frame.copy()
        height, width = (max(1, round(side * self.scale)) for side in frame.shape[:2])
        seen: Frame = opencv().resize(frame, (width, height), interpolation=opencv().INTER_AREA)
        return seen

    def state(self) -> State:
        """See :class:`Off`."""
        found: State = {}
        last = self.finished
        for age, begun in enumerate((last, last and last.before)):
            for index, statistics in enumerate(begun.used if begun else ()):
                found |= {f"mean{age}_{index}": statistics.mean, f"variance{age}_{index}": statistics.variance}
        if last is not None:
            found |= {
                "index": np.array(last.index),
                "small": last.small,
                "reference": last.reference,
                "painted": last.painted,
            }
            found |= {name: a for name in ("grain", "applies") if (a := getattr(last, name)) is not None}
        return found

    def restore(self, state: State) -> None:
        """See :class:`Off`."""
        if "index" not in state:
            return
        used = []
        for age in (0, 1):
            count = sum(name.startswith(f"mean{age}_") for name in state)
            pairs = ((state[f"mean{age}_{i}"], state[f"variance{age}_{i}"]) for i in range(count))
            used.append(tuple(Statistics(m.astype(np.float32), v.astype(np.float32)) for m, v in pairs))
        last = state["painted"]
        before = Begun(last, used=used[1]) if used[1] else None
        self.begun = self.finished = Begun(
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


def stabilizer(mode: Stabilize, method: str = "dis", files: FlowFiles | None = None) -> Off:
    """The one of a name.

    Args:
        mode: which.
        method: of flow, as :func:`impasto.flow.estimator` takes it.
        files: flow to be used instead of computing it.
    """
    if mode == "off":
        return Off()
    light = mode == "light"
    return Steady(0.5 if light else 1, estimator(method, preset=0 if light else 1, finest=1), files)


@dataclass
class Motion:
    """How a frame relates to its reference.

    Attributes:
        source: where each pixel of the frame comes from, H x W x 2, x and y; ``None``: nothing moves.
        trust: whether to trust that, 0 to 1, in the size at which motion was estimated.
        moves: 0 where the picture is at rest, 1 where it moves, with soft edges in what moves; in the same size.
    """

    source: Floats | None
    trust: Floats
    moves: Floats


def _motion(flow: Floats, trust: Floats, frame: Frame, reference: Frame, height: int, width: int) -> Motion:
    """How a frame of some height and width relates to its reference, both given in the size of the flow between them.

    Nothing is moved without need: sampling softens, and in the dark and in empty skies flow is a guess, which would
    push strokes about.
    """
    cv2 = opencv()
    here, there = (cv2.blur(f, (5, 5)) for f in (frame, reference))
    off_at_rest = _difference(here, there)
    off_moved = _difference(here, _sampled(there, _sources(flow, *flow.shape[:2]), cv2.INTER_LINEAR))
    shift = cv2.blur(flow, (_AROUND, _AROUND))
    distance = np.hypot(shift[..., 0], shift[..., 1])
    around = max(3, frame.shape[1] // _WIDE)
    explained = cv2.blur(off_at_rest - off_moved, (around, around))
    rests = (distance < _REST) | (distance < frame.shape[1] / _SLOW) & (explained < _TELLING)
    flow[rests] = 0
    trust = np.minimum(trust, 1 - _above(np.where(rests, off_at_rest, off_moved), *_ALIKE))
    # A place is trusted only with its neighbourhood, softly: a network looks around, and edges of masks show.
    trust = cv2.blur(cv2.erode(trust, np.ones((_MARGIN, _MARGIN), np.uint8)), (_MARGIN, _MARGIN))
    moves = (~rests).astype(np.float32)
    source = _sources(flow, height, width) if moves.any() else None
    return Motion(source, trust, moves * cv2.blur(moves, (_MARGIN, _MARGIN)))


def _consistent(flow: Floats, opposite: Floats) -> Floats:
    """Where a flow can be trusted, H x W, 0 to 1: as :func:`impasto.video.consistency.consistency` has it.

    That is exact to the last bit, this takes a fifth of the time.
    """
    cv2 = opencv()
    height, width = flow.shape[:2]
    sources = _sources(flow, height, width)
    back = _sampled(opposite, sources, cv2.INTER_LINEAR)
    length = _squared(flow)
    lost = _squared(flow + back) >= 0.01 * (length + _squared(back)) + 0.5
    steep = [cv2.Sobel(flow, cv2.CV_32F, across, 1 - across, ksize=1, scale=0.5) for across in (0, 1)]
    edge = _squared(steep[0]) + _squared(steep[1]) > 0.01 * length + 0.002
    x, y = sources[..., 0], sources[..., 1]
    outside = (x < 0) | (x >= width - 1) | (y < 0) | (y >= height - 1)
    sure = 1 - (edge | outside).astype(np.float32)
    sure[lost & ~outside] = -1
    return np.asarray(np.clip(cv2.GaussianBlur(sure, (5, 5), 0.8, borderType=cv2.BORDER_REFLECT), 0, 1))


def _squared(vectors: Floats) -> Floats:
    """Squared lengths of H x W x 2."""
    x, y = opencv().split(vectors)
    return np.asarray(x * x + y * y)


@lru_cache(maxsize=2)
def _fixed_grain(height: int, width: int) -> Floats:
    return grain(0, 0, height, width)[..., 0]


def _travelled(before: Floats, motion: Motion) -> Floats:
    """Grain that goes with what moves, H x W, so that the network paints the same strokes there.

    Where nothing can be followed it is the fixed one, of which a little comes in everywhere that moves. What sampling
    and mixing take from it, it gets back.
    """
    cv2 = opencv()
    height, width = before.shape
    fixed = _fixed_grain(height, width)
    keep = cv2.resize(motion.trust * (1 - motion.moves * np.float32(_NEW_GRAIN)), (width, height))
    grown = before if motion.source is None else _sampled(before, motion.source, cv2.INTER_LINEAR)
    grown = cv2.blendLinear(grown, fixed, keep, 1 - keep)
    fine, coarse = (
        band * cv2.resize(np.sqrt(want / (_energy(band, patch) + np.float32(1e-6))), (width, height))
        for band, want, patch in zip(_bands(grown), _fixed_energies(height, width), _PATCHES, strict=True)
    )
    return np.asarray(cv2.add(fine, coarse))


@lru_cache(maxsize=2)
def _fixed_energies(height: int, width: int) -> tuple[Floats, ...]:
    """Of the bands of the fixed grain, patch by patch."""
    bands = zip(_bands(_fixed_grain(height, width)), _PATCHES, strict=True)
    return tuple(_energy(band, patch) + np.float32(1e-6) for band, patch in bands)


def _bands(pattern: Floats) -> tuple[Floats, Floats]:
    """Grain as the fine part, which sampling weakens most, and the coarse part, H x W each."""
    coarse = opencv().blur(pattern, (_GRAIN_BAND, _GRAIN_BAND))
    return pattern - coarse, coarse


def _energy(detail: Floats, patch: int) -> Floats:
    """Mean square of H x W detail around every patch of so many pixels."""
    cv2 = opencv()
    height, width = detail.shape
    cells = max(1, width // patch), max(1, height // patch)
    return np.asarray(cv2.blur(cv2.resize(detail * detail, cells, interpolation=cv2.INTER_AREA), (3, 3)))


def _carried(painted: Frame, new: Frame, motion: Motion, keep: Floats) -> Frame:
    """The last painting moved, and as much of it kept as ``keep`` says (0 to 1), with the contrast of the new one."""
    cv2 = opencv()
    height, width = new.shape[:2]
    keep = cv2.resize(keep, (width, height))
    if motion.source is not None:
        painted = _sampled(painted, motion.source, cv2.INTER_CUBIC)
    result: Frame = cv2.blendLinear(painted, new, keep, 1 - keep)
    # Where all of either is kept, nothing is lost.
    return _sharpened(result, new, np.minimum(1, 10 * (1 - keep))) if keep.min() < 1 else result


def _within(carried: Frame, begun: Begun, before: Begun) -> Frame:
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
        there = _sampled(there, begun.motion.source, cv2.INTER_LINEAR).reshape(here.shape)
    other = (cv2.absdiff(here, there).reshape(here.shape).max(axis=2) > _OTHER_MASK).astype(np.uint8)
    new = (cv2.dilate(other, np.ones((3, 3), np.uint8)) > 0) | (begun.painted == begun.frame).all(axis=2)
    return np.where(new[..., None], begun.painted, carried)


def _sources(flow: Floats, height: int, width: int) -> Floats:
    """Where every pixel of a picture of a larger size comes from: x and y."""
    sources: Floats = opencv().add(fitted(flow, height, width), _grid(height, width))
    return sources


def _sampled(image: NDArray[Sample], sources: Floats, interpolation: int) -> NDArray[Sample]:
    """A picture sampled at points."""
    cv2 = opencv()
    sampled: NDArray[Sample] = cv2.remap(image, sources, None, interpolation, borderMode=cv2.BORDER_REPLICATE)
    return sampled


@lru_cache(maxsize=2)
def _grid(height: int, width: int) -> Floats:
    """Every pixel's own x and y."""
    return np.dstack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)))


def _difference(frame: Frame, other: Frame) -> Floats:
    """How much two pictures differ, in grey levels: H x W, the largest of the channels."""
    cv2 = opencv()
    red, green, blue = cv2.split(cv2.absdiff(frame, other))
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.float32)


def _above(values: Floats, low: float, high: float) -> Floats:
    """0 up to ``low``, 1 from ``high`` on, smooth in between."""
    t = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    smooth: Floats = (t * t * (3 - 2 * t)).astype(np.float32)
    return smooth


def _sharpened(picture: Frame, like: Frame, where: Floats) -> Frame:
    """A picture whose fine detail has the contrast of another's, cell by cell, as far as ``where`` (0 to 1) says.

    Sampling between pixels and blending take contrast from fine detail, frame after frame; this gives it back.
    """
    cv2 = opencv()
    height, width = where.shape

    def energy(of: Frame) -> Floats:
        grey = cv2.cvtColor(of, cv2.COLOR_RGB2GRAY)
        return _energy(cv2.subtract(grey, cv2.blur(grey, (_FINE, _FINE)), dtype=cv2.CV_32F), _COARSE)

    gain = np.sqrt((energy(like) + np.float32(0.1)) / (energy(picture) + np.float32(0.1)))
    share = cv2.resize(np.clip(gain, *_GAIN) - 1, (width, height)) * where
    sharp: Frame = cv2.blendLinear(picture, cv2.blur(picture, (_FINE, _FINE)), 1 + share, -share)
    return sharp
