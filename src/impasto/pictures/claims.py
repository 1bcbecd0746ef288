"""How many pixels a file can hold: a small file that claims more is refused before memory is taken for them."""

from __future__ import annotations

from PIL import ImageFile, JpegImagePlugin, TiffImagePlugin

from impasto import memory
from impasto.errors import InputError, OutOfMemoryError
from impasto.pictures import jpeg, sixteen_bit

_HARMLESS = 1 << 22  # pixels that any file may claim: so many take little memory and time
_DEFLATE = 1032  # bytes that a byte of Deflate gives at best
_LZW = 4096 * 8 // 12  # bytes that a byte of LZW gives at best: its codes have 12 bits once they stand for long runs
_JPEG = 8 * 64  # pixels a byte: a block of 8 x 8 takes one bit at least
_ARITHMETIC_JPEG = _JPEG * 256
_RUN_LENGTHS = 1 << 12  # pixels a byte of BMP's run lengths, which can also jump
# Bytes that a byte gives at best, by the compression of a TIFF: none, LZW, JPEG (of three channels), Deflate (twice),
# run lengths, LZMA, Zstandard.
_TIFF = {1: 1, 5: _LZW, 7: 3 * _JPEG, 8: _DEFLATE, 32946: _DEFLATE, 32773: 64, 34925: 1 << 14, 50000: 1 << 15}
_FAX_RUNS = 2560 * 8 // 12  # pixels a byte of a fax whose rows are coded alone: the longest run takes 12 bits
_FAX_GROUP_3, _FAX_GROUP_4 = (2, 3), 4  # compressions
_T4_OPTIONS = 292  # tag of a TIFF
_BITS = {
    "1": 1,
    "P": 1,
    "L": 1,
    "LA": 8,
    "RGB": 24,
    "RGBA": 32,
    "RGBX": 32,
    "CMYK": 32,
    "I;16": 16,
}  # least bits of a pixel, by mode
_BYTES_PER_PIXEL = 8  # bytes that decoding takes for each pixel of 8-bit samples
_BYTES_PER_FLOAT_PIXEL = 24  # bytes that decoding takes for each pixel where samples become float32


def most_pixels(image: ImageFile.ImageFile, size: int) -> float:
    """The most pixels that a file can hold; infinite where its compression knows no bound, as WebP's and AVIF's.

    Args:
        image: the file, opened by Pillow.
        size: bytes of the file.
    """
    bits = _BITS.get(image.mode.removesuffix("B"), 8)
    codec = image.tile[0].codec_name if image.tile else ""
    each: float = float("inf")
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        each = _ARITHMETIC_JPEG if jpeg.is_arithmetic(_head(image)) else _JPEG
    elif image.format == "PNG":
        each = _DEFLATE * 8 / bits
    elif image.format == "GIF":
        each = _LZW
    elif image.format == "BMP":
        each = _RUN_LENGTHS if codec == "bmp_rle" else 8 / bits
    elif image.format == "PPM":
        each = 8 / bits if "16" not in sixteen_bit.raw_mode(image) else 4 / bits
    elif isinstance(image, TiffImagePlugin.TiffImageFile):
        compression = image.tag_v2.get(259, 1)
        by_rows = image.tag_v2.get(_T4_OPTIONS, 0) & 1  # each row of a fax may repeat the one above
        if compression == _FAX_GROUP_4 or (compression in _FAX_GROUP_3 and by_rows):
            each = 8 * image.width  # a row takes a bit at least
        elif compression in _FAX_GROUP_3:
            each = _FAX_RUNS
        else:
            each = _TIFF.get(compression, each) * 8 / bits
    return max(_HARMLESS, each * size)


def _head(image: ImageFile.ImageFile) -> bytes:
    """The first mebibyte of a file that is opened and not loaded."""
    assert image.fp is not None
    place = image.fp.tell()
    image.fp.seek(0)
    head = image.fp.read(1 << 20)
    image.fp.seek(place)
    return head


def check_claim(name: str, image: ImageFile.ImageFile, size: int, *, compact: bool) -> None:
    """Refuse a picture that its file cannot hold, or that needs more memory than is free.

    Args:
        name: how the message calls it.
        image: the file, opened by Pillow.
        size: bytes of the file.
        compact: whether its integers are kept.

    Raises:
        InputError: the file cannot hold as many pixels as it claims.
        OutOfMemoryError: there is too little memory to decode it.
    """
    width, height = image.size
    if width * height > most_pixels(image, size):
        raise InputError(
            f"{name} is damaged or cut off: it claims {width} x {height} pixels, which {size:,} bytes cannot hold; "
            "get it afresh.",
            key="claims_too_much",
            width=width,
            height=height,
        )
    needed = width * height * (_BYTES_PER_PIXEL if compact else _BYTES_PER_FLOAT_PIXEL)
    if width * height > _HARMLESS and needed > memory.free():
        raise OutOfMemoryError(
            f"{name} has {width} x {height} pixels, which take {memory.format_size(needed)} of memory to decode; "
            "there is too little memory: make it smaller first, or convert it to PNG or TIFF on a larger computer.",
            key="no_memory",
        )
