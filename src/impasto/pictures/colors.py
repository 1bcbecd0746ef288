"""The colours of a result: the style's, or those of the content, the photograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from impasto.arithmetic import transport_matrix

Array = NDArray[np.float32]
ColorMode = Literal["style", "content", "match"]
COLOR_MODES: tuple[ColorMode, ...] = ("style", "content", "match")
"""The style's colours; the content's chroma; or the content's mean and covariance of colours."""

# Rec. 601 luma, as the ancestors' colour restoring uses (Gatys et al. 2016, arXiv 1606.05897).
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def keep_chroma(result: Array, content: Array) -> Array:
    """The photograph's chroma under the result's luminance; both H x W x 3 in [0, 1].

    Adding the same amount to R, G and B changes luminance and leaves chroma (U and V) alone.
    """
    change = (result - content) @ _LUMA
    kept: Array = np.clip(content + change[..., None], 0, 1, dtype=np.float32)
    return kept


@dataclass(frozen=True)
class ColorTransport:
    """A linear map of colours: ``(color - mean) @ matrix + target``.

    Attributes:
        matrix: 3 x 3.
        mean: 3, the mean colour of what is mapped.
        target: 3, the mean colour that it gets.
    """

    matrix: Array
    mean: Array
    target: Array

    def __call__(self, result: Array) -> Array:
        """Map colours, ... x 3 in [0, 1], and clip them to that range."""
        moved: Array = np.clip((result - self.mean) @ self.matrix + self.target, 0, 1, dtype=np.float32)
        return moved


def color_transport(result: Array, content: Array) -> ColorTransport:
    """The map that gives the result the photograph's mean and covariance of colours; both ... x 3 in [0, 1].

    It is the linear map that moves colours least, see :func:`impasto.arithmetic.transport_matrix`.
    """
    pixels, wanted = result.reshape(-1, 3), content.reshape(-1, 3)
    mean, wanted_mean = pixels.mean(0, dtype=np.float64), wanted.mean(0, dtype=np.float64)
    matrix = transport_matrix(_covariance(pixels, mean), _covariance(wanted, wanted_mean))
    return ColorTransport(matrix.T.astype(np.float32), mean.astype(np.float32), wanted_mean.astype(np.float32))


def match_colors(result: Array, content: Array) -> Array:
    """The result with the photograph's mean and covariance of colours; both H x W x 3 in [0, 1]."""
    return color_transport(result, content)(result)


def apply_color_mode(result: Array, content: Array, colors: ColorMode, matching: ColorTransport | None = None) -> Array:
    """The result with the colours that were asked for.

    Args:
        result, content: H x W x 3, float32 in [0, 1].
        colors: which colours.
        matching: for ``"match"`` of a part of a picture, the map that the whole picture needs; ``None`` computes it
            from this part.

    Returns:
        H x W x 3, float32 in [0, 1].
    """
    if colors == "content":
        return keep_chroma(result, content)
    if colors == "match":
        return (matching or color_transport(result, content))(result)
    return result


def _covariance(pixels: Array, mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """The covariance, 3 x 3, of N x 3 pixels with a mean."""
    centred = pixels - mean.astype(np.float32)  # before squaring, or rounding swallows a small spread
    # A grey or flat picture has no spread in some direction: a little keeps the map finite.
    covariance: NDArray[np.float64] = (centred.T @ centred).astype(np.float64) / len(pixels) + 1e-5 * np.eye(3)
    return covariance
