"""A clip: a skeleton and how it moves, frame by frame."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from impasto.motion import quaternions
from impasto.motion.quaternions import Array


@dataclass(frozen=True)
class Joint:
    """A joint of a skeleton, or the end of a limb.

    Attributes:
        name: as the file has it; of an end, ``""``.
        parent: index of the joint that it hangs on; -1: it is the root.
        offset: x, y, z from its parent, in units of the file.
        channels: names of its channels as the file has them, such as ``"Zrotation"``; of an end, none.
    """

    name: str
    parent: int
    offset: tuple[float, float, float]
    channels: tuple[str, ...] = ()

    @property
    def axes(self) -> str:
        """The axes of its rotations in the order of the channels, as ``"ZXY"``."""
        return "".join(channel[0].upper() for channel in self.channels if channel.lower().endswith("rotation"))


@dataclass(frozen=True, eq=False)
class Clip:
    """A skeleton and its movement.

    Attributes:
        joints: in the order of the file: a joint stands behind its parent.
        channels: F x C, the numbers of each frame as the file has them.
        frame_time: seconds from frame to frame.
        name: what it is called in sentences, such as the file's name.
        notices: sentences on what its file has that could not be taken as it is.
    """

    joints: tuple[Joint, ...]
    channels: Array = field(repr=False)
    frame_time: float
    name: str = "the clip"
    notices: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return len(self.channels)

    @property
    def rate(self) -> float:
        """Frames a second."""
        return 1.0 / self.frame_time

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.frames * self.frame_time

    @cached_property
    def first_channels(self) -> list[int]:
        """By joint, where its channels begin in a frame."""
        counts = np.cumsum([0, *(len(joint.channels) for joint in self.joints)])
        return [int(count) for count in counts[:-1]]

    @cached_property
    def children(self) -> list[list[int]]:
        """By joint, the joints that hang on it."""
        found: list[list[int]] = [[] for _ in self.joints]
        for index, joint in enumerate(self.joints):
            if joint.parent >= 0:
                found[joint.parent].append(index)
        return found

    @cached_property
    def rotations(self) -> Array:
        """F x J x 4: each joint's rotation in its parent's frame."""
        result = np.zeros((self.frames, len(self.joints), 4))
        result[..., 0] = 1.0
        for index, joint in enumerate(self.joints):
            if joint.axes:
                columns = [self.first_channels[index] + i for i, name in enumerate(joint.channels) if _turns(name)]
                result[:, index] = quaternions.from_euler(self.channels[:, columns], joint.axes)
        return result

    @cached_property
    def translations(self) -> Array:
        """F x J x 3: where each joint is in its parent's frame: its offset, or what its channels say instead."""
        result = np.empty((self.frames, len(self.joints), 3))
        for index, joint in enumerate(self.joints):
            result[:, index] = joint.offset
            for i, name in enumerate(joint.channels):
                if not _turns(name):
                    result[:, index, "XYZ".index(name[0].upper())] = self.channels[:, self.first_channels[index] + i]
        return result

    @cached_property
    def world(self) -> tuple[Array, Array]:
        """Where each joint is (F x J x 3), and how it is turned (F x J x 4), in the world."""
        return forward_kinematics(self.joints, self.translations, self.rotations)

    def changed(self, rotations: Mapping[int, Array], positions: Mapping[int, Array]) -> Clip:
        """The clip with other rotations of some joints; all others keep their numbers.

        A joint with fewer than three channels of rotation turns as far as they can.

        Args:
            rotations: joint to F x 4, in its parent's frame.
            positions: joint to F x 3, in its parent's frame; the joint needs channels for them.
        """
        channels = self.channels.copy()
        for index, turned in rotations.items():
            joint, first = self.joints[index], self.first_channels[index]
            columns = [first + i for i, name in enumerate(joint.channels) if _turns(name)]
            channels[:, columns] = _angles(turned, joint.axes, channels[0, columns])
        for index, moved in positions.items():
            for i, name in enumerate(self.joints[index].channels):
                if not _turns(name):
                    channels[:, self.first_channels[index] + i] = moved[:, "XYZ".index(name[0].upper())]
        return replace(self, channels=channels)

    def resampled(self, times: Array, frame_time: float) -> Clip:
        """The clip at other times, between frames on the shortest way.

        Args:
            times: seconds from the first frame, rising; beyond the ends the first and the last frame stand.
            frame_time: seconds from frame to frame of the result.
        """
        places = np.clip(times / self.frame_time, 0, self.frames - 1)
        before = np.minimum(np.floor(places).astype(int), max(self.frames - 2, 0))
        after = np.minimum(before + 1, self.frames - 1)
        share = places - before
        channels = (1 - share)[:, None] * self.channels[before] + share[:, None] * self.channels[after]
        straight = replace(self, channels=channels, frame_time=frame_time)
        turning = {i: self.rotations[:, i] for i, joint in enumerate(self.joints) if len(joint.axes) == 3}
        mixed = {i: quaternions.mix(turned[before], turned[after], share) for i, turned in turning.items()}
        return straight.changed(mixed, {})


def forward_kinematics(
    joints: tuple[Joint, ...], translations: Array, rotations: Array, needed: Collection[int] | None = None
) -> tuple[Array, Array]:
    """Where joints are and how they are turned in the world, from where they are in their parents' frames.

    Args:
        joints: J of them.
        translations: F x J x 3.
        rotations: F x J x 4.
        needed: the joints that are asked for, with all above them; ``None``: all. The others stay as they came.

    Returns:
        F x J x 3 and F x J x 4.
    """
    positions, turned = translations.copy(), rotations.copy()
    for index, joint in enumerate(joints):
        if joint.parent >= 0 and (needed is None or index in needed):
            parent = turned[:, joint.parent]
            positions[:, index] = positions[:, joint.parent] + quaternions.rotate(parent, translations[:, index])
            turned[:, index] = quaternions.multiply(parent, rotations[:, index])
    return positions, turned


def _turns(channel: str) -> bool:
    """Whether a channel is one of rotation."""
    return channel.lower().endswith("rotation")


def _angles(rotations: Array, axes: str, near: Array) -> Array:
    """Euler angles in degrees for the axes of a joint, without jumps from frame to frame.

    Args:
        rotations: F x 4.
        axes: one to three different letters.
        near: angles that the first frame is to be near to.
    """
    if len(axes) == 3:
        return quaternions.unwrapped_euler(quaternions.to_euler(rotations, axes), near)
    if len(axes) == 2:  # the rotation about the third axis is lost
        third = next(axis for axis in "XYZ" if axis not in axes)
        angles = quaternions.to_euler(rotations, axes + third)
        return quaternions.unwrapped_euler(angles, np.append(near, angles[0, 2]))[:, :2]
    along = 2 * np.arctan2(rotations[:, 1 + "XYZ".index(axes)], rotations[:, 0])
    return np.rad2deg(np.unwrap(np.append(np.deg2rad(near), along)))[1:, None]
