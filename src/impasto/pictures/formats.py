"""Which file formats there are, how each is told, what it can hold, and how its header is opened with Pillow."""

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
from impasto.pictures import isobmff, messages, png, tiff, webp
from impasto.pictures.metadata import note_damaged_exif


@dataclass(frozen=True)
class Format:
    """What a file format can hold.

    Attributes:
        name: Pillow's name for it.
        suffixes: how its files end, lower case; the first is the usual one.
        writable: whether results can be written in it.
        alpha: whether it holds transparency.
        deep: whether it holds 16 bits per sample.
        longest: the most pixels that it allows along a side; None if there is no limit that matters.
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
"""What can be read, by Pillow's name (but ``PGM``, which Pillow calls ``PPM``)."""

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")  # bytes 8 to 11 of a HEIC file

_SOUND, _VIDEO, _MOVEMENT = "a sound", "a video", "a movement (BVH)"
_MEDIA_SIGNS = (
    *((_SOUND, 4, b"ftypM4A"), (_SOUND, 8, b"WAVE"), (_SOUND, 0, b"fLaC")),
    *((_SOUND, 0, b"ID3"), (_SOUND, 0, b"\xff\xfb"), (_SOUND, 0, b"\xff\xf3")),  # MP3
    *((_SOUND, 28, b"OpusHead"), (_SOUND, 28, b"\x01vorbis"), (_SOUND, 28, b"\x7fFLAC")),  # in Ogg
    *((_VIDEO, 4, b"ftyp"), (_VIDEO, 4, b"moov"), (_VIDEO, 4, b"wide"), (_VIDEO, 4, b"mdat")),  # MP4 and QuickTime
    (_VIDEO, 0, b"\x1aE\xdf\xa3"),  # Matroska and WebM
    (_VIDEO, 8, b"AVI "),
    (_VIDEO, 0, b"\x00\x00\x01\xba"),  # MPEG
    *((_VIDEO, 0, b"OggS"), (_VIDEO, 0, b"FLV")),
    (_MOVEMENT, 0, b"HIERARCHY"),
)  # what a file is, and where its first bytes have what that is told by; the first that fits counts
_TAKEN_BY = {
    _SOUND: "impasto sound and impasto.stylize_sound restyle it, or take it as the style",
    _VIDEO: "impasto video and impasto.stylize_video paint it",
    _MOVEMENT: "impasto motion and impasto.stylize_motion restyle it, or take it as the style",
}  # said wherever a picture is needed, to paint or as a style
# Raw files of cameras that are no TIFF, by how they begin: Fujifilm, Olympus, Panasonic, and Canon's CR3.
_RAW = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"\0\0\0\x18ftypcrx ")
RAW_SUFFIXES = (".dng", ".nef", ".nrw", ".cr2", ".cr3", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw")
"""How raw files of cameras end, lower case: folders have them beside pictures, and none can be read."""


def media_kind(head: bytes) -> str | None:
    """What a file is instead of a picture, told by its first 64 bytes: ``"a video"``, ``"a sound"``, and so on.

    Returns:
        ``None``: it is a picture, or of an unknown format.
    """
    if head[4:8] == b"ftyp" and (head[8:12] in _HEIF_BRANDS or b"avif" in head or b"mif1" in head):
        return None
    return next((kind for kind, start, sign in _MEDIA_SIGNS if head[start:].startswith(sign)), None)


def identify_format(name: str, head: bytes) -> str:
    """The name of a file's format, told by its first bytes, since a suffix may lie.

    Args:
        name: how messages call the file.
        head: its first 64 bytes.

    Raises:
        InputError: it is empty, or no picture of a known format.
    """
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
    if head.startswith(_RAW):
        raise InputError(
            f"{name} is a raw photograph of a camera: "
            "develop it with darktable, RawTherapee or the like, and give the JPEG or TIFF.",
            key="raw_photograph",
        )
    if kind := media_kind(head):
        raise InputError(f"{name} is {kind}; {_TAKEN_BY[kind]}.")
    readable = ", ".join(f.name for f in FORMATS.values())
    raise InputError(f"{name} is not a picture, or of an unknown format: convert it to one of {readable}.")


def open_bytes(data: bytes, format: str) -> ImageFile.ImageFile:
    """Read the header of a file in memory. What Pillow raises comes through.

    Colours that are declared by CICP code points stand in ``info["cicp"]``.

    Raises:
        InputError: it is a raw photograph of a camera.
        MissingExtraError: a HEIC file, and the extra ``heic`` is not installed.
    """
    if format == "PNG":
        return png.open_png(data)
    image = open_header(io.BytesIO(data), format)
    if format in ("AVIF", "HEIF") and (cicp := isobmff.code_points(data)):
        image.info["cicp"] = cicp
    return image


def open_header(file: BinaryIO, format: str) -> ImageFile.ImageFile:
    """Read the header of an open file, whose pixels cannot be relied upon to load.

    Not ``Image.open``, whose limit on the number of pixels is a global setting, and which warns through ``warnings``:
    :func:`~impasto.pictures.reading.read_picture` has a limit of its own.
    """
    with messages.pillow_warnings() as said:
        image = _opened(file, format)
    note_damaged_exif(image, said)
    return image


def _opened(file: BinaryIO, format: str) -> ImageFile.ImageFile:
    """See :func:`open_header`."""
    if format == "HEIF":
        heif: ImageFile.ImageFile = pillow_heif().HeifImageFile(file)
        return heif
    if format == "PNG":
        return png.open_png_header(file)
    if format == "WEBP":
        webp.check_canvas(file)
    if format == "TIFF":
        return tiff.open_tiff(file)
    return Image.OPEN[format][0](file, "")


WRITABLE_FORMATS = {name: format for name, format in FORMATS.items() if format.writable}
"""What can be written, by Pillow's name (but ``PGM``, which Pillow calls ``PPM``)."""
READ_SUFFIXES = tuple(suffix for format in FORMATS.values() for suffix in format.suffixes)
"""Suffixes of the files that can be read, lower case."""
WRITE_SUFFIXES = tuple(suffix for format in WRITABLE_FORMATS.values() for suffix in format.suffixes)
"""Suffixes of the files that can be written, lower case."""
