import numpy as np
import pytest

from impasto.sound.loudness import CEILING, Limiter, weighted_power

from .sounds import bursts, noise, sine


def test_loudness_weighs_frequencies_as_the_standard_does():
    """ITU-R BS.1770: a sine of full scale at 997 Hz is at -3.01 dB after an offset of -0.691 dB."""
    gains = {
        hertz: 10 * np.log10(weighted_power(sine(hertz, 2, 48000, 1.0)[None], 48000) / 96000 / 0.5)
        for hertz in (38, 997, 5000)
    }
    assert gains[997] == pytest.approx(0.691, abs=0.05)
    assert gains[5000] == pytest.approx(4.0, abs=0.3)
    assert gains[38] < -5


def limited(samples, gain=1.0, size=700):
    limiter = Limiter(16000, gain, 1)
    parts = [limiter.push(samples[None, i : i + size]) for i in range(0, len(samples), size)]
    return np.concatenate([*parts, limiter.flush()], axis=1)[0]


def test_what_stays_below_full_scale_is_only_scaled():
    assert np.allclose(limited(noise(), 2.0), 2 * noise(), atol=1e-6)


def test_no_peak_passes_1_db_below_full_scale_and_what_is_far_from_peaks_stays():
    sound = bursts() * 5
    result = limited(sound)
    assert len(result) == len(sound)
    assert np.abs(result).max() <= CEILING
    assert np.abs(sound).max() > 1.2
    quiet = int(0.3 * 16000)
    assert np.allclose(result[quiet : quiet + 2000], sound[quiet : quiet + 2000])
