"""Paths, bytes, PIL images and arrays become pictures, and come back as what they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from impasto.errors import InputError
from impasto.pictures.conversion import as_picture, from_array, in_kind_of, to_array, to_pil
from impasto.pictures.reading import read_picture

from .samples import bytes_of, quick, saved, sides, smooth


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
    with pytest.raises(InputError, match=r"give|convert|divide|replace"):
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
