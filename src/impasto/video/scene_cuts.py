"""TODO: say what this module is for."""

from __future__ import annotations

import numpy as np

from impasto.extras import opencv
from impasto.video.motion import Frame


def is_scene_cut(frame: Frame, before: Frame) -> bool:
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
