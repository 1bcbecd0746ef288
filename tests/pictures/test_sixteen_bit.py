"""Sixteen bits a sample are read and written to the last one."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.pictures.conversion import from_array, to_array
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import encode_picture

from .samples import interlaced_png, saved, smooth, tiff_of_planes


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_are_exact(format, channels):
    array = np.random.default_rng(0).integers(0, 65536, (31, 47, channels), dtype=np.uint16)
    again = read_picture(encode_picture(from_array(array), format))
    assert again.bits == 16
    assert np.array_equal(to_array(again, array), array)


@pytest.mark.parametrize("compact", [0, 1])
def test_transparent_colour_of_sixteen_bits(compact):
    data = encode_picture(from_array(np.array([[[1, 2, 3], [1, 2, 4]]], np.uint16)), "PNG")
    end = data.index(b"IDAT") - 4
    body = b"tRNS" + struct.pack(">3H", 1, 2, 3)
    data = data[:end] + struct.pack(">I", 6) + body + struct.pack(">I", zlib.crc32(body)) + data[end:]
    assert read_picture(data, compact=compact).alpha.tolist() == [[0, 65535 if compact else 1]]


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_grey_of_sixteen_bits(format):
    grey = np.random.default_rng(1).integers(0, 65536, (9, 11), dtype=np.uint16)
    picture = read_picture(saved(Image.fromarray(grey), format))
    assert picture.bits == 16
    assert np.array_equal(to_array(picture, grey)[..., 1], grey)


def test_pgm_of_sixteen_bits():
    grey = np.array([[0, 1, 65535]], np.uint16)
    picture = read_picture(b"P5 3 1 65535\n" + grey.astype(">u2").tobytes())
    assert picture.bits == 16
    assert np.array_equal(to_array(picture, grey)[..., 0], grey)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_interlaced_png(depth):
    array = smooth(21, 35, depth)
    picture = read_picture(interlaced_png(array))
    assert picture.bits == 8 * array.itemsize
    assert np.array_equal(to_array(picture, array), array)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned(format, orientation):
    """Sixteen bits are turned as eight are, by what stands before or behind the pixels."""
    deep = smooth(9, 14, np.uint16)
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = saved(Image.fromarray((deep >> 8).astype(np.uint8)), format, exif=exif)
    wanted = read_picture(turned, compact=1).rgb
    if format == "TIFF":
        data = tiff_of_planes(deep, 1, {274: orientation})
    else:
        data = encode_picture(from_array(deep), "PNG")
        chunk = b"eXIf" + exif.tobytes()[6:]
        data = (
            data[:-12] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[-12:]
        )
    picture = read_picture(data, compact=1)
    assert picture.rgb.dtype == np.uint16
    assert np.array_equal(picture.rgb >> 8, wanted)


@pytest.mark.parametrize("channels", [3, 4])
def test_tiff_of_separate_planes(channels):
    array = np.random.default_rng(2).integers(0, 65536, (8, 9, channels), dtype=np.uint16)
    picture = read_picture(tiff_of_planes(array, 2, {338: 2} if channels == 4 else {}))
    assert np.array_equal(to_array(picture, array), array)


def test_grey_with_alpha():
    array = np.random.default_rng(2).integers(0, 65536, (8, 9, 2), dtype=np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    header = struct.pack(">IIBBBBB", 9, 8, 16, 4, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        data += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    picture = read_picture(data, compact=1)
    assert np.array_equal(picture.rgb[..., 1], array[..., 0])
    assert np.array_equal(picture.alpha, array[..., 1])


def test_a_file_that_is_cut_off_is_one_sentence():
    data = encode_picture(from_array(smooth(40, 40, np.uint16)), "PNG")
    with pytest.raises(InputError, match=r"cannot be decoded .* get it afresh"):
        read_picture(data[: len(data) // 2])
