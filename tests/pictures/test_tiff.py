"""The picture of a TIFF is found among previews, further pages and raw data."""

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.pictures import large
from impasto.pictures.reading import read_picture, size_of_file

from .samples import saved, smooth, tiff_of_directories

_PREVIEW = smooth(8, 12)
_RAW_COLOURS = 32803


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("layout", ["page", "sub-directory"])
def test_the_full_picture_is_taken_where_the_first_directory_is_a_preview(layout, dtype, tmp_path, caplog):
    full = smooth(24, 36, dtype)
    if layout == "page":
        data = tiff_of_directories((_PREVIEW, {254: 1}), (full, {254: 0}))
    else:
        small = smooth(5, 5)
        data = tiff_of_directories((_PREVIEW, {254: 1, 330: [(small, {254: 1}), (full, {254: 0})]}))
    path = tmp_path / "x.tif"
    path.write_bytes(data)
    assert np.array_equal(read_picture(path, compact=1).rgb, full)
    assert size_of_file(path) == (36, 24)
    assert np.array_equal(large.open_rows(path).rows(0, 24).rgb, full)
    assert not caplog.records


def test_the_full_picture_is_described_and_turned_by_the_first_directory():
    full = smooth()
    data = tiff_of_directories((_PREVIEW, {254: 1, 274: 6, 330: [(full, {254: 0})]}))
    assert np.array_equal(read_picture(data, compact=1).rgb, np.rot90(full, -1))


@pytest.mark.parametrize("how", [{262: _RAW_COLOURS}, {259: 34713}, {262: 34892}])
def test_a_raw_photograph_is_refused_with_what_to_do(how, tmp_path):
    path = tmp_path / "x.dng"
    path.write_bytes(tiff_of_directories((_PREVIEW, {254: 1, 330: [(smooth(), {254: 0, **how})]})))
    with pytest.raises(InputError, match=r"x\.dng: .* raw photograph of a camera.*: develop it with darktable"):
        read_picture(path)
    assert large.open_rows(path) is None


@pytest.mark.parametrize("head", [b"FUJIFILMCCD-RAW 0201", b"IIRO\x08\0\0\0", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom"])
def test_a_raw_photograph_that_is_no_tiff_is_named(head):
    with pytest.raises(InputError, match="raw photograph of a camera"):
        read_picture(head.ljust(64, b"\0"))


def test_pages_that_are_left_out_are_said_once(tmp_path, caplog):
    path = tmp_path / "x.tif"
    pages = [Image.fromarray(smooth(20 + n, 30)) for n in range(3)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    assert read_picture(path).size == (30, 20)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: it has 3 pages: the first is taken, the others are left out"
    ]
    caplog.clear()
    assert large.open_rows(path).rows(0, 20).size == (30, 20)
    assert caplog.text.count("3 pages") == 1


def test_a_preview_behind_the_picture_is_no_page(caplog):
    data = tiff_of_directories((smooth(), {254: 0}), (_PREVIEW, {254: 1}))
    assert read_picture(data).size == (36, 24)
    assert not caplog.records


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_says_that_its_first_picture_is_taken(format, caplog):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    read_picture(saved(frames[0], format, save_all=True, append_images=frames[1:]))
    assert caplog.text.count("impasto video") == 1
