"""The picture whose style a network is to paint that takes any."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from impasto.foreign.contents import Array, UnknownNetworkError
from impasto.pictures.picture import to_unit_range
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import resize_picture


def read_style_picture(path: Path | None, shorter_side: int, grid: int = 1) -> Array:
    """A style picture as a network looks at it, 1 x 3 x H x W in [0, 1].

    Args:
        path: of the picture; ``None``: there is none.
        shorter_side: pixels that its shorter side has at most.
        grid: pixels that its sides are multiples of; what is beyond is cut off.

    Raises:
        UnknownNetworkError: there is none.
        InputError: it cannot be read.
    """
    if path is None:
        raise UnknownNetworkError("it paints any style, and has none itself; give impasto convert a --style-picture")
    picture = read_picture(path)
    shorter = min(picture.size)
    wanted = max(grid, min(shorter, shorter_side))
    picture = resize_picture(picture, -(-max(picture.size) * wanted // shorter))
    height, width = (side // grid * grid for side in picture.rgb.shape[:2])
    rgb = to_unit_range(picture.rgb[:height, :width])
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)[None], np.float32)
