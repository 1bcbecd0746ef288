"""Steady pictures: what keeps painted frames from flickering."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from impasto import images
from impasto.engines import Statistics
from impasto.repaint import Painter
from impasto.video.sink import rgb_bytes

Stabilize = Literal["off", "light", "flow"]
STABILIZE: tuple[Stabilize, ...] = ("off", "light", "flow")
_SHARE = 0.1  # of a frame's own statistics in those that it is painted with

Frame = NDArray[np.uint8]
State = dict[str, NDArray[np.generic]]


class Off:
    """Every frame for itself."""

    def paint(self, frame: Frame, painter: Painter, *, moving: bool = False) -> Frame:
        """Paint one frame."""
        return rgb_bytes(painter.paint(images.from_array(frame)).picture.rgb)

    def state(self) -> State:
        """What the next frame needs of those before it."""
        return {}

    def restore(self, state: State) -> None:
        """Go on from such a state."""


class Light(Off):
    """Statistics smoothed over frames."""

    def __init__(self) -> None:
        self.statistics: tuple[Statistics, ...] | None = None

    def paint(self, frame: Frame, painter: Painter, *, moving: bool = False) -> Frame:
        """See :class:`Off`."""
        painted = painter.paint(images.from_array(frame), self.statistics, _SHARE)
        self.statistics = painted.statistics
        return rgb_bytes(painted.picture.rgb)

    def state(self) -> State:
        """See :class:`Off`."""
        found: State = {}
        for index, statistics in enumerate(self.statistics or ()):
            found |= {f"mean{index}": statistics.mean, f"variance{index}": statistics.variance}
        return dict(found)

    def restore(self, state: State) -> None:
        """See :class:`Off`."""
        count = sum(name.startswith("mean") for name in state)
        pairs = ((state[f"mean{i}"], state[f"variance{i}"]) for i in range(count))
        self.statistics = tuple(Statistics(m.astype(np.float32), v.astype(np.float32)) for m, v in pairs) or None


def stabilizer(mode: Stabilize) -> Off:
    """The one of a name."""
    return {"off": Off, "light": Light, "flow": Light}[mode]()
