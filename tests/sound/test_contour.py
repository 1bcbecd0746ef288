import numpy as np
import pytest

from impasto.sound.contour import Contour, loudest, smooth, window_width

from .sounds import RATE, bursts, level, noise


def shaped(content, made, amount=1.0, size=1000):
    contour = Contour(RATE, loudest(content[None], RATE), amount, 1)
    parts = [contour.push(content[None, i : i + size], made[None, i : i + size]) for i in range(0, len(content), size)]
    return np.concatenate([*parts, contour.flush()], axis=1)[0]


def test_smoothing_is_a_hann_window():
    values = np.abs(noise(0.1))[None]
    window = np.cos(np.pi * (np.arange(101) - 50) / 101) ** 2 * 2 / 101
    assert np.allclose(smooth(values, 101)[0], np.convolve(values[0], window, "valid"), atol=1e-6)


def test_the_result_is_as_loud_as_the_content_everywhere_and_silent_where_it_is():
    content, made = bursts(), noise(2, seed=5)
    result = shaped(content, made)
    assert len(result) == len(content)
    width = window_width(RATE)
    wanted, got = (np.sqrt(smooth(np.square(item)[None], width)[0].clip(0)) for item in (content, result))
    loud = wanted > 0.3 * wanted.max()
    assert np.corrcoef(got, wanted)[0, 1] > 0.97
    assert np.abs(got[loud] / wanted[loud] - 1).mean() < 0.2
    assert np.abs(result[: int(0.05 * RATE)]).max() < 1e-4


@pytest.mark.parametrize("size", [100, 999, 32000])
def test_blocks_of_any_size_give_the_same(size):
    content, made = bursts(), noise(2, seed=5)
    assert np.allclose(shaped(content, made, size=size), shaped(content, made), atol=1e-5)


def test_without_rhythm_the_loudness_stays_where_the_content_sounds():
    content, made = noise(1), noise(1, level=0.02, seed=5)
    assert level(shaped(content, made, 0.0)) == pytest.approx(level(made), rel=0.02)
    assert level(shaped(content, made, 1.0)) == pytest.approx(level(content), rel=0.02)
