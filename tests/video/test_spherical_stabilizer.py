from itertools import pairwise

import numpy as np
import pytest

from impasto.errors import InputError
from impasto.feedforward.options import Options
from impasto.feedforward.painter import Painter
from impasto.video.stabilizers import make_spherical_stabilizer
from spheres import all_around, steps

_STEP = 4  # columns by which the world turns from frame to frame
_WIDTH = 192


@pytest.fixture(scope="module")
def turning():
    return [np.roll(all_around(_WIDTH), _STEP * index, axis=1) for index in range(6)]


def painted(mode, frames, steady=None):
    steady, painter = steady or make_spherical_stabilizer(mode, Options()), Painter("starry-night", for_video=True)
    return [steady.paint(frame, painter) for frame in frames]


def change(before, after):
    """How much a painting changes in each column beyond turning along."""
    return np.abs(after.astype(float) - np.roll(before, _STEP, axis=1)).mean((0, 2))


@pytest.mark.parametrize("mode", ["off", "light", "flow"])
def test_no_frame_has_a_seam(turning, mode):
    for frame in painted(mode, turning):
        assert steps(frame)[0] <= steps(frame)[1:].max()


@pytest.mark.parametrize("mode", ["light", "flow"])
def test_what_moves_across_the_meridian_is_as_steady_as_elsewhere(turning, mode):
    paintings = painted(mode, turning)
    changes = np.mean([change(*pair) for pair in pairwise(paintings[1:])], axis=0)
    around = np.concatenate([changes[-16:], changes[:16]])
    assert around.mean() < 1.2 * changes[16:-16].mean()
    loose = np.mean([change(*pair) for pair in pairwise(painted("off", turning)[1:])], axis=0)
    assert changes.mean() < 0.6 * loose.mean()


def test_a_run_that_is_interrupted_goes_on_as_if_it_had_not_been(turning):
    whole = painted("light", turning)
    first = make_spherical_stabilizer("light", Options())
    begun = painted("light", turning[:3], first)
    second = make_spherical_stabilizer("light", Options())
    second.restore(first.state())
    assert all(np.array_equal(*pair) for pair in zip(begun + painted("light", turning[3:], second), whole, strict=True))


def test_frames_for_two_eyes_are_two_spheres(turning):
    frames = [np.concatenate([frame, frame]) for frame in turning[:2]]
    both = painted("light", frames, make_spherical_stabilizer("light", Options(), "top-bottom"))
    for frame in both:
        above, below = np.split(frame, 2)
        assert np.abs(above.astype(int) - below).mean() < 3
        assert steps(above)[0] <= steps(above)[1:].max()


def test_frames_that_nobody_calls_spheres_must_have_their_shape():
    with pytest.raises(InputError, match="twice as wide as high"):
        painted("light", [np.zeros((48, 64, 3), np.uint8)])
