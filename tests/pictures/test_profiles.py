"""Colour profiles are applied, and results tagged as sRGB."""

import io
import logging

import numpy as np
import pytest
from PIL import Image, ImageCms

from impasto.pictures import profiles
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import encode_picture

from .samples import bytes_of, rgb_profile, saved, smooth


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
