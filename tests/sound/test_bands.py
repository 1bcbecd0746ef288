import numpy as np
import pytest

from impasto.sound import bands
from impasto.sound.spectrogram import frame_length


@pytest.mark.parametrize("rate", [2000, 8000, 22050, 44100, 48000])
def test_bands_are_the_same_at_every_rate_up_to_half_of_it(rate):
    weights = bands.weights(rate, frame_length(rate))
    assert np.allclose(weights.sum(axis=1), 1, atol=1e-5)
    assert len(weights) == bands.count_at(rate) <= bands.COUNT
    middle = (weights * np.arange(weights.shape[1])).sum(axis=1) * rate / frame_length(rate)
    assert np.abs(middle - bands.edges(bands.COUNT)[1 : len(weights) + 1])[:-1].max() < 3 * rate / frame_length(rate)
    assert bands.count_at(48000) == bands.COUNT


def test_a_level_curve_over_bands_is_level_over_bins():
    spread = bands.to_bins(np.full((2, bands.count_at(16000)), 3, np.float32), 16000, 1500)
    assert spread.shape == (2, 751)
    assert np.allclose(spread, 3)


def test_channels_of_opposite_sign_do_not_cancel():
    one = np.ones((2, 3), np.complex64)
    assert np.allclose(bands.power_of([one, -one]), 1)
