import numpy as np
import pytest

from impasto.motion import quaternions
from impasto.motion.body import see_body
from impasto.motion.style import along_tangents, measure_direction, measure_style, tangents

RANDOM = np.random.default_rng(0)


def test_tangents_lead_back_to_their_directions():
    mean = quaternions.normalised(RANDOM.normal(size=3))
    directions = quaternions.normalised(mean + 0.5 * RANDOM.normal(size=(50, 3)))
    assert along_tangents(mean, tangents(directions, mean)) == pytest.approx(directions)


def test_what_points_everywhere_alike_still_has_a_mean():
    directions = np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    assert np.linalg.norm(measure_direction(directions, None).mean) == pytest.approx(1)


def test_a_style_knows_its_gait_and_speed(plain):
    style = measure_style(see_body(plain), "plain")
    assert style.frequency == pytest.approx(0.9, rel=0.05)
    assert style.speed == pytest.approx(0.9 * 1.3, rel=0.05)
    assert all(direction.harmonics is not None for direction in style.directions.values())
