"""Convex solids (half-spaces, ellipsoids, cones) and scenes of them, hit exactly by rays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Solid:
    """A convex solid: what lies inside all of its planes and, if it has one, its round shape.

    Attributes:
        center: origin of the solid's frame, in metres.
        frame: the axes of the solid's frame, as rows.
        planes: rows of an outward normal and an offset in the frame; inside, normal . p <= offset.
        material: how :func:`harbour.shading.paint` colours it.
        info: what the material needs, by name.
        round: ``"ellipsoid"`` and its half axes, or ``"cone"`` with its radius and how that shrinks with height.
        bound: radius in metres of a ball that holds the solid.
        middle: centre of that ball, in the scene's frame.
    """

    center: np.ndarray
    frame: np.ndarray
    planes: np.ndarray
    material: str
    info: dict = field(default_factory=dict)
    round: tuple[str, np.ndarray] | None = None
    bound: float = 1.0
    middle: np.ndarray = field(default_factory=lambda: np.zeros(3))

    def span(self, origin: np.ndarray, ray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where rays enter (infinity: they do not) and through which plane (-1: the round shape)."""
        o, d = (origin - self.center) @ self.frame.T, ray @ self.frame.T
        enter, leave = np.full(len(o), -np.inf), np.full(len(o), np.inf)
        face = np.full(len(o), -1)
        if len(self.planes):
            normal, offset = self.planes[:, :3], self.planes[:, 3]
            toward = d @ normal.T
            toward = np.where(np.abs(toward) < 1e-9, 1e-9, toward)
            t = (offset - o @ normal.T) / toward
            inward = np.where(toward < 0, t, -np.inf)
            face = inward.argmax(1)
            enter = np.take_along_axis(inward, face[:, None], 1)[:, 0]
            leave = np.where(toward > 0, t, np.inf).min(1)
        if self.round is not None:
            kind, size = self.round
            if kind == "ellipsoid":
                o, d = o / size, d / size
                a, b, c = (d * d).sum(1), (o * d).sum(1), (o * o).sum(1) - 1
            else:  # a cone round y: radius, and how it shrinks with y
                radius, taper = size
                edge = radius - taper * o[:, 1]
                a = d[:, 0] ** 2 + d[:, 2] ** 2 - (taper * d[:, 1]) ** 2
                a = np.where(np.abs(a) < 1e-9, 1e-9, a)
                b = o[:, 0] * d[:, 0] + o[:, 2] * d[:, 2] + taper * d[:, 1] * edge
                c = o[:, 0] ** 2 + o[:, 2] ** 2 - edge**2
            root = b * b - a * c
            miss = root < 0
            root = np.sqrt(np.where(miss, 0, root))
            near = np.where(miss, np.inf, (-b - root) / a)
            face = np.where(near > enter, -1, face)
            enter = np.maximum(enter, near)
            leave = np.minimum(leave, np.where(miss, -np.inf, (-b + root) / a))
        return np.where((enter < leave) & (enter > 1e-4), enter, np.inf), face

    def normal(self, local: np.ndarray, face: np.ndarray) -> np.ndarray:
        """Outward normals in the solid's frame."""
        result = self.planes[np.maximum(face, 0), :3].copy() if len(self.planes) else np.zeros((len(local), 3))
        if self.round is not None:
            kind, size = self.round
            if kind == "ellipsoid":
                outward = local / size**2
            else:
                outward = local * np.array([1, 0, 1])
                outward[:, 1] = size[1] * np.linalg.norm(outward, axis=1)
            result = np.where((face < 0)[:, None], outward, result)
        return result / np.maximum(np.linalg.norm(result, axis=1, keepdims=True), 1e-9)


class Scene:
    """All solids and what is needed to skip most of them."""

    def __init__(self) -> None:
        self.solids: list[Solid] = []

    def add(self, center, frame, planes, material, reach, middle=(0, 0, 0), round_=None, **info) -> None:
        """Add a solid; reach is the radius of a ball round ``middle`` that holds it."""
        frame = np.asarray(frame, float)
        planes = np.asarray(planes, float).reshape(-1, 4)
        center = np.asarray(center, float)
        solid = Solid(center, frame, planes, material, info, round_, reach, center + np.asarray(middle, float) @ frame)
        self.solids.append(solid)

    def box(self, center, frame, low, high, material, **info) -> None:
        """A box between two corners in the frame."""
        low, high = np.asarray(low, float), np.asarray(high, float)
        planes = [[*(-np.eye(3)[k]), -low[k]] for k in range(3)] + [[*np.eye(3)[k], high[k]] for k in range(3)]
        self.add(center, frame, planes, material, np.linalg.norm(high - low) / 2, (low + high) / 2, **info)

    def freeze(self) -> None:
        """Collect the balls around all solids; must be called once the scene is complete."""
        self.middles = np.array([s.middle for s in self.solids])
        self.bounds = np.array([s.bound for s in self.solids])

    def trace(
        self, origin: np.ndarray, ray: np.ndarray, which: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Nearest hits of rays: distance in metres (infinity: none), number of the solid (-1: none), and face."""
        best = np.full(len(origin), np.inf)
        solid, side = np.full(len(origin), -1), np.full(len(origin), -1)
        for number in which:
            # Only rays that pass through the ball around the solid are tried.
            offset = self.middles[number] - origin
            along = np.einsum("ij,ij->i", offset, ray)
            miss = np.einsum("ij,ij->i", offset, offset) - along * along
            close = np.flatnonzero((miss < self.bounds[number] ** 2) & (along > -self.bounds[number]))
            if close.size == 0:
                continue
            t, face = self.solids[number].span(origin[close], ray[close])
            nearer = t < best[close]
            at = close[nearer]
            best[at], solid[at], side[at] = t[nearer], number, face[nearer]
        return best, solid, side

    def blocked(self, origin: np.ndarray, ray: np.ndarray, reach: float) -> np.ndarray:
        """Whether rays meet a solid within ``reach`` metres; ``ray`` is N x 3, or one direction for all."""
        low, high = origin.min(0), origin.max(0)
        if ray.ndim == 1:  # a beam: compare across it
            side = np.cross(ray, [0.0, 1.0, 0.0])
            side /= np.linalg.norm(side)
            axes = np.stack([side, np.cross(side, ray)])
            flat, balls = origin @ axes.T, self.middles @ axes.T
            gap = np.maximum(flat.min(0) - balls, balls - flat.max(0)).max(1)
            ray = np.broadcast_to(ray, origin.shape)
        else:
            gap = np.linalg.norm(np.maximum(0, np.maximum(low - self.middles, self.middles - high)), axis=1) - reach
        which = np.flatnonzero(gap < self.bounds)
        return self.trace(origin, ray, which)[0] < reach
