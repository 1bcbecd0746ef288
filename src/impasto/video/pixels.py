"""Conversion between FFmpeg's frames and RGB arrays: matrix, range, size and rotation."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from impasto.extras import pyav

if TYPE_CHECKING:
    from PIL.Image import Image

_MIN_HD_HEIGHT = 720  # pixels: untagged video is taken for Rec. 709 from this height on, below it for Rec. 601
_UNSPECIFIED = 2  # "not known" in FFmpeg's enumerations of matrices, primaries and transfer curves
_RGB = 0  # FFmpeg's AVColorSpace of samples that are RGB themselves
_REC_709, _REC_601 = 1, 5  # numbers of the conversion tables of FFmpeg's scaler
_SCALER_TABLES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}  # FFmpeg's AVColorSpace to the scaler's tables
_SMPTE_170M = 6  # FFmpeg's AVColorSpace of Rec. 601 video
_LIMITED, _FULL = 1, 2  # FFmpeg's AVColorRange: samples from 16 to 235, and from 0 to 255


@dataclass(frozen=True)
class ColorSpace:
    """How a file's samples stand for colours; frames are read by it and written with it again.

    Attributes:
        matrix: number of the scaler's table for the conversion between RGB and YCbCr.
        full: whether samples use 0 to 255 instead of 16 to 235.
        tags: matrix, primaries, transfer curve and range in FFmpeg's enumerations, as the file states them.
        aspect: width of a pixel divided by its height.
    """

    matrix: int
    full: bool
    tags: dict[str, int]
    aspect: Fraction = Fraction(1)

    @classmethod
    def of(cls, frame: Any, stream: Any, turns: int) -> ColorSpace:
        """The colour space of a file.

        Args:
            frame: one of its frames, as PyAV decodes it.
            stream: the stream of the frame.
            turns: quarter turns that bring the frame upright.
        """
        full = int(frame.color_range) == _FULL or frame.format.name.startswith("yuvj")
        tags = {
            "colorspace": int(frame.colorspace),
            "color_primaries": int(frame.color_primaries),
            "color_trc": int(frame.color_trc),
            "color_range": _FULL if full else int(frame.color_range),
        }
        if tags["colorspace"] == _RGB:  # the result is written as YCbCr, whatever the input was
            tags |= {"colorspace": _UNSPECIFIED, "color_range": _LIMITED}
            full = False
        aspect = stream.sample_aspect_ratio or Fraction(1)
        return cls(
            _SCALER_TABLES.get(tags["colorspace"], _usual_matrix(frame.height)),
            full,
            tags,
            1 / aspect if turns % 2 else aspect,
        )

    @classmethod
    def for_pictures(cls, height: int) -> ColorSpace:
        """The colour space in which RGB pictures of a height in pixels are written."""
        standard = 1 if height >= _MIN_HD_HEIGHT else _SMPTE_170M
        return cls(_usual_matrix(height), False, {"colorspace": standard, "color_range": _LIMITED})


def _usual_matrix(height: int) -> int:
    """The scaler's table for untagged video of a height in pixels."""
    return _REC_709 if height >= _MIN_HD_HEIGHT else _REC_601


def has_alpha(frame: Any) -> bool:
    """Whether a decoded frame may have transparent places."""
    return any(component.is_alpha for component in frame.format.components)


def on_white(rgba: Image) -> Image:
    """A picture with its transparent places on white."""
    from PIL import Image

    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def to_rgb(frame: Any, width: int, height: int, turns: int, colors: ColorSpace) -> NDArray[np.uint8]:
    """A decoded frame as RGB.

    Args:
        frame: as PyAV decodes it; its transparent places come out white.
        width, height: of the result in pixels.
        turns: quarter turns to the left that bring the frame upright.
        colors: how its samples stand for colours.

    Returns:
        ``height`` x ``width`` x 3, uint8, upright.
    """
    if has_alpha(frame):
        frame = _opaque(frame, colors)
    if turns % 2:
        width, height = height, width
    filters = pyav().video.reformatter.Interpolation
    rgb = _converted(frame, "rgb24", colors, filters.AREA if width < frame.width else filters.BICUBIC, width, height)
    return np.ascontiguousarray(np.rot90(rgb, turns)) if turns else rgb


def _converted(
    frame: Any, kind: str, colors: ColorSpace, scaling: Any, width: int | None = None, height: int | None = None
) -> NDArray[np.uint8]:
    """A frame in one of FFmpeg's RGB pixel formats, resized by one of its filters; ``None`` keeps a side."""
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


def _opaque(frame: Any, colors: ColorSpace) -> Any:
    """A frame with its transparent places on white.

    Scaling comes later: it would mix the hidden colours of transparent places into their surroundings.
    """
    from PIL import Image

    av = pyav()
    rgba = _converted(frame, "rgba", colors, av.video.reformatter.Interpolation.BICUBIC)
    if rgba[..., 3].min() == 255:
        return frame
    return av.VideoFrame.from_ndarray(np.asarray(on_white(Image.fromarray(rgba))), format="rgb24")


def from_rgb(rgb: NDArray[np.uint8], pixel_format: str, colors: ColorSpace) -> Any:
    """A picture as a frame for an encoder.

    Args:
        rgb: H x W x 3, uint8; H x W x 4, with opacity, for a pixel format that has it.
        pixel_format: FFmpeg's name of the encoder's pixel format.
        colors: how samples shall stand for colours; the frame is tagged so, unless its format is RGB.
    """
    kind = "rgb24" if rgb.shape[2] == 3 else "rgba"
    frame = pyav().VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format=kind)
    if pixel_format in ("bgr0", "bgra", "rgb24"):
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
