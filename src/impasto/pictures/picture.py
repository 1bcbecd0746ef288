"""A picture in memory, and its samples as numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.errors import InputError
from impasto.pictures.metadata import Metadata

Array = np.ndarray
Floats = NDArray[np.float32]
_BYTE = np.dtype(np.uint8)  # the usual type of samples


@dataclass(frozen=True)
class Picture:
    """A picture in memory.

    A **compact** picture, as :func:`~impasto.pictures.reading.read_picture` gives on demand, keeps the integers of its
    file; :func:`to_unit_range` converts them.

    Attributes:
        rgb: H x W x 3, sRGB, float32 in [0, 1]; if compact, uint8 or uint16.
        alpha: H x W, of the same type, not premultiplied; None if all of the picture is opaque.
        bits: bits per sample of the source, 8 or 16.
        format: the Pillow format name of the source, None if it was no file.
        metadata: what the source said about itself.
        original: width and height of the source, where it was made smaller as it was read.
    """

    rgb: Array
    alpha: Array | None = None
    bits: int = 8
    format: str | None = None
    metadata: Metadata = field(default_factory=Metadata)
    original: tuple[int, int] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.rgb.shape[1], self.rgb.shape[0]

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of its samples."""
        return self.rgb.dtype

    @property
    def transparent(self) -> bool:
        """Whether it has alpha."""
        return self.alpha is not None

    def rows(self, top: int, bottom: int) -> Picture:
        """Rows ``top`` to ``bottom``, the latter not among them; the pixels are shared, not copied."""
        alpha = None if self.alpha is None else self.alpha[top:bottom]
        return replace(self, rgb=self.rgb[top:bottom], alpha=alpha)

    def repainted(self, rgb: Array) -> Picture:
        """The picture with other colours; alpha takes their type.

        Args:
            rgb: H x W x 3 of the same size, float32 in [0, 1] or of this picture's type.
        """
        alpha = self.alpha if self.alpha is None or rgb.dtype == self.dtype else to_unit_range(self.alpha)
        return replace(self, rgb=rgb, alpha=alpha)


def to_unit_range(a: Array) -> Floats:
    """Samples to float32 in [0, 1]; an array that already is so is given back as it is.

    Args:
        a: any shape; uint8, uint16 or floating point.

    Raises:
        InputError: floating-point values are beyond [0, 1], or not finite.
    """
    if a.dtype.kind == "u":
        scaled: Floats = np.divide(a, np.float32(np.iinfo(a.dtype).max), dtype=np.float32)
        return scaled
    # Resampling overshoots a little, but 0 to 255 or high dynamic range is another thing altogether.
    low, high = a.min(), a.max()
    if low >= 0 and high <= 1 and a.dtype == np.float32:
        return a
    if not np.isfinite((low, high)).all():
        raise InputError(
            "The picture has values that are not finite (NaN or infinity): replace them first.",
            key="samples_not_finite",
        )
    if low < -0.01 or high > 1.01:
        raise InputError(
            "The picture's floating-point values are not all in 0 to 1: divide by their maximum first.",
            key="samples_out_of_range",
        )
    return np.clip(a.astype(np.float32), 0, 1)


def to_samples(a: Array, dtype: np.dtype = _BYTE) -> Array:
    """Values in [0, 1] to samples.

    Args:
        a: any shape, floating point; what is beyond [0, 1] is clipped, and what is not a number becomes 0.
        dtype: type of the samples; for integers, values are scaled and rounded, for floating point only cast.
    """
    if dtype.kind != "u":
        floating: Array = np.clip(np.nan_to_num(a), 0, 1).astype(dtype, copy=False)
        return floating
    peak = np.float32(np.iinfo(dtype).max)
    scaled = a * peak
    np.fmax(scaled, 0, out=scaled)  # not a number becomes 0
    np.fmin(scaled, peak, out=scaled)
    rounded: Array = np.rint(scaled, out=scaled).astype(dtype)
    return rounded


class RowSource(Protocol):
    """A picture whose rows can be had from top to bottom: a :class:`Picture`, or a file that is being read."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        ...

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of its samples."""
        ...

    @property
    def transparent(self) -> bool:
        """Whether it may be transparent anywhere."""
        ...

    def rows(self, top: int, bottom: int) -> Picture:
        """Rows ``top`` to ``bottom``, the latter not among them.

        A file is read fastest from top to bottom: rows that were passed are read from its start again.
        """
        ...
