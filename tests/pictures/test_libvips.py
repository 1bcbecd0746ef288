"""libvips keeps to itself: nothing on the terminal, no cache; without it pictures are still read."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.pictures import large, libvips
from impasto.pictures.conversion import from_array
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import encode_picture, write_picture

from .samples import smooth, tiff_of_planes


@pytest.fixture
def without_pyvips(monkeypatch):
    """As on a platform that pyvips-binary has no wheel for."""
    for module in ("pyvips", "_libvips"):
        monkeypatch.setitem(sys.modules, module, None)
    libvips.load_pyvips.cache_clear()
    libvips.is_installed.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    yield
    libvips.load_pyvips.cache_clear()
    libvips.is_installed.cache_clear()


def test_without_it_a_large_picture_is_not_read_by_rows_and_that_is_said_once(
    without_pyvips, tmp_path, caplog, monkeypatch
):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    assert large.open_rows(tmp_path / "a.png") is None
    assert caplog.text == ""
    monkeypatch.setattr(large, "_LARGE_PIXELS", 1000)
    assert large.open_rows(tmp_path / "a.png") is large.open_rows(tmp_path / "a.png") is None
    assert caplog.text.count("pictures are read only as a whole") == 1


def test_without_it_pictures_are_read_whole_and_in_eight_bits(without_pyvips, tmp_path, caplog):
    deep = smooth(dtype=np.uint16)
    write_picture(from_array(deep), tmp_path / "deep.png")
    assert large.open_rows(tmp_path / "deep.png") is None
    for _ in range(2):
        picture = read_picture(tmp_path / "deep.png", compact=1)
        assert picture.bits == 8
        assert np.array_equal(picture.rgb, deep >> 8)
    (record,) = caplog.records
    assert "16-bit colour in 8 bits" in record.getMessage()
    with pytest.raises(InputError, match="save it interleaved"):
        read_picture(tiff_of_planes(deep, 2, {}))


def test_nothing_is_kept_and_threads_are_bounded():
    code = """
import os, sys
os.environ["OMP_NUM_THREADS"] = "1,1"
from impasto.pictures import libvips
assert "pyvips" not in sys.modules
pyvips = libvips.load_pyvips()
from pyvips import voperation
print(voperation.cache_get_max(), voperation.concurrency_get())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "1"]
    assert done.stderr == ""


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_damage_is_said_by_us_alone(suffix, tmp_path, capfd, caplog):
    path = tmp_path / f"damaged{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = bytearray(encode_picture(from_array(noise), suffix))
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    path.write_bytes(data if suffix == ".tif" else data[: len(data) * 2 // 3])
    reader = large.open_rows(path)
    assert reader is not None
    with pytest.raises(InputError, match=r"damaged\.... is damaged or cut off: get it afresh\."):
        reader.rows(0, 64)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


@pytest.mark.parametrize("name", ["a[page=2].jpg", "gr\xfcn.jpg", b"\xff\xfe.jpg"])
def test_names_are_taken_as_they_are(name, tmp_path):
    path = tmp_path / (name if isinstance(name, str) else name.decode("utf-8", "surrogateescape"))
    image = Image.fromarray(smooth())
    with path.open("wb") as file:
        image.save(file, "JPEG")
    assert np.array_equal(large.open_rows(path).rows(0, 24).rgb, read_picture(path, compact=1).rgb)
