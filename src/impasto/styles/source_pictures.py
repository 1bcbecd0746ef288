"""A style picture at the size at which its strokes are looked at."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError
from impasto.pictures.conversion import to_pil
from impasto.pictures.picture import Picture, to_unit_range
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import fill_transparent

MIN_SIDE = 32  # pixels: of a smaller side the perceptual network's last layers would see nothing
MAX_PIXELS = 1 << 19  # pixels of a style picture that are looked at together
_DECODED = 2  # times the size at which it is looked at, in which a picture is decoded at least


def opaque_picture(path: Path, at_least: int = 0) -> Picture:
    """Read a picture with the samples of its file; what is transparent gets the colours around it, as floating point.

    Args:
        path: the file.
        at_least: pixels of the shorter side that are enough; a JPEG is decoded in less time and memory then.

    Raises:
        InputError: the file cannot be read.
    """
    picture = read_picture(path, compact=1, at_least=at_least)
    if picture.alpha is None:
        return picture
    rgb = fill_transparent(to_unit_range(picture.rgb), to_unit_range(picture.alpha))
    return replace(picture, rgb=rgb, alpha=None)


def resized_style_picture(path: Path, size: int, scale: float = 1.0) -> NDArray[np.float32]:
    """Read a picture with its shorter side shrunk to ``size`` pixels, then resized by ``scale``.

    What is transparent gets the colours around it. A side of fewer than :data:`MIN_SIDE` pixels is enlarged to that.

    Args:
        path: the file.
        size: pixels; a smaller picture keeps its size.
        scale: factor by which it is enlarged or shrunk from there, and with it the strokes that are seen in it.

    Returns:
        H x W x 3 in [0, 1].

    Raises:
        InputError: the file cannot be read, or the picture is then a single pixel wide or high.
    """
    image = to_pil(opaque_picture(path, math.ceil(_DECODED * size * max(1.0, scale))))
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
    enlarged = max(1.0, MIN_SIDE / min(width, height))
    size_seen = round(width * enlarged), round(height * enlarged)
    small = image.resize(size_seen, Image.Resampling.LANCZOS)
    return np.asarray(small, np.float32) / np.float32(255)


def pieces(height: int, width: int) -> list[tuple[slice, slice]]:
    """The rows and columns of pieces of one size in which a picture is looked at, since memory goes with pixels.

    It is one piece up to :data:`MAX_PIXELS`, as all pictures are that are at most twice as long as wide and whose
    shorter side has 512 pixels. Longer ones are cut along their longer side.
    """
    ends = np.linspace(0, max(height, width), 1 + math.ceil(height * width / MAX_PIXELS)).round().astype(int).tolist()
    cuts, all_of_it = [slice(*pair) for pair in pairwise(ends)], slice(None)
    return [(cut, all_of_it) if height > width else (all_of_it, cut) for cut in cuts]
