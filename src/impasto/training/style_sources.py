"""The pictures that a style is learnt from: what is known of them, and reading them as tensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from impasto.networks.transformer import as_if_painted
from impasto.styles.source_pictures import resized_style_picture


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
    return as_if_painted(read_resized(path, size, scale))


def read_resized(path: Path, size: int, scale: float = 1.0) -> Tensor:
    """Read a picture by :func:`impasto.styles.source_pictures.resized_style_picture`, as 1 x 3 x H x W in [0, 1]."""
    return torch.from_numpy(resized_style_picture(path, size, scale)).permute(2, 0, 1)[None].contiguous()
