"""Whatever mode, transparency and orientation a file has, the picture is upright RGB."""

import io
import re
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from impasto.errors import InputError, MissingExtraError
from impasto.pictures.decoding import from_pil
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import encode_picture, writable_format
from impasto.version import install_command

from .samples import bytes_of, saved, smooth


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "LAB"]
)
def test_pillow_modes(mode):
    rgba = Image.fromarray(smooth(channels=4))
    image = rgba
    if mode == "LAB":
        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(rgba.convert("RGB"), *profiles, outputMode="LAB")
    elif mode == "PA":
        image = rgba.convert("LA").convert("RGBA").convert("PA")  # the short way forgets alpha
    elif mode in ("La", "RGBa"):
        image = rgba.convert(mode.upper()).convert(mode)
    else:
        image = rgba.convert("RGB").convert(mode) if mode not in ("LA", "RGBA") else rgba.convert(mode)
    picture = from_pil(image)
    assert picture.bits == 8
    assert (picture.alpha is not None) == (mode in ("LA", "La", "PA", "RGBA", "RGBa"))
    grey = mode in ("1", "L", "LA", "La", "PA")
    expected = np.asarray(rgba.convert("1" if mode == "1" else "L").convert("RGB") if grey else rgba.convert("RGB"))
    weight = 1 if picture.alpha is None else picture.alpha[..., None]
    assert (np.abs(bytes_of(picture) - expected.astype(float)) * weight).mean() < (16 if mode == "P" else 3)


def test_palette_with_transparency():
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    for transparency in (0, b"\x00\xff"):
        for format in ("PNG", "GIF") if transparency == 0 else ("PNG",):
            picture = read_picture(saved(image, format, transparency=transparency))
            assert picture.alpha.tolist() == [[0, 1]]
            assert bytes_of(picture)[0, 1].tolist() == [0, 0, 255]


def test_a_fax_is_read_upright_and_a_damaged_one_is_refused_without_a_line_for_each_row(capfd):
    image = Image.fromarray(np.tile(smooth(), (20, 20, 1))).convert("1")
    for compression in ("group3", "group4", "tiff_ccitt"):
        data = saved(image, "TIFF", compression=compression, tiffinfo={274: 6})
        picture = read_picture(data)
        np.testing.assert_array_equal(picture.rgb, np.rot90(np.asarray(image.convert("RGB")), -1) / np.float32(255))
    data = saved(image, "TIFF", compression="group4", tiffinfo={278: 240})
    with pytest.raises(InputError, match="damaged"):
        read_picture(data[:1000] + bytes(range(256)) * 16 + data[1000 + 16 * 256 :])
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("mode", "colour"), [("L", 7), ("RGB", (1, 2, 3))])
def test_transparent_colour(mode, colour):
    image = Image.new(mode, (2, 1), 200 if mode == "L" else (200, 200, 200))
    image.putpixel((0, 0), colour)
    assert read_picture(saved(image, transparency=colour)).alpha.tolist() == [[0, 1]]


def test_float_images():
    image = Image.fromarray(np.array([[0, 0.5, 1]], np.float32))
    assert np.allclose(from_pil(image).rgb[0, :, 0], [0, 0.5, 1])
    with pytest.raises(InputError, match="divide"):
        from_pil(Image.fromarray(np.array([[0, 255]], np.float32)))


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk(format):
    image = Image.new("CMYK", (8, 8), (255, 0, 0, 0))  # pure cyan
    picture = read_picture(saved(image, format))
    assert np.abs(bytes_of(picture)[0, 0].astype(int) - [0, 255, 255]).max() <= 2


def test_cmyk_jpeg_without_adobes_marker_is_not_inverted():
    data = saved(Image.new("CMYK", (8, 8), (0, 255, 255, 255)), "JPEG")
    at = data.index(b"\xff\xeeq"[:2])
    data = data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0] :]
    assert np.abs(bytes_of(read_picture(data))[0, 0].astype(int) - [0, 255, 255]).max() <= 2


@pytest.mark.parametrize("format", ["GIF", "BMP"])
def test_formats_only_read(format):
    picture = read_picture(saved(Image.new("RGB", (3, 2), (255, 0, 0)), format))
    assert picture.format == format
    assert bytes_of(picture)[1, 2].tolist() == [255, 0, 0]
    assert writable_format(picture.format) == "PNG"


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    picture = read_picture(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert bytes_of(picture)[0, 0].tolist() == [255, 0, 0]


def test_heic(monkeypatch):
    heif = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    heif.from_pillow(Image.fromarray(smooth(64, 64))).save(out, quality=95)
    picture = read_picture(out.getvalue())
    assert picture.format == "HEIF"
    assert np.abs(picture.rgb - smooth(64, 64) / 255).mean() < 0.02
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=re.escape(install_command("heic"))):
        read_picture(out.getvalue())


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(format, orientation):
    upright = smooth(24, 40)
    stored = {
        1: upright,
        2: np.fliplr(upright),
        3: np.rot90(upright, 2),
        4: np.flipud(upright),
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: np.rot90(upright, 2).transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Maker"
    data = saved(Image.fromarray(np.ascontiguousarray(stored)), format, exif=exif, quality=95)
    picture = read_picture(data)
    assert picture.rgb.shape == upright.shape
    assert np.abs(picture.rgb - upright / 255).mean() < 0.03
    with_profile_again = read_picture(encode_picture(picture, format))
    assert np.abs(with_profile_again.rgb - upright / 255).mean() < 0.03
    tags = Image.open(io.BytesIO(encode_picture(picture, format))).getexif()
    assert tags.get(0x0112, 1) == 1
    assert tags[0x010F] == "Maker"


def test_orientation_of_a_pillow_image():
    image = Image.fromarray(smooth(3, 5))
    image.getexif()[0x0112] = 6
    assert from_pil(image).rgb.shape == (5, 3, 3)
