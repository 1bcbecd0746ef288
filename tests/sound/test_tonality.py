import numpy as np

from impasto.sound.spectrogram import frame_length, spectra_of
from impasto.sound.tonality import TONAL, tonality

from .sounds import RATE, bursts, melody, noise


def measured(samples):
    length = frame_length(RATE)
    return tonality(np.abs(spectra_of(samples, length)), RATE, length)


def test_notes_are_tonal_and_noise_and_drums_are_not():
    assert measured(melody(notes=(262, 262, 392, 392))) > TONAL
    assert measured(noise(3)) < 0.2
    assert measured(bursts(3)) < 0.1
    assert measured(np.zeros(RATE, np.float32)) == 0
