"""From directions back to the joints of a skeleton: each bone is turned on the shortest way, its twist stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from impasto.motion import quaternions
from impasto.motion.body import LIMBS, TRUNK, Body, body_frames, chest_frame, frame_from, limb_ends, spine
from impasto.motion.clip import Clip, forward_kinematics
from impasto.motion.joints import chain
from impasto.motion.quaternions import Array

_BENDS = 3  # passes after which the trunk points where it should


@dataclass(eq=False)
class Pose:
    """Joints of a body that are being turned.

    Attributes:
        body: the body as it was.
        rotations: F x J x 4, in the parents' frames; the root's with y up.
        translations: F x J x 3, the same.
        changed: joints whose rotations are not the clip's any more.
    """

    body: Body
    rotations: Array
    translations: Array
    changed: set[int]

    @classmethod
    def of(cls, body: Body) -> Pose:
        """The pose of a body, unchanged."""
        rotations, translations = body.clip.rotations.copy(), body.clip.translations.copy()
        rotations[:, 0] = quaternions.multiply(np.broadcast_to(body.upright, rotations[:, 0].shape), rotations[:, 0])
        translations[:, 0] = quaternions.rotate(body.upright, translations[:, 0])
        return cls(body, rotations, translations, set())

    @cached_property
    def needed(self) -> set[int]:
        """The joints of the body, and all above them: fingers and faces follow without being looked at."""
        body = self.body
        ends = {joint for name in LIMBS for joint in limb_ends(body, name) if joint is not None}
        wanted = {*body.joints.values(), *ends}
        if body.has_feet:
            wanted |= {body.toe(side) for side in ("left", "right")}
        root = 0
        return {joint for end in wanted for joint in chain(body.clip, root, end)}

    def world(self) -> tuple[Array, Array]:
        """Where the needed joints are (F x J x 3), and how they are turned (F x J x 4), in the world."""
        return forward_kinematics(self.body.clip.joints, self.translations, self.rotations, self.needed)

    def turn(self, joint: int, by: Array, world: Array) -> None:
        """Turn a joint, and all that hangs on it.

        Args:
            joint: the joint.
            by: F x 4, the rotation in the world.
            world: F x J x 4, how the joints are turned in the world.
        """
        parent = self.body.clip.joints[joint].parent
        turned = quaternions.multiply(by, world[:, joint])
        if parent >= 0:
            turned = quaternions.multiply(quaternions.inverse(world[:, parent]), turned)
        self.rotations[:, joint] = turned
        self.changed.add(joint)

    def move(self, by: Array) -> bool:
        """Move the body in the world; ``False``: its skeleton has no channels for that.

        Args:
            by: F x 3.
        """
        joint = _mover(self.body)
        if joint is None:
            return False
        parent = self.body.clip.joints[joint].parent
        if parent >= 0:
            by = quaternions.rotate(quaternions.inverse(self.world()[1][:, parent]), by)
        self.translations[:, joint] += by
        return True

    def as_clip(self) -> Clip:
        """The clip with these joints."""
        joints = self.body.clip.joints
        rotations = {joint: self.rotations[:, joint] for joint in sorted(self.changed) if joints[joint].axes}
        back = quaternions.inverse(self.body.upright)
        if 0 in rotations:
            rotations[0] = quaternions.multiply(np.broadcast_to(back, rotations[0].shape), rotations[0])
        joint = _mover(self.body)
        if joint is None:
            return self.body.clip.changed(rotations, {})
        moved = self.translations[:, joint]
        return self.body.clip.changed(rotations, {joint: quaternions.rotate(back, moved) if joint == 0 else moved})


def _mover(body: Body) -> int | None:
    """The joint whose channels move the body: the hips, or the nearest above them that has such channels."""
    joint = body.joints["hips"]
    while joint >= 0:
        if sum(channel.lower().endswith("position") for channel in body.clip.joints[joint].channels) == 3:
            return joint
        joint = body.clip.joints[joint].parent
    return None


def set_directions(pose: Pose, targets: Mapping[str, Array]) -> None:
    """Turn the joints so that the limbs point where they should; where the body is does not change.

    Args:
        pose: the pose, which is changed.
        targets: name to F x 3, in the frames of :class:`impasto.motion.body.Body`.
    """
    body = pose.body
    ahead = body.frame_of("trunk")
    if "pelvis" in targets:
        line = quaternions.rotate(ahead, targets["pelvis"])
        wanted = frame_from(line, np.broadcast_to([0.0, 1.0, 0.0], line.shape), keep="line")
        pose.turn(body.joints["hips"], quaternions.multiply(wanted, quaternions.inverse(body.pelvis)), pose.world()[1])
    if any(name in targets for name in TRUNK):
        _bend_trunk(pose, targets)
    positions, _ = pose.world()
    pelvis, chest, _ = body_frames(body.joints, positions, body.clip.rate)
    frames = {"pelvis": pelvis, "chest": chest}
    wanted_in_world = {
        name: quaternions.rotate(frames[LIMBS[name].frame], targets[name]) for name in LIMBS if name in targets
    }
    _turn_limbs(pose, wanted_in_world)


def _bend_trunk(pose: Pose, targets: Mapping[str, Array]) -> None:
    """Bend the spine so that trunk and shoulders point where they should, the lower joints more than the upper ones."""
    body = pose.body
    joints = spine(body)
    if not joints or "trunk" not in body.directions:
        return
    ahead = body.frame_of("trunk")
    up = quaternions.rotate(ahead, targets.get("trunk", body.directions["trunk"]))
    if "shoulders" in body.directions:
        line = quaternions.rotate(ahead, targets.get("shoulders", body.directions["shoulders"]))
    else:
        line = quaternions.rotate(pose.body.pelvis, np.array([1.0, 0.0, 0.0]))
    wanted = frame_from(line, up, keep="up")
    weights = np.arange(len(joints), 0, -1.0)
    shares = np.cumsum(weights / weights.sum())
    left, right = body.joints["left-thigh"], body.joints["right-thigh"]
    for _ in range(_BENDS):
        positions, world = pose.world()
        hips = quaternions.normalised(positions[:, left] - positions[:, right])
        now = chest_frame(body.joints, positions, hips)
        by = quaternions.multiply(wanted, quaternions.inverse(now))
        above = np.array([1.0, 0.0, 0.0, 0.0])  # how what carries a joint has been turned
        for joint, share in zip(joints, shares, strict=True):
            carrying = quaternions.multiply(above, world[:, body.clip.joints[joint].parent])
            above = quaternions.power(by, share)
            turned = quaternions.multiply(above, world[:, joint])
            pose.rotations[:, joint] = quaternions.multiply(quaternions.inverse(carrying), turned)
            pose.changed.add(joint)


def _turn_limbs(pose: Pose, wanted: Mapping[str, Array]) -> None:
    """Turn the limbs, from the trunk outwards, so that they point in directions of the world.

    Args:
        pose: the pose, which is changed.
        wanted: name of the limb to F x 3.
    """
    body = pose.body
    joints = body.clip.joints
    ends = {name: limb_ends(body, name) for name in wanted}
    of_joint = {top: name for name, (top, _) in ends.items() if top is not None}
    # The end of a limb in its joint's own frame, which turning the joint does not change.
    local = {}
    for name, (top, end) in ends.items():
        if top is not None and end is not None:
            along = quaternions.normalised(body.positions[:, end] - body.positions[:, top])
            local[name] = quaternions.rotate(quaternions.inverse(body.rotations[:, top]), along)
    world = np.empty_like(pose.rotations)
    for index, joint in enumerate(joints):
        if index not in pose.needed:
            continue
        own = pose.rotations[:, index]
        world[:, index] = own if joint.parent < 0 else quaternions.multiply(world[:, joint.parent], own)
        limb = of_joint.get(index)
        if limb is not None and joint.axes:
            by = quaternions.between(quaternions.rotate(world[:, index], local[limb]), wanted[limb])
            pose.turn(index, by, world)
            world[:, index] = quaternions.multiply(by, world[:, index])
