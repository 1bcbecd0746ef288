"""Frames, and what every source of frames offers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from impasto.flow.estimate import Pixels
from impasto.media.spherical import Spherical
from impasto.pictures.picture import Picture
from impasto.pictures.resampling import lay_on_white
from impasto.video.pixels import ColorSpace

MIN_RATE, MAX_RATE = Fraction(1, 86_400), 1000  # frames a second: one a day, and more than any film has
DEFAULT_RATE = Fraction(25)  # frames a second of pictures without time stamps, as FFmpeg assumes


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture with its place in time.

    Attributes:
        rgb: H x W x 3, uint8, sRGB, upright.
        pts: the presentation time stamp: when the frame is shown, in units of the source's time base.
        duration: for how long the frame is shown, in units of the source's time base; 0 if unknown.
        index: the frame's place among all frames of the source, from 0; ``None``: not counted.
        alpha: H x W, uint8, how opaque the frame is; ``None``: all of it is. Transparent places have colours of their
            surroundings.
    """

    rgb: Pixels
    pts: int
    duration: int
    index: int | None = None
    alpha: Pixels | None = None

    def on_white(self) -> Pixels:
        """The frame as it looks on white paper, H x W x 3, uint8."""
        return lay_on_white(Picture(self.rgb, self.alpha)).rgb


class VideoSource(Protocol):
    """A moving picture that can be read from its start, or from where an earlier run ended.

    Attributes:
        path: the file, or the first of several.
        stored: width and height in pixels, upright, before resizing.
        width: in pixels, after resizing.
        height: in pixels, after resizing.
        time_base: the unit of time stamps, in seconds.
        rate: frames a second, on average.
        expected: how many frames there should be; 0 if unknown.
        origin: the time on the source's clock, in seconds, that counts as 0.
        colors: how the samples of the file stand for colours.
        spherical: what the file says of showing the world all around; ``None``: nothing.
        notices: sentences for people on what is left out or changed.
        damaged: how many packets or pictures could not be decoded so far.
        truncated: whether the file ends before the end that it declares; known after the last frame.
    """

    path: Path
    stored: tuple[int, int]
    width: int
    height: int
    time_base: Fraction
    rate: Fraction
    expected: int
    origin: Fraction
    colors: ColorSpace
    spherical: Spherical | None
    notices: list[str]
    damaged: int
    truncated: bool

    @property
    def transparent(self) -> bool:
        """Whether any frame may be transparent anywhere."""
        ...

    def frames(self, start: Fraction | None = None, *, counted: bool = False) -> Iterator[Frame]:
        """Frames in order of time.

        Args:
            start: seconds on the source's own clock; the first frame is the one on screen then. ``None``: all frames.
            counted: whether frames must have an index, for which a video file is decoded from its beginning.
        """
        ...


def scaled_size(width: int, height: int, size: int) -> tuple[int, int]:
    """Width and height in pixels with the longer side brought to ``size``; 0 keeps both.

    The shorter side is even where ``size`` is even: most players take only even sides, and nobody sees that the
    proportions are off by less than a pixel.
    """
    if not size:
        return width, height
    factor = size / max(width, height)
    step = 2 if size % 2 == 0 else 1
    sides = [
        size if side == max(width, height) else max(step, round(side * factor / step) * step)
        for side in (width, height)
    ]
    return sides[0], sides[1]
