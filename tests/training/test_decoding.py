"""Picture files of every mode, depth and orientation, decoded to RGB bytes."""

import struct

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.pictures.conversion import from_array
from impasto.pictures.profiles import srgb_profile
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import encode_picture
from impasto.training import decoding
from impasto.training.decoding import decode

from .noise_pictures import noise


def encoded(tmp_path, image, suffix=".png", **options):
    path = tmp_path / f"picture{suffix}"
    image.save(path, **options)
    return path.read_bytes()


def display_p3():
    """A profile with sRGB's curves and the primaries of Display P3, adapted to D50."""
    profile = bytearray(srgb_profile())
    primaries = {
        b"rXYZ": (0.5151, 0.2412, -0.0011),
        b"gXYZ": (0.292, 0.6922, 0.0419),
        b"bXYZ": (0.1571, 0.0666, 0.7841),
    }
    for at in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12):
        name, start, _ = struct.unpack_from(">4sII", profile, at)
        if name in primaries:
            struct.pack_into(">3i", profile, start + 8, *(round(65536 * value) for value in primaries[name]))
    return bytes(profile)


class TestDecode:
    def test_alpha_is_laid_on_white(self, tmp_path):
        pixels = np.zeros((2, 2, 4), np.uint8)
        pixels[0, :, 3] = 255
        image = Image.fromarray(pixels)
        for mode in ("RGBA", "LA", "PA"):
            made = image.convert("P" if mode == "PA" else mode)
            if mode == "PA":
                made.putpalette(bytes(768))
                made.info["transparency"] = bytes([0]) + bytes([255]) * 255
                made.putdata([1, 1, 0, 0])
            got = decode(encoded(tmp_path, made))
            assert got[0].max() == 0, mode
            assert got[1].min() == 255, mode

    @pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
    def test_modes(self, tmp_path, mode):
        image = Image.new("RGB", (20, 10), "white").convert(mode)
        # Packed, since Pillow 12 cannot read the plain YCbCr that it writes.
        packed = {"suffix": ".tif", "compression": "tiff_lzw"} if mode in ("CMYK", "YCbCr") else {}
        got = decode(encoded(tmp_path, image, **packed))
        assert got.shape == (10, 20, 3)
        assert got.dtype == np.uint8
        assert got.min() >= 254

    def test_cmyk_jpeg(self, tmp_path):
        got = decode(encoded(tmp_path, Image.new("CMYK", (16, 16), (0, 255, 255, 0)), ".jpg"))
        assert np.abs(got.mean(axis=(0, 1)) - (255, 0, 0)).max() < 5

    def test_sixteen_bits_keep_their_brightness(self, tmp_path):
        ramp = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
        for suffix in (".png", ".tif"):
            got = decode(encoded(tmp_path, Image.fromarray(ramp), suffix))
            assert np.abs(got[..., 0] - ramp / 257).max() <= 0.5

    @pytest.mark.parametrize("white", [1.0, 255.0, 65535.0, 1e6])
    def test_floats_are_scaled_to_the_nearest_white(self, tmp_path, white):
        ramp = np.linspace(0, white, 16, dtype=np.float32).reshape(4, 4)
        got = decode(encoded(tmp_path, Image.fromarray(ramp), ".tif"))
        assert (got.min(), got.max()) == (0, 255)

    def test_orientation(self, tmp_path):
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned clockwise
        pixels = noise(size=(6, 4))
        got = decode(encoded(tmp_path, Image.fromarray(pixels), exif=exif))
        assert np.array_equal(got, np.rot90(pixels, -1))

    @pytest.mark.parametrize("suffix", [".jpg", ".png"])
    def test_a_colour_profile_counts_as_it_does_for_painting(self, tmp_path, suffix):
        """Whatever its profile, here Display P3's primaries, training sees the colours that apply sees."""
        data = encoded(tmp_path, Image.new("RGB", (40, 30), (250, 80, 60)), suffix, icc_profile=display_p3())
        wanted = read_picture(data).rgb * 255
        assert np.abs(wanted - (250, 80, 60)).max() > 5
        assert np.abs(decode(data) - wanted).max() <= 0.5
        assert np.abs(decode(data, keep=15) - wanted[:15, :20]).max() <= 1

    def test_sixteen_bit_colour_and_its_transparency(self, tmp_path):
        ramp = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8, 1).repeat(4, axis=2)
        ramp[..., 3] = 65535
        ramp[0, :, 3] = 0
        got = decode(encode_picture(from_array(ramp), "PNG"))
        assert got[0].min() == 255
        assert np.abs(got[1:] - ramp[1:, :, :3] / 257).max() <= 0.5

    @pytest.mark.parametrize(("suffix", "orientation"), [(".jpg", 1), (".jpg", 8), (".png", 1)])
    def test_large_ones_are_shrunk(self, tmp_path, suffix, orientation):
        exif = Image.Exif()
        exif[0x0112] = orientation
        image = Image.new("RGB", (640, 480), (200, 100, 50))
        got = decode(encoded(tmp_path, image, suffix, exif=exif), keep=48)
        assert got.shape == ((64, 48, 3) if orientation == 8 else (48, 64, 3))
        assert np.abs(got.astype(int) - (200, 100, 50)).max() <= 4

    def test_small_ones_stay(self, tmp_path):
        assert decode(encoded(tmp_path, Image.fromarray(noise())), keep=30).shape == (30, 40, 3)

    def test_too_many_pixels(self, tmp_path, monkeypatch):
        monkeypatch.setattr(decoding, "MAX_PIXELS", 100)
        with pytest.raises(InputError, match="40 x 30"):
            decode(encoded(tmp_path, Image.fromarray(noise())))
