"""Files of optical flow: Middlebury's ``.flo``, certainty maps as PGM, and names with the numbers of frames."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from impasto.arguments import check_arguments
from impasto.errors import InputError
from impasto.files import atomic_path
from impasto.flow.forward_backward import Certainty, Flow
from impasto.flow.shapes import check_arrays, check_flow
from impasto.pictures.picture import to_samples, to_unit_range
from impasto.pictures.reading import read_picture

_FLO_TAG = struct.pack("<f", 202021.25)  # the bytes "PIEH", which every .flo file starts with
_MAX_SIDE = 100_000  # pixels: a header that claims a longer side is damaged
# Regular expression of a printf number such as %d, %04d or %4d. A letter after the d makes it a word: 50%discount.
_NUMBER = r"%(?:0\d+d|\d*d(?![^\W\d_]))"


def read_flo(path: str | Path) -> Flow:
    """Read a Middlebury ``.flo`` file.

    Returns:
        H x W x 2, float32: x and y in pixels.

    Raises:
        InputError: the file is not there, is no ``.flo`` file, or is cut off.
    """
    check_arguments(needed=["path"], paths={"path": path})
    path = Path(path)
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read ({reason}); check the path.") from error
    if len(data) < 12 or data[:4] != _FLO_TAG:
        raise InputError(f"{path} is no .flo file; it does not start with PIEH.")
    width, height = struct.unpack("<ii", data[4:12])
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise InputError(f"{path} is damaged: it claims a size of {width} x {height}.")
    if len(data) < 12 + 8 * width * height:
        raise InputError(f"{path} is cut off: {width} x {height} need {12 + 8 * width * height} bytes.")
    flow = np.frombuffer(data, "<f4", 2 * width * height, offset=12).reshape(height, width, 2)
    return flow.astype(np.float32)


def write_flo(flow: Flow, path: str | Path) -> None:
    """Write a flow, H x W x 2, as a Middlebury ``.flo`` file: little-endian float32.

    Raises:
        InputError: it is no flow.
        OutputError: the file cannot be written.
    """
    check_flow(flow)
    check_arguments(needed=["path"], paths={"path": path})
    height, width = flow.shape[:2]
    with atomic_path(path) as temporary:
        temporary.write_bytes(
            _FLO_TAG + struct.pack("<ii", width, height) + np.ascontiguousarray(flow, "<f4").tobytes()
        )


def read_certainty(path: str | Path) -> Certainty:
    """Read a certainty map from a PGM file, or from any other picture, whose luma (Rec. 601) counts.

    Returns:
        H x W, uint8, 0 (uncertain) to 255 (certain).

    Raises:
        InputError: the file cannot be read as a picture.
    """
    check_arguments(needed=["path"], paths={"path": path})
    rgb = read_picture(path, compact=1).rgb
    return to_samples(to_unit_range(rgb) @ np.array([0.299, 0.587, 0.114], np.float32))


def write_certainty(certainty: Certainty, path: str | Path) -> None:
    """Write a certainty map, H x W, uint8, as a PGM file, byte for byte as artistic-videos does.

    Raises:
        InputError: it is no such map.
        OutputError: the file cannot be written.
    """
    check_arrays(certainty=certainty)
    check_arguments(needed=["path"], paths={"path": path})
    if certainty.ndim != 2 or certainty.dtype != np.uint8:
        raise InputError(f"A certainty map is H x W, uint8; this array has shape {certainty.shape}, {certainty.dtype}.")
    height, width = certainty.shape
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"P5\n%d %d\n255\n" % (width, height) + certainty.tobytes())


@dataclass(frozen=True)
class FramePattern:
    """File names with one number in the form of printf, such as ``frame_%04d.png``.

    Attributes:
        text: the pattern, with its folder.

    Raises:
        InputError: the file's name, without its folder, has not exactly one such number.
    """

    text: str

    def __post_init__(self) -> None:
        if not self.fits(self.text):
            raise InputError(f"{self.text} must have one number in the file's name, such as frame_%04d.png.")

    @staticmethod
    def matches(text: str | Path) -> bool:
        """Whether a path to read is such a pattern rather than a file: the name of an existing file is that file."""
        return FramePattern.fits(text) and not Path(text).exists()

    @staticmethod
    def fits(text: str | Path) -> bool:
        """Whether the file's name, without its folder, has exactly one printf number."""
        return len(re.findall(_NUMBER, Path(text).name)) == 1

    def path(self, number: int) -> Path:
        """The file of one frame."""
        pattern = Path(self.text)
        return pattern.with_name(re.sub(_NUMBER, lambda found: found.group() % number, pattern.name))

    def first(self, start: int | None = None) -> int:
        """The first number that there is a file for.

        Args:
            start: the number that must be the first; ``None`` takes the lowest.

        Raises:
            InputError: there is no file of number ``start``, or none at all.
        """
        if start is not None:
            if not self.path(start).is_file():
                raise InputError(f"There is no {self.path(start)}; check the pattern and the first number.")
            return start
        numbers = self.numbers()
        if not numbers:
            raise InputError(f"There is no file for {self.text}; check the pattern.")
        return min(numbers)

    def numbers(self) -> list[int]:
        """All numbers that there is a file for, in no order."""
        pattern = Path(self.text)
        folder, (head, _, tail) = pattern.parent, re.split(f"({_NUMBER})", pattern.name)
        found = re.compile(re.escape(head) + r"(\d+)" + re.escape(tail))
        names = folder.iterdir() if folder.is_dir() else []
        numbers = [int(m.group(1)) for m in (found.fullmatch(p.name) for p in names) if m]
        return [number for number in numbers if self.path(number).is_file()]

    def count(self, start: int) -> int:
        """How many consecutive files there are from a number on."""
        number = start
        while self.path(number).is_file():
            number += 1
        return number - start


@dataclass(frozen=True)
class PairPattern:
    """File names with two numbers, as artistic-videos has them: ``backward_[%d]_{%d}.flo``.

    ``[...]`` takes the number of the frame that the flow starts at, ``{...}`` that of the frame that it points to. They
    may come in either order.

    Attributes:
        text: the pattern, with its folder.

    Raises:
        InputError: ``[...]`` or ``{...}`` is missing, or there twice.
    """

    text: str

    def __post_init__(self) -> None:
        for opening, closing, example in ((r"\[", r"\]", "[%d]"), (r"\{", r"\}", "{%d}")):
            if len(re.findall(f"{opening}{_NUMBER}{closing}", self.text)) != 1:
                raise InputError(f"{self.text} must have {example} once, as in backward_[%d]_{{%d}}.flo.")

    def path(self, start: int, end: int) -> Path:
        """The file of the flow from one frame to another."""
        text = re.sub(rf"\[({_NUMBER})\]", lambda found: found.group(1) % start, self.text)
        return Path(re.sub(rf"\{{({_NUMBER})\}}", lambda found: found.group(1) % end, text))
