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
        note: one line for the metadata, on how they were made; ``None``: none.

    Raises:
        OutputError: no picture is written to files with such a suffix.
    """

    def __init__(self, pattern: FramePattern, encoding: Encoding, number: int, note: str | None = None) -> None:
        self.keeps_alpha = FORMATS[output_format(pattern.path(number))].alpha
        self.pattern, self.number, self.note = pattern, number, note
        self.quality = QUALITY if encoding.quality is None else encoding.quality

    def write(self, frame: Frame) -> None:
        """See :class:`Sink`."""
        samples = frame.rgb if frame.alpha is None else np.dstack([frame.rgb, frame.alpha])
        path = self.pattern.path(self.number)
        write_picture(from_array(samples, compact=1), path, quality=self.quality, note=self.note)
        self.number += 1

    def checkpoint(self) -> None:
        """Nothing to do: a picture is written whole or not at all."""

    def abandon(self) -> None:
        """Nothing to do: these pictures are written again."""
