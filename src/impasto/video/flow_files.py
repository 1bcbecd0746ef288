"""Optical flow that another program has computed, for the stabilisers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from impasto.extras import opencv
from impasto.flow.estimate import fit_known_flow
from impasto.flow.files import PairPattern, read_certainty, read_flo
from impasto.flow.forward_backward import Flow
from impasto.video.motion import Floats


@dataclass(frozen=True)
class FlowFiles:
    """Files of optical flow back to the frame before, and of how far to trust it.

    Attributes:
        flow: pattern of ``.flo`` files from a frame to the one before it: ``backward_[%d]_{%d}.flo``.
        certainty: pattern of certainty maps; ``None``: trust what the forward-backward check finds.
        first: the number, in names of files, of the source's first frame.
        notices: sentences for people on what is wrong with the files that were read.

    Raises:
        InputError: a pattern lacks ``[%d]`` or ``{%d}``.
    """

    flow: str
    certainty: str | None = None
    first: int = 1
    notices: list[str] = field(default_factory=list, compare=False)

    def __post_init__(self) -> None:
        for pattern in (self.flow, self.certainty):
            if pattern is not None:
                PairPattern(pattern)

    def read(self, index: int, before: int, height: int, width: int) -> tuple[Floats, Floats | None, NDArray[np.bool_]]:
        """Read the flow from a frame back to an earlier one.

        Args:
            index: the number of the frame, from 0.
            before: the number of the earlier frame, from 0.
            height, width: of the pictures that the flow is for, in pixels.

        Returns:
            The flow, H x W x 2 in pixels, 0 where it is unknown; its certainty, H x W from 0 to 1, or ``None`` without
            such files; and where the flow is known, H x W.

        Raises:
            InputError: a file is missing or damaged.
        """
        pair = self.first + index, self.first + before
        flow, known = read_known_flow(PairPattern(self.flow).path(*pair), height, width, self.notices)
        if self.certainty is None:
            return flow, None, known
        levels = opencv().resize(read_certainty(PairPattern(self.certainty).path(*pair)), (width, height))
        return flow, levels.astype(np.float32) / 255, known


def read_known_flow(path: Path, height: int, width: int, notices: list[str]) -> tuple[Flow, NDArray[np.bool_]]:
    """Read a flow file for pictures of a size, and say once that there are unknown vectors.

    Args:
        path: the file.
        height, width: of the pictures that the flow is for, in pixels.
        notices: gets the sentence, unless there is one in it.

    Returns:
        As :func:`impasto.flow.estimate.fit_known_flow`.

    Raises:
        InputError: the file is missing or damaged.
    """
    flow, known = fit_known_flow(read_flo(path), height, width)
    if not (known.all() or notices):
        notices.append(f"{path} has vectors that are no numbers, or far too long: such flow is not trusted.")
    return flow, known
