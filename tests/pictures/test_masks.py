"""Masks of class numbers are understood, or said to be dark."""

import numpy as np
import pytest
from PIL import Image

from impasto.pictures.masks import read_mask

_HALF = np.repeat(np.array([[0, 1]], np.uint8), 8, axis=0).repeat(8, axis=1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_zeros_and_ones_are_black_and_white_which_is_said_once(dtype, tmp_path, caplog):
    path = tmp_path / "mask.png"
    Image.fromarray(_HALF.astype(dtype)).save(path)
    for mask in (path, _HALF.astype(dtype)):
        caplog.clear()
        assert np.array_equal(read_mask(mask, 10_000), _HALF * 255)
        assert caplog.text.count("0 and 1 only") == 1
    read_mask(path, 10_000)
    assert f"The mask {path} holds" in caplog.text


def test_other_class_numbers_are_said_to_be_dark(caplog):
    assert np.array_equal(read_mask(_HALF * 15, 10_000), _HALF * 15)
    assert "nearly black, 15 of 255 at most" in caplog.text


def test_a_mask_in_shades_is_taken_without_a_word(caplog):
    read_mask(_HALF * 200, 10_000)
    read_mask(_HALF.astype(np.float32), 10_000)
    read_mask(_HALF.astype(bool), 10_000)
    read_mask(_HALF * 0, 10_000, may_be_black=True)
    assert not caplog.records
