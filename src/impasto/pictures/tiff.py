"""TIFF: which of a file's directories is the picture, and which are previews, further pages, or a camera's raw data."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, TiffImagePlugin

from impasto.errors import InputError, Sentence
from impasto.pictures import messages
from impasto.pictures.metadata import ORIENTATION, described_tags, load_exif

_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _COMPRESSION, _COLOURS, _SUB_DIRECTORIES = 254, 255, 256, 257, 259, 262, 330
_KEPT = (_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _COMPRESSION, _COLOURS, ORIENTATION, _SUB_DIRECTORIES)
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}  # types of whole numbers, by their codes
_SIZES = {code: struct.calcsize(f"<{kind}") for code, kind in _NUMBERS.items()}  # bytes
_REDUCED, _MASK = 1, 4  # bits of the tag "new subfile type"
_RAW_COLOURS = {32803, 34892}  # a colour filter array; linear raw
_RAW_COMPRESSIONS = {32767, 32770, 34713, 65000, 65535}  # of Sony, Samsung, Nikon, Kodak, Pentax
_MOST = 1000  # directories that are looked at


@dataclass(frozen=True)
class _Directory:
    """A directory of a TIFF.

    Attributes:
        offset: where it stands in the file.
        page: its number in the chain of directories, or that of the one it belongs to.
        sub: its number among the sub-directories of that page; None if it stands in the chain itself.
        tags: the whole numbers of the tags in ``_KEPT``.
    """

    offset: int
    page: int
    sub: int | None
    tags: dict[int, tuple[int, ...]]

    def number(self, tag: int) -> int:
        """The value of a tag, 0 where there is none."""
        return self.tags.get(tag, (0,))[0]

    @property
    def reduced(self) -> bool:
        """Whether it is a preview, or a mask, of another directory's picture."""
        return bool(self.number(_SUBFILE) & (_REDUCED | _MASK)) or self.number(_OLD_SUBFILE) == 2

    @property
    def raw(self) -> bool:
        """Whether it holds what a camera's sensor saw."""
        return self.number(_COLOURS) in _RAW_COLOURS or self.number(_COMPRESSION) in _RAW_COMPRESSIONS

    @property
    def pixels(self) -> int:
        """How large its picture is."""
        return self.number(_WIDTH) * self.number(_HEIGHT)


def open_tiff(file: BinaryIO) -> TiffImagePlugin.TiffImageFile:
    """Open the picture of a TIFF: its first directory, or the largest one where the first is a preview.

    Where it is not the first, ``info["directory"]`` says which page and sub-directory it is, and the description of
    the picture, which stands in the first, is put into ``info``. Further pages are left out, which is noted to be said.

    Raises:
        InputError: it is a raw photograph of a camera.
    """
    directories = list(_directories(file))
    file.seek(0)
    if file.read(10)[8:] == b"CR" or any(directory.raw for directory in directories):
        raise InputError(
            "The picture is a raw photograph of a camera, of which only previews could be painted: "
            "develop it with darktable, RawTherapee or the like, and give the JPEG or TIFF.",
            key="raw_photograph",
        )
    file.seek(0)
    image = TiffImagePlugin.TiffImageFile(file)
    full = [directory for directory in directories if not directory.reduced]
    if not full or full[0] is directories[0]:
        chosen = None
    else:
        chosen = max(full, key=lambda directory: directory.pixels)
        _turn_to(image, chosen)
    pages = sum(directory.sub is None for directory in full)
    if pages > 1:
        which = "first" if chosen is None else "largest"
        text = f"it has {pages} pages: the {which} is taken, the others are left out"
        messages.note(image, Sentence(text, "pages_left_out", count=pages))
    return image


def _turn_to(image: TiffImagePlugin.TiffImageFile, directory: _Directory) -> None:
    """Make an opened TIFF that of another directory, described by the first."""
    first, xmp, exif = load_exif(image), image.info.get("xmp"), Image.Exif()
    try:
        for tag, value in described_tags(first):
            exif[tag] = value
    except Exception as error:  # Pillow's parser fails in many ways
        messages.note(image, Sentence(f"EXIF left out because it cannot be read: {error}", "exif_unreadable"))
    exif[ORIENTATION] = directory.number(ORIENTATION) or first.get(ORIENTATION, 1)
    image.info["exif"] = exif.tobytes()
    image._frame_pos = [directory.offset]
    image._seek(0)
    if xmp and "xmp" not in image.info:
        image.info["xmp"] = xmp
    image.info["directory"] = directory.page, directory.sub


def _directories(file: BinaryIO) -> Iterator[_Directory]:
    """The directories of a TIFF, each before its sub-directories; what is damaged ends the search."""
    file.seek(0)
    head = file.read(16)
    order = ">" if head[:2] == b"MM" else "<"
    try:
        big = struct.unpack_from(f"{order}H", head, 2)[0] == 43
        (offset,) = struct.unpack_from(f"{order}Q" if big else f"{order}I", head, 8 if big else 4)
        seen: set[int] = set()
        page = 0
        while offset and offset not in seen and len(seen) < _MOST:
            seen.add(offset)
            tags, following = _tags(file, offset, order, big)
            yield _Directory(offset, page, None, tags)
            for sub, inner in enumerate(tags.get(_SUB_DIRECTORIES, ())[:_MOST]):
                if inner and inner not in seen:
                    seen.add(inner)
                    try:
                        yield _Directory(inner, page, sub, _tags(file, inner, order, big)[0])
                    except struct.error:
                        continue
            offset, page = following, page + 1
    except struct.error:
        return


def _tags(file: BinaryIO, offset: int, order: str, big: bool) -> tuple[dict[int, tuple[int, ...]], int]:
    """The whole numbers of a directory's tags, and where the next directory stands, 0 for nowhere.

    Raises:
        struct.error: it is cut off.
    """
    tags: dict[int, tuple[int, ...]] = {}
    try:
        file.seek(offset)
    except (OSError, OverflowError, ValueError) as error:
        raise struct.error("beyond all files") from error
    entry, wide = (20, 8) if big else (12, 4)
    (count,) = struct.unpack(f"{order}Q" if big else f"{order}H", file.read(8 if big else 2))
    count = min(count, 1 << 16)
    entries = file.read(count * entry)
    end = file.read(wide)
    for at in range(0, len(entries) - entry + 1, entry):
        tag, kind = struct.unpack_from(f"{order}HH", entries, at)
        if tag not in _KEPT or kind not in _NUMBERS:
            continue
        (number,) = struct.unpack_from(f"{order}Q" if big else f"{order}I", entries, at + 4)
        size = min(number, _MOST) * _SIZES[kind]
        value = entries[at + entry - wide : at + entry]
        if size > wide:
            where = struct.unpack(f"{order}Q" if big else f"{order}I", value)[0]
            if where > 1 << 62:
                continue
            file.seek(where)
            value = file.read(size)
        value = value[:size]
        numbers = struct.unpack(f"{order}{len(value) // _SIZES[kind]}{_NUMBERS[kind]}", value)
        if numbers:
            tags[tag] = numbers
    return tags, struct.unpack(f"{order}Q" if big else f"{order}I", end)[0] if len(end) == wide else 0
