"""What cannot be read is one sentence."""

import os
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from impasto.errors import InputError, MissingExtraError
from impasto.pictures.conversion import from_array
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import encode_picture

from .samples import FORMATS, bytes_of, saved, smooth


def test_sources(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(saved(Image.fromarray(smooth())))
    with path.open("rb") as file:
        for source in (path, str(path), path.read_bytes(), file):
            assert np.array_equal(bytes_of(read_picture(source)), smooth())


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "PPM", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated(format, share, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = saved(Image.fromarray(noise), format)
    path = tmp_path / "x"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match=r"x cannot be decoded .* get it afresh"):
        read_picture(path)
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@settings(max_examples=150, deadline=None)
@given(format=st.sampled_from(FORMATS), data=st.data())
def test_damage_is_an_input_error(format, data):
    encoded = bytearray(encode_picture(from_array(smooth(8, 8)), format))
    for _ in range(3):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_picture(bytes(encoded), max_pixels=10_000)
    except InputError:
        pass
    except (UserWarning, MissingExtraError):  # Pillow's remarks on odd TIFF tags; a brand that became HEIC's
        pass


def test_unreadable_sources(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("no picture at all")
    for path, words in {
        tmp_path / "none.jpg": "does not exist",
        tmp_path: "is a folder",
        tmp_path / "empty.jpg": "is empty",
        tmp_path / "text.jpg": "not a picture",
        tmp_path / "text.jpg" / "x": "cannot be read",
        "a\0b": "cannot be read",
    }.items():
        with pytest.raises(InputError, match=words) as caught:
            read_picture(path)
        assert str(caught.value).endswith(".")
    with pytest.raises(InputError, match="is empty"):
        read_picture(b"")
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        (tmp_path / "text.jpg").chmod(0)
        with pytest.raises(InputError, match="permissions"):
            read_picture(tmp_path / "text.jpg")


def test_too_many_pixels_before_decoding():
    header = struct.pack(">II", 40_000, 40_000) + b"\x08\x02\0\0\0"
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header
    png += (
        struct.pack(">I", zlib.crc32(b"IHDR" + header))
        + struct.pack(">I", 0)
        + b"IDAT"
        + struct.pack(">I", zlib.crc32(b"IDAT"))
    )
    with pytest.raises(InputError, match="40000 x 40000 pixels"):
        read_picture(png)
    with pytest.raises(InputError, match="more than the limit of 863"):
        read_picture(saved(Image.fromarray(smooth())), max_pixels=863)
    assert read_picture(saved(Image.fromarray(smooth())), max_pixels=864)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "AVIF", "PPM", "BMP"])
def test_pillows_own_limit_does_not_show(format, monkeypatch):
    data = saved(Image.fromarray(smooth()), format)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert read_picture(data).rgb.shape == (24, 36, 3)
    assert Image.MAX_IMAGE_PIXELS == 10


def test_pillows_own_limit_where_a_decoder_heeds_it_is_an_input_error(monkeypatch):
    # A GIF whose first frame is larger than the whole says.
    data = bytearray(saved(Image.fromarray(smooth()), "GIF"))
    data[6:10] = struct.pack("<HH", 1, 1)
    data = bytes(data)
    assert read_picture(data).rgb.shape == (24, 36, 3)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(InputError, match="too many pixels for its format"):
        read_picture(data)
