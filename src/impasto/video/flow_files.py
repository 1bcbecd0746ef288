"""Optical flow that another program has computed, for the stabilisers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impasto.extras import opencv
from impasto.flow.estimate import fit_flow
from impasto.flow.files import PairPattern, read_certainty, read_flo
from impasto.video.motion import Floats


@dataclass(frozen=True)
class FlowFiles:
    """Files of optical flow back to the frame before, and of how far to trust it.

    Attributes:
        flow: pattern of ``.flo`` files from a frame to the one before it: ``backward_[%d]_{%d}.flo``.
        certainty: pattern of certainty maps; ``None``: trust what the forward-backward check finds.
        first: the number, in names of files, of the source's first frame.

    Raises:
        InputError: a pattern lacks ``[%d]`` or ``{%d}``.
    """

    flow: str
    certainty: str | None = None
    first: int = 1

    def __post_init__(self) -> None:
        for pattern in (self.flow, self.certainty):
            if pattern is not None:
                PairPattern(pattern)

    def read(self, index: int, before: int, height: int, width: int) -> tuple[Floats, Floats | None]:
        """Read the flow from a frame back to an earlier one.

        Args:
            index: the number of the frame, from 0.
            before: the number of the earlier frame, from 0.
            height, width: of the pictures that the flow is for, in pixels.

        Returns:
            The flow, H x W x 2 in pixels, and its certainty, H x W from 0 to 1, or ``None`` without such files.

        Raises:
            InputError: a file is missing or damaged.
        """
        pair = self.first + index, self.first + before
        flow = fit_flow(read_flo(PairPattern(self.flow).path(*pair)), height, width)
        if self.certainty is None:
            return flow, None
        levels = opencv().resize(read_certainty(PairPattern(self.certainty).path(*pair)), (width, height))
        return flow, levels.astype(np.float32) / 255
