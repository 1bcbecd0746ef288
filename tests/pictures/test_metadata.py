"""EXIF, XMP, resolution and texts go from the source into the result."""

import io
from dataclasses import replace

import pytest
from PIL import Image, PngImagePlugin

from impasto.pictures.conversion import from_array
from impasto.pictures.metadata import Metadata
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import encode_picture

from .samples import FORMATS, saved, smooth, with_metadata


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_metadata_is_kept(format):
    picture = read_picture(with_metadata())
    result = Image.open(io.BytesIO(encode_picture(picture, format, note="impasto 0.1 style=scream:1")))
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
    data = encode_picture(picture, format, strip=True, note="impasto é")
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
    result = read_picture(encode_picture(picture, "JPEG", note="impasto"))
    assert b"impasto" in result.metadata.exif
    assert "EXIF left out" in caplog.text
    assert "XMP left out" in caplog.text


def test_broken_exif_is_left_out_which_is_said(caplog):
    data = saved(Image.fromarray(smooth()), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff broken")
    picture = read_picture(data)
    assert picture.metadata.exif is None
    assert caplog.text.count("EXIF is damaged") == 1


def test_results_do_not_depend_on_the_time():
    picture = read_picture(with_metadata())
    for format in FORMATS:
        assert encode_picture(picture, format) == encode_picture(picture, format)
