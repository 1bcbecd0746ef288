"""The style of a movement: a few hundred numbers on where its limbs point, and the file that keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from impasto.motion import quaternions
from impasto.motion.body import Body
from impasto.motion.feet import travel_speed
from impasto.motion.gait import Gait, find_gait, fit_harmonics, harmonics_at
from impasto.motion.quaternions import Array


@dataclass(frozen=True, eq=False)
class Direction:
    """How a limb points over a clip.

    Attributes:
        mean: 3, the mean direction, of length 1.
        covariance: 3 x 3, of the tangent vectors at the mean, in radians squared.
        harmonics: (1 + 2 HARMONICS) x 3, the mean step; ``None`` without a gait.
        residual: how far it strays from the mean step, in radians; 0 without a gait.
    """

    mean: Array
    covariance: Array
    harmonics: Array | None = None
    residual: float = 0.0

    @property
    def spread(self) -> float:
        """How much the limb moves, in radians."""
        return float(np.sqrt(max(np.trace(self.covariance), 0.0)))


@dataclass(frozen=True, eq=False)
class MotionStyle:
    """The style of a movement.

    Attributes:
        name: name for people and for the command line.
        directions: by name, as :data:`impasto.motion.body.DIRECTIONS`.
        frequency: steps of one foot a second; 0 without a gait.
        coherence: how much of the feet's movement the gait explains, 0 to 1.
        speed: how fast it goes over the ground, in leg lengths a second.
        metadata: what else its file says.
        notices: sentences on what the clip's file has that could not be taken as it is.
    """

    name: str
    directions: dict[str, Direction]
    frequency: float = 0.0
    coherence: float = 0.0
    speed: float = 0.0
    metadata: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def tangents(directions: Array, mean: Array) -> Array:
    """Tangent vectors at a mean direction, F x 3 in radians, that lead to directions, F x 3."""
    along = directions @ mean
    across = directions - along[:, None] * mean
    return np.asarray(quaternions.normalised(across) * np.arctan2(np.linalg.norm(across, axis=1), along)[:, None])


def along_tangents(mean: Array, vectors: Array) -> Array:
    """The directions that tangent vectors at a mean direction lead to; the opposite of :func:`tangents`."""
    angles = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.cos(angles) * mean + np.sin(angles) * quaternions.normalised(vectors))


def measure_direction(values: Array, gait: Gait | None) -> Direction:
    """How a limb points over a clip.

    Args:
        values: F x 3 unit vectors.
        gait: of the clip; ``None``: it has none.
    """
    mean = quaternions.normalised(values.mean(axis=0))
    if not mean.any():  # it points everywhere alike
        mean = values[0]
    tangent = tangents(values, mean)
    covariance = tangent.T @ tangent / len(tangent)
    if gait is None:
        return Direction(mean, covariance)
    harmonics = fit_harmonics(values, gait)
    strays = values - harmonics_at(gait.phase) @ harmonics
    share = max(float(gait.walking.sum()), 1e-9)
    residual = float(np.sqrt(np.sum(gait.walking * np.sum(strays**2, axis=1)) / share))
    return Direction(mean, covariance, harmonics, residual)


def measure_style(body: Body, name: str) -> MotionStyle:
    """The style of a clip.

    Args:
        body: the clip as a body.
        name: what to call it.
    """
    gait = find_gait(body)
    return MotionStyle(
        name,
        {key: measure_direction(values, gait) for key, values in body.directions.items()},
        frequency=gait.frequency if gait else 0.0,
        coherence=gait.coherence if gait else 0.0,
        speed=travel_speed(body),
        notices=body.clip.notices,
    )
