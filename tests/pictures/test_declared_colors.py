"""Colours that a file declares without an ICC profile are converted, whole and by rows."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from impasto.pictures import large
from impasto.pictures.reading import read_picture

from .samples import bytes_of, png_with, rgb_profile, saved, smooth

_CHRM_OF_SRGB = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
_CHRM_OF_P3 = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
_P3_RED_OF_SRGB_RED = (234, 51, 35)  # sRGB's red in Display P3
_PQ_OF_WHITE = 0.5807  # of 203 cd/m2
_PQ_OF_QUARTER, _QUARTER = 0.4385, 0.5371  # of a quarter of that light, and the same in sRGB


def _png(colour, *chunks, mode="RGB"):
    return png_with(saved(Image.new(mode, (16, 16), colour)), *chunks)


def _cicp(primaries, transfer, full=1):
    return b"cICP", bytes([primaries, transfer, 0, full])


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"cHRM", _CHRM_OF_P3), (b"gAMA", struct.pack(">I", 45455))],
        [(b"cHRM", _CHRM_OF_P3)],
        [_cicp(12, 13)],
    ],
)
def test_display_p3_by_primaries_alone(chunks, tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(_png(_P3_RED_OF_SRGB_RED, *chunks))
    for rgb in (read_picture(path, compact=1).rgb, large.open_rows(path).rows(0, 16).rgb):
        assert np.abs(rgb[0, 0].astype(int) - [255, 0, 0]).max() <= 2


def test_gamma_alone_is_applied_to_colour_and_grey():
    linear = b"gAMA", struct.pack(">I", 100_000)
    assert np.abs(bytes_of(read_picture(_png((128, 128, 128), linear))).astype(int) - 188).max() <= 1
    assert np.abs(bytes_of(read_picture(_png(128, linear, mode="L"))).astype(int) - 188).max() <= 1
    assert np.abs(read_picture(_png(128, linear, mode="P")).rgb).max() < 1  # a palette, too


def test_the_gamma_that_stands_for_srgb_changes_nothing():
    data = png_with(saved(Image.fromarray(smooth())), (b"gAMA", struct.pack(">I", 45455)), (b"cHRM", _CHRM_OF_SRGB))
    assert np.array_equal(bytes_of(read_picture(data)), smooth())


def test_the_order_is_that_of_the_png_specification():
    linear, srgb = (b"gAMA", struct.pack(">I", 100_000)), (b"sRGB", b"\0")
    profile = b"iCCP", b"linear\0\0" + __import__("zlib").compress(rgb_profile(1.8))

    def grey(*chunks):
        return int(bytes_of(read_picture(_png((128, 128, 128), *chunks)))[0, 0, 0])

    assert grey(srgb, linear) == 128
    of_profile = grey(profile)
    assert 140 < of_profile < 160
    assert grey(profile, linear) == of_profile
    assert abs(grey(_cicp(1, 8), profile, linear) - 188) <= 1
    assert grey(_cicp(1, 13), linear) == 128


def test_what_makes_no_sense_or_is_not_known_is_said(caplog):
    for chunk in ((b"gAMA", bytes(4)), (b"cHRM", bytes(32)), _cicp(99, 13), _cicp(1, 9)):
        caplog.clear()
        data = png_with(saved(Image.fromarray(smooth())), chunk)
        assert np.array_equal(bytes_of(read_picture(data)), smooth())
        assert caplog.text.count("taken as sRGB") == 1


@pytest.mark.parametrize(
    ("transfer", "value", "wanted"),
    [(16, _PQ_OF_QUARTER, _QUARTER), (16, 0.9, 1.0), (16, 0.0, 0.0), (18, 0.0, 0.0), (18, 1.0, 1.0), (18, 0.4, 0.419)],
)
def test_high_dynamic_range_is_tone_mapped_and_said(transfer, value, wanted, caplog):
    grey = round(value * 255)
    rgb = read_picture(_png((grey, grey, grey), _cicp(9, transfer))).rgb[0, 0]
    assert np.abs(rgb - wanted).max() < 0.02
    assert caplog.text.count("high dynamic range") == 1


def test_high_dynamic_range_by_rows_is_that_of_the_whole(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(png_with(saved(Image.fromarray(smooth())), _cicp(9, 16)))
    assert np.array_equal(large.open_rows(path).rows(0, 24).rgb, read_picture(path, compact=1).rgb)


def test_narrow_range_is_stretched():
    data = _png((16, 235, 126), _cicp(1, 13, full=0))
    assert bytes_of(read_picture(data))[0, 0].tolist() == [0, 255, 128]


@pytest.mark.parametrize(("primaries", "transfer"), [(12, 13), (1, 13), (9, 16)])
def test_avif_code_points(primaries, transfer, caplog):
    grey = Image.new("RGB", (32, 32), _P3_RED_OF_SRGB_RED)
    data = saved(grey, "AVIF", quality=100, subsampling="4:4:4")
    at = data.index(b"nclx") + 4
    data = data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]
    rgb = bytes_of(read_picture(data))[16, 16].astype(int)
    if (primaries, transfer) == (12, 13):
        assert np.abs(rgb - [255, 0, 0]).max() <= 4
    elif primaries == 1:
        assert np.abs(rgb - _P3_RED_OF_SRGB_RED).max() <= 3
    else:
        assert "high dynamic range (PQ)" in caplog.text


def test_heic_code_points():
    heif = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    image = Image.new("RGB", (64, 64), _P3_RED_OF_SRGB_RED)
    heif.from_pillow(image).save(out, quality=100, color_primaries=12, transfer_characteristics=13, chroma=444)
    assert np.abs(bytes_of(read_picture(out.getvalue()))[32, 32].astype(int) - [255, 0, 0]).max() <= 4


@pytest.mark.parametrize(
    ("index", "space", "converted"), [("R03", 65535, True), ("R98", 65535, False), (None, 2, True)]
)
def test_adobe_rgb_by_exif_alone(index, space, converted):
    exif = Image.Exif()
    exif[0x8769] = {0xA001: space} | ({0xA005: {1: index}} if index else {})
    image = Image.new("RGB", (16, 16), (0, 255, 0))
    picture = read_picture(saved(image, "JPEG", exif=exif, quality=100, subsampling=0))
    grey = read_picture(saved(Image.new("RGB", (16, 16), (144, 128, 110)), "JPEG", exif=exif, quality=100)).rgb[0, 0]
    assert bytes_of(picture)[0, 0, 1] >= 253
    assert (abs(grey[0] * 255 - 144) > 3) == converted


def test_primaries_of_a_tiff():
    red = Image.new("RGB", (8, 8), _P3_RED_OF_SRGB_RED)
    tags = {319: (0.68, 0.32, 0.265, 0.69, 0.15, 0.06), 318: (0.3127, 0.329)}
    assert np.abs(bytes_of(read_picture(saved(red, "TIFF", tiffinfo=tags)))[0, 0].astype(int) - [255, 0, 0]).max() <= 2
