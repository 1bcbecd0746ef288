"""The format of painted frames: size, clock, colours, and what codecs can state of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from impasto.video.pixels import ColorSpace

_SQUARE_PIXEL_CODECS = ("vp9", "ffv1")  # PyAV can state the shape of their pixels neither in WebM nor in Matroska


@dataclass(frozen=True)
class FrameFormat:
    """Size, clock and colours of the frames to write.

    Attributes:
        width: in pixels.
        height: in pixels.
        time_base: the unit of time stamps, in seconds.
        rate: frames a second, on average.
        colors: how samples stand for colours.
    """

    width: int
    height: int
    time_base: Fraction
    rate: Fraction
    colors: ColorSpace


def format_for_codec(wanted: FrameFormat, codec: str) -> FrameFormat:
    """A format as a codec can hold it: enlarged to square pixels where the codec can state no other shape of them."""
    aspect = wanted.colors.aspect
    if codec not in _SQUARE_PIXEL_CODECS or aspect == 1:
        return wanted
    width, height = (
        (_stretched_side(wanted.width, aspect), wanted.height)
        if aspect > 1
        else (wanted.width, _stretched_side(wanted.height, 1 / aspect))
    )
    return replace(wanted, width=width, height=height, colors=replace(wanted.colors, aspect=Fraction(1)))


def _stretched_side(side: int, factor: Fraction) -> int:
    """A side in pixels times a factor, rounded; even where the side is even, as most players want it."""
    step = 1 if side % 2 else 2
    return round(side * factor / step) * step


def tag_stream(context: Any, frame_format: FrameFormat) -> None:
    """Tag a codec context with the frame rate, the shape of the pixels and the colours of a format.

    RGB samples get no tags that only YCbCr has.
    """
    context.framerate = frame_format.rate.limit_denominator(100_000)
    context.sample_aspect_ratio = frame_format.colors.aspect
    rgb = context.pix_fmt == "bgr0"
    for name, value in frame_format.colors.tags.items():
        if not (rgb and name in ("colorspace", "color_range")):
            setattr(context, name, value)
