"""Sixteen bits a sample are read and written to the last one."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from impasto.pictures.conversion import from_array, to_array
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import encode_picture

from .samples import saved


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
