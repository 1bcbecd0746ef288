"""What the benchmark of movement measures: style and content by a classifier, Frechet distance, sliding, jerk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.motion import quaternions
from impasto.motion.body import Body, see_body
from impasto.motion.clip import Clip
from impasto.motion.feet import contacts, feet_of
from impasto.motion.series import velocity

Array = NDArray[np.float64]

RATE = 30  # frames a second in which all is measured
_PARTS = ["head", "neck"] + [
    f"{side}-{part}"
    for side in ("left", "right")
    for part in ("upper-arm", "lower-arm", "hand", "thigh", "shin", "foot", "toe")
]
_APART = 6  # frames (0.2 s) between the three poses that are seen together
_COMPONENTS, _DISTANCE_COMPONENTS = 60, 24


def at_rate(clip: Clip) -> Clip:
    """A clip at :data:`RATE` frames a second."""
    if abs(clip.rate - RATE) < 0.5:
        return clip
    return clip.resampled(np.arange(int(clip.seconds * RATE)) / RATE, 1 / RATE)


def poses(body: Body, mirrored: bool = False) -> Array:
    """F x D: where the limbs are, from the hips, in the frame of the heading, in leg lengths.

    Args:
        body: the body.
        mirrored: swap left and right.
    """
    hips = body.positions[:, [body.joints["left-thigh"], body.joints["right-thigh"]]].mean(1)
    turn = quaternions.about_axis(1, -body.heading)[:, None]
    points = {}
    for part in _PARTS:
        point = (body.positions[:, body.joints[part]] - hips * np.array([1.0, 0.0, 1.0])) / body.leg
        points[part] = quaternions.rotate(turn[:, 0], point)
    if mirrored:
        swap = {"left": "right", "right": "left"}
        points = {
            part: points["-".join([swap.get(part.split("-")[0], part.split("-")[0]), *part.split("-")[1:]])]
            * np.array([-1.0, 1.0, 1.0])
            for part in _PARTS
        }
    return np.concatenate([points[part] for part in _PARTS], axis=1)


def features(clip: Clip, mirrored: bool = False) -> Array:
    """F x 4 D: three poses 0.2 s apart, and the velocity of the middle one."""
    pose = poses(see_body(at_rate(clip)), mirrored)
    speed = velocity(pose, RATE)
    index = np.arange(len(pose))
    near = [pose[np.clip(index + shift, 0, len(pose) - 1)] for shift in (-_APART, 0, _APART)]
    return np.concatenate([*near, 0.3 * speed], axis=1)


@dataclass
class Classifier:
    """Linear discriminant analysis on principal components."""

    mean: Array
    axes: Array
    centers: Array
    inverse: Array
    labels: list[str]

    @classmethod
    def fit(cls, examples: dict[str, list[Array]]) -> Classifier:
        """Learn labels from features."""
        labels = sorted(examples)
        rows = {label: np.concatenate(examples[label]) for label in labels}
        everything = np.concatenate(list(rows.values()))
        mean = everything.mean(axis=0)
        _, _, axes = np.linalg.svd(everything - mean, full_matrices=False)
        axes = axes[:_COMPONENTS]
        low = {label: (rows[label] - mean) @ axes.T for label in labels}
        centers = np.stack([low[label].mean(axis=0) for label in labels])
        within = sum(np.cov(low[label].T) for label in labels) / len(labels)
        within = within + 0.01 * np.trace(within) / len(within) * np.eye(len(within))
        return cls(mean, axes, centers, np.linalg.inv(within), labels)

    def label(self, rows: Array) -> str:
        """The label of a clip's features."""
        low = (rows - self.mean) @ self.axes.T
        away = low[:, None] - self.centers
        distance = np.einsum("fkd,de,fke->fk", away, self.inverse, away)
        return self.labels[int(np.argmin(distance.mean(axis=0)))]


def frechet(one: Array, other: Array, basis: Array) -> float:
    """The Frechet distance of two sets of features, on the principal components of a third."""
    mean = basis.mean(axis=0)
    axes = np.linalg.svd(basis - mean, full_matrices=False)[2][:_DISTANCE_COMPONENTS]
    a, b = ((rows - mean) @ axes.T for rows in (one, other))
    ca, cb = np.cov(a.T), np.cov(b.T)
    values, vectors = np.linalg.eigh(ca)
    root = vectors @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cb @ root), 0)).sum()
    return float(np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(ca) + np.trace(cb) - 2 * cross)


def sliding(clip: Clip, contact_of: Clip | None = None) -> float:
    """Mean speed of standing toes over the floor, in leg lengths a second.

    Args:
        clip: the clip.
        contact_of: the clip that says when feet stand; ``None``: the same.
    """
    clip = at_rate(clip)
    body = see_body(clip)
    feet = feet_of(body, body.positions)
    other = body if contact_of is None else see_body(at_rate(contact_of))
    stands = contacts(feet_of(other, other.positions), other.leg, RATE)[:, : clip.frames]
    speed = np.linalg.norm(velocity(np.moveaxis(feet.toes, 0, 1), RATE)[..., [0, 2]], axis=2).T / body.leg
    stands = stands[:, : speed.shape[1]]
    return float(speed[:, : stands.shape[1]][stands].mean()) if stands.any() else 0.0


def jerk(clip: Clip) -> float:
    """Median third difference of the limbs' positions, in leg lengths a second cubed."""
    body = see_body(at_rate(clip))
    joints = [body.joints[part] for part in _PARTS if part in body.joints]
    third = np.diff(body.positions[:, joints] / body.leg, n=3, axis=0) * RATE**3
    return float(np.median(np.linalg.norm(third, axis=2))) if len(third) else 0.0


def sinking(clip: Clip) -> float:
    """How far feet go below the floor at most (99th percentile), in leg lengths."""
    body = see_body(clip)
    feet = feet_of(body, body.positions)
    return float(np.percentile(np.maximum(-feet.heights.min(axis=0), 0), 99) / body.leg)
