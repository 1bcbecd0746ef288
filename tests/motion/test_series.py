import numpy as np

from impasto.motion.series import smooth, stretches, velocity


def test_smoothing_leaves_a_straight_line_as_it_is():
    line = np.stack([np.arange(50.0), 3 - np.arange(50.0)], axis=1)
    assert np.allclose(smooth(line, 4.0), line)
    assert np.allclose(smooth(line[:1], 4.0), line[:1])


def test_stretches_are_told_by_first_frame_and_the_one_behind_the_last():
    assert stretches(np.array([True, True, False, True])) == [(0, 2), (3, 4)]
    assert stretches(np.zeros(3, bool)) == []


def test_velocity_is_a_second_and_of_one_frame_nothing():
    assert np.allclose(velocity(np.arange(5.0), 30.0), 30)
    assert velocity(np.ones((1, 3)), 30.0).tolist() == [[0, 0, 0]]
