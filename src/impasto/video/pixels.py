"""Between FFmpeg's frames and RGB arrays: matrix, range, size and rotation."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.extras import pyav

if TYPE_CHECKING:
    from PIL.Image import Image

_HD = 720  # lines from which unmarked video is taken to be Rec. 709, below Rec. 601
_UNSPECIFIED = 2  # in FFmpeg's tables of matrices, primaries and transfer curves
_RGB = 0  # as a matrix: the samples are RGB themselves
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}  # FFmpeg's AVColorSpace to the scaler's tables
_LIMITED, _FULL = 1, 2


@dataclass(frozen=True)
class Colors:
    """How a file's samples stand for colours, to be read with and written again.

    Attributes:
        matrix: of the scaler's tables, between RGB and YCbCr.
        full: whether samples use 0 to 255 instead of 16 to 235.
        tags: matrix, primaries, transfer curve and range as the file states them.
        aspect: width of a pixel by its height.
    """

    matrix: int
    full: bool
    tags: dict[str, int]
    aspect: Fraction = Fraction(1)

    @classmethod
    def of(cls, frame: Any, stream: Any, turns: int) -> Colors:
        """Those of a decoded frame."""
        full = int(frame.color_range) == _FULL or frame.format.name.startswith("yuvj")
        tags = {
            "colorspace": int(frame.colorspace),
            "color_primaries": int(frame.color_primaries),
            "color_trc": int(frame.color_trc),
            "color_range": _FULL if full else int(frame.color_range),
        }
        if tags["colorspace"] == _RGB:  # the result is YCbCr whatever the input was
            tags |= {"colorspace": _UNSPECIFIED, "color_range": _LIMITED}
            full = False
        aspect = stream.sample_aspect_ratio or Fraction(1)
        return cls(
            _MATRICES.get(tags["colorspace"], _guess(frame.height)), full, tags, 1 / aspect if turns % 2 else aspect
        )

    @classmethod
    def for_pictures(cls, height: int) -> Colors:
        """Those to write pictures in RGB with."""
        matrix = _guess(height)
        standard = 1 if height >= _HD else 6
        return cls(matrix, False, {"colorspace": standard, "color_range": _LIMITED})


def _guess(height: int) -> int:
    return 1 if height >= _HD else 5


def has_alpha(frame: Any) -> bool:
    """Whether a decoded frame may have transparent places."""
    return any(component.is_alpha for component in frame.format.components)


def on_white(rgba: Image) -> Image:
    """A picture with its transparent places on white."""
    from PIL import Image

    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def to_rgb(frame: Any, width: int, height: int, turns: int, colors: Colors) -> NDArray[np.uint8]:
    """A decoded frame as RGB, ``width`` x ``height`` once it is upright (``turns`` quarter turns to the left)."""
    if has_alpha(frame):
        frame = _opaque(frame, colors)
    if turns % 2:
        width, height = height, width
    filters = pyav().video.reformatter.Interpolation
    rgb = _converted(frame, "rgb24", colors, filters.AREA if width < frame.width else filters.BICUBIC, width, height)
    return np.ascontiguousarray(np.rot90(rgb, turns)) if turns else rgb


def _converted(
    frame: Any, kind: str, colors: Colors, scaling: Any, width: int | None = None, height: int | None = None
) -> NDArray[np.uint8]:
    filters = pyav().video.reformatter.Interpolation
    return np.asarray(
        frame.to_ndarray(
            format=kind,
            width=width,
            height=height,
            interpolation=scaling | filters.ACCURATE_RND | filters.FULL_CHR_H_INT,
            src_colorspace=colors.matrix,
            src_color_range=_FULL if colors.full else _LIMITED,
        )
    )


def _opaque(frame: Any, colors: Colors) -> Any:
    """A frame with transparent places on white, before scaling, which would mix in what they hide."""
    from PIL import Image

    av = pyav()
    rgba = _converted(frame, "rgba", colors, av.video.reformatter.Interpolation.BICUBIC)
    if rgba[..., 3].min() == 255:
        return frame
    return av.VideoFrame.from_ndarray(np.asarray(on_white(Image.fromarray(rgba))), format="rgb24")


def from_rgb(rgb: NDArray[np.uint8], pixel_format: str, colors: Colors) -> Any:
    """H x W x 3 as a frame for an encoder."""
    frame = pyav().VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    if pixel_format in ("bgr0", "rgb24"):
        return frame.reformat(format=pixel_format)
    filters = pyav().video.reformatter.Interpolation
    converted = frame.reformat(
        format=pixel_format,
        interpolation=filters.AREA | filters.ACCURATE_RND | filters.FULL_CHR_H_INP,
        dst_colorspace=colors.matrix,
        dst_color_range=_FULL if colors.full else _LIMITED,
    )
    for name, value in colors.tags.items():
        setattr(converted, name, value)
    return converted
