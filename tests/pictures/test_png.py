"""A PNG whose pixels are sound is read, whatever stands beside them."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.pictures import large
from impasto.pictures.reading import open_picture, read_picture
from impasto.pictures.writing import encode_picture

from .samples import bytes_of, png_with, rgb_profile, saved, smooth

_PLAIN = saved(Image.fromarray(smooth()))
_LONG = "wide " * 300_000  # 1.5 MB, more than Pillow takes
_PACKED = zlib.compress(_LONG.encode())


@pytest.mark.parametrize("place", [b"IDAT", b"IEND"])
def test_long_texts_are_kept(place, caplog):
    texts = (b"zTXt", b"Note\0\0" + _PACKED), (b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0\0" + _PACKED)
    picture = read_picture(png_with(_PLAIN, *texts, before=place))
    assert np.array_equal(bytes_of(picture), smooth())
    assert picture.metadata.text == {"Note": _LONG}
    assert picture.metadata.xmp == _LONG.encode()
    assert not caplog.records
    assert read_picture(encode_picture(picture, "PNG")).metadata == picture.metadata


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_long_profile_is_used(dtype):
    profile = rgb_profile().ljust(3_000_000, b"\0")
    plain = encode_picture(read_picture(_PLAIN), "PNG") if dtype == np.uint8 else _deep_png(np.full((4, 4, 3), 32768))
    data = png_with(plain, (b"iCCP", b"linear\0\0" + zlib.compress(profile)), before=b"IDAT")
    if dtype == np.uint16:
        assert np.abs(read_picture(data).rgb - 0.7354).max() < 0.002  # half the light


def _deep_png(array):
    """A PNG of H x W x 3, uint16, without a profile."""
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    header = struct.pack(">IIBBBBB", array.shape[1], array.shape[0], 16, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


@pytest.mark.parametrize(
    ("kind", "body", "word"),
    [
        (b"pHYs", b"\0\0", "pHYs"),
        (b"iCCP", b"x\0\0broken", "the colour profile"),
        (b"zTXt", b"Note\0\0" + zlib.compress(bytes(1 << 26)), "a text"),
        (b"zTXt", b"Note\0\7" + _PACKED[:99], "a text"),
        (b"gAMA", b"\0", "gAMA"),
    ],
)
def test_what_is_damaged_or_endless_is_left_out_with_a_word(kind, body, word, tmp_path, caplog):
    path = tmp_path / "x.png"
    path.write_bytes(png_with(_PLAIN, (kind, body)))
    assert np.array_equal(bytes_of(read_picture(path)), smooth())
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: left out because it is damaged or too long: {word}"
    ]
    caplog.clear()
    assert np.array_equal(large.open_rows(path).rows(0, 24).rgb, smooth())
    assert caplog.text.count(word) == 1


def test_a_wrong_checksum_of_a_text_leaves_the_text_out(caplog):
    data = bytearray(png_with(_PLAIN, (b"tEXt", b"Note\0hello")))
    data[data.index(b"hello")] ^= 1
    picture = read_picture(bytes(data))
    assert np.array_equal(bytes_of(picture), smooth())
    assert picture.metadata.text == {}
    assert "a text" in caplog.text


def test_a_wrong_length_of_the_header_is_one_sentence(tmp_path):
    data = bytearray(_PLAIN)
    data[11] = 12
    (tmp_path / "x.png").write_bytes(data)
    for read in (read_picture, open_picture):
        with pytest.raises(InputError, match=r"x\.png cannot be decoded"):
            read(tmp_path / "x.png")
