import numpy as np
import pytest

from impasto.errors import InputError
from impasto.motion.body import DIRECTIONS, see_body
from impasto.motion.bvh import format_bvh, parse_bvh
from impasto.motion.clip import Clip
from impasto.motion.walker import Walk, make_walk


@pytest.mark.parametrize("up", ["y", "z"])
@pytest.mark.parametrize("order", ["ZXY", "XYZ"])
def test_directions_are_those_of_the_walker_whatever_the_skeleton(up, order):
    body = see_body(make_walk(Walk(stoop=0.4, turn=0.3), 2.0, naming="unreal", order=order, up=up))
    assert set(body.directions) == set(DIRECTIONS)
    assert body.missing == []
    assert body.leg == pytest.approx(80)
    # The chest's lean is the stoop, but for the stretch below the spine, which stays upright.
    lean = np.arctan2(body.directions["trunk"][:, 2], body.directions["trunk"][:, 1])
    assert lean == pytest.approx(0.31, abs=0.02)
    assert np.diff(body.heading).mean() * 30 == pytest.approx(0.3, abs=0.02)
    # Walking on goes along z of the heading, and the left thigh is to the left.
    ahead = np.diff(body.positions[:, body.joints["hips"]], axis=0)[:, [0, 2]]
    course = np.arctan2(ahead[:, 0], ahead[:, 1])
    assert course == pytest.approx(body.heading[1:], abs=0.05)


def test_lying_down_with_y_up_is_not_taken_for_z_up():
    clip = make_walk(Walk(), 1.0)
    channels = clip.channels.copy()
    channels[:, 3 : 3 + 3] = [0, 90, 0]  # the whole body is turned about x
    body = see_body(Clip(clip.joints, channels, clip.frame_time))
    assert body.upright.tolist() == [1, 0, 0, 0]


def without(clip: Clip, *names: str) -> Clip:
    """A clip whose joints have been renamed to nothing that is known."""
    text = format_bvh(clip)
    for name in names:
        text = text.replace(f"JOINT {name}\n", "JOINT Q\n")
    return parse_bvh(text.encode(), "part.bvh")


def test_what_is_not_found_is_told_by_joint(plain):
    body = see_body(without(plain, "LeftFoot", "LeftHand"))
    assert body.missing == ["left-foot", "left-hand"]
    assert not body.has_feet
    with pytest.raises(InputError, match=r"part.bvh has no body that could be found \(not found: left-thigh\)"):
        see_body(without(plain, "LeftUpLeg"))
    with pytest.raises(InputError, match="neither arms nor a head"):
        see_body(without(plain, "LeftShoulder", "LeftArm", "Neck", "Head"))


def test_a_clip_that_is_too_long_is_refused(plain, monkeypatch):
    monkeypatch.setattr("impasto.motion.body._MOST", 1000)
    with pytest.raises(InputError, match="120 frames of 26 joints, too many at once; cut it into parts"):
        see_body(plain)


def test_one_frame_is_enough(plain):
    body = see_body(Clip(plain.joints, plain.channels[:1], plain.frame_time))
    assert all(np.isfinite(values).all() for values in body.directions.values())


def test_legs_without_length_are_refused(plain):
    joints = tuple(type(joint)(joint.name, joint.parent, (0.0, 0.0, 0.0), joint.channels) for joint in plain.joints)
    with pytest.raises(InputError, match="have no length"):
        see_body(Clip(joints, plain.channels, plain.frame_time))
