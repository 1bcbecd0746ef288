"""A small file that claims more pixels than it can hold is refused before memory is taken."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from impasto import memory
from impasto.errors import InputError, OutOfMemoryError
from impasto.pictures import large
from impasto.pictures.reading import open_picture, read_picture, size_of_file

from .samples import saved, smooth

_SIDE = 16_000


def _claiming(format):
    """A picture of 36 x 24 pixels in a file that claims to be 16,000 x 16,000."""
    data = bytearray(saved(Image.fromarray(smooth()), format))
    if format == "PNG":
        data[16:24] = struct.pack(">II", _SIDE, _SIDE)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    elif format == "JPEG":
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = struct.pack(">HH", _SIDE, _SIDE)
    elif format == "GIF":
        data[6:10] = struct.pack("<HH", _SIDE, _SIDE)
    elif format == "BMP":
        data[18:26] = struct.pack("<ii", _SIDE, _SIDE)
    elif format == "PPM":
        data = data.replace(b"36 24", b"16000 16000", 1)
    elif format == "TIFF":
        for tag, value in ((256, 36), (257, 24), (278, 24)):
            for kind in (3, 4):
                at = data.find(struct.pack("<HHI", tag, kind, 1) + struct.pack("<I", value))
                if at >= 0:
                    data[at + 8 : at + 12] = struct.pack("<I", _SIDE)
    return bytes(data)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "BMP", "PPM", "TIFF"])
def test_claims_beyond_what_a_file_can_hold_are_refused(format, tmp_path):
    path = tmp_path / "x"
    path.write_bytes(_claiming(format))
    for read in (read_picture, open_picture):
        with pytest.raises(InputError, match=r"x is damaged or cut off: it claims 16000 x 16000 pixels"):
            read(path)
    assert large.open_rows(path) is None


def test_a_fax_of_many_rows_is_refused_where_it_cannot_hold_them():
    data = saved(Image.new("1", (3000, 3000)), "TIFF", compression="group4")
    assert read_picture(data, compact=1).size == (3000, 3000)
    tall = bytearray(data)
    for tag in (257, 278):
        at = data.index(struct.pack("<H", tag))
        tall[at + 2 : at + 12] = struct.pack("<HII", 4, 1, 90_000)
    with pytest.raises(InputError, match="claims 3000 x 90000 pixels"):
        read_picture(bytes(tall))


@pytest.mark.parametrize("compression", ["group3", "tiff_ccitt"])
def test_a_fax_whose_rows_are_coded_alone_holds_less(compression):
    data = saved(Image.new("1", (6000, 6000), 1), "TIFF", compression=compression)
    assert read_picture(data, compact=1).size == (6000, 6000)
    wide = bytearray(data)
    at = data.index(struct.pack("<H", 256))
    wide[at + 2 : at + 12] = struct.pack("<HII", 4, 1, 40_000)
    with pytest.raises(InputError, match="claims 40000 x 6000 pixels"):
        read_picture(bytes(wide))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "AVIF"])
def test_flat_pictures_that_compress_best_are_read(format):
    options = {"compression": "tiff_deflate"} if format == "TIFF" else {}
    data = saved(Image.new("L" if format != "GIF" else "P", (3000, 3000)), format, **options)
    assert read_picture(data, compact=1).size == (3000, 3000)


def test_what_takes_more_memory_than_there_is_is_refused(monkeypatch):
    data = saved(Image.new("RGB", (2100, 2100)), "WEBP", lossless=True)
    monkeypatch.setattr(memory, "free", lambda: 50_000_000)
    assert read_picture(data, compact=1).rgb.dtype == np.uint8
    with pytest.raises(OutOfMemoryError, match="too little memory"):
        read_picture(data)


@pytest.mark.parametrize("lossless", [False, True])
def test_the_canvas_of_a_webp_is_checked_before_it_is_opened(lossless, tmp_path):
    path, canvas = tmp_path / "x.webp", (16_000 - 1).to_bytes(3, "little")
    data = bytearray(saved(Image.fromarray(smooth()), "WEBP", lossless=lossless, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"))
    assert data[12:16] == b"VP8X"
    data[24:30] = canvas * 2
    path.write_bytes(data)
    with pytest.raises(InputError, match="it claims 256,000,000 pixels, more than it can hold"):
        read_picture(path)
    assert size_of_file(path) is None
    if not lossless:
        at = data.index(b"VP8 ")
        data[at + 14 : at + 18] = struct.pack("<HH", 16_000, 16_000)
        with pytest.raises(InputError, match="more than it can hold"):
            read_picture(bytes(data))
