"""A JPEG that lacks no more than the mark of its end is painted."""

import numpy as np
import pytest
from PIL import Image

from impasto.errors import InputError
from impasto.pictures import large
from impasto.pictures.conversion import from_array
from impasto.pictures.jpeg import is_arithmetic
from impasto.pictures.reading import read_picture
from impasto.pictures.writing import encode_picture

from .samples import saved, smooth

_NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize("cut", [1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_without_its_last_two_bytes_it_is_whole_which_is_said(cut, progressive, tmp_path, caplog):
    path, data = tmp_path / "x.jpg", saved(Image.fromarray(_NOISE), "JPEG", progressive=progressive)
    path.write_bytes(data[:-cut])
    assert np.array_equal(read_picture(path, compact=1).rgb, read_picture(data, compact=1).rgb)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: its last bytes are missing; the whole picture is there"
    ]


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_where_rows_are_missing_it_is_refused(share, tmp_path, capfd, caplog):
    path, data = tmp_path / "x.jpg", encode_picture(from_array(_NOISE), "JPEG")
    path.write_bytes(data[: int(len(data) * share)])
    assert large.open_rows(path) is None
    with pytest.raises(InputError, match=r"x\.jpg cannot be decoded"):
        read_picture(path)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_what_follows_the_end_does_not_matter(tmp_path, caplog):
    path = tmp_path / "x.jpg"
    path.write_bytes(saved(Image.fromarray(smooth()), "JPEG") + bytes(1000))
    assert large.open_rows(path) is not None
    assert read_picture(path).size == (36, 24)
    assert not caplog.records


def test_arithmetic_coding_is_told_by_the_header_of_the_frame():
    data = saved(Image.fromarray(smooth()), "JPEG")
    assert not is_arithmetic(data)
    assert is_arithmetic(data.replace(b"\xff\xc0", b"\xff\xc9", 1))
