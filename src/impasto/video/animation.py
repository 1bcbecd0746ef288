"""Animated pictures as sources of frames."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.errors import ImpastoError, InputError
from impasto.media.spherical import Spherical
from impasto.memory import MAX_PIXELS
from impasto.pictures import messages
from impasto.pictures.decoding import from_pil, orientation
from impasto.pictures.picture import Picture
from impasto.pictures.reading import check_pixel_count, open_picture
from impasto.video.frame import DEFAULT_RATE, Frame, scaled_size
from impasto.video.pixels import ColorSpace
from impasto.video.transparency import split_transparency

log = logging.getLogger(__name__)

_TIME_BASE = Fraction(1, 1000)  # seconds: animated pictures count in milliseconds
_IGNORED_DURATION = 10  # milliseconds: browsers ignore the duration of a frame that is this short or shorter
_DEFAULT_DURATION = 100  # milliseconds that browsers show a frame whose duration they ignore


class Animation:
    """An animated GIF, WebP, PNG or AVIF; a :class:`VideoSource`.

    Pillow goes from frame to frame; each frame is decoded as any other picture.

    Args:
        path: the file.
        format: Pillow's name of its format.
        size: longer side of the frames in pixels; 0 keeps it.
        max_pixels: refuse frames of more pixels.

    Attributes:
        plays: how often the animation is to be shown; 0: for ever.
        transparent: whether any frame is transparent anywhere.

    Raises:
        InputError: the file cannot be read, holds a single picture, or one of too many pixels.
    """

    def __init__(self, path: Path, format: str, *, size: int = 0, max_pixels: int = MAX_PIXELS) -> None:
        self.path, self.format, self.damaged, self.truncated = path, format, 0, False
        with self._opened() as image:
            check_pixel_count(str(path), image.width, image.height, max_pixels)
            # A PNG may begin with a picture for programs that know no animations; it is no frame.
            self.first = 1 if getattr(image, "default_image", False) else 0
            self.expected: int = getattr(image, "n_frames", 1) - self.first
            if self.expected < 2:
                raise InputError(
                    f"{path} is a picture, not a video; impasto apply repaints pictures.",
                    key="picture_not_video",
                    name=str(path),
                )
            turned = orientation(image) >= 5  # EXIF orientations from 5 on turn by a quarter
            self.stored = (image.height, image.width) if turned else (image.width, image.height)
            self.width, self.height = scaled_size(*self.stored, size)
            self.plays = self._plays(image)
        self.notices: list[str] = []
        self.spherical: Spherical | None = None
        self.time_base, self.origin = _TIME_BASE, Fraction(0)
        self.colors = ColorSpace.for_pictures(self.height)
        self.transparent, durations = False, []
        for image in self._images():
            durations.append(self._duration(image))
            self.transparent |= image.has_transparency_data and self._decoded(image).transparent
        self.rate = Fraction(1000 * len(durations), sum(durations)) if durations else DEFAULT_RATE

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        """A context with the file as Pillow opens it.

        Raises:
            InputError: it cannot be read, or is damaged; a damaged file can make Pillow raise anything.
        """
        try:
            yield open_picture(self.path)
        except ImpastoError:
            raise
        except Exception as error:
            reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
            text = f"{self.path} cannot be read as a picture ({reason}); it may be damaged."
            raise InputError(text, key="cannot_decode") from error

    def _plays(self, image: Any) -> int:
        """How often a file says that it is to be shown; 0: for ever, also where Pillow does not tell."""
        loop = image.info.get("loop")
        if self.format == "GIF":  # which counts repetitions, and is shown once where it does not say
            return 1 if loop is None else loop and loop + 1
        return loop or 0

    @staticmethod
    def _duration(image: Any) -> int:
        """For how long browsers show a frame, in milliseconds."""
        duration = round(float(image.info.get("duration") or 0))
        return duration if duration > _IGNORED_DURATION else _DEFAULT_DURATION

    def _images(self) -> Iterator[Any]:
        """The frames one by one, up to the first that cannot be read."""
        from PIL import Image

        with self._opened() as image:
            for index in range(self.first + self.expected):
                try:
                    image.seek(index)
                    image.load()
                except Exception as error:  # a damaged file can make Pillow raise anything
                    log.info("Frame %d of %s is damaged: %s", index, self.path, error)
                    self.truncated = True
                    return
                if index < self.first:
                    image.im = Image.new(image.mode, image.size).im  # frames are laid over nothing, not over it
                else:
                    yield image

    def _decoded(self, image: Any) -> Picture:
        """A frame's pixels; what is said of them names the file."""
        with messages.about(self.path):
            return from_pil(image, compact=1)

    def frames(self, start: Fraction | None = None, *, counted: bool = False) -> Iterator[Frame]:
        """See :class:`VideoSource`."""
        pts = 0
        for index, image in enumerate(self._images()):
            duration = self._duration(image)
            if start is None or (pts + duration) * self.time_base > start:
                rgb, alpha = split_transparency(self._decoded(image), self.width, self.height)
                yield Frame(rgb, pts, duration, index, alpha)
            pts += duration
