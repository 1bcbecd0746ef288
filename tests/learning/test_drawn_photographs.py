import numpy as np

from impasto.learning.drawn_photographs import HEIGHT, WIDTH, draw_photographs


def test_scenes_are_pictures_and_the_same_every_time():
    first, again = draw_photographs(8), draw_photographs(8)
    assert list(first) == list(again)
    for name, picture in first.items():
        assert picture.shape == (HEIGHT, WIDTH, 3)
        assert picture.dtype == np.uint8
        assert picture.std() > 5, name
        assert np.array_equal(picture, again[name])
    assert {name.split("-")[0] for name in first} == {"landscape", "heap", "street", "portrait"}


def test_another_seed_gives_others_and_more_begin_with_the_same():
    assert not np.array_equal(draw_photographs(1, seed=1)["landscape-000"], draw_photographs(1)["landscape-000"])
    assert np.array_equal(draw_photographs(2)["heap-001"], draw_photographs(3)["heap-001"])


def test_edges_fall_off_as_in_photographs():
    """The power of photographs falls with about the square of frequency; noise would have it flat."""
    slopes = []
    for picture in draw_photographs(12).values():
        grey = picture.mean(axis=2)[:, :HEIGHT]
        power = np.abs(np.fft.fft2(grey * np.outer(np.hanning(HEIGHT), np.hanning(HEIGHT)))) ** 2
        y, x = np.indices(power.shape)
        radius = np.hypot(np.minimum(y, HEIGHT - y), np.minimum(x, HEIGHT - x)).astype(int)
        radial = np.bincount(radius.ravel(), power.ravel()) / np.bincount(radius.ravel())
        bands = np.arange(4, 60)
        slopes.append(np.polyfit(np.log(bands), np.log(radial[bands]), 1)[0])
    assert -3.5 < np.median(slopes) < -1.5
