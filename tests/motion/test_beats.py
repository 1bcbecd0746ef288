import numpy as np
import pytest

from impasto.motion.beats import find_pulse, hit_rate, movement_beats
from impasto.motion.body import see_body
from impasto.motion.walker import Walk, footfalls, make_walk

RATE = 22050


def clicks(times: np.ndarray, seconds: float, rate: int = RATE) -> np.ndarray:
    """A track of clicks at times, with a little noise."""
    samples = np.random.default_rng(0).normal(0, 0.003, int(seconds * rate))
    ring = np.arange(rate // 10) / rate
    for at in (times * rate).astype(int):
        piece = samples[at : at + len(ring)]
        piece += (np.exp(-60 * ring) * np.sin(2 * np.pi * 900 * ring))[: len(piece)]
    return samples


@pytest.mark.parametrize("tempo", [70, 100, 120, 150])
def test_the_clicks_of_a_track_are_its_beats(tempo):
    times = np.arange(0.37, 19.5, 60 / tempo)
    beats = find_pulse(clicks(times, 20.0), RATE).beats
    assert len(beats) == pytest.approx(len(times), abs=1)
    assert np.abs(beats[:, None] - times).min(axis=1).max() < 0.02


def test_a_tempo_that_changes_is_followed():
    times = np.cumsum(np.linspace(0.6, 0.48, 40))
    beats = find_pulse(clicks(times, times[-1] + 1), RATE).beats
    assert hit_rate(beats, times) > 0.9


@pytest.mark.parametrize("samples", [np.zeros(RATE * 5), np.zeros(10), np.zeros(0), np.full(RATE * 5, 0.5)])
def test_what_has_no_pulse_has_no_beats(samples):
    assert len(find_pulse(samples, RATE).beats) == 0


def test_a_steady_beat_is_told_from_noise_and_from_strokes_at_random():
    random = np.random.default_rng(1)
    steady = find_pulse(clicks(np.arange(0.3, 19.5, 0.5), 20.0), RATE)
    noise = find_pulse(random.normal(0, 0.1, 20 * RATE), RATE)
    loose = find_pulse(clicks(np.cumsum(random.uniform(0.2, 1.2, 26)), 20.0), RATE)
    assert [pulse.is_clear for pulse in (steady, noise, loose)] == [True, False, False]


def test_the_beats_of_a_walk_are_its_footfalls():
    walk = Walk(cadence=0.8)
    beats = movement_beats(see_body(make_walk(walk, 6.0)))
    falls = footfalls(walk, 6.0)
    assert len(beats) == pytest.approx(len(falls), abs=1)
    assert np.abs(beats[:, None] - falls).min(axis=1).max() < 0.1


def test_a_body_that_stands_still_has_no_beats(plain):
    still = make_walk(Walk(stride=0.0, arm_swing=0.0, knee_lift=0.0), 3.0)
    assert len(movement_beats(see_body(still))) == 0


def test_hits_are_counted_within_the_track():
    assert hit_rate(np.array([0.5, 1.05, 1.7]), np.array([0.5, 1.0, 1.5, 2.0])) == pytest.approx(2 / 3)
    assert hit_rate(np.array([]), np.array([1.0])) == 0
    assert hit_rate(np.array([1.0]), np.array([])) == 0
