"""Three ways to lead the directions of a content clip to those of a style.

All take the directions of the content, F x 3 unit vectors, and give as many.
"""

from __future__ import annotations

import numpy as np

from impasto.arithmetic import transport_matrix
from impasto.motion import quaternions
from impasto.motion.gait import Gait, harmonics_at
from impasto.motion.quaternions import Array
from impasto.motion.style import Direction, along_tangents, tangents

_RATIO = (0.3, 1.5)  # least and largest factor by which the style changes how far steps stray from their mean
_SPREAD = (0.5, 2.0)  # least and largest factor by which the style changes how much a limb moves
_UNSTEADY = 0.4  # radians of movement at which the mean of a limb that does not repeat itself counts half
_EIGENVALUES = (0.3, 3.0)  # least and largest eigenvalue of the map from the content's to the style's covariance
_STILL = 0.05  # radians: movement that is as good as none when two are compared
_TINY = 1e-6  # radians squared that are added to variances, so that a limb that rests has an invertible covariance


def by_gait(values: Array, content: Direction, style: Direction, gait: Gait, kept: Array) -> Array:
    """The style's mean step at the content's phase, and a share of what the content does beside its own mean step.

    Where the content stands, its own directions stay; see :func:`by_statistics` for those.

    Args:
        values: the content's directions.
        content: their measures, with a mean step.
        style: the style's, with a mean step.
        gait: of the content.
        kept: F x 1, the share.
    """
    assert content.harmonics is not None
    assert style.harmonics is not None
    basis = harmonics_at(gait.phase)
    own, new = (quaternions.normalised(basis @ harmonics) for harmonics in (content.harmonics, style.harmonics))
    ratio = np.clip((style.residual + 1e-3) / (content.residual + 1e-3), *_RATIO)
    strays = quaternions.rotate(quaternions.between(own, new), values - own)
    return quaternions.normalised(new + kept * ratio * strays)


def by_neutral(values: Array, content: Direction, style: Direction, neutral: Direction, *, steady: bool) -> Array:
    """The content turned as the style is turned against a neutral clip, and moving as much more or less.

    Args:
        values: the content's directions.
        content: their measures.
        style: the style's measures.
        neutral: those of the neutral clip: the same action and actor as the style's, without the style.
        steady: whether style and neutral clip repeat themselves, as walks do. Where they do not, the mean of a limb
            that moves much tells rather how long it was where, and counts the less.
    """
    trust = 1.0 if steady else 1 / (1 + (min(style.spread, neutral.spread) / _UNSTEADY) ** 2)
    turn = quaternions.power(quaternions.between(neutral.mean, style.mean), trust)
    ratio = np.clip((style.spread + _STILL) / (neutral.spread + _STILL), *_SPREAD)
    moved = quaternions.rotate(turn, ratio * tangents(values, content.mean))
    return along_tangents(quaternions.rotate(turn, content.mean), moved)


def by_statistics(values: Array, content: Direction, style: Direction, *, alike: bool) -> Array:
    """Mean and covariance led towards the style's, the less the more differently the two move.

    Args:
        values: the content's directions.
        content: their measures.
        style: the style's measures.
        alike: whether both walk, or neither does; else less is carried over, since most of what sets them apart is what
            they do.
    """
    less, more = sorted((content.spread + _STILL, style.spread + _STILL))
    share = less / more if alike else (less / more) ** 2
    turn = quaternions.between(content.mean, style.mean)
    part = quaternions.power(turn, share)
    # The style's covariance is turned back to the content's mean, where both have the same two directions across.
    across = _across(content.mean)
    back = np.stack([quaternions.rotate(turn, axis) for axis in across])
    one = across @ content.covariance @ across.T + _TINY * np.eye(2)
    other = back @ style.covariance @ back.T + _TINY * np.eye(2)
    matrix = (1 - share) * np.eye(2) + share * _optimal_map(one, other)
    tangent = tangents(values, content.mean) @ across.T @ matrix.T @ across
    return along_tangents(quaternions.rotate(part, content.mean), quaternions.rotate(part, tangent))


def _across(mean: Array) -> Array:
    """Two directions across a mean direction and each other, 2 x 3."""
    first = np.eye(3)[int(np.argmin(np.abs(mean)))]
    first = quaternions.normalised(first - (first @ mean) * mean)
    return np.stack([first, np.cross(mean, first)])


def _optimal_map(one: Array, other: Array) -> Array:
    """The map from one covariance to another, 2 x 2 each, whose eigenvalues are clipped."""
    values, vectors = np.linalg.eigh(transport_matrix(one, other))
    return np.asarray(vectors @ np.diag(np.clip(values, *_EIGENVALUES)) @ vectors.T)
