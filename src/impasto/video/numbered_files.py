"""A sink that writes numbered pictures."""

from __future__ import annotations

import numpy as np

from impasto.flow.files import FramePattern
from impasto.pictures.conversion import from_array
from impasto.pictures.formats import FORMATS
from impasto.pictures.writing import QUALITY, output_format, write_picture
from impasto.video.frame import Frame
from impasto.video.sink import Encoding


class NumberedFiles:
    """A sink that writes pictures named by a printf pattern.

    Args:
        pattern: the names.
        encoding: its quality is that of the pictures.
        number: the number of the first picture.

    Raises:
        OutputError: no picture is written to files with such a suffix.
    """

    def __init__(self, pattern: FramePattern, encoding: Encoding, number: int) -> None:
        self.keeps_alpha = FORMATS[output_format(pattern.path(number))].alpha
        self.pattern, self.number = pattern, number
        self.quality = QUALITY if encoding.quality is None else encoding.quality

    def write(self, frame: Frame) -> None:
        """See :class:`Sink`."""
        samples = frame.rgb if frame.alpha is None else np.dstack([frame.rgb, frame.alpha])
        write_picture(from_array(samples, compact=1), self.pattern.path(self.number), quality=self.quality)
        self.number += 1

    def checkpoint(self) -> None:
        """Nothing to do: a picture is written whole or not at all."""

    def abandon(self) -> None:
        """Nothing to do: these pictures are written again."""
