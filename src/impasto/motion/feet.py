"""Feet on the floor: where they stand, and the way of the root that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from impasto.arithmetic import smooth_step
from impasto.motion.body import Body
from impasto.motion.quaternions import Array
from impasto.motion.series import smooth, stretches, velocity

SIDES = ("left", "right")
_FLOOR_PERCENT = 3.0  # percentile of a toe's heights that is taken for its height on the floor
_SLOW = 0.75  # leg lengths a second below which a toe on the floor stands
_LOW = 0.09  # leg lengths over the floor below which a toe stands
_SHORTEST = 0.1  # seconds that a foot stands at least
_SOFT_HEIGHT = 0.03  # leg lengths by which one foot has to be lower to bear most of the body
_SOFT_SPEED = 0.4  # leg lengths a second by which one foot has to be slower to bear most of the body
_FLIGHT = (0.05, 0.12)  # leg lengths of the lower foot over the floor between which the body begins to fly
_LONGER = (0.2, 2.0)  # least and largest factor by which steps become longer
_SMOOTH_SECONDS = 0.06  # standard deviation of the Gaussian over the root's velocity
_STILL = 0.3  # leg lengths a second below which a clip goes nowhere


@dataclass(frozen=True, eq=False)
class Feet:
    """The points of the feet that touch the floor.

    Attributes:
        toes: 2 x F x 3, left and right.
        heels: 2 x F x 3, the ankles.
        floor: 2 x 2, heights of toes and ankles that stand.
    """

    toes: Array = field(repr=False)
    heels: Array = field(repr=False)
    floor: Array

    @property
    def heights(self) -> Array:
        """2 x F: how far each foot is over the floor, in the clip's units."""
        over = np.stack([self.toes[..., 1] - self.floor[0][:, None], self.heels[..., 1] - self.floor[1][:, None]])
        return np.asarray(over.min(axis=0))


def feet_of(body: Body, positions: Array, floor: Array | None = None) -> Feet:
    """The feet of a body.

    Args:
        body: whose joints they are.
        positions: F x J x 3, which need not be the body's own.
        floor: as in :class:`Feet`; ``None``: that of these positions.
    """
    toes = np.stack([positions[:, body.toe(side)] for side in SIDES])
    heels = np.stack([positions[:, body.joints[f"{side}-foot"]] for side in SIDES])
    if floor is None:
        floor = np.percentile(np.stack([toes[..., 1], heels[..., 1]]), _FLOOR_PERCENT, axis=2)
    return Feet(toes, heels, floor)


def contacts(feet: Feet, leg: float, rate: float) -> NDArray[np.bool_]:
    """2 x F: whether each foot stands.

    Args:
        feet: the feet.
        leg: length of a leg.
        rate: frames a second.
    """
    speeds = np.stack([np.linalg.norm(velocity(smooth(toe, 0.03 * rate), rate), axis=1) for toe in feet.toes]) / leg
    low = feet.toes[..., 1] - feet.floor[0][:, None] < _LOW * leg
    stands = (speeds < _SLOW) & low
    for side in stands:
        for start, stop in stretches(side):
            if stop - start < _SHORTEST * rate:
                side[start:stop] = False
    return np.asarray(stands)


def travel_speed(body: Body) -> float:
    """How fast a body goes over the ground in the middle of the clip's time, in leg lengths a second."""
    hips = body.positions[:, [body.joints["left-thigh"], body.joints["right-thigh"]]].mean(1)
    over_ground = velocity(smooth(hips[:, [0, 2]], 0.5 * body.clip.rate), body.clip.rate)
    return float(np.median(np.linalg.norm(over_ground, axis=1))) / body.leg


def goes_nowhere(body: Body) -> bool:
    """Whether a body stays where it is, more or less."""
    return travel_speed(body) < _STILL


def path_from_stance(body: Body, positions: Array) -> Array:
    """F x 3: how far the body has to be moved, frame by frame, so that its standing feet stay where they are.

    Up and down, each frame's lowest foot gets the height that it had. Over the ground, the body goes as the foot that
    bears it goes back; where no foot does, as it went before, faster or slower by as much as its steps became.

    Args:
        body: the body as it was.
        positions: F x J x 3, its new pose with the root where it was.
    """
    rate, leg = body.clip.rate, body.leg
    before = feet_of(body, body.positions)
    after = feet_of(body, positions, before.floor)
    lift = before.heights.min(axis=0) - after.heights.min(axis=0)
    root = body.joints["hips"]
    usual, own = (velocity(points[:, root], rate)[:, [0, 2]] for points in (body.positions, positions))
    steps = np.stack([velocity(toe[:, [0, 2]], rate) for toe in after.toes]) - own  # as seen from the hips
    stood = contacts(before, leg, rate)[..., None]
    longer = -float(np.sum(stood * steps * usual)) / max(float(np.sum(stood * usual**2)), 1e-9)
    way = np.clip(longer, *_LONGER) * usual
    # The foot that bears the body is low, and does not go over the floor when the body goes about as it went.
    unlikely = after.heights / leg / _SOFT_HEIGHT + np.linalg.norm(steps + way, axis=2) / leg / _SOFT_SPEED
    share = np.exp(-(unlikely - unlikely.min(axis=0)))
    borne = -np.sum((share / share.sum(axis=0))[..., None] * steps, axis=0)
    flying = smooth_step(before.heights.min(axis=0) / leg, *_FLIGHT)[:, None]
    extra = smooth((1 - flying) * borne + flying * way - own, _SMOOTH_SECONDS * rate) / rate
    moved = np.concatenate([[[0.0, 0.0]], np.cumsum((extra[1:] + extra[:-1]) / 2, axis=0)])
    return np.stack([moved[:, 0], smooth(lift, _SMOOTH_SECONDS * rate), moved[:, 1]], axis=1)
