"""TODO: say what this module is for."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.feedforward.padding import PaddedPicture
from impasto.pictures.box import Box
from impasto.pictures.picture import Picture, to_samples
from impasto.pictures.resampling import enlarge_box

Array = NDArray[np.float32]

_FINE = 4  # pixels; divides the network's grid, so that tiles agree on what is fine
_FINE_SHARE = np.float32(0.8)  # of the finer strokes: with all of them a weave of the finest ones comes to the fore


@dataclass(frozen=True)
class CoarsePainting:
    """A coarse painting, to be refined on a canvas.

    Attributes:
        coarse: the painting, of the canvas's shape and of any smaller size.
        canvas: what it is to be refined on.
    """

    coarse: NDArray[np.generic]
    canvas: PaddedPicture
    reach = 4 * _FINE  # pixels that smoothing looks at on each side, and to spare

    def seen(self, box: Box) -> Array:
        """What the network is to see of a box: the painting enlarged."""
        return self.canvas.enlarged(self.coarse, box)

    def merged(self, painted: Array, seen: Array) -> Array:
        """The painting with what the network added to it."""
        merged: Array = np.clip(seen + _FINE_SHARE * (painted - _smoothed(painted)), 0, 1)
        return merged


@dataclass(frozen=True)
class EnlargedPicture:
    """A picture as it is when enlarged, made row by row; see :class:`impasto.pictures.picture.RowSource`."""

    picture: Picture
    size: tuple[int, int]
    transparent = False

    @property
    def kind(self) -> np.dtype[np.generic]:
        """The type of its samples."""
        return self.picture.kind

    def rows(self, top: int, bottom: int) -> Picture:
        """Some rows."""
        box = Box(top, 0, bottom, self.size[0])
        return Picture(to_samples(enlarge_box(self.picture.rgb, self.size, box), self.kind))


def pass_sizes(work: int, full: int) -> list[int]:
    """Longer sides from the size of work to the full one, each about twice the one before; both are among them."""
    if work >= full:
        return [work]
    count = max(1, round(log2(full / work)))
    return [round(work * (full / work) ** (step / count)) for step in range(count + 1)]


def _smoothed(a: Array) -> Array:
    """Without what is finer than :data:`_FINE` pixels; H and W are multiples of it."""
    height, width, count = a.shape
    means = a.reshape(height // _FINE, _FINE, width // _FINE, _FINE, count).mean(axis=(1, 3))
    out = np.empty_like(a)
    for channel in range(count):
        plane = Image.fromarray(np.ascontiguousarray(means[..., channel]))
        out[..., channel] = np.asarray(plane.resize((width, height), Image.Resampling.BICUBIC))
    return out
