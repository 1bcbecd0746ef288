"""Cutting a part out of a photograph before it is painted, and straightening it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError
from impasto.pictures.picture import Picture, to_samples, to_unit_range

_MAX_ANGLE = 45.0  # degrees
_MIN_SIDE = 16  # pixels of the shorter side of a part


@dataclass(frozen=True)
class Crop:
    """A part of a photograph. First the photograph is turned, then straightened, then cut.

    Attributes:
        turns: quarter turns clockwise.
        angle: degrees clockwise after that; the photograph is enlarged until no corner is empty.
        left: left edge of the part, as a share of the turned photograph's width.
        top: upper edge, as a share of its height.
        right: right edge.
        bottom: lower edge.

    Raises:
        InputError: the part is empty or lies outside, or the angle is too large.
    """

    turns: int = 0
    angle: float = 0.0
    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    def __post_init__(self) -> None:
        inside = 0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1
        if not inside or not abs(self.angle) <= _MAX_ANGLE:
            raise InputError("The part to paint lies outside of the photograph; choose it anew.", key="bad_crop")

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height in pixels of the part of a photograph.

        Args:
            width: of the photograph, in pixels.
            height: of the photograph, in pixels.
        """
        if self.turns % 2:
            width, height = height, width
        return max(1, round(width * (self.right - self.left))), max(1, round(height * (self.bottom - self.top)))

    def cut(self, picture: Picture) -> Picture:
        """The part of a photograph; metadata stays.

        Raises:
            InputError: the part is smaller than 16 pixels.
        """
        width, height = self.size(*picture.size)
        if min(width, height) < min(_MIN_SIDE, *picture.size):
            raise InputError("The part to paint is too small; choose a larger one.", key="bad_crop")
        rgb = self._part(picture.rgb)
        alpha = None if picture.alpha is None else self._part(picture.alpha)
        return replace(picture, rgb=rgb, alpha=alpha, original=None)

    def _part(self, samples: NDArray[np.generic]) -> NDArray[np.generic]:
        """The part of samples, H x W or H x W x C, of the same kind."""
        turned = np.rot90(samples, -self.turns % 4)
        height, width = turned.shape[:2]
        size = self.size(samples.shape[1], samples.shape[0])
        left, top = min(round(width * self.left), width - size[0]), min(round(height * self.top), height - size[1])
        if not self.angle:
            return np.ascontiguousarray(turned[top : top + size[1], left : left + size[0]])
        planes = turned.reshape(height, width, -1)
        straight = [self._straightened(to_unit_range(planes[..., n]), size, left, top) for n in range(planes.shape[2])]
        values = np.clip(np.stack(straight, axis=2), 0, 1).reshape(size[1], size[0], *samples.shape[2:])
        return values.astype(np.float32) if samples.dtype.kind == "f" else to_samples(values, samples.dtype)

    def _straightened(
        self, plane: NDArray[np.float32], size: tuple[int, int], left: int, top: int
    ) -> NDArray[np.float32]:
        """A part of one plane, H x W in [0, 1], turned by the angle about the middle of the whole."""
        height, width = plane.shape
        turn = math.radians(self.angle)
        # A rectangle turned by the angle covers itself once it is enlarged so much.
        longer, shorter = max(width, height), min(width, height)
        scale = math.cos(turn) + abs(math.sin(turn)) * longer / shorter
        cosine, sine = math.cos(turn) / scale, math.sin(turn) / scale
        x, y = left - width / 2, top - height / 2
        matrix = (cosine, sine, cosine * x + sine * y + width / 2, -sine, cosine, -sine * x + cosine * y + height / 2)
        image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
        return np.asarray(image.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC), np.float32)
