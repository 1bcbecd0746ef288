"""Pictures become files of every format, whole or not at all."""

import io
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from impasto.errors import OutputError
from impasto.pictures.conversion import from_array, to_array
from impasto.pictures.formats import WRITE_SUFFIXES
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import encode_picture, output_format, suffix_of, write_picture

from .samples import FORMATS, quick, sides, smooth, with_metadata

EXACT = ["PNG", "TIFF", "PPM"]
WITH_ALPHA = ["PNG", "WEBP", "TIFF", "AVIF"]


def test_write(tmp_path):
    picture = from_array(smooth())
    for suffix in WRITE_SUFFIXES:
        path = tmp_path / "new" / f"x{suffix.upper()}"
        write_picture(picture, path)
        assert read_picture(path).format == output_format(path).replace("PGM", "PPM")
    write_picture(picture, tmp_path / "odd", format="webp")
    assert read_picture(tmp_path / "odd").format == "WEBP"


def test_failed_writes_leave_nothing(tmp_path, monkeypatch):
    picture = from_array(smooth())

    def full(self, data):
        with self.open("wb") as file:
            file.write(data[:5])
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="choose JPEG, PNG"):
        write_picture(picture, tmp_path / "x.xyz")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="disk is full"):
        write_picture(picture, tmp_path / "x.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "format"), [("jpg", "JPEG"), ("PNG", "PNG"), (".Tif", "TIFF"), ("webp", "WEBP")])
def test_output_format(name, format):
    assert output_format("", name) == format
    assert output_format("x." + name.lstrip(".")) == format
    assert output_format("x.gif", name) == format
    assert output_format("", suffix_of(name)) == format


@pytest.mark.parametrize("path", ["", "x", "x.gif", "x.heic", "folder.png/x"])
def test_unknown_output_format(path):
    with pytest.raises(OutputError, match="choose JPEG, PNG, WEBP, TIFF, AVIF, PPM"):
        output_format(path)


def test_a_format_that_pillow_lacks(monkeypatch):
    monkeypatch.delitem(Image.SAVE, "AVIF")
    with pytest.raises(OutputError, match="lacks AVIF"):
        output_format("x.avif")


def test_too_long_a_side():
    picture = from_array(np.zeros((1, 17000, 3), np.uint8))
    with pytest.raises(OutputError, match="allows 16383"):
        encode_picture(picture, "webp")
    assert read_picture(encode_picture(picture, "png")).rgb.shape == (1, 17000, 3)


def test_jpeg_has_all_its_colour():
    image = Image.open(io.BytesIO(encode_picture(from_array(smooth()), "JPEG")))
    assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3


def test_threads():
    picture = read_picture(with_metadata())
    expected = {format: encode_picture(picture, format, note="s") for format in FORMATS}
    wrong = []

    def work(format):
        for _ in range(3):
            data = encode_picture(picture, format, note="s")
            if data != expected[format] or read_picture(data).rgb.shape != picture.rgb.shape:
                wrong.append(format)

    threads = [threading.Thread(target=work, args=(format,)) for format in FORMATS * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("format", FORMATS)
@quick
@given(height=sides, width=sides, alpha=st.booleans(), deep=st.booleans())
def test_round_trip(format, height, width, alpha, deep):
    dtype = np.uint16 if deep else np.uint8
    array = smooth(height, width, dtype, 4 if alpha else 3)
    picture = from_array(array)
    again = read_picture(encode_picture(picture, format, quality=100))
    assert again.format == format
    assert again.rgb.dtype == np.float32
    assert again.rgb.shape == (height, width, 3)
    assert again.bits == (16 if deep and format in ("PNG", "TIFF") else 8)
    if alpha and format in WITH_ALPHA:
        assert np.abs(again.alpha - picture.alpha).max() < 0.02
        seen = np.abs(again.rgb - picture.rgb) * picture.alpha[..., None]
    else:
        assert again.alpha is None
        white = 1 - picture.alpha[..., None] if alpha else np.float32(0)
        seen = np.abs(again.rgb - (picture.rgb * (1 - white) + white))
    if format != "WEBP" or min(height, width) > 16:  # WebP halves the resolution of colours
        assert seen.mean() < 0.03
    if format in EXACT and again.bits == picture.bits and (format != "PPM" or not alpha):
        assert np.array_equal(to_array(again, array[..., :3])[..., :3], array[..., :3])
