import io
import logging
import os
import struct
import threading
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile, PngImagePlugin

from impasto.errors import InputError, MissingExtraError, OutputError
from impasto.pictures import profiles
from impasto.pictures.conversion import as_picture, from_array, in_kind_of, to_array, to_pil
from impasto.pictures.decoding import from_pil
from impasto.pictures.formats import WRITE_SUFFIXES
from impasto.pictures.metadata import Metadata
from impasto.pictures.picture import Picture
from impasto.pictures.reading import read_picture
from impasto.pictures.resampling import fill_transparent, resize_picture
from impasto.pictures.writing import encode_picture, output_format, suffix_of, writable_format, write_picture

FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "PPM"]
EXACT = ["PNG", "TIFF", "PPM"]
WITH_ALPHA = ["PNG", "WEBP", "TIFF", "AVIF"]
sides = st.sampled_from([1, 2, 3, 7, 16, 33, 257])
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def smooth(height=24, width=36, dtype=np.uint8, channels=3):
    """Gradients, which every format keeps nearly as they are."""
    y, x = np.mgrid[:height, :width]
    planes = [x / max(width - 1, 1), y / max(height - 1, 1), (x + y) / (height + width), 0.3 + 0.5 * x / width]
    top = np.iinfo(dtype).max
    return np.rint(np.stack(planes[:channels], axis=-1) * top).astype(dtype)


def saved(image, format="PNG", **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def bytes_of(picture):
    return np.rint(picture.rgb * 255).astype(np.uint8)


# ---------------------------------------------------------------------------------- round trips


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


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_are_exact(format, channels):
    array = np.random.default_rng(0).integers(0, 65536, (31, 47, channels), dtype=np.uint16)
    again = read_picture(encode_picture(from_array(array), format))
    assert again.bits == 16
    assert np.array_equal(to_array(again, array), array)


@quick
@given(st.sampled_from([np.uint8, np.uint16, np.float16, np.float32, np.float64]), st.sampled_from([1, 3, 4, 0]), sides)
def test_arrays_come_back_as_they_were(dtype, channels, side):
    shape = (side, 5, channels) if channels else (side, 5)
    array = np.random.default_rng(side).random(shape)
    array = (array * np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else array).astype(dtype)
    back = to_array(from_array(array), array)
    assert back.dtype == dtype
    expected = array if channels in (3, 4) else np.repeat(array.reshape(side, 5, 1), 3, axis=2)
    assert np.allclose(back, expected, rtol=1e-6)
    assert back.shape == expected.shape


def test_opaque_alpha_is_no_alpha():
    array = np.full((4, 4, 4), 255, np.uint8)
    picture = from_array(array)
    assert picture.alpha is None
    assert np.array_equal(to_array(picture, array), array)
    assert to_pil(picture).mode == "RGB"


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 2), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.int32),
        np.zeros((4, 4), bool),
        np.full((4, 4), 1.5),
        np.full((4, 4), np.nan),
        np.full((4, 4), -0.1, np.float32),
    ],
)
def test_arrays_that_are_no_pictures(array):
    with pytest.raises(InputError, match=r"give|convert|divide"):
        from_array(array)


def test_every_kind_of_picture_is_taken_and_given_back(tmp_path):
    array = smooth()
    picture, pil, data = from_array(array), Image.fromarray(array), saved(Image.fromarray(array))
    (tmp_path / "a.png").write_bytes(data)
    for source in (picture, pil, data, array, tmp_path / "a.png", str(tmp_path / "a.png")):
        assert np.array_equal(bytes_of(as_picture(source)), array)
    assert in_kind_of(picture, picture) is picture
    assert np.array_equal(np.asarray(in_kind_of(picture, pil)), array)
    assert np.array_equal(in_kind_of(picture, array.astype(np.float32)), picture.rgb)
    assert read_picture(in_kind_of(as_picture(data), data)).format == "PNG"
    with pytest.raises(InputError, match="cannot be made from dict; give a path"):
        as_picture({})


def test_from_array_does_not_share_memory():
    array = np.zeros((2, 2, 3), np.float32)
    picture = from_array(array)
    array += 1
    assert picture.rgb.max() == 0


# ----------------------------------------------------------------------------------------- modes


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


@pytest.mark.parametrize(("mode", "colour"), [("L", 7), ("RGB", (1, 2, 3))])
def test_transparent_colour(mode, colour):
    image = Image.new(mode, (2, 1), 200 if mode == "L" else (200, 200, 200))
    image.putpixel((0, 0), colour)
    assert read_picture(saved(image, transparency=colour)).alpha.tolist() == [[0, 1]]


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
    with pytest.raises(MissingExtraError, match=r"impasto\[heic\]"):
        read_picture(out.getvalue())


# ----------------------------------------------------------------------------- colour profiles


def rgb_profile(gamma=1.0):
    """An RGB profile with sRGB's primaries and another gamma."""
    base = profiles.srgb_profile()
    curve = struct.pack(">4sIIH", b"curv", 0, 1, round(gamma * 256)) + b"\0\0"
    count = struct.unpack(">I", base[128:132])[0]
    table, extra = bytearray(base[:132]), b""
    for i in range(count):
        name, start, size = struct.unpack_from(">4sII", base, 132 + 12 * i)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            start, size = len(base), len(curve)
            extra = curve
        table += struct.pack(">4sII", name, start, size)
    profile = bytes(table) + base[len(table) :] + extra
    return struct.pack(">I", len(profile)) + profile[4:]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_profiles_are_applied_and_results_tagged(format):
    image = Image.new("RGB", (16, 16), (128, 128, 128))
    picture = read_picture(saved(image, format, icc_profile=rgb_profile(), quality=95))
    assert np.abs(picture.rgb - 0.7366).max() < 0.02  # half the light is 188 of 255 in sRGB
    again = Image.open(io.BytesIO(encode_picture(picture, format)))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(again.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_srgb_is_left_as_it_is():
    array = smooth()
    data = saved(Image.fromarray(array), icc_profile=profiles.srgb_profile())
    assert np.array_equal(bytes_of(read_picture(data)), array)


def test_a_grey_picture_with_an_rgb_profile():
    picture = read_picture(saved(Image.new("L", (2, 2), 128), "TIFF", icc_profile=rgb_profile()))
    assert np.abs(picture.rgb - 0.7366).max() < 0.005


@pytest.mark.parametrize(
    "profile", [b"broken", b"\0" * 200, profiles.srgb_profile()[:300], b"x" * 16 + b"CMYK" + b"\0" * 200]
)
def test_broken_profiles_are_ignored(profile, caplog):
    data = saved(Image.fromarray(smooth()), icc_profile=profile)
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(bytes_of(read_picture(data)), smooth())
    assert "colour profile" in caplog.text


def test_a_broken_profile_of_a_large_picture_is_said_once(caplog):
    data = saved(Image.fromarray(smooth(600, 8)), icc_profile=b"broken")
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(read_picture(data, compact=1).rgb, smooth(600, 8))
    assert len(caplog.records) == 1


def test_a_profile_of_tables_is_compiled_once(monkeypatch):
    calls = []
    build = ImageCms.buildTransform
    monkeypatch.setattr(ImageCms, "buildTransform", lambda *a: calls.append(1) or build(*a))
    colour, profile = np.full((2, 3, 3), 0.5, np.float32), rgb_profile(1.7)
    for _ in range(3):  # as for the strips of a large file
        assert np.abs(profiles._through_lcms(colour, profile) - profiles.to_srgb(colour, profile)).max() < 0.005
    assert len(calls) == 1


# ------------------------------------------------------------------------ orientation, metadata


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


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6" dc:title="Sea"/></x:xmpmeta>'


def with_metadata():
    exif = Image.Exif()
    exif[0x010E] = "Grün".encode()
    exif[0x010F] = "Camera"
    exif[0x0131] = "Firmware"
    exif[0x0112] = 6
    exif[0x8769] = {0x829A: 0.01, 0xA001: 65535, 0xA002: 99, 0x927C: b"maker's note"}
    exif[0x8825] = {1: "N", 2: (51.0, 30.0, 0.0)}
    return saved(Image.fromarray(smooth()), "JPEG", exif=exif, xmp=XMP, dpi=(300, 300), comment=b"By the sea")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_metadata_is_kept(format):
    picture = read_picture(with_metadata())
    result = Image.open(io.BytesIO(encode_picture(picture, format, settings="impasto 0.1 style=scream:1")))
    result.load()
    exif = result.getexif()
    assert exif[0x010F] == "Camera"
    assert exif[0x010E].encode("latin-1").decode() == "Grün"
    details = exif.get_ifd(0x8769)
    assert details[0x829A] == pytest.approx(0.01)
    assert details[0xA001] == 1
    assert details[0xA002] == picture.rgb.shape[1]
    assert details[0x927C] == b"maker's note"
    assert exif.get_ifd(0x8825)[2] == (51.0, 30.0, 0.0)
    assert b"Sea" in result.info["xmp"]
    assert b'tiff:Orientation="1"' in result.info["xmp"]
    if format == "PNG":
        assert result.text["Software"] == "impasto 0.1 style=scream:1"
        assert exif[0x0131] == "Firmware"
        assert result.text["Comment"] == "By the sea"
    else:
        assert exif[0x0131] == "impasto 0.1 style=scream:1"
    if format in ("JPEG", "PNG", "TIFF"):
        assert result.info["dpi"] == pytest.approx((300, 300), rel=1e-3)
    if format == "JPEG":
        assert result.info["comment"] == b"By the sea"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_strip_leaves_only_the_settings(format):
    picture = read_picture(with_metadata())
    data = encode_picture(picture, format, strip=True, settings="impasto é")
    for gone in (b"Camera", b"Sea", b"By the sea", b"maker's note"):
        assert gone not in data
    result = read_picture(data)
    if format == "PNG":
        assert result.metadata.text == {"Software": "impasto é"}
    else:
        assert "impasto é".encode() in result.metadata.exif
    assert b"impasto" not in encode_picture(picture, format, strip=True)


def test_png_text_is_kept_and_what_does_not_fit_is_said(caplog):
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Author", "Ann")
    chunks.add_itxt("Title", "Ölbild 絵")
    picture = read_picture(saved(Image.fromarray(smooth()), pnginfo=chunks, dpi=(150, 150)))
    again = read_picture(encode_picture(picture, "PNG"))
    assert again.metadata.text == {"Author": "Ann", "Title": "Ölbild 絵"}
    assert again.metadata.dpi == pytest.approx((150, 150), rel=1e-3)
    assert not caplog.records
    encode_picture(picture, "JPEG")
    assert "JPEG cannot hold the original's text 'Author'" in caplog.text


def test_metadata_too_large_for_jpeg(caplog):
    exif = Image.Exif()
    exif[0x010E] = "x" * 70000
    picture = replace(
        from_array(smooth()),
        metadata=Metadata(exif=exif.tobytes(), xmp=b"x" * 70000, text={"Comment": "x" * 99999}),
    )
    result = read_picture(encode_picture(picture, "JPEG", settings="impasto"))
    assert b"impasto" in result.metadata.exif
    assert "EXIF left out" in caplog.text
    assert "XMP left out" in caplog.text


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_is_ignored():
    data = saved(Image.fromarray(smooth()), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff broken")
    picture = read_picture(data)
    assert picture.metadata.exif is None


def test_results_do_not_depend_on_the_time():
    picture = read_picture(with_metadata())
    for format in FORMATS:
        assert encode_picture(picture, format) == encode_picture(picture, format)


# -------------------------------------------------------------------------------------- errors


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
    expected = {format: encode_picture(picture, format, settings="s") for format in FORMATS}
    wrong = []

    def work(format):
        for _ in range(3):
            data = encode_picture(picture, format, settings="s")
            if data != expected[format] or read_picture(data).rgb.shape != picture.rgb.shape:
                wrong.append(format)

    threads = [threading.Thread(target=work, args=(format,)) for format in FORMATS * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# ------------------------------------------------------------------------------- size and alpha


@quick
@given(height=sides, width=sides, longer=st.integers(0, 120))
def test_resized(height, width, longer):
    picture = resize_picture(from_array(smooth(height, width)), longer)
    if longer == 0:
        assert picture.rgb.shape == (height, width, 3)
    else:
        assert max(picture.rgb.shape[:2]) == longer
        assert min(picture.rgb.shape[:2]) == max(1, min(height, width) * longer // max(height, width))
    assert picture.rgb.dtype == np.float32
    assert picture.rgb.min() >= 0
    assert picture.rgb.max() <= 1


def test_resizing_does_not_bleed():
    rgb = np.zeros((32, 32, 3), np.float32)
    rgb[:, :16], rgb[:, 16:] = (1, 0, 0), (0, 1, 0)
    alpha = np.zeros((32, 32), np.float32)
    alpha[:, :16] = 1
    small = resize_picture(Picture(rgb, alpha), 9)
    seen = small.alpha > 0.01
    assert np.allclose(small.rgb[seen], [1, 0, 0], atol=1e-3)


def test_negative_size():
    with pytest.raises(InputError, match="negative"):
        resize_picture(from_array(smooth()), -1)


@quick
@given(height=sides, width=sides, seed=st.integers(0, 99))
def test_fill_transparent(height, width, seed):
    rng = np.random.default_rng(seed)
    alpha = (rng.random((height, width)) > 0.7).astype(np.float32)
    rgb = np.where(alpha[..., None] > 0, np.float32(0.25), rng.random((height, width, 3), np.float32))
    filled = fill_transparent(rgb, alpha)
    assert filled.dtype == np.float32
    assert filled.shape == rgb.shape
    assert np.array_equal(filled[alpha == 1], rgb[alpha == 1])
    assert np.allclose(filled, 0.25 if alpha.any() else 0.5, atol=1e-5)


def test_fill_follows_the_nearest_colours():
    rgb = np.zeros((64, 64, 3), np.float32)
    rgb[:, :8], rgb[:, -8:] = (1, 0, 0), (0, 0, 1)
    alpha = np.zeros((64, 64), np.float32)
    alpha[:, :8] = alpha[:, -8:] = 1
    filled = fill_transparent(rgb, alpha)
    assert (filled[:, 9, 0] > 0.8).all()
    assert (filled[:, -10, 2] > 0.8).all()
    assert filled[..., 1].max() < 1e-6
