"""Telling scene cuts from motion and changes of light.

If cuts are found too eagerly, raise the thresholds: the first two for fast motion, the third for changes of light.
"""

from __future__ import annotations

import numpy as np

from impasto.extras import opencv
from impasto.flow.estimate import Pixels

_THUMBNAIL_SIZE = (32, 18)  # pixels, width and height: small enough that motion hardly changes the picture
_CUT_DIFFERENCE = 0.25  # mean difference of two frames, of the full range, above which there surely is a cut
_MIN_DIFFERENCE = 0.08  # mean difference, of the full range, up to which there is no cut, whatever the colours do
_CUT_COLORS = 0.35  # share of the pixels in other colours above which a smaller difference is a cut, too


def is_scene_cut(frame: Pixels, before: Pixels) -> bool:
    """Whether a new scene starts with a frame: most of the picture has changed, or much of it and its colours.

    Args:
        frame: the thumbnail of the frame; see :func:`thumbnail`.
        before: the thumbnail of the frame before it.
    """
    difference = float(np.abs(frame.astype(np.float32) - before).mean()) / 255
    bins = [
        np.bincount((f >> 6).reshape(-1, 3) @ np.array([16, 4, 1]), minlength=64) / (f.size // 3)
        for f in (frame, before)
    ]
    colors = float(np.abs(bins[0] - bins[1]).sum()) / 2
    return difference > _CUT_DIFFERENCE or (difference > _MIN_DIFFERENCE and colors > _CUT_COLORS)


def thumbnail(frame: Pixels) -> Pixels:
    """A frame, H x W x 3, shrunk to 18 x 32 x 3 for :func:`is_scene_cut`."""
    small: Pixels = opencv("--stabilize").resize(frame, _THUMBNAIL_SIZE, interpolation=opencv().INTER_AREA)
    return small
