import numpy as np

from impasto.motion.body import see_body
from impasto.motion.feet import contacts, feet_of
from impasto.motion.foot_lock import lock_feet
from impasto.motion.pose import Pose


def test_standing_feet_are_held_and_bones_keep_their_length(plain):
    body = see_body(plain)
    floor = feet_of(body, body.positions).floor
    stands = contacts(feet_of(body, body.positions), body.leg, 30.0)

    def sliding(pose: Pose) -> float:
        toes = feet_of(body, pose.world()[0], floor).toes
        return float((np.linalg.norm(np.diff(toes, axis=1), axis=2) * 30 / body.leg)[stands[:, 1:]].mean())

    pose = Pose.of(body)
    wobble = np.stack(
        [2.0 * np.sin(np.arange(plain.frames) / 3), np.zeros(plain.frames), np.zeros(plain.frames)], axis=1
    )
    pose.move(wobble)
    before = sliding(pose)
    lock_feet(pose, floor)
    assert sliding(pose) < 0.25 * before
    clip = pose.as_clip()
    for index, joint in enumerate(clip.joints):
        if joint.parent >= 0:
            length = np.linalg.norm(clip.world[0][:, index] - clip.world[0][:, joint.parent], axis=1)
            assert np.abs(length - np.linalg.norm(joint.offset)).max() < 1e-9
