"""Whether a picture has enough in it to serve as a style."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.errors import Sentence

# Measured at a longer side of about 512 pixels: fourteen paintings have at most 27 % even pixels, photographs 58 %,
# logos 90 % and more; the least colourful photograph has a standard deviation of 0.15.
_MIN_SIDE = 128  # pixels, the shorter side of a picture that shows strokes
MEASURED_SIDE = 512  # pixels, about: the longer side at which a picture is measured
_MIN_DEVIATION = 0.04  # standard deviation of a channel in [0, 1], below which a picture counts as of one colour
_EVEN_STEP = 3 / 255  # difference of neighbours in [0, 1], below which a pixel counts as even
_MAX_EVEN_SHARE = 0.85  # share of even pixels, above which a picture counts as all even areas


def style_picture_warning(rgb: NDArray[Any]) -> Sentence | None:
    """What speaks against a style picture, one sentence; ``None`` if nothing does.

    A style is learnt from strokes and textures, so a picture is doubtful that is tiny, nearly of one colour, or
    almost all even areas, as logos and drawings of flat shapes are.

    Args:
        rgb: H x W x 3, samples of any type.
    """
    height, width = rgb.shape[:2]
    if min(height, width) < _MIN_SIDE:
        text = (
            f"the style picture has only {width} x {height} pixels, too few to show strokes: "
            f"give one of at least {_MIN_SIDE} pixels a side, better 500."
        )
        return Sentence(text, "style_picture_small", width=width, height=height)
    step = max(1, max(height, width) // MEASURED_SIDE)
    small = rgb[: height // step * step, : width // step * step]
    cells = small.reshape(height // step, step, width // step, step, 3)
    peak = np.iinfo(rgb.dtype).max if rgb.dtype.kind == "u" else 1
    small = cells.mean(axis=(1, 3), dtype=np.float32) / np.float32(peak)
    if small.std(axis=(0, 1)).max() < _MIN_DEVIATION:
        text = "the style picture is nearly of one colour, so the result will be, too: give one with more contrast."
        return Sentence(text, "style_picture_one_colour")
    down = np.abs(np.diff(small, axis=0)).max(axis=2)[:, :-1]
    across = np.abs(np.diff(small, axis=1)).max(axis=2)[:-1]
    if (np.maximum(down, across) < _EVEN_STEP).mean() > _MAX_EVEN_SHARE:
        text = (
            "the style picture is almost all even areas, as a logo is, without strokes to learn from: "
            "expect its colours and little more, or give a painting."
        )
        return Sentence(text, "style_picture_even")
    return None
