"""Clips of a walker made of numbers: for tests and examples, free of anybody's rights and with exact truth.

Its standing feet do not move at all, its steps begin when :func:`footfalls` says, and its trunk leans by just the angle
that was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impasto.motion import quaternions
from impasto.motion.clip import Clip, Joint
from impasto.motion.quaternions import Array

_LEG = 80.0  # centimetres from hip to ankle, thigh and shin alike
_FOOT = (0.0, -6.0, 14.0)  # centimetres from ankle to toe
_HIP, _SHOULDER = 9.0, 17.0  # centimetres of a hip and a shoulder from the middle
_ARM = 27.0  # centimetres of an upper and of a lower arm
_TRUNK = (12.0, 18.0, 18.0)  # centimetres of hips to spine, spine to chest, chest to neck
_STANCE = 0.6  # share of a step in which a foot stands
_HIGHEST = 0.94  # leg lengths of the hips over the ankles at most
_STRETCH = 0.985  # share of its length to which a leg is stretched at most

_PLAIN = {"hips": "Hips", "spine": "Spine", "chest": "Spine1", "neck": "Neck", "head": "Head"}
NAMINGS: dict[str, dict[str, str]] = {
    "cmu": _PLAIN
    | {
        "collar": "{Side}Shoulder",
        "upper-arm": "{Side}Arm",
        "lower-arm": "{Side}ForeArm",
        "hand": "{Side}Hand",
        "thigh": "{Side}UpLeg",
        "shin": "{Side}Leg",
        "foot": "{Side}Foot",
        "toe": "{Side}ToeBase",
    },
    "cgspeed": _PLAIN
    | {
        "collar": "{Side}Collar",
        "upper-arm": "{Side}Shoulder",
        "lower-arm": "{Side}Elbow",
        "hand": "{Side}Wrist",
        "thigh": "{Side}Hip",
        "shin": "{Side}Knee",
        "foot": "{Side}Ankle",
        "toe": "{Side}Toe",
    },
    "bandai": _PLAIN
    | {
        "collar": "Shoulder_{S}",
        "upper-arm": "UpperArm_{S}",
        "lower-arm": "LowerArm_{S}",
        "hand": "Hand_{S}",
        "thigh": "UpperLeg_{S}",
        "shin": "LowerLeg_{S}",
        "foot": "Foot_{S}",
        "toe": "Toes_{S}",
    },
    "unreal": {
        "hips": "pelvis",
        "spine": "spine_01",
        "chest": "spine_02",
        "neck": "neck_01",
        "head": "head",
        "collar": "clavicle_{s}",
        "upper-arm": "upperarm_{s}",
        "lower-arm": "lowerarm_{s}",
        "hand": "hand_{s}",
        "thigh": "thigh_{s}",
        "shin": "calf_{s}",
        "foot": "foot_{s}",
        "toe": "ball_{s}",
    },
}
NAMINGS["mixamo"] = {part: f"mixamorig:{name}" for part, name in NAMINGS["cmu"].items()}
NAMINGS["max"] = {
    part: f"Bip01 {name}"
    for part, name in (
        NAMINGS["unreal"] | {"hips": "Pelvis", "spine": "Spine", "chest": "Spine1", "neck": "Neck"}
    ).items()
} | {
    f"{part}": f"Bip01 {{S}} {name}"
    for part, name in {
        "collar": "Clavicle",
        "upper-arm": "UpperArm",
        "lower-arm": "Forearm",
        "hand": "Hand",
        "thigh": "Thigh",
        "shin": "Calf",
        "foot": "Foot",
        "toe": "Toe0",
    }.items()
}
"""Ways to name joints: part of the body to name, with the side as ``{Side}`` (Left), ``{S}`` (L) or ``{s}`` (l)."""


@dataclass(frozen=True)
class Walk:
    """How the walker walks.

    Attributes:
        stoop: radians by which the trunk leans ahead.
        arm_swing: radians by which each arm swings to either side of hanging down.
        arms_ahead: radians by which both arms are held ahead.
        knee_lift: leg lengths by which a foot is lifted.
        crouch: leg lengths by which the hips are lower than they could be.
        cadence: steps of one foot a second.
        stride: leg lengths from one step of a foot to its next; 0 walks on the spot.
        width: leg lengths between the feet.
        turn: radians a second by which the way turns to the left.
    """

    stoop: float = 0.0
    arm_swing: float = 0.45
    arms_ahead: float = 0.0
    knee_lift: float = 0.12
    crouch: float = 0.0
    cadence: float = 0.9
    stride: float = 1.3
    width: float = 0.22
    turn: float = 0.0


def footfalls(walk: Walk, seconds: float) -> Array:
    """Times at which a foot begins to stand, in seconds, left and right."""
    period = 1 / walk.cadence
    begins = np.arange(-2, 2 * seconds * walk.cadence + 2) * period / 2 - _STANCE * period / 2
    return np.asarray(begins[(begins >= 0) & (begins <= seconds)])


def make_walk(
    walk: Walk,
    seconds: float = 4.0,
    rate: float = 30.0,
    *,
    naming: str = "cmu",
    order: str = "ZXY",
    up: str = "y",
    still_root: bool = False,
    name: str = "walk",
) -> Clip:
    """A clip of the walker.

    Args:
        walk: how it walks.
        seconds: how long.
        rate: frames a second.
        naming: one of :data:`NAMINGS`.
        order: the axes of the joints' rotations.
        up: ``"y"`` or ``"z"``.
        still_root: put a root that does not move above the hips.
        name: what the clip is called.
    """
    times = np.arange(max(round(seconds * rate), 1)) / rate
    joints, parts = _skeleton(NAMINGS[naming], order, still_root=still_root)
    world = _world(walk, times, parts)
    rotations = np.zeros((len(times), len(joints), 4))
    rotations[..., 0] = 1.0
    turned = rotations.copy()
    for index, joint in enumerate(joints):
        if joint.parent >= 0:
            turned[:, index] = turned[:, joint.parent]
        if joint.name in world:
            turned[:, index] = world[joint.name]
        above = turned[:, joint.parent] if joint.parent >= 0 else rotations[:, index]
        rotations[:, index] = quaternions.multiply(quaternions.inverse(above), turned[:, index])
    root = parts["hips"]
    place = _hips(walk, times)
    quarter = quaternions.about_axis(0, np.array(np.pi / 2))
    if up == "z":  # the skeleton lies along z as well, as programs with z up write it
        joints = [Joint(j.name, j.parent, _turned(quarter, j.offset), j.channels) for j in joints]
        rotations = quaternions.multiply(
            quaternions.multiply(quarter[None, None], rotations), quaternions.inverse(quarter)[None, None]
        )
        place = quaternions.rotate(quarter, place)
    columns = []
    for index, joint in enumerate(joints):
        if not joint.channels:
            continue
        if len(joint.channels) == 6:
            columns.append(place if joint.name == root else np.zeros_like(place))
        euler = quaternions.to_euler(quaternions.continuous(rotations[:, index]), order)
        columns.append(quaternions.unwrapped_euler(euler, np.zeros(3)))
    return Clip(tuple(joints), np.concatenate(columns, axis=1), 1 / rate, name)


def _turned(rotation: Array, offset: tuple[float, float, float]) -> tuple[float, float, float]:
    """An offset, turned."""
    x, y, z = quaternions.rotate(rotation, np.array(offset)).tolist()
    return x, y, z


def _skeleton(names: dict[str, str], order: str, *, still_root: bool) -> tuple[list[Joint], dict[str, str]]:
    """The joints, and the name of each part of the body. At rest the body stands with its arms to the sides."""
    turning = tuple(f"{axis}rotation" for axis in order)
    moving = ("Xposition", "Yposition", "Zposition", *turning)
    joints: list[Joint] = []
    parts: dict[str, str] = {}

    def add(part: str, parent: int, offset: tuple[float, float, float], side: str = "") -> int:
        name = names[part].format(Side=side.title(), S=side[:1].upper(), s=side[:1])
        parts[f"{side}-{part}" if side else part] = name
        joints.append(Joint(name, parent, offset, turning if joints and part != "hips" else moving))
        return len(joints) - 1

    def end(parent: int, offset: tuple[float, float, float]) -> None:
        joints.append(Joint("", parent, offset))

    if still_root:
        joints.append(Joint("joint_Root", -1, (0.0, 0.0, 0.0), moving))
    hips = add("hips", len(joints) - 1, (0.0, 0.0, 0.0))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        thigh = add("thigh", hips, (sign * _HIP, 0.0, 0.0), side)
        shin = add("shin", thigh, (0.0, -_LEG / 2, 0.0), side)
        foot = add("foot", shin, (0.0, -_LEG / 2, 0.0), side)
        end(add("toe", foot, _FOOT, side), (0.0, 0.0, 5.0))
    spine = add("spine", hips, (0.0, _TRUNK[0], 0.0))
    chest = add("chest", spine, (0.0, _TRUNK[1], 0.0))
    neck = add("neck", chest, (0.0, _TRUNK[2], 0.0))
    end(add("head", neck, (0.0, 9.0, 1.0)), (0.0, 18.0, 0.0))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        collar = add("collar", chest, (sign * 3.0, _TRUNK[2], 0.0), side)
        upper = add("upper-arm", collar, (sign * (_SHOULDER - 3.0), 0.0, 0.0), side)
        lower = add("lower-arm", upper, (sign * _ARM, 0.0, 0.0), side)
        end(add("hand", lower, (sign * _ARM, 0.0, 0.0), side), (sign * 16.0, 0.0, 0.0))
    return joints, parts


def _way(walk: Walk, times: Array) -> tuple[Array, Array]:
    """Where the middle of the hips is over the floor (x and z in leg lengths), and the heading, at times."""
    speed, heading = walk.stride * walk.cadence, walk.turn * times
    if abs(walk.turn) < 1e-9:
        return np.stack([np.zeros_like(times), speed * times], axis=-1), heading
    radius = speed / walk.turn
    return radius * np.stack([1 - np.cos(heading), np.sin(heading)], axis=-1), heading


def _hip_height(walk: Walk) -> float:
    """Leg lengths of the hips over the ankles of standing feet."""
    reach = np.hypot(_STANCE / 2 * walk.stride, abs(walk.width / 2 - _HIP / _LEG))
    highest = min(_HIGHEST, float(np.sqrt(max(_STRETCH**2 - reach**2, 0.25))))
    return max(highest - walk.crouch, 0.45)


def _hips(walk: Walk, times: Array) -> Array:
    """F x 3: where the hips are, in centimetres; the floor is where standing toes are."""
    way, _ = _way(walk, times)
    height = np.full(len(times), _hip_height(walk) - _FOOT[1] / _LEG)
    return np.stack([way[:, 0], height, way[:, 1]], axis=1) * _LEG


def _foot(walk: Walk, times: Array, side: str) -> tuple[Array, Array, Array]:
    """Where an ankle is (F x 3 in leg lengths), its heading, and the share of its swing (-1: it stands)."""
    period, sign = 1 / walk.cadence, 1.0 if side == "left" else -1.0
    start = 0.0 if side == "left" else period / 2  # the middle of one of its stances
    steps = (times - start) / period
    number = np.round(steps)
    phase = steps - number
    standing = np.abs(phase) <= _STANCE / 2
    # In a swing, from the stance before to the one after.
    before = np.where(phase < 0, number - 1, number)
    swing = np.clip((steps - before - _STANCE / 2) / (1 - _STANCE), 0.0, 1.0)

    def print_at(count: Array) -> tuple[Array, Array]:
        place, heading = _way(walk, start + count * period)
        aside = sign * walk.width / 2 * np.stack([np.cos(heading), -np.sin(heading)], axis=-1)
        return place + aside, heading

    here, heading = print_at(number)
    last, last_heading = print_at(before)
    after, next_heading = print_at(before + 1)
    ease = (swing - np.sin(2 * np.pi * swing) / (2 * np.pi))[:, None]
    place = np.where(standing[:, None], here, last + ease * (after - last))
    turned = np.where(standing, heading, last_heading + ease[:, 0] * (next_heading - last_heading))
    height = np.where(standing, 0.0, walk.knee_lift * np.sin(np.pi * swing) ** 2)
    ankle = np.stack([place[:, 0], height, place[:, 1]], axis=1)
    return ankle, turned, np.where(standing, -1.0, swing)


def _world(walk: Walk, times: Array, parts: dict[str, str]) -> dict[str, Array]:
    """How the joints are turned in the world, by name."""
    _, heading = _way(walk, times)
    ahead = quaternions.about_axis(1, heading)
    hips = _hips(walk, times) / _LEG - np.array([0.0, -_FOOT[1] / _LEG, 0.0])
    lean = quaternions.multiply(ahead, quaternions.about_axis(0, np.full(len(times), walk.stoop)))
    world = {parts["hips"]: ahead, parts["spine"]: lean, parts["chest"]: lean}
    nod = quaternions.about_axis(0, np.full(len(times), walk.stoop / 2))
    world[parts["neck"]] = world[parts["head"]] = quaternions.multiply(ahead, nod)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        ankle, turned, swing = _foot(walk, times, side)
        hip = hips + quaternions.rotate(ahead, np.array([sign * _HIP / _LEG, 0.0, 0.0]))
        thigh, shin = _two_bones(ankle - hip, quaternions.rotate(ahead, np.array([0.0, 0.0, 1.0])))
        down = np.broadcast_to([0.0, -1.0, 0.0], thigh.shape)
        back = quaternions.inverse(ahead)
        for part, along in (("thigh", thigh), ("shin", shin)):
            local = quaternions.between(down, quaternions.rotate(back, along))
            world[parts[f"{side}-{part}"]] = quaternions.multiply(ahead, local)
        toes = min(4 * walk.knee_lift, 0.5)  # radians that the toes point down while a foot is lifted
        point = np.where(swing < 0, 0.0, toes * np.sin(np.pi * np.clip(swing, 0, 1)) ** 2 * np.cos(np.pi * swing / 1.3))
        world[parts[f"{side}-foot"]] = quaternions.multiply(
            quaternions.about_axis(1, turned), quaternions.about_axis(0, point)
        )
        # Each arm swings against the leg of its side, which is farthest ahead a quarter of a step before it is below.
        phase = 2 * np.pi * walk.cadence * times + (0.0 if side == "left" else np.pi)
        swung = walk.arms_ahead + walk.arm_swing * np.sin(phase)
        upper = np.stack([np.full_like(swung, sign * 0.14), -np.cos(swung), np.sin(swung)], axis=1)
        bent = swung + 0.25 + 0.3 * np.abs(walk.arm_swing) * (1 + np.sin(phase))
        lower = np.stack([np.full_like(bent, sign * 0.05), -np.cos(bent), np.sin(bent)], axis=1)
        rest = np.broadcast_to([sign, 0.0, 0.0], upper.shape)
        for part, along in (("upper-arm", upper), ("lower-arm", lower), ("hand", lower)):
            local = quaternions.between(rest, quaternions.normalised(along))
            world[parts[f"{side}-{part}"]] = quaternions.multiply(ahead, local)
        world[parts[f"{side}-collar"]] = lean
    return world


def _two_bones(goal: Array, ahead: Array) -> tuple[Array, Array]:
    """Directions of thigh and shin, each half a leg long, that reach a goal with the knee ahead."""
    reach = np.clip(np.linalg.norm(goal, axis=1), 1e-6, 0.9999)
    along = quaternions.normalised(goal)
    bend = quaternions.normalised(ahead - np.sum(ahead * along, axis=1, keepdims=True) * along)
    thigh = reach[:, None] * along + np.sqrt(1 - reach**2)[:, None] * bend
    return thigh, quaternions.normalised(2 * reach[:, None] * along - thigh)
