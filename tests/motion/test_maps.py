import numpy as np
import pytest

from impasto.motion import quaternions
from impasto.motion.gait import gait_of_signal
from impasto.motion.maps import by_gait, by_neutral, by_statistics
from impasto.motion.style import measure_direction

RANDOM = np.random.default_rng(0)


def cloud(mean, spread: float) -> np.ndarray:
    return quaternions.normalised(np.array(mean) + spread * RANDOM.normal(size=(400, 3)))


def test_statistics_lead_mean_and_spread_to_the_styles():
    content, style = cloud([0, -1, 0.2], 0.1), cloud([0.3, -1, 0.5], 0.1)
    led = by_statistics(content, measure_direction(content, None), measure_direction(style, None), alike=True)
    wanted, got = measure_direction(style, None), measure_direction(led, None)
    assert got.mean == pytest.approx(wanted.mean, abs=0.05)
    assert got.spread == pytest.approx(wanted.spread, rel=0.15)


def test_what_moves_quite_differently_is_nearly_left_alone():
    content, style = cloud([0, -1, 0], 0.6), cloud([0, 1, 0.3], 0.02)
    own, new = measure_direction(content, None), measure_direction(style, None)
    led = [measure_direction(by_statistics(content, own, new, alike=alike), None) for alike in (True, False)]
    away = [np.degrees(np.arccos(own.mean @ one.mean)) for one in led]
    assert away[1] < away[0] < 30


def test_a_neutral_clip_gives_the_difference_alone():
    neutral, style, content = cloud([0, -1, 0], 0.1), cloud([0, -1, 0.4], 0.1), cloud([1, 0, 0], 0.1)
    one, other, own = (measure_direction(values, None) for values in (neutral, style, content))
    turn = quaternions.between(one.mean, other.mean)
    led = by_neutral(content, own, other, one, steady=True)
    assert measure_direction(led, None).mean == pytest.approx(quaternions.rotate(turn, own.mean), abs=0.02)
    assert np.allclose(by_neutral(content, own, one, one, steady=True), content)


def test_a_gait_reads_the_styles_step_at_the_contents_phase():
    times = np.arange(240) / 30
    gaits = [gait_of_signal(np.cos(2 * np.pi * rate * times), 30.0) for rate in (0.9, 0.6)]

    def swinging(gait, size: float) -> np.ndarray:
        return quaternions.normalised(np.stack([np.zeros(240), -np.ones(240), size * np.cos(gait.phase)], axis=1))

    content, style = swinging(gaits[0], 0.2), swinging(gaits[1], 0.7)
    own, new = measure_direction(content, gaits[0]), measure_direction(style, gaits[1])
    led = by_gait(content, own, new, gaits[0], np.array([[0.5]]))
    assert np.abs(led - swinging(gaits[0], 0.7)).max() < 0.08
