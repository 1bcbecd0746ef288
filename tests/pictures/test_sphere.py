import numpy as np
import pytest

from impasto.pictures.sphere import Band, Cap, Sphere, close_ends, is_whole
from spheres import all_around


@pytest.mark.parametrize("size", [(192, 96), (200, 100), (202, 101), (360, 90), (16, 8)])
def test_views_put_together_are_the_picture(size):
    picture = all_around(size[0], height=size[1])
    sphere = Sphere(size, 16)
    merged = sphere.merged([view.sample(picture) for view in sphere.views])
    assert merged.dtype == np.uint8
    assert merged.shape == picture.shape
    off = np.abs(merged.astype(float) - picture).max(2)
    assert off[size[1] // 3 : -size[1] // 3].max() == 0  # where no view is resampled
    assert off.mean() < (2 if size[0] > 100 else 20)


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_views_keep_the_type_of_samples_and_its_range(kind):
    scale = 257 if kind == np.uint16 else 1 / 255
    picture = (all_around().astype(np.float64) * scale).astype(kind)
    sphere = Sphere((192, 96), 16)
    merged = sphere.merged([view.sample(picture) for view in sphere.views])
    assert merged.dtype == kind
    assert np.abs(merged.astype(float) - picture).mean() < 2 * scale
    assert kind != np.float32 or 0 <= merged.min() <= merged.max() <= 1


def test_masks_are_seen_in_views_too():
    mask = np.zeros((96, 192), np.uint8)
    mask[:, :96] = 255
    band, north, south = (view.sample(mask) for view in Sphere((192, 96), 16).views)
    assert band[:, 20:100].min() == 255
    assert north[:, : north.shape[1] // 2 - 2].min() == 255  # west is on the left of both poles
    assert north[:, north.shape[1] // 2 + 2 :].max() == 0
    assert south[:, : south.shape[1] // 2 - 2].min() == 255


@pytest.mark.parametrize("layout", ["top-bottom", "left-right"])
def test_each_eye_has_a_sphere_of_its_own(layout):
    eyes = [all_around(128), 255 - all_around(128)]
    picture = np.concatenate(eyes, 0 if layout == "top-bottom" else 1)
    sphere = Sphere((picture.shape[1], picture.shape[0]), 8, layout)
    assert [type(view) for view in sphere.views] == [Band, Cap, Cap] * 2
    merged = sphere.merged([view.sample(picture) for view in sphere.views])
    assert np.abs(merged.astype(float) - picture).mean() < 2


def test_a_disc_around_a_pole_is_round_in_its_view():
    rows = np.arange(100)[:, None] < 20
    picture = np.repeat(np.where(rows, 255, 0).astype(np.uint8), 200, axis=1)
    _, north, _ = Sphere((200, 100), 16).views
    seen = north.sample(picture) > 127
    height, width = seen.any(1).sum(), seen.any(0).sum()
    assert abs(int(height) - int(width)) <= 1
    assert seen.sum() == pytest.approx(np.pi / 4 * height * width, rel=0.05)


def test_the_ends_of_a_band_become_one_ring():
    band = np.random.default_rng(0).random((4, 100), np.float32)
    inside = band[:, 50:70].copy()
    close_ends(band, 80)
    assert np.array_equal(band[:, :20], band[:, 80:])
    assert np.array_equal(band[:, 50:70], inside)
    again = band.copy()
    assert np.allclose(close_ends(again, 80), band)


def test_what_is_whole_is_twice_as_wide_as_high():
    assert is_whole((3840, 1920))
    assert is_whole((101, 50))
    assert not is_whole((1920, 1080))
