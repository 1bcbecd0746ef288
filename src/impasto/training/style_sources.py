"""The pictures that a style is learnt from: what is known of them, and reading them as tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from impasto.errors import InputError
from impasto.networks.transformer import as_if_painted
from impasto.pictures.conversion import to_pil
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import fill_transparent


@dataclass(frozen=True)
class StyleSource:
    """A style to learn.

    Attributes:
        name: the style's name, which its file gets.
        pictures: files of one artist; the Gram matrices of several are averaged.
        title: what the picture is called; written into the style file if known.
        artist: who made it; written into the style file if known.
        year: when it was made; written into the style file if known.
        licence: what may be done with it; written into the style file if known.
    """

    name: str
    pictures: tuple[Path, ...]
    title: str = ""
    artist: str = ""
    year: str = ""
    licence: str = ""


def read_style_picture(path: Path, size: int, scale: float = 1.0) -> Tensor:
    """Read a picture as a style is learnt from it: resized, and under the filter of the network's head.

    What is finer (canvas, cracks, the noise of a scan) the network cannot paint. When it is asked for that all the
    same, it makes up for it with the finest pattern that passes the filter: a weave of four pixels all over the
    picture.

    Args:
        path: the file.
        size: shrink its shorter side to this, in pixels, if it is longer.
        scale: resize by this factor afterwards; strokes become as much larger.

    Returns:
        1 x 3 x H x W in [0, 1].

    Raises:
        InputError: the file cannot be read, or the picture is a single pixel wide or high.
    """
    picture = read_resized(path, size, scale)
    height, width = picture.shape[2:]
    if min(height, width) < 2:
        raise InputError(
            f"{path} is a line of {width} x {height} pixels once it has the size of a style picture, and has no "
            "strokes to learn from: give one of at least 128 pixels a side, better 500."
        )
    return as_if_painted(picture)


def read_resized(path: Path, size: int, scale: float = 1.0) -> Tensor:
    """Read a picture with its shorter side shrunk to ``size`` pixels, then resized by ``scale``.

    What is transparent gets the colours around it.

    Returns:
        1 x 3 x H x W in [0, 1].

    Raises:
        InputError: the file cannot be read.
    """
    picture = read_picture(path)
    if picture.alpha is not None:
        picture = replace(picture, rgb=fill_transparent(picture.rgb, picture.alpha), alpha=None)
    image = to_pil(picture)
    factor = min(1.0, size / min(image.size)) * scale
    small = image.resize(
        (max(1, round(image.width * factor)), max(1, round(image.height * factor))), Image.Resampling.LANCZOS
    )
    return torch.from_numpy(np.asarray(small).copy()).permute(2, 0, 1)[None].float() / 255
