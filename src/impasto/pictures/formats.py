"""Which file formats there are, how each is told, and what it can hold."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO

# Importing the plugins registers them with Pillow: only the formats that are wanted, and at once.
from PIL import (  # noqa: F401
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from impasto.errors import InputError
from impasto.extras import pillow_heif


@dataclass(frozen=True)
class Format:
    """What a file format can hold.

    Attributes:
        name: Pillow's name for it.
        suffixes: how its files end; the first is the usual one.
        writable: results can be written in it.
        alpha: it holds transparency.
        deep: it holds 16 bits per sample.
        longest: the most pixels it allows along a side.
    """

    name: str
    suffixes: tuple[str, ...]
    writable: bool = True
    alpha: bool = False
    deep: bool = False
    longest: int | None = None


FORMATS = {
    f.name: f
    for f in (
        Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), longest=65_500),
        Format("PNG", (".png",), alpha=True, deep=True),
        Format("WEBP", (".webp",), alpha=True, longest=16_383),
        Format("TIFF", (".tif", ".tiff"), alpha=True, deep=True),
        Format("AVIF", (".avif",), alpha=True, longest=65_536),
        # HEIC is only read: few encoders of it are free, and AVIF does better.
        Format("HEIF", (".heic", ".heif", ".hif"), writable=False),
        Format("PPM", (".ppm", ".pnm")),
        Format("PGM", (".pgm",)),
        Format("GIF", (".gif",), writable=False),
        Format("BMP", (".bmp",), writable=False),
    )
}

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")


def identify_format(name: str, head: bytes) -> str:
    """The format's name, told by the first bytes; the suffix may lie."""
    if not head:
        raise InputError(f"{name} is empty: get it afresh.")
    if head[4:8] == b"ftyp":
        shared_brand = head[8:12] in (b"mif1", b"msf1") and b"avif" not in head
        if head[8:12] in _HEIF_BRANDS or shared_brand:
            return "HEIF"
    for format in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF", "BMP", "PPM"):
        accept = Image.OPEN[format][1]
        accepted = accept(head[:16]) if accept else False
        if isinstance(accepted, str):  # Pillow's way to say that it was built without the decoder
            raise InputError(f"{name} is {format}, which this Pillow was built without: install another build.")
        if accepted:
            return format
    readable = ", ".join(f.name for f in FORMATS.values())
    raise InputError(f"{name} is not a picture, or of an unknown format: convert it to one of {readable}.")


def open_bytes(data: bytes, format: str) -> ImageFile.ImageFile:
    """Read the header of a file in memory."""
    return open_lazily(io.BytesIO(data), format)


def open_lazily(file: BinaryIO, format: str) -> ImageFile.ImageFile:
    """Read the header of a file.

    Not ``Image.open``, whose limit on the number of pixels is a global setting and which warns
    through ``warnings``; ``read`` has its own limit.
    """
    if format == "HEIF":
        image: ImageFile.ImageFile = pillow_heif().HeifImageFile(file)
        return image
    return Image.OPEN[format][0](file, "")


WRITABLE_FORMATS = {name: format for name, format in FORMATS.items() if format.writable}
READ_SUFFIXES = tuple(suffix for format in FORMATS.values() for suffix in format.suffixes)
"""Suffixes of the files that can be read, lower case."""
WRITE_SUFFIXES = tuple(suffix for format in WRITABLE_FORMATS.values() for suffix in format.suffixes)
"""Suffixes of the files that can be written, lower case."""
