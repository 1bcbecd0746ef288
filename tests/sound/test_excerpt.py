import numpy as np

from impasto.sound.excerpt import most_varied
from impasto.sound.recording import HeldSound

from .sounds import noise, sine

RATE = 8000


def held(samples):
    return HeldSound(samples[None], RATE)


def test_a_short_recording_is_used_whole():
    sound = noise(7, RATE)
    (stretch,) = most_varied(held(sound), RATE, 30)
    assert np.array_equal(stretch[0], sound)


def test_of_a_long_recording_the_most_varied_seconds_are_used():
    odd = sine(1000, 3, RATE)
    parts = [noise(3, RATE, seed=seed) for seed in range(8)] + [np.zeros(3 * RATE, np.float32), odd]
    stretches = most_varied(held(np.concatenate(parts)), RATE, 9)
    assert sum(stretch.shape[1] for stretch in stretches) == 9 * RATE
    assert any(np.allclose(stretch[0, -len(odd) :], odd) for stretch in stretches)
    assert all(np.abs(stretch).max() > 0.1 for stretch in stretches)
