import numpy as np
import pytest

from impasto.sound.spectrogram import frame_length, padded, samples_of, spectra_of

from .sounds import noise, sine


@pytest.mark.parametrize("rate", [2000, 8000, 16000, 22050, 44100, 48000])
def test_frames_are_about_93_ms_and_of_small_factors(rate):
    length = frame_length(rate)
    assert abs(length / rate - 0.0929) < 0.004
    assert length % 4 == 0


@pytest.mark.parametrize("count", [1, 100, 1500, 1501, 20000])
def test_samples_come_back_from_their_spectra(count):
    samples, length = noise(2)[:count], frame_length(16000)
    again = samples_of(spectra_of(padded(samples, length), length), length, count)
    assert np.abs(again - samples).max() < 1e-6


def test_a_sine_of_amplitude_1_has_a_peak_of_a_half():
    spectra = spectra_of(sine(1600, level=1), 1500)
    assert np.abs(spectra).max(axis=1) == pytest.approx(0.5, abs=1e-3)
    assert np.abs(spectra[0]).argmax() * 16000 / 1500 == pytest.approx(1600, abs=8)
