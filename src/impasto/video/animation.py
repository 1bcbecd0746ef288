"""Animated pictures as sources of frames."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from impasto.errors import InputError
from impasto.pictures.conversion import to_pil
from impasto.pictures.decoding import from_pil, orientation
from impasto.video.frame import DEFAULT_RATE, Frame, scaled_size
from impasto.video.pixels import ColorSpace, on_white

log = logging.getLogger(__name__)

_TIME_BASE = Fraction(1, 1000)  # seconds: animated pictures count in milliseconds
_IGNORED_DURATION = 10  # milliseconds: browsers ignore the duration of a frame that is this short or shorter
_DEFAULT_DURATION = 100  # milliseconds that browsers show a frame whose duration they ignore


class Animation:
    """An animated GIF, WebP or PNG, its transparent places on white; a :class:`VideoSource`.

    Pillow goes from frame to frame; each frame is decoded as any other picture.

    Args:
        path: the file.
        size: longer side of the frames in pixels; 0 keeps it.

    Raises:
        InputError: the file cannot be read, or holds a single picture.
    """

    def __init__(self, path: Path, *, size: int = 0) -> None:
        self.path, self.damaged, self.truncated = path, 0, False
        with self._opened() as image:
            if getattr(image, "n_frames", 1) < 2:
                raise InputError(f"{path} is a picture, not a video; impasto apply repaints pictures.")
            self.expected: int = image.n_frames
            turned = orientation(image) >= 5  # EXIF orientations from 5 on turn by a quarter
            self.stored = (image.height, image.width) if turned else (image.width, image.height)
            self.width, self.height = scaled_size(*self.stored, size)
            self.loop: int | None = image.info.get("loop")
        self.notices: list[str] = []
        self.time_base, self.origin = _TIME_BASE, Fraction(0)
        self.colors = ColorSpace.for_pictures(self.height)
        durations = [self._duration(image) for image in self._images()]
        self.rate = Fraction(1000 * len(durations), sum(durations)) if durations else DEFAULT_RATE

    def _opened(self) -> Any:
        """The file as Pillow opens it.

        Raises:
            InputError: Pillow cannot read it.
        """
        from PIL import Image, UnidentifiedImageError

        try:
            return Image.open(self.path)
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise InputError(f"{self.path} cannot be read as a picture ({error}); it may be damaged.") from error

    @staticmethod
    def _duration(image: Any) -> int:
        """For how long browsers show a frame, in milliseconds."""
        duration = round(float(image.info.get("duration") or 0))
        return duration if duration > _IGNORED_DURATION else _DEFAULT_DURATION

    def _images(self) -> Iterator[Any]:
        """The frames one by one, up to the first that cannot be read."""
        with self._opened() as image:
            for index in range(self.expected):
                try:
                    image.seek(index)
                    image.load()
                except (OSError, EOFError, SyntaxError, ValueError) as error:
                    log.info("Frame %d of %s is damaged: %s", index, self.path, error)
                    self.truncated = True
                    return
                yield image

    def frames(self, start: Fraction | None = None, *, counted: bool = False) -> Iterator[Frame]:
        """See :class:`VideoSource`."""
        from PIL import Image

        pts = 0
        for index, image in enumerate(self._images()):
            duration = self._duration(image)
            if start is None or (pts + duration) * self.time_base > start:
                rgb = on_white(to_pil(from_pil(image, compact=1)).convert("RGBA"))
                if rgb.size != (self.width, self.height):
                    rgb = rgb.resize((self.width, self.height), Image.Resampling.LANCZOS)
                yield Frame(np.array(rgb), pts, duration, index)
            pts += duration
