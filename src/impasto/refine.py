"""Strokes of another size than the network lays: painted on a smaller picture, then refined, octave by octave.

Enlarging a small painting leaves strokes that are smooth inside, as no paint is. So at every step the enlarged
painting goes through the network again, in the same style, which lays finer strokes over the coarse ones; of
these only what is finer than four pixels is taken, so that the painting keeps its look. Other ways that were
tried let the photograph's own detail shine through the strokes (``docs/large-pictures.md``).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto import images
from impasto.canvas import Canvas
from impasto.images import Picture
from impasto.tiles import Box

Array = NDArray[np.float32]

_FINE = 4  # pixels; divides the network's grid, so that tiles agree on what is fine
_SHARE = np.float32(0.8)  # of the finer strokes: with all of them a weave of the finest ones comes to the fore


@dataclass(frozen=True)
class Finer:
    """A coarse painting, to be refined on a canvas.

    Attributes:
        coarse: the painting, of the canvas's shape and of any smaller size.
        canvas: what it is to be refined on.
    """

    coarse: NDArray[np.generic]
    canvas: Canvas
    reach = 4 * _FINE  # pixels that smoothing looks at on each side, and to spare

    def seen(self, box: Box) -> Array:
        """What the network is to see of a box: the painting enlarged."""
        return self.canvas.enlarged(self.coarse, box)

    def merged(self, painted: Array, seen: Array) -> Array:
        """The painting with what the network added to it."""
        merged: Array = np.clip(seen + _SHARE * (painted - _smoothed(painted)), 0, 1)
        return merged


@dataclass(frozen=True)
class Enlarged:
    """A picture as it is when enlarged, made row by row; see :class:`impasto.canvas.Rows`."""

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
        return Picture(images.samples(images.enlarged(self.picture.rgb, self.size, box), self.kind))


def steps(work: int, full: int) -> list[int]:
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
