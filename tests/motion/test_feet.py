import numpy as np
import pytest

from impasto.motion.body import see_body
from impasto.motion.feet import contacts, feet_of, goes_nowhere, path_from_stance, travel_speed
from impasto.motion.walker import Walk, make_walk


def test_the_walkers_standing_feet_do_not_move():
    body = see_body(make_walk(Walk(turn=0.4), 4.0))
    feet = feet_of(body, body.positions)
    stands = contacts(feet, body.leg, 30.0)
    assert stands.mean() == pytest.approx(0.65, abs=0.1)  # 0.6, and the slow ends of the swing
    speed = np.linalg.norm(np.diff(feet.toes, axis=1), axis=2) * 30 / body.leg
    assert np.median(speed[stands[:, 1:]]) < 1e-6


def test_speed_and_standing_still_are_told_apart():
    assert travel_speed(see_body(make_walk(Walk(cadence=1.0, stride=1.2), 4.0))) == pytest.approx(1.2, rel=0.02)
    assert goes_nowhere(see_body(make_walk(Walk(stride=0.0), 2.0)))


def test_the_way_from_the_stance_is_that_of_the_walker():
    """A body that was stopped goes on as its feet carry it."""
    body = see_body(make_walk(Walk(), 4.0))
    stopped = body.positions.copy()
    hips = body.positions[:, body.joints["hips"]]
    stopped[..., 2] -= 0.5 * hips[:, None, 2]  # half as fast as the feet ask for
    way = path_from_stance(body, stopped)
    assert way[-1, 2] == pytest.approx(0.5 * (hips[-1, 2] - hips[0, 2]), rel=0.1)
    assert np.abs(way[:, 1]).max() < 1.0
