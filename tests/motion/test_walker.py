import numpy as np
import pytest

from impasto.motion.body import see_body
from impasto.motion.feet import feet_of
from impasto.motion.walker import Walk, footfalls, make_walk


def test_feet_begin_to_stand_when_footfalls_says():
    walk = Walk(knee_lift=0.2, cadence=0.8)
    body = see_body(make_walk(walk, 6.0, 100.0))
    heights = feet_of(body, body.positions).toes[..., 1]
    heights = heights - heights.min(axis=1, keepdims=True)
    falls = np.concatenate([np.flatnonzero((side[:-1] > 0.2) & (side[1:] <= 0.2)) / 100 for side in heights])
    for time in footfalls(walk, 6.0)[1:-1]:
        assert np.abs(falls - time).min() < 0.1


def test_each_number_does_what_it_says():
    lift = [see_body(make_walk(Walk(knee_lift=lift), 2.0)) for lift in (0.05, 0.3)]
    toes = [np.ptp(feet_of(body, body.positions).toes[..., 1]) for body in lift]
    assert toes[1] > 2 * toes[0]
    width = see_body(make_walk(Walk(width=0.5), 2.0))
    apart = np.median(np.abs(np.diff(feet_of(width, width.positions).heels[..., 0], axis=0)))
    assert apart / width.leg == pytest.approx(0.5, abs=0.02)
    ahead = see_body(make_walk(Walk(arms_ahead=1.5, arm_swing=0.0), 1.0)).directions["left-upper-arm"]
    assert ahead[:, 2].min() > 0.9
