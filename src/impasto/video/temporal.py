"""Steady pictures: what keeps painted frames from flickering.

A network paints two nearly equal frames with strokes in different places. Both stabilisers therefore carry the last
painting on instead of averaging paintings, which would blur: where the picture can be followed from the reference, the
frame that the last painting was made of, that painting is moved along; elsewhere the new one is taken as it is.
The statistics that the network normalises with are smoothed over frames, too, so that the whole does not breathe.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto import images
from impasto.engines import Statistics
from impasto.flow import Estimator, estimator
from impasto.repaint import Painter
from impasto.video.consistency import consistency
from impasto.video.libraries import opencv
from impasto.video.sink import rgb_bytes

Stabilize = Literal["off", "light", "flow"]
STABILIZE: tuple[Stabilize, ...] = ("off", "light", "flow")

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]
State = dict[str, NDArray[Any]]

_SHARE = 0.1  # of a frame's own statistics in those that it is painted with
_FRESH = 0.15  # of the new painting in what moves, which in time corrects what moving distorts
_CHANGING = 0.5  # both of these while styles fade
_ALIKE = 8.0, 24.0  # grey levels that the moved reference may be off: it is surely the same, and not any more
_MARGIN = 5  # pixels around a place that must be trusted, too
_REST = 0.25  # pixels by which a place may have moved and count as at rest
_SLOW, _TELLING = 1.0, 0.25  # pixels up to which motion must explain the picture better than rest: in grey levels
_AROUND = 15  # pixels: noise makes flow tremble, but not in one direction over this width
_WIDE = 8  # parts of the picture's width: in a part of that size something shows whether it moves
_EVEN = 7  # pixels over which flow is smoothed
_FINE = 5  # pixels: what is finer than this loses contrast when moved or blended, and gets it back
_COARSE = 8  # pixels: in cells of this size
_GAIN = 0.8, 2.0


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
    """Every frame for itself."""

    def paint(self, frame: Frame, painter: Painter, *, changing: bool = False) -> Frame:
        """Paint one frame.

        Args:
            frame: H x W x 3, uint8.
            changing: whether styles are just fading into others.
        """
        return rgb_bytes(painter.paint(images.from_array(frame)).picture.rgb)

    def state(self) -> State:
        """What the next frame needs of those before it."""
        return {}

    def restore(self, state: State) -> None:
        """Go on from such a state."""


class Steady(Off):
    """The last painting is carried on where the picture can be followed.

    Args:
        scale: size at which motion is estimated, of the frame's.
        preset: of the estimator (DIS).
    """

    def __init__(self, scale: float, preset: int) -> None:
        self.scale, self.estimate = scale, estimator("dis", preset=preset, finest=1)
        self.statistics: tuple[Statistics, ...] | None = None
        self.reference: Frame | None = None  # the picture that the last painting is of, in that size
        self.painted: Frame | None = None
        self.small: Frame | None = None

    def paint(self, frame: Frame, painter: Painter, *, changing: bool = False) -> Frame:
        """See :class:`Off`."""
        small = thumbnail(frame)
        if self.painted is None or self.small is None or frame.shape != self.painted.shape or cut(small, self.small):
            self.statistics = self.reference = self.painted = None
        self.small = small
        result = painter.paint(images.from_array(frame), self.statistics, _CHANGING if changing else _SHARE)
        new = np.ascontiguousarray(rgb_bytes(result.picture.rgb))
        seen = self._seen(frame)
        if self.reference is None or self.painted is None:
            self.reference, self.painted = seen, new
        else:
            motion = _motion(self.estimate, seen, self.reference)
            fresh = _CHANGING if changing else motion.moves * np.float32(_FRESH)
            self.painted = _carried(self.painted, new, motion, motion.trust * (1 - fresh))
            stays = ((motion.moves == 0) & (motion.trust > 0.5)).astype(np.uint8)
            self.reference = opencv().copyTo(self.reference, stays, seen)
        self.statistics = result.statistics or None
        return self.painted

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
        for index, statistics in enumerate(self.statistics or ()):
            found |= {f"mean{index}": statistics.mean, f"variance{index}": statistics.variance}
        if self.reference is not None and self.painted is not None and self.small is not None:
            found |= {"reference": self.reference, "painted": self.painted, "small": self.small}
        return found

    def restore(self, state: State) -> None:
        """See :class:`Off`."""
        count = sum(name.startswith("mean") for name in state)
        pairs = ((state[f"mean{i}"], state[f"variance{i}"]) for i in range(count))
        self.statistics = tuple(Statistics(m.astype(np.float32), v.astype(np.float32)) for m, v in pairs) or None
        self.reference, self.painted, self.small = (state.get(name) for name in ("reference", "painted", "small"))


def stabilizer(mode: Stabilize) -> Off:
    """The one of a name."""
    if mode == "off":
        return Off()
    return Steady(scale=0.5, preset=0) if mode == "light" else Steady(scale=1, preset=1)


@dataclass
class _Motion:
    """How a frame relates to its reference, each H x W, in the size at which it was estimated.

    Attributes:
        flow: H x W x 2, from the frame to the reference; 0 at rest.
        trust: where to trust it, 0 to 1.
        moves: 0 where the picture is at rest, 1 where it moves, with soft edges in what moves.
    """

    flow: Floats
    trust: Floats
    moves: Floats


def _motion(estimate: Estimator, frame: Frame, reference: Frame) -> _Motion:
    """How a frame relates to its reference.

    Flow is smoothed: strokes bend with every wrinkle in it, frame after frame. What still wrinkles, the checker of
    artistic-videos counts as an edge of motion. Nothing is moved without need: sampling softens, and in the dark and in
    empty skies flow is a guess, which would push strokes about.
    """
    cv2 = opencv()
    flow, opposite = (cv2.blur(f, (_EVEN, _EVEN)) for f in (estimate(frame, reference), estimate(reference, frame)))
    trust = consistency(flow, opposite).astype(np.float32) / np.float32(254)
    here, there = (cv2.blur(f, (5, 5)) for f in (frame, reference))
    off_at_rest = _difference(here, there)
    off_moved = _difference(here, _moved(there, flow, cv2.INTER_LINEAR))
    shift = cv2.blur(flow, (_AROUND, _AROUND))
    distance = np.hypot(shift[..., 0], shift[..., 1])
    around = max(3, frame.shape[1] // _WIDE)
    explained = cv2.blur(off_at_rest - off_moved, (around, around))
    rests = (distance < _REST) | (distance < _SLOW) & (explained < _TELLING)
    flow[rests] = 0
    trust = np.minimum(trust, 1 - _above(np.where(rests, off_at_rest, off_moved), *_ALIKE))
    # A place is trusted only with its neighbourhood, softly: a network looks around, and edges of masks show.
    trust = cv2.blur(cv2.erode(trust, np.ones((_MARGIN, _MARGIN), np.uint8)), (_MARGIN, _MARGIN))
    moves = (~rests).astype(np.float32)
    return _Motion(flow, trust, moves * cv2.blur(moves, (_MARGIN, _MARGIN)))


def _carried(painted: Frame, new: Frame, motion: _Motion, keep: Floats) -> Frame:
    """The last painting moved, and as much of it kept as ``keep`` says (0 to 1), with the contrast of the new one."""
    cv2 = opencv()
    height, width = new.shape[:2]
    scale = np.array([width / keep.shape[1], height / keep.shape[0]], np.float32)
    keep = cv2.resize(keep, (width, height))
    if motion.moves.any():
        flow = cv2.resize(motion.flow * scale, (width, height)) if scale.max() > 1 else motion.flow
        painted = _moved(painted, flow, cv2.INTER_CUBIC)
    result = cv2.blendLinear(painted, new, keep, 1 - keep)
    return _sharpened(result, new, np.minimum(1, 10 * (1 - keep)))


def _moved(image: Frame, flow: Floats, interpolation: int) -> Frame:
    """A picture sampled where a flow points to."""
    cv2 = opencv()
    moved: Frame = cv2.remap(image, _grid(*flow.shape[:2]) + flow, None, interpolation, borderMode=cv2.BORDER_REPLICATE)
    return moved


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
    cells = max(1, width // _COARSE), max(1, height // _COARSE)

    def energy(of: Frame) -> Floats:
        fine = cv2.cvtColor(of, cv2.COLOR_RGB2GRAY).astype(np.float32)
        fine -= cv2.blur(fine, (_FINE, _FINE))
        return np.asarray(cv2.blur(cv2.resize(fine * fine, cells, interpolation=cv2.INTER_AREA), (3, 3)))

    gain = np.sqrt((energy(like) + np.float32(0.1)) / (energy(picture) + np.float32(0.1)))
    share = cv2.resize(np.clip(gain, *_GAIN) - 1, (width, height)) * where
    sharp: Frame = cv2.blendLinear(picture, cv2.blur(picture, (_FINE, _FINE)), 1 + share, -share)
    return sharp
