"""TODO: say what this module is for."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from impasto.errors import InputError
from impasto.files import atomic_path
from impasto.flow.consistency import Certainty, Flow
from impasto.pictures.picture import to_samples, to_unit_range
from impasto.pictures.reading import read_picture

_TAG = struct.pack("<f", 202021.25)  # the bytes "PIEH"
_LARGEST = 100_000  # longer sides than this are a damaged header
_NUMBER = r"%0?\d*d"


def read_flo(path: str | Path) -> Flow:
    """Read a Middlebury ``.flo`` file: H x W x 2.

    Raises:
        InputError: not there, not such a file, or cut off.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    if len(data) < 12 or data[:4] != _TAG:
        raise InputError(f"{path} is no .flo file; it does not start with PIEH.")
    width, height = struct.unpack("<ii", data[4:12])
    if not (0 < width <= _LARGEST and 0 < height <= _LARGEST):
        raise InputError(f"{path} is damaged: it claims a size of {width} x {height}.")
    if len(data) < 12 + 8 * width * height:
        raise InputError(f"{path} is cut off: {width} x {height} need {12 + 8 * width * height} bytes.")
    flow = np.frombuffer(data, "<f4", 2 * width * height, offset=12).reshape(height, width, 2)
    return flow.astype(np.float32)


def write_flo(flow: Flow, path: str | Path) -> None:
    """Write H x W x 2 as a Middlebury ``.flo`` file."""
    height, width = flow.shape[:2]
    with atomic_path(path) as temporary:
        temporary.write_bytes(_TAG + struct.pack("<ii", width, height) + np.ascontiguousarray(flow, "<f4").tobytes())


def read_certainty(path: str | Path) -> Certainty:
    """Read a certainty map: PGM, or any other picture, whose luma (Rec. 601) counts.

    Returns:
        H x W, uint8; 255 is certain.

    Raises:
        InputError: it cannot be read.
    """
    try:
        rgb = read_picture(path, compact=1).rgb
    except InputError as error:
        reason = error.__cause__ or error
        raise InputError(f"{path} cannot be read as a certainty map ({reason}); check the path.") from error
    return to_samples(to_unit_range(rgb) @ np.array([0.299, 0.587, 0.114], np.float32))


def write_certainty(certainty: Certainty, path: str | Path) -> None:
    """Write H x W as a PGM file, byte for byte as artistic-videos does."""
    height, width = certainty.shape
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"P5\n%d %d\n255\n" % (width, height) + certainty.tobytes())


@dataclass(frozen=True)
class FramePattern:
    """File names with one number in the form of printf, such as ``frame_%04d.png``.

    Raises:
        InputError: the file's name, without its folder, has not exactly one such number.
    """

    text: str

    def __post_init__(self) -> None:
        if not _numbered(self.text):
            raise InputError(f"{self.text} must have one number in the file's name, such as frame_%04d.png.")

    @staticmethod
    def matches(text: str | Path) -> bool:
        """Whether a path is such a pattern rather than a file."""
        return _numbered(text) and not Path(text).exists()

    def path(self, number: int) -> Path:
        """The file of one frame."""
        pattern = Path(self.text)
        return pattern.with_name(re.sub(_NUMBER, lambda found: found.group() % number, pattern.name))

    def first(self, start: int | None = None) -> int:
        """The first number that there is a file for: ``start``, or else the lowest."""
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


def _numbered(path: str | Path) -> bool:
    return len(re.findall(_NUMBER, Path(path).name)) == 1


@dataclass(frozen=True)
class PairPattern:
    """File names with two numbers, as artistic-videos has them: ``backward_[%d]_{%d}.flo``.

    ``[...]`` takes the frame that the flow starts at, ``{...}`` the one that it points to, in either order.

    Raises:
        InputError: one of the two is missing.
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
