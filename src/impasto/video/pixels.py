"""Conversion between FFmpeg's frames and RGB arrays: matrix, range, size and orientation."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.extras import pyav
from impasto.pictures.picture import Picture
from impasto.pictures.resampling import lay_on_white

_MIN_HD_HEIGHT = 720  # pixels: untagged video is taken for Rec. 709 from this height on, below it for Rec. 601
_UNSPECIFIED = 2  # "not known" in FFmpeg's enumerations of matrices, primaries and transfer curves
_RGB = 0  # FFmpeg's AVColorSpace of samples that are RGB themselves
_REC_709, _REC_601 = 1, 5  # numbers of the conversion tables of FFmpeg's scaler
_SCALER_TABLES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}  # FFmpeg's AVColorSpace to the scaler's tables
_SMPTE_170M = 6  # FFmpeg's AVColorSpace of Rec. 601 video
_MATRIX_NAMES = {1: "bt709", 4: "fcc", 5: "bt601", 7: "smpte240m", 9: "bt2020"}  # the scaler's tables in its filter
_STANDARD_CURVES = (4, 5, 6, 7, 13)  # FFmpeg's transfer curves of standard range that stay beside primaries of Rec. 709
_MATRIX_BYTES = 36  # nine numbers of a display matrix
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
    def of(cls, frame: Any, stream: Any, *, turned: bool) -> ColorSpace:
        """The colour space of a file.

        Args:
            frame: one of its frames, as PyAV decodes it.
            stream: the stream of the frame.
            turned: whether bringing the frame upright exchanges its sides.
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
            1 / aspect if turned else aspect,
        )

    @classmethod
    def for_pictures(cls, height: int) -> ColorSpace:
        """The colour space in which RGB pictures of a height in pixels are written."""
        standard = 1 if height >= _MIN_HD_HEIGHT else _SMPTE_170M
        return cls(_usual_matrix(height), False, {"colorspace": standard, "color_range": _LIMITED})

    def as_rec709(self, transfer: int) -> ColorSpace:
        """The colour space of the same video after its colours were converted to Rec. 709.

        Args:
            transfer: FFmpeg's number of the transfer curve before the conversion.
        """
        curve = transfer if transfer in _STANDARD_CURVES else _REC_709
        tags = {"colorspace": _REC_709, "color_primaries": _REC_709, "color_trc": curve, "color_range": _LIMITED}
        return ColorSpace(_REC_709, False, tags, self.aspect)

    def scaler_options(self) -> str:
        """What FFmpeg's filter for scaling must know to read these samples."""
        return f"in_color_matrix={_MATRIX_NAMES[self.matrix]}:in_range={'full' if self.full else 'limited'}"


def side_data(frame: Any) -> dict[str, bytes]:
    """What a decoded frame carries beside its samples, by PyAV's names; empty where PyAV does not know one of them."""
    try:
        return {item.type.name: bytes(item) for item in frame.side_data}
    except ValueError:
        return {}


@dataclass(frozen=True)
class Orientation:
    """How a stored picture is brought upright: mirrored first, then turned.

    Attributes:
        turns: quarter turns to the left.
        mirrored: whether left and right are exchanged before that.
    """

    turns: int = 0
    mirrored: bool = False

    @classmethod
    def of(cls, frame: Any) -> Orientation:
        """The orientation that the display matrix of a decoded frame asks for, to the nearest quarter turn."""
        data = side_data(frame).get("DISPLAYMATRIX", b"")
        if len(data) < _MATRIX_BYTES:
            return cls(round(frame.rotation / 90) % 4)
        # A pixel at (x, y) of the stored picture is shown at (a x + c y, b x + d y), up to a shift.
        a, b, _, c, d = struct.unpack_from("<5i", data)
        mirrored = a * d < b * c
        if mirrored:
            a, b = -a, -b
        return cls(round(-math.atan2(b, a) / (math.pi / 2)) % 4, mirrored)

    @property
    def swaps_sides(self) -> bool:
        """Whether width and height are exchanged."""
        return self.turns % 2 == 1

    def upright_sides(self, width: int, height: int) -> tuple[int, int]:
        """Width and height after turning; also before turning, of what they are after it."""
        return (height, width) if self.swaps_sides else (width, height)

    def upright(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A stored picture, H x W x 3, upright."""
        return np.ascontiguousarray(np.rot90(rgb[:, ::-1] if self.mirrored else rgb, self.turns))


def _usual_matrix(height: int) -> int:
    """The scaler's table for untagged video of a height in pixels."""
    return _REC_709 if height >= _MIN_HD_HEIGHT else _REC_601


def has_alpha(frame: Any) -> bool:
    """Whether a decoded frame may have transparent places."""
    return any(component.is_alpha for component in frame.format.components)


def to_rgb(frame: Any, width: int, height: int, orientation: Orientation, colors: ColorSpace) -> NDArray[np.uint8]:
    """A decoded frame as RGB.

    Args:
        frame: as PyAV decodes it, without transparent places.
        width, height: of the result in pixels.
        orientation: how the frame is brought upright.
        colors: how its samples stand for colours, unless they are RGB.

    Returns:
        ``height`` x ``width`` x 3, uint8, upright.
    """
    width, height = orientation.upright_sides(width, height)
    filters = pyav().video.reformatter.Interpolation
    rgb = _converted(frame, "rgb24", colors, filters.AREA if width < frame.width else filters.BICUBIC, width, height)
    return orientation.upright(rgb)


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


def opaque(frame: Any, colors: ColorSpace) -> Any:
    """A frame with its transparent places on white.

    Scaling comes later: it would mix the hidden colours of transparent places into their surroundings.
    """
    av = pyav()
    rgba = _converted(frame, "rgba", colors, av.video.reformatter.Interpolation.BICUBIC)
    if rgba[..., 3].min() == 255:
        return frame
    return av.VideoFrame.from_ndarray(lay_on_white(Picture(rgba[..., :3], rgba[..., 3])).rgb, format="rgb24")


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
