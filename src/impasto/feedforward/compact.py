"""Large pictures keep the integers of their file, which take a quarter of the memory of floating point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from impasto.pictures.picture import Picture, to_samples
from impasto.pictures.resampling import resize_picture

COMPACT_PIXELS = 1 << 22  # pixels beyond which a picture keeps the integers of its file


def compact_painting(painting: NDArray[np.generic], kind: np.dtype[np.generic]) -> NDArray[np.generic]:
    """A painting that is to be refined, in the type of the picture, which takes less memory than floating point."""
    return to_samples(painting, kind) if kind.kind == "u" and painting.dtype.kind == "f" else painting


def resized(picture: Picture, longer_side: int) -> Picture:
    """A picture with a longer side in pixels (0 keeps it); one from a file gets integers again if it becomes large."""
    width, height = picture.size
    growth = longer_side / max(picture.size) if longer_side else 1
    if picture.format and picture.dtype.kind == "f" and width * height * growth**2 > COMPACT_PIXELS:
        kind = np.dtype(np.uint16 if picture.bits == 16 else np.uint8)
        alpha = None if picture.alpha is None else to_samples(picture.alpha, kind)
        picture = replace(picture, rgb=to_samples(picture.rgb, kind), alpha=alpha)
    return resize_picture(picture, longer_side)
