import numpy as np
import pytest

from impasto.motion import quaternions
from impasto.motion.bvh import parse_bvh

from .test_bvh import SMALL


def test_joints_that_are_not_changed_keep_their_numbers(plain):
    changed = plain.changed({3: quaternions.multiply(plain.rotations[:, 3], plain.rotations[:, 3])}, {})
    first = plain.first_channels[3]
    same = np.ones(plain.channels.shape[1], bool)
    same[first : first + 3] = False
    assert np.array_equal(changed.channels[:, same], plain.channels[:, same])
    assert not np.allclose(changed.channels, plain.channels)


def test_a_joint_with_one_channel_turns_as_far_as_that_can():
    clip = parse_bvh(SMALL.encode(), "a")
    turned = quaternions.from_euler(np.array([[30.0, 0, 0], [60.0, 0, 0]]), "XYZ")
    assert clip.changed({1: turned}, {}).channels[:, 6].tolist() == pytest.approx([30, 60])


def test_bones_keep_their_length_at_other_times(plain):
    slow = plain.resampled(np.arange(0, 4, 1 / 47), 1 / 47)
    assert slow.rate == pytest.approx(47)
    for index, joint in enumerate(plain.joints):
        if joint.parent >= 0:
            lengths = np.linalg.norm(slow.world[0][:, index] - slow.world[0][:, joint.parent], axis=1)
            assert lengths == pytest.approx(np.linalg.norm(joint.offset), abs=1e-9)


def test_a_clip_at_its_own_times_is_the_same(plain):
    again = plain.resampled(np.arange(plain.frames) * plain.frame_time, plain.frame_time)
    assert np.abs(again.world[0] - plain.world[0]).max() < 1e-9
