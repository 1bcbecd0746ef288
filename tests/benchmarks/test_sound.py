"""The measures of ``benchmarks/sound.py`` tell what they are named after."""

import numpy as np
import pytest

pytest.importorskip("av", reason="sound needs PyAV: pip install impasto[sound]")

import sound_metrics as metrics
from sound_pictures import onsets_of, spectrogram

RATE = metrics.RATE


@pytest.fixture(scope="module")
def sounds():
    """Clicks of noise, a low noise and a melody, each of three seconds."""
    random, time = np.random.default_rng(0), np.arange(3 * RATE) / RATE
    clicks = random.standard_normal(3 * RATE) * np.exp(-40 * (time % 0.5))
    low = np.convolve(random.standard_normal(3 * RATE), np.ones(40) / 40, "same")
    pitch = np.array([262, 330, 392])[(time // 1).astype(int)]
    melody = np.sin(2 * np.pi * pitch * time) + 0.5 * np.sin(4 * np.pi * pitch * time)
    return 0.1 * clicks, 0.1 * low, 0.1 * melody


def test_a_result_that_is_the_style_has_its_timbre_spectrum_and_grain(sounds):
    clicks, low, _ = sounds
    assert metrics.timbre(low, clicks, low) == pytest.approx(0, abs=1e-4)
    assert metrics.timbre(clicks, clicks, low) == pytest.approx(1)
    assert metrics.ltas(2 * low, low) < 1e-3 < metrics.ltas(clicks, low)
    assert metrics.grain(low, clicks, low) == 0


def test_a_result_that_is_the_content_has_its_contour_onsets_and_harmony(sounds):
    clicks, low, melody = sounds
    assert metrics.envelope(0.3 * clicks, clicks) > 0.999 > metrics.envelope(low, clicks)
    assert metrics.onsets(clicks, clicks) == pytest.approx(1)
    assert metrics.chroma(melody, melody) > 0.999 > metrics.chroma(melody[::-1], melody) + 0.3


def test_onsets_are_found_where_clicks_begin_and_drawn(sounds):
    found = onsets_of(sounds[0])
    assert np.abs(found[:, None] - np.arange(0.5, 3, 0.5)).min(axis=0).max() < 0.06
    picture = spectrogram(sounds[0], 2.0, onsets=found)
    assert picture.getextrema()[0] == (0, 255)
