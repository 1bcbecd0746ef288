"""Steady pictures: what keeps painted frames from flickering.

A network paints two nearly equal frames with strokes in different places. Both stabilisers therefore carry the last
painting on instead of averaging paintings, which would blur: where the picture can be followed from the reference, the
frame that the last painting was made of, that painting is moved along; elsewhere the new one is taken as it is.
The statistics that the network normalises with are smoothed over frames, too, so that the whole does not breathe.
"""

from __future__ import annotations

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
_CHANGING = 0.5  # the same, and of the new painting in the result, while styles fade
_REST = 0.15, 0.4  # pixels by which a place may have moved and count as at rest: surely, and not any more
_AROUND = 15  # pixels: noise makes flow tremble, but not in one direction over this width
_EVEN = 7  # pixels over which flow is smoothed
_FINE = 5  # pixels: what is finer than this loses contrast when moved, and gets it back
_COARSE = 8  # pixels: in cells of this size
_GAIN = 0.8, 1.6


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

    Attributes:
        fresh: share of the new painting where the picture moves, which in time corrects what moving distorts.
    """

    fresh: float

    def __init__(self) -> None:
        self.statistics: tuple[Statistics, ...] | None = None
        self.reference: Frame | None = None  # the picture that the last painting is of
        self.painted: Floats | None = None
        self.small: Frame | None = None
        self.grid: tuple[Floats, Floats] | None = None

    def follow(self, frame: Frame, reference: Frame) -> tuple[Floats, Floats]:
        """The flow from a frame to the reference (H x W x 2), and where to trust it, 0 to 1 (H x W)."""
        raise NotImplementedError

    def paint(self, frame: Frame, painter: Painter, *, changing: bool = False) -> Frame:
        """See :class:`Off`."""
        small = thumbnail(frame)
        if self.small is None or frame.shape != self.reference_shape or cut(small, self.small):
            self.statistics = self.reference = self.painted = None
        self.small = small
        result = painter.paint(images.from_array(frame), self.statistics, _CHANGING if changing else _SHARE)
        new: Floats = np.clip(result.picture.rgb, 0, 1).astype(np.float32)
        if self.reference is None or self.painted is None:
            self.reference, self.painted = frame.copy(), new
        else:
            self.reference, self.painted = self._carried(frame, new, self.reference, self.painted, changing)
        self.statistics = result.statistics or None
        return rgb_bytes(self.painted)

    @property
    def reference_shape(self) -> tuple[int, ...] | None:
        """Of the frames so far."""
        return None if self.reference is None else self.reference.shape

    def _carried(
        self, frame: Frame, new: Floats, reference: Frame, painted: Floats, changing: bool
    ) -> tuple[Frame, Floats]:
        """The next reference and painting."""
        cv2 = opencv()
        flow, trust = self.follow(frame, reference)
        shift = cv2.blur(flow, (_AROUND, _AROUND))
        moves = _above(np.hypot(shift[..., 0], shift[..., 1]), *_REST)
        flow *= moves[..., None]
        moved = self._moved(reference, flow, cv2.INTER_LINEAR)
        trust = np.minimum(trust, 1 - _above(_difference(frame, moved), *self.tolerance))
        # A place is trusted only with its neighbourhood, softly: a network looks around, and edges of masks show.
        trust = cv2.blur(cv2.erode(trust, np.ones((self.margin, self.margin), np.uint8)), (self.margin, self.margin))
        fresh = np.maximum(moves * np.float32(self.fresh), np.float32(_CHANGING if changing else 0))
        keep = (trust * (1 - fresh))[..., None]
        carried = self._moved(painted, flow, cv2.INTER_CUBIC)
        carried -= new
        carried *= keep
        result = carried
        result += new
        result = _sharpened(result, new, np.minimum(1, 4 * trust))
        stays = ((moves < 0.5) & (trust > 0.5)).astype(np.uint8)
        bounded: Floats = np.clip(result, 0, 1, out=result)
        return cv2.copyTo(reference, stays, frame.copy()), bounded

    def _moved(self, image: NDArray[Any], flow: Floats, interpolation: int) -> NDArray[Any]:
        cv2 = opencv()
        if self.grid is None or self.grid[0].shape != flow.shape[:2]:
            height, width = flow.shape[:2]
            x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
            self.grid = x, y
        x, y = self.grid
        moved: NDArray[Any] = cv2.remap(
            image, x + flow[..., 0], y + flow[..., 1], interpolation, borderMode=cv2.BORDER_REPLICATE
        )
        return moved

    tolerance: tuple[float, float]  # grey levels between the moved reference and the frame: trusted, and not any more
    margin: int  # pixels

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


class Light(Steady):
    """Motion guessed at half size, both ways: a few milliseconds."""

    fresh, tolerance, margin = 0.25, (8.0, 24.0), 5

    def __init__(self) -> None:
        super().__init__()
        self.estimate = estimator("dis", preset=0)

    def follow(self, frame: Frame, reference: Frame) -> tuple[Floats, Floats]:
        """See :class:`Steady`."""
        cv2 = opencv()
        height, width = frame.shape[:2]
        half = max(1, width // 2), max(1, height // 2)
        small = [cv2.resize(f, half, interpolation=cv2.INTER_AREA) for f in (frame, reference)]
        coarse, trust = _followed(self.estimate, small[0], small[1])
        scale = np.array([width / half[0], height / half[1]], np.float32)
        flow: Floats = (cv2.resize(coarse, (width, height)) * scale).astype(np.float32)
        return flow, cv2.resize(trust, (width, height))


class Flow(Steady):
    """Dense flow at full size."""

    fresh, tolerance, margin = 0.15, (12.0, 36.0), 7

    def __init__(self) -> None:
        super().__init__()
        self.estimate = estimator("dis", preset=1)

    def follow(self, frame: Frame, reference: Frame) -> tuple[Floats, Floats]:
        """See :class:`Steady`."""
        return _followed(self.estimate, frame, reference)


def _followed(estimate: Estimator, frame: Frame, reference: Frame) -> tuple[Floats, Floats]:
    """A flow and where to trust it, by the checker of artistic-videos.

    Flow is smoothed first: strokes bend with every wrinkle in it, frame after frame. What still wrinkles, the checker
    counts as an edge of motion.
    """
    cv2 = opencv()
    flow, opposite = (cv2.blur(f, (_EVEN, _EVEN)) for f in (estimate(frame, reference), estimate(reference, frame)))
    return flow, consistency(flow, opposite).astype(np.float32) / np.float32(254)


def stabilizer(mode: Stabilize) -> Off:
    """The one of a name."""
    kinds: dict[Stabilize, type[Off]] = {"off": Off, "light": Light, "flow": Flow}
    return kinds[mode]()


def _difference(frame: Frame, other: Frame) -> Floats:
    """How much two pictures differ around each place, in grey levels: H x W, the largest of the channels."""
    cv2 = opencv()
    red, green, blue = cv2.split(cv2.absdiff(*(cv2.blur(f, (5, 5)) for f in (frame, other))))
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.float32)


def _above(values: Floats, low: float, high: float) -> Floats:
    """0 up to ``low``, 1 from ``high`` on, smooth in between."""
    t = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    smooth: Floats = (t * t * (3 - 2 * t)).astype(np.float32)
    return smooth


def _sharpened(picture: Floats, like: Floats, where: Floats) -> Floats:
    """A picture whose fine detail has the contrast of another's, cell by cell, as far as ``where`` (0 to 1) says.

    Sampling between pixels takes contrast from fine detail, frame after frame; this gives it back.
    """
    cv2 = opencv()
    height, width = where.shape
    cells = max(1, width // _COARSE), max(1, height // _COARSE)
    fine = picture - cv2.blur(picture, (_FINE, _FINE))
    grey, wanted = (cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in (fine, like))
    wanted -= cv2.blur(wanted, (_FINE, _FINE))
    have, want = (cv2.blur(cv2.resize(f * f, cells, interpolation=cv2.INTER_AREA), (3, 3)) for f in (grey, wanted))
    gain = np.clip(np.sqrt((want + 1e-6) / (have + 1e-6)), *_GAIN) - 1
    gain = cv2.resize(gain, (width, height), interpolation=cv2.INTER_LINEAR) * where
    fine *= gain[..., None]
    fine += picture
    return np.asarray(fine)
