import numpy as np
import pytest

from impasto.motion.body import see_body
from impasto.motion.pose import Pose, set_directions
from impasto.motion.walker import Walk, make_walk


@pytest.mark.parametrize("up", ["y", "z"])
def test_a_pose_that_is_not_changed_is_the_clip(up):
    clip = make_walk(Walk(), 1.0, up=up, still_root=True)
    again = Pose.of(see_body(clip)).as_clip()
    assert np.abs(again.world[0] - clip.world[0]).max() < 1e-9


@pytest.mark.parametrize("up", ["y", "z"])
def test_directions_that_are_set_are_those_that_are_seen(up, old):
    """One walker takes all directions of another one on another skeleton, frame by frame."""
    clip = make_walk(Walk(), 4.0, up=up, still_root=True, naming="max")
    body, other = see_body(clip), see_body(old)
    pose = Pose.of(body)
    set_directions(pose, other.directions)
    seen = see_body(pose.as_clip())
    for name, wanted in other.directions.items():
        assert np.abs(seen.directions[name] - wanted).max() < 0.03, name


def test_moving_moves_what_hangs_on_the_hips_and_not_the_still_root(old):
    body = see_body(old)
    pose = Pose.of(body)
    assert pose.move(np.tile([1.0, 2.0, 3.0], (old.frames, 1)))
    moved = pose.as_clip()
    assert np.abs(moved.world[0][:, 0]).max() == 0
    assert np.allclose(moved.world[0][:, 1] - old.world[0][:, 1], [1, 2, 3])
