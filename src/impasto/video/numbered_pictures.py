"""Numbered pictures as a source of frames."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property

from impasto.errors import InputError
from impasto.flow.files import FramePattern
from impasto.media.spherical import Spherical
from impasto.memory import MAX_PIXELS
from impasto.pictures.picture import Picture
from impasto.pictures.reading import has_transparency, read_picture
from impasto.video.frame import Frame, scaled_size
from impasto.video.pixels import ColorSpace
from impasto.video.transparency import split_transparency


class NumberedPictures:
    """Pictures named by a printf pattern, one after the other until a number is missing; a :class:`VideoSource`.

    Args:
        pattern: the names.
        size: longer side of the frames in pixels; 0 keeps it.
        rate: frames a second.
        first: number of the first picture; ``None``: the lowest.
        max_pixels: refuse pictures of more pixels.

    Raises:
        InputError: there is no such picture, or it cannot be read, or has too many pixels.
    """

    def __init__(
        self,
        pattern: FramePattern,
        *,
        size: int,
        rate: Fraction,
        first: int | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self.pattern, self.rate, self.max_pixels = pattern, rate, max_pixels
        self.start = pattern.first(first)
        self.expected = pattern.count(self.start)
        self.path, self.damaged, self.truncated = pattern.path(self.start), 0, False
        self.time_base, self.origin = 1 / rate, Fraction(0)
        self.notices: list[str] = []
        self.spherical: Spherical | None = None
        after = self.start + self.expected
        if left := sum(number > after for number in pattern.numbers()):
            self.notices.append(f"{pattern.path(after)} is missing; {left} pictures after it are left out.")
        self.stored = read_picture(self.path, max_pixels=max_pixels, compact=1).size
        self.width, self.height = scaled_size(*self.stored, size)
        self.colors = ColorSpace.for_pictures(self.height)

    @cached_property
    def transparent(self) -> bool:
        """See :class:`VideoSource`; told by the headers of all pictures."""
        return any(has_transparency(self.pattern.path(self.start + index)) for index in range(self.expected))

    def _read(self, number: int) -> Picture:
        """The picture of a number.

        Raises:
            InputError: the picture cannot be read, or is of another size than the first.
        """
        path = self.pattern.path(number)
        picture = read_picture(path, max_pixels=self.max_pixels, compact=1)
        if picture.size != self.stored:
            raise InputError(f"{path} is of another size than the first picture; frames must all be of one size.")
        return picture

    def frames(self, start: Fraction | None = None, *, counted: bool = False) -> Iterator[Frame]:
        """See :class:`VideoSource`."""
        for index in range(self.expected):
            if start is None or (index + 1) * self.time_base > start:
                rgb, alpha = split_transparency(self._read(self.start + index), self.width, self.height)
                yield Frame(rgb, index, 1, index, alpha)
