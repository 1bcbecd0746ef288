"""Rotations as unit quaternions, arrays of shape (..., 4) in the order w, x, y, z."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_AXES = {"X": 0, "Y": 1, "Z": 2}
_TINY = 1e-12  # lengths below this have no direction


def normalised(vectors: Array) -> Array:
    """Vectors at length 1; those of no length become 0."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > _TINY))


def multiply(a: Array, b: Array) -> Array:
    """The rotation that is ``b`` first and ``a`` after it."""
    aw, ax, ay, az = np.moveaxis(a, -1, 0)
    bw, bx, by, bz = np.moveaxis(b, -1, 0)
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=-1,
    )


def inverse(rotations: Array) -> Array:
    """The opposite rotations."""
    return np.asarray(rotations * np.array([1.0, -1.0, -1.0, -1.0]))


def rotate(rotations: Array, vectors: Array) -> Array:
    """Vectors (..., 3), turned."""
    u = rotations[..., 1:]
    across = 2.0 * np.cross(u, vectors)
    return np.asarray(vectors + rotations[..., :1] * across + np.cross(u, across))


def about_axis(axis: int, radians: Array) -> Array:
    """Rotations about the axis x (0), y (1) or z (2)."""
    result = np.zeros((*np.shape(radians), 4))
    result[..., 0] = np.cos(radians / 2)
    result[..., 1 + axis] = np.sin(radians / 2)
    return result


def between(start: Array, end: Array) -> Array:
    """The shortest rotation from one unit vector to another; of opposite ones, a half turn about any axis across."""
    cross = np.cross(start, end)
    cosine = np.sum(start * end, axis=-1, keepdims=True)
    result = np.concatenate([1.0 + cosine, cross], axis=-1)
    opposite = cosine[..., 0] < -1.0 + 1e-9
    if np.any(opposite):
        seed = np.where(np.abs(start[..., :1]) < 0.9, np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
        half_turn = np.concatenate([np.zeros_like(cosine), normalised(np.cross(start, seed))], axis=-1)
        result = np.where(opposite[..., None], half_turn, result)
    return normalised(result)


def power(rotations: Array, share: float | Array) -> Array:
    """A share of rotations on their shortest way; a share beyond 1 goes on."""
    rotations = np.where(rotations[..., :1] < 0, -rotations, rotations)
    sine = np.linalg.norm(rotations[..., 1:], axis=-1)
    half = np.arctan2(sine, rotations[..., 0]) * share
    axis = normalised(rotations[..., 1:])
    return np.concatenate([np.cos(half)[..., None], np.sin(half)[..., None] * axis], axis=-1)


def mix(a: Array, b: Array, share: Array) -> Array:
    """Rotations on the shortest way from ``a`` (share 0) to ``b`` (share 1)."""
    return multiply(power(multiply(b, inverse(a)), share), a)


def continuous(rotations: Array) -> Array:
    """Rotations, time first, with the one of their two signs that is nearer to the frame before."""
    flips = np.sum(rotations[1:] * rotations[:-1], axis=-1) < 0
    signs = np.concatenate([np.ones((1, *flips.shape[1:])), np.where(np.cumsum(flips, axis=0) % 2, -1.0, 1.0)])
    return np.asarray(rotations * signs[..., None])


def from_matrices(matrices: Array) -> Array:
    """Rotations from matrices (..., 3, 3), whose columns are the turned axes."""
    m = matrices
    trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
    # Of the four usual formulas, the one whose divisor is largest.
    candidates = np.stack([trace, m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]], axis=-1)
    pick = np.argmax(candidates, axis=-1)
    w = np.stack(
        [1 + trace, m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]], axis=-1
    )
    x = np.stack(
        [w[..., 1], 1 + 2 * m[..., 0, 0] - trace, m[..., 0, 1] + m[..., 1, 0], m[..., 0, 2] + m[..., 2, 0]], axis=-1
    )
    y = np.stack([w[..., 2], x[..., 2], 1 + 2 * m[..., 1, 1] - trace, m[..., 1, 2] + m[..., 2, 1]], axis=-1)
    z = np.stack([w[..., 3], x[..., 3], y[..., 3], 1 + 2 * m[..., 2, 2] - trace], axis=-1)
    return normalised(np.choose(pick[..., None], [w, x, y, z]))


def from_euler(degrees: Array, axes: str) -> Array:
    """Rotations from Euler angles as BVH has them: the axes turn along, in the order of the channels.

    Args:
        degrees: (..., N), N as there are axes.
        axes: letters such as ``"ZXY"``.
    """
    result = np.zeros((*degrees.shape[:-1], 4))
    result[..., 0] = 1.0
    for index, axis in enumerate(axes):
        result = multiply(result, about_axis(_AXES[axis], np.deg2rad(degrees[..., index])))
    return result


def to_euler(rotations: Array, axes: str) -> Array:
    """Euler angles in degrees, (..., 3), for three different axes; see :func:`from_euler`."""
    i, j, k = (_AXES[axis] for axis in axes)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    w, vector = rotations[..., 0], rotations[..., 1:]
    a, b, c = vector[..., i], vector[..., j], vector[..., k]
    # Entries of the rotation matrix in the frame of the three axes.
    sine = np.clip(2 * (w * b + sign * a * c), -1.0, 1.0)
    first = np.arctan2(2 * (w * a - sign * b * c), 1 - 2 * (a * a + b * b))
    third = np.arctan2(2 * (w * c - sign * a * b), 1 - 2 * (b * b + c * c))
    # At a quarter turn of the second axis the other two do the same: the third is set to 0.
    locked = np.abs(sine) > 1 - 1e-9
    first = np.where(locked, 2 * np.arctan2(a, w), first)
    third = np.where(locked, 0.0, third)
    return np.asarray(np.rad2deg(np.stack([first, np.arcsin(sine), third], axis=-1)))


def unwrapped_euler(degrees: Array, near: Array) -> Array:
    """Of the two triples of angles and their full turns, those nearest to the frame before.

    Args:
        degrees: F x 3, as :func:`to_euler` gives them.
        near: 3, angles that the first frame is to be near to.
    """
    result: list[list[float]] = []
    x, y, z = near.tolist()
    for a, b, c in degrees.tolist():  # numbers of Python's: arrays of three are ten times as slow
        best: tuple[float, float, float, float] | None = None
        for first, second, third in ((a, b, c), (a + 180, 180 - b, c + 180)):
            first += 360 * round((x - first) / 360)
            second += 360 * round((y - second) / 360)
            third += 360 * round((z - third) / 360)
            away = abs(first - x) + abs(second - y) + abs(third - z)
            if best is None or away < best[0]:
                best = (away, first, second, third)
        assert best is not None
        _, x, y, z = best
        result.append([x, y, z])
    return np.array(result).reshape(-1, 3)
