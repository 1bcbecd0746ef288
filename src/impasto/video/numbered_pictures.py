"""Numbered pictures as a source of frames."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from impasto.errors import InputError
from impasto.flow.estimate import Pixels
from impasto.flow.files import FramePattern
from impasto.pictures.picture import to_samples
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import fill_transparent
from impasto.video.frame import Frame, scaled_size
from impasto.video.pixels import ColorSpace


class NumberedPictures:
    """Pictures named by a printf pattern, one after the other until a number is missing; a :class:`VideoSource`.

    Args:
        pattern: the names.
        size: longer side of the frames in pixels; 0 keeps it.
        rate: frames a second.
        first: number of the first picture; ``None``: the lowest.

    Raises:
        InputError: there is no such picture, or it cannot be read.
    """

    def __init__(self, pattern: FramePattern, *, size: int, rate: Fraction, first: int | None = None) -> None:
        self.pattern, self.size, self.rate = pattern, size, rate
        self.start = pattern.first(first)
        self.expected = pattern.count(self.start)
        self.path, self.damaged, self.truncated = pattern.path(self.start), 0, False
        self.time_base, self.origin = 1 / rate, Fraction(0)
        self.notices: list[str] = []
        after = self.start + self.expected
        if left := sum(number > after for number in pattern.numbers()):
            self.notices.append(f"{pattern.path(after)} is missing; {left} pictures after it are left out.")
        self.stored = read_picture(self.path).size
        self.width, self.height = scaled_size(*self.stored, size)
        self.colors = ColorSpace.for_pictures(self.height)

    def _read(self, number: int) -> Pixels:
        """The picture of a number, resized; transparent places get a colour of their surroundings.

        Raises:
            InputError: the picture cannot be read, or is of another size than the first.
        """
        path = self.pattern.path(number)
        picture = read_picture(path)
        if picture.size != self.stored:
            raise InputError(f"{path} is of another size than the first picture; frames must all be of one size.")
        rgb = picture.rgb if picture.alpha is None else fill_transparent(picture.rgb, picture.alpha)
        frame = to_samples(rgb)
        if (wanted := scaled_size(*picture.size, self.size)) != picture.size:
            from PIL import Image

            frame = np.array(Image.fromarray(frame).resize(wanted, Image.Resampling.LANCZOS))
        return np.asarray(frame)

    def frames(self, start: Fraction | None = None, *, counted: bool = False) -> Iterator[Frame]:
        """See :class:`VideoSource`."""
        for index in range(self.expected):
            if start is None or (index + 1) * self.time_base > start:
                yield Frame(self._read(self.start + index), index, 1, index)
