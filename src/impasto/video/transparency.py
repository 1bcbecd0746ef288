"""Transparent places of frames: what is painted there, and how they look where a result holds none."""

from __future__ import annotations

import numpy as np
from PIL import Image

from impasto.flow.estimate import Pixels
from impasto.pictures.picture import Picture, to_samples, to_unit_range
from impasto.pictures.resampling import fill_transparent


def split_transparency(picture: Picture, width: int, height: int) -> tuple[Pixels, Pixels | None]:
    """The colours and the opacity of a picture as a frame.

    Transparent places get colours of their surroundings, as in single pictures, so that nothing of what a file hides
    there is painted, or mixed into its surroundings by resizing.

    Args:
        picture: the picture.
        width, height: of the frame in pixels.

    Returns:
        H x W x 3, uint8, and the opacity, H x W, uint8; ``None`` if all of it is opaque.
    """
    rgb, alpha = picture.rgb, None
    if picture.alpha is not None:
        opacity = to_unit_range(picture.alpha)
        rgb, alpha = fill_transparent(to_unit_range(rgb), opacity), to_samples(opacity)
    samples = rgb if rgb.dtype == np.uint8 else to_samples(to_unit_range(rgb))
    if picture.size == (width, height):
        return samples, alpha
    return _resized(samples, width, height), None if alpha is None else _resized(alpha, width, height)


def _resized(samples: Pixels, width: int, height: int) -> Pixels:
    """Samples, H x W or H x W x 3, in another size."""
    resized = Image.fromarray(np.ascontiguousarray(samples)).resize((width, height), Image.Resampling.LANCZOS)
    return np.array(resized)
