"""Pictures made smaller, and colours beneath transparent pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import InputError
from impasto.pictures.conversion import from_array
from impasto.pictures.picture import Picture
from impasto.pictures.resampling import fill_transparent, resize_picture

from .samples import quick, sides, smooth


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
