"""Feet that stand are held where they stand, by hip and knee."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.motion import quaternions
from impasto.motion.feet import SIDES, Feet, contacts, feet_of
from impasto.motion.pose import Pose
from impasto.motion.quaternions import Array
from impasto.motion.series import stretches

_BLEND_SECONDS = 0.1  # seconds over which a foot comes to where it is held, and leaves
_LONGEST = 0.999  # share of its length to which a leg is stretched at most
_STIFF = 0.03  # share of a leg's length before it is straight within which it yields less and less
_MOST = 0.35  # leg lengths that a foot is moved by at most: what needs more is no standing


def lock_feet(pose: Pose, floor: Array) -> None:
    """Hold each foot, while it stands, at the mean of where it stands.

    Args:
        pose: the pose, which is changed.
        floor: heights of standing feet, as in :class:`impasto.motion.feet.Feet`.
    """
    body = pose.body
    rate = body.clip.rate
    positions, _ = pose.world()
    feet = feet_of(body, positions, floor)
    stands = contacts(feet, body.leg, rate)
    for index, side in enumerate(SIDES):
        needed = (body.joints[f"{side}-{part}"] for part in ("thigh", "shin", "foot"))
        if all(body.clip.joints[joint].axes for joint in needed):
            _reach(pose, side, _shifts(feet, stands[index], index, body.leg, rate))


def _shifts(feet: Feet, stands: NDArray[np.bool_], index: int, leg: float, rate: float) -> Array:
    """F x 3: how far a foot is to be moved: while it stands, to the mean place; fading out before and after."""
    toes = feet.toes[index]
    total, weights = np.zeros_like(toes), np.zeros(len(toes))
    blend = max(round(_BLEND_SECONDS * rate), 1)
    for start, stop in stretches(stands):
        place = toes[start:stop].mean(axis=0)
        first, last = max(start - blend, 0), min(stop + blend, len(toes))
        frames = np.arange(first, last)
        distance = np.maximum(np.maximum(start - frames, frames - stop + 1), 0) / (blend + 1)
        weight = 0.5 + 0.5 * np.cos(np.pi * distance)
        # Outside, the foot keeps the offset that it has at the edge, so that only the offset fades.
        inside = np.clip(frames, start, stop - 1)
        total[frames] += weight[:, None] * (place - toes[inside])
        weights[frames] += weight
    shifts = total / np.maximum(weights, 1.0)[:, None]
    lengths = np.linalg.norm(shifts, axis=1, keepdims=True)
    return np.asarray(shifts * np.minimum(1.0, _MOST * leg / np.maximum(lengths, 1e-9)))


def _reach(pose: Pose, side: str, shifts: Array) -> None:
    """Move a foot by turning hip and knee; the foot keeps its own rotation in the world."""
    body = pose.body
    thigh, shin, foot = (body.joints[f"{side}-{part}"] for part in ("thigh", "shin", "foot"))
    positions, world = pose.world()
    hip, knee, ankle = positions[:, thigh], positions[:, shin], positions[:, foot]
    upper, lower = (np.linalg.norm(b - a, axis=1) for a, b in ((hip, knee), (knee, ankle)))
    goal = ankle + shifts - hip
    length, before = upper + lower, np.linalg.norm(ankle - hip, axis=1)
    # A leg that is nearly straight gives way less, or its knee would jump.
    reach = before + _yielding(np.linalg.norm(goal, axis=1), length) - _yielding(before, length)
    reach = np.clip(reach, np.abs(upper - lower) * 1.001 + 1e-9, np.maximum(length * _LONGEST, before))
    along = quaternions.normalised(goal)
    # The knee stays on the side to which it bends.
    bend = knee - hip
    bend = bend - np.sum(bend * along, axis=1, keepdims=True) * along
    ahead = quaternions.rotate(body.pelvis, np.array([0.0, 0.0, 1.0]))
    straight = np.linalg.norm(bend, axis=1) < 0.01 * body.leg
    bend[straight] = (ahead - np.sum(ahead * along, axis=1, keepdims=True) * along)[straight]
    cosine = np.clip((upper**2 + reach**2 - lower**2) / (2 * upper * reach), -1.0, 1.0)
    sine = np.sqrt(1 - cosine**2)
    new_thigh = cosine[:, None] * along + sine[:, None] * quaternions.normalised(bend)
    new_shin = quaternions.normalised(reach[:, None] * along - upper[:, None] * new_thigh)
    first = quaternions.between(quaternions.normalised(knee - hip), new_thigh)
    second = quaternions.between(quaternions.rotate(first, quaternions.normalised(ankle - knee)), new_shin)
    held = world[:, foot].copy()
    pose.turn(thigh, first, world)
    now = pose.world()[1]
    pose.turn(shin, second, now)
    now = pose.world()[1]
    pose.turn(foot, quaternions.multiply(held, quaternions.inverse(now[:, foot])), now)


def _yielding(reach: Array, length: Array) -> Array:
    """How far a leg of a length reaches towards a goal: less and less of the last part before it is straight."""
    free = (1 - _STIFF) * length
    beyond = np.maximum(reach - free, 0.0)
    return np.asarray(np.minimum(reach, free) + _STIFF * length * (1 - np.exp(-beyond / (_STIFF * length))))
