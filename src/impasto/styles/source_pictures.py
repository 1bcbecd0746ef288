"""A style picture at the size at which its strokes are looked at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError
from impasto.pictures.conversion import to_pil
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import fill_transparent


def resized_style_picture(path: Path, size: int, scale: float = 1.0) -> NDArray[np.float32]:
    """Read a picture with its shorter side shrunk to ``size`` pixels, then resized by ``scale``.

    What is transparent gets the colours around it.

    Args:
        path: the file.
        size: pixels; a smaller picture keeps its size.
        scale: factor by which it is enlarged or shrunk from there, and with it the strokes that are seen in it.

    Returns:
        H x W x 3 in [0, 1].

    Raises:
        InputError: the file cannot be read, or the picture is then a single pixel wide or high.
    """
    picture = read_picture(path)
    if picture.alpha is not None:
        picture = replace(picture, rgb=fill_transparent(picture.rgb, picture.alpha), alpha=None)
    image = to_pil(picture)
    factor = min(1.0, size / min(image.size)) * scale
    width, height = (max(1, round(side * factor)) for side in image.size)
    if min(width, height) < 2:
        raise InputError(
            f"{path} is a line of {width} x {height} pixels once it has the size of a style picture, and has no "
            "strokes to learn from: give one of at least 128 pixels a side, better 500.",
            key="style_picture_line",
            name=str(path),
            width=width,
            height=height,
        )
    small = image.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(small, np.float32) / np.float32(255)
