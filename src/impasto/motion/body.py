"""A clip seen as a body: which way it faces, and where its limbs point, whatever its skeleton.

Positions are in the clip's units with y up. A direction is a unit vector: of the pelvis and the trunk in the frame of
the heading, of head and arms in the frame of the chest, of legs and feet in the frame of the pelvis. A frame has x to
the body's left, y up, z ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from impasto.errors import InputError
from impasto.motion import quaternions
from impasto.motion.clip import Clip, forward_kinematics
from impasto.motion.joints import chain, find_joints, tip
from impasto.motion.quaternions import Array
from impasto.motion.series import smooth

PARTS = ("arms", "legs", "spine", "head")
"""Parts of the body that take a style by themselves."""

_UP = np.array([0.0, 1.0, 0.0])
_HEADING_SECONDS = 0.35  # standard deviation of the Gaussian that takes the gait's swing out of the heading
_MOST = 4_000_000  # frames times joints, which take 2 GB
_SHORT = 1e-3  # leg lengths below which a limb has no direction


@dataclass(frozen=True)
class Limb:
    """A bone with a direction.

    Attributes:
        joint: the part of the body whose joint turns it.
        end: the part that it points to; ``""``: the end of the limb.
        part: which of :data:`PARTS` it belongs to.
        frame: ``"chest"`` or ``"pelvis"``.
    """

    joint: str
    end: str
    part: str
    frame: str


LIMBS = {
    "neck": Limb("neck", "head", "head", "chest"),
    "head": Limb("head", "", "head", "chest"),
    **{
        f"{side}-{name}": Limb(f"{side}-{name}", f"{side}-{end}" if end else "", part, frame)
        for side in ("left", "right")
        for name, end, part, frame in (
            ("upper-arm", "lower-arm", "arms", "chest"),
            ("lower-arm", "hand", "arms", "chest"),
            ("thigh", "shin", "legs", "pelvis"),
            ("shin", "foot", "legs", "pelvis"),
            ("foot", "toe", "legs", "pelvis"),
        )
    },
}
TRUNK = {"pelvis": "spine", "trunk": "spine", "shoulders": "spine"}
"""Directions of the trunk and the part that they belong to: the line of the hips, from hips to shoulders, the line of
the shoulders."""
PART_OF = {**TRUNK, **{name: limb.part for name, limb in LIMBS.items()}}
"""Which part of the body each direction belongs to."""
DIRECTIONS = tuple(PART_OF)


@dataclass(frozen=True, eq=False)
class Body:
    """What a clip's skeleton does.

    Attributes:
        clip: the clip.
        joints: joint by part of the body.
        upright: rotation from the file's axes to y up.
        leg: length of a leg.
        positions: F x J x 3.
        rotations: F x J x 4, in the world.
        heading: F angles about y; 0 looks along z.
        pelvis: F x 4, the frame of the pelvis.
        chest: F x 4, the frame of the chest.
        directions: name (:data:`DIRECTIONS`) to F x 3; those that the skeleton does not have are missing.
    """

    clip: Clip
    joints: dict[str, int]
    upright: Array
    leg: float
    positions: Array = field(repr=False)
    rotations: Array = field(repr=False)
    heading: Array = field(repr=False)
    pelvis: Array = field(repr=False)
    chest: Array = field(repr=False)
    directions: dict[str, Array] = field(repr=False)

    @property
    def missing(self) -> list[str]:
        """Parts of the body that were not found."""
        wanted = {name for limb in LIMBS.values() for name in (limb.joint, limb.end) if name}
        return [name for name in sorted(wanted) if name not in self.joints]

    @property
    def has_feet(self) -> bool:
        """Whether both legs are there down to the foot."""
        return all(f"{side}-{name}" in self.joints for side in ("left", "right") for name in ("shin", "foot"))

    def frame_of(self, name: str) -> Array:
        """F x 4: the frame that a direction is in."""
        if name in TRUNK:
            return quaternions.about_axis(1, self.heading)
        return self.chest if LIMBS[name].frame == "chest" else self.pelvis

    def toe(self, side: str) -> int:
        """The joint whose distance from the floor tells whether a foot stands."""
        foot = self.joints[f"{side}-foot"]
        end = self.joints.get(f"{side}-toe", tip(self.clip, foot))
        return foot if end is None else end


def see_body(clip: Clip, mapping: Mapping[str, str] | None = None) -> Body:
    """See a clip as a body.

    Args:
        clip: the clip.
        mapping: part of the body to joint, where names do not tell.

    Raises:
        InputError: its legs, or what stands above them, are not found.
    """
    if clip.frames * len(clip.joints) > _MOST:
        raise InputError(
            f"{clip.name} has {clip.frames} frames of {len(clip.joints)} joints, too many at once; cut it into parts.",
            key="clip_long",
            name=clip.name,
            frames=clip.frames,
            joints=len(clip.joints),
        )
    joints = find_joints(clip, mapping)
    needed = [f"{side}-{name}" for side in ("left", "right") for name in ("thigh", "shin")]
    absent = [name for name in needed if name not in joints]
    if absent or not _above(joints):
        what = ", ".join(absent) or "neither arms nor a head"
        raise InputError(
            f"{clip.name} has no body that could be found ({'not found: ' if absent else ''}{what}); name its joints "
            "with --map, for example --map left-thigh=HIP_L.",
            key="no_body",
            name=clip.name,
            parts=", ".join(absent) or "arms, head",
        )
    positions, rotations = clip.world
    upright = _upright(clip, joints, positions)
    positions = quaternions.rotate(upright, positions)
    rotations = quaternions.multiply(np.broadcast_to(upright, rotations.shape), rotations)
    ends = [("thigh", "shin"), ("shin", "foot")]
    lengths = [
        _distance(positions, joints[f"{side}-{one}"], joints.get(f"{side}-{other}", tip(clip, joints[f"{side}-{one}"])))
        for side in ("left", "right")
        for one, other in ends
    ]
    leg = sum(lengths) / 2
    if not leg > 0:
        raise InputError(f"The legs of {clip.name} have no length; export it with its skeleton.")
    pelvis, chest, heading = body_frames(joints, positions, clip.rate)
    body = Body(clip, joints, upright, leg, positions, rotations, heading, pelvis, chest, {})
    body.directions.update(_directions(body))
    return body


def _above(joints: Mapping[str, int]) -> list[int]:
    """Joints whose middle is the upper end of the trunk: where the arms begin, else neck or head."""
    arms = [joints[name] for name in ("left-upper-arm", "right-upper-arm") if name in joints]
    if len(arms) == 2:
        return arms
    return [joints[name] for name in ("neck", "head") if name in joints][:1]


def _distance(positions: Array, one: int, other: int | None) -> float:
    """How far two joints are apart, in the middle over time."""
    if other is None:
        return 0.0
    return float(np.median(np.linalg.norm(positions[:, one] - positions[:, other], axis=1)))


def _upright(clip: Clip, joints: Mapping[str, int], positions: Array) -> Array:
    """The rotation from the file's axes to y up: nothing, or a quarter turn where z is up.

    A body that lies down all the time in a file with y up looks like one with z up; then the skeleton without any
    rotation tells.
    """
    thighs, above = [joints["left-thigh"], joints["right-thigh"]], _above(joints)

    def trunk(points: Array) -> Array:
        """From hips to shoulders."""
        return np.asarray(points[:, above].mean(1) - points[:, thighs].mean(1))

    moving = np.mean(quaternions.normalised(trunk(positions)), axis=0)
    still = np.zeros((1, len(clip.joints), 4))
    still[..., 0] = 1.0
    offsets = np.array([[joint.offset for joint in clip.joints]])
    rest = quaternions.normalised(trunk(forward_kinematics(clip.joints, offsets, still)[0]))[0]
    nothing = np.array([1.0, 0.0, 0.0, 0.0])
    if moving[2] > 0.6 and moving[2] > 1.5 * abs(moving[1]) and rest[1] < 0.6:
        return quaternions.about_axis(0, np.array(-np.pi / 2))
    return nothing


def body_frames(joints: Mapping[str, int], positions: Array, rate: float) -> tuple[Array, Array, Array]:
    """The frames of pelvis and chest (F x 4 each), and the heading (F).

    Args:
        joints: joint by part of the body.
        positions: F x J x 3, y up.
        rate: frames a second.
    """
    left, right = positions[:, joints["left-thigh"]], positions[:, joints["right-thigh"]]
    line = quaternions.normalised(left - right)
    pelvis = frame_from(line, np.broadcast_to(_UP, line.shape), keep="line")
    ahead = quaternions.rotate(pelvis, np.array([0.0, 0.0, 1.0]))
    turning = np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 2]))
    return pelvis, chest_frame(joints, positions, line), smooth(turning, _HEADING_SECONDS * rate)


def chest_frame(joints: Mapping[str, int], positions: Array, hips: Array) -> Array:
    """F x 4: the frame of the chest; without two arms, turned as the hips are.

    Args:
        joints: joint by part of the body.
        positions: F x J x 3, y up.
        hips: F x 3, the line of the hips.
    """
    thighs, above = [joints["left-thigh"], joints["right-thigh"]], _above(joints)
    up = quaternions.normalised(positions[:, above].mean(1) - positions[:, thighs].mean(1))
    line = hips
    if len(above) == 2:
        line = quaternions.normalised(positions[:, above[0]] - positions[:, above[1]])
    return frame_from(line, up, keep="up")


def frame_from(line: Array, up: Array, *, keep: str) -> Array:
    """F x 4: the frame whose x is along a line and whose y is up; where the two are not square, one gives way.

    Args:
        line: F x 3.
        up: F x 3.
        keep: ``"line"`` or ``"up"``: which is kept as it is.
    """
    ahead = quaternions.normalised(np.cross(line, up))
    lost = np.linalg.norm(ahead, axis=1) < 0.5  # the two are parallel
    if lost.any():
        some = np.where(np.abs(line[:, 2:]) < 0.9, np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]))
        ahead[lost] = quaternions.normalised(some - np.sum(some * line, 1, keepdims=True) * line)[lost]
    if keep == "line":
        up = quaternions.normalised(np.cross(ahead, line))
    else:
        line = quaternions.normalised(np.cross(up, ahead))
    return quaternions.continuous(quaternions.from_matrices(np.stack([line, up, ahead], axis=-1)))


def _directions(body: Body) -> dict[str, Array]:
    """Where everything points, in the frame that belongs to it."""
    found: dict[str, Array] = {}
    ahead = quaternions.inverse(body.frame_of("trunk"))
    x, y = np.array([1.0, 0.0, 0.0]), _UP
    found["pelvis"] = quaternions.rotate(ahead, quaternions.rotate(body.pelvis, x))
    if spine(body):
        found["trunk"] = quaternions.rotate(ahead, quaternions.rotate(body.chest, y))
        if len(_above(body.joints)) == 2:
            found["shoulders"] = quaternions.rotate(ahead, quaternions.rotate(body.chest, x))
    for name in LIMBS:
        joint, end = limb_ends(body, name)
        if joint is None or end is None:
            continue
        along = body.positions[:, end] - body.positions[:, joint]
        if np.median(np.linalg.norm(along, axis=1)) > _SHORT * body.leg:
            found[name] = quaternions.rotate(quaternions.inverse(body.frame_of(name)), quaternions.normalised(along))
    return found


def limb_ends(body: Body, name: str) -> tuple[int | None, int | None]:
    """The joint that turns a limb, and the joint that it points to; ``None``: there is none."""
    limb = LIMBS[name]
    joint = body.joints.get(limb.joint)
    if joint is None or (limb.end and limb.end not in body.joints and not limb.end.endswith(("toe", "hand"))):
        return None, None
    end = body.joints.get(limb.end) if limb.end else None
    if end is None:
        end = tip(body.clip, joint)
    if end is None or not chain(body.clip, joint, end):
        return None, None
    return joint, end


def spine(body: Body) -> list[int]:
    """The joints between the hips and the chest that bend the trunk, from below; the hips are not among them."""
    hips = body.joints.get("hips")
    if hips is None:
        return []
    ways = [chain(body.clip, hips, joint) for joint in _above(body.joints)]
    if not all(ways):
        return []
    shared = [joints[0] for joints in zip(*ways, strict=False) if len(set(joints)) == 1]
    return [joint for joint in shared if joint not in (hips, *_above(body.joints)) and body.clip.joints[joint].axes]
