import numpy as np
import pytest

from impasto.motion.body import see_body
from impasto.motion.gait import find_gait, fit_harmonics, gait_of_signal, harmonics_at
from impasto.motion.walker import Walk, make_walk


@pytest.mark.parametrize("cadence", [0.5, 0.9, 1.4])
@pytest.mark.parametrize("rate", [30.0, 120.0])
def test_the_phase_of_the_walker_is_found(cadence, rate):
    gait = find_gait(see_body(make_walk(Walk(cadence=cadence), 5.0, rate)))
    assert gait is not None
    assert gait.frequency == pytest.approx(cadence, rel=0.05)
    assert gait.coherence > 0.9
    steps = np.diff(gait.phase) * rate / (2 * np.pi)
    assert np.median(steps) == pytest.approx(cadence, rel=0.05)
    assert gait.walking[len(gait.walking) // 2] == 1


def test_what_does_not_step_has_no_gait():
    assert find_gait(see_body(make_walk(Walk(stride=0.0), 4.0))) is None
    assert find_gait(see_body(make_walk(Walk(), 0.5))) is None  # not even a whole step
    assert gait_of_signal(np.zeros(100), 30.0) is None


def test_the_mean_step_is_what_a_signal_repeats():
    phase = 2 * np.pi * 0.9 * np.arange(240) / 30
    gait = gait_of_signal(np.cos(phase), 30.0)
    wave = np.cos(gait.phase) + 0.3 * np.sin(2 * gait.phase)
    assert harmonics_at(gait.phase) @ fit_harmonics(wave[:, None], gait)[:, 0] == pytest.approx(wave, abs=0.06)
