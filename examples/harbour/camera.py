"""Rays from the camera into the scene, with shadows, skylight and the mirroring water."""

from __future__ import annotations

import numpy as np

from harbour.noise import fractal, mix, noise_slopes, smooth
from harbour.panorama import panorama
from harbour.shading import paint
from harbour.sky import air
from harbour.solids import Scene
from harbour.world import EYE, HAZE, PAN_HIGH, PAN_U, SKYLIGHT, SUN, SUNLIGHT


class Camera:
    """Turns rays into colours.

    Args:
        scene: the solids.
        density: pixels of the panorama for a slope of 1.
    """

    def __init__(self, scene: Scene, density: float) -> None:
        self.scene, self.density = scene, density
        self.view, self.depth = panorama(density)
        self.rng = np.random.default_rng(6)

    def far(self, ray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Colours of sky or land in the directions of rays, N x 3, and depth of the land in metres, N."""
        forward = np.maximum(ray[:, 2], 0.05)
        u, v = ray[:, 0] / forward, ray[:, 1] / forward
        rows, columns = self.depth.shape
        y = np.clip(np.round((PAN_HIGH - v) * self.density), 0, rows - 1).astype(int)
        x = np.clip(np.round((u + PAN_U) * self.density), 0, columns - 1).astype(int)
        color = self.view[y, x]
        high = smooth(PAN_HIGH * 0.7, PAN_HIGH, v)
        return mix(color, air(u, v), high), self.depth[y, x]

    def sky_behind(self, ray: np.ndarray) -> np.ndarray:
        """Colours of a plain sky, for panes and paint that mirror what is behind the camera."""
        up = np.clip(ray[:, 1], 0, 1)
        color = mix(np.array([0.95, 0.88, 0.76]), np.array([0.20, 0.38, 0.72]), smooth(0, 0.55, up))
        soft = smooth(-0.1, 0.25, fractal(ray[:, 0] * 3 / (up + 0.2), ray[:, 2] * 3 / (up + 0.2), 5))
        color = mix(color, np.array([1.2, 1.12, 1.0]), 0.6 * soft)
        return mix(color, np.array([0.10, 0.14, 0.16]), smooth(0.06, -0.02, ray[:, 1]))

    def shade(
        self, origin: np.ndarray, ray: np.ndarray, t: np.ndarray, solid: np.ndarray, face: np.ndarray, fine: bool
    ) -> np.ndarray:
        """Colours of solids where rays hit them, N x 3.

        Args:
            origin: where rays start, N x 3.
            ray: unit directions, N x 3.
            t: distances to the hits in metres, N.
            solid: numbers of the solids, N.
            face: numbers of the planes that were hit; -1 is the round shape, N.
            fine: gather skylight by five rays a point instead of one.
        """
        where = origin + ray * t[:, None]
        albedo, normal = np.zeros_like(where), np.zeros_like(where)
        flat = np.zeros_like(where)
        shine, sunlit = np.zeros(len(t)), np.ones(len(t))
        for number in np.unique(solid):
            pick = np.flatnonzero(solid == number)
            thing = self.scene.solids[number]
            local = (where[pick] - thing.center) @ thing.frame.T
            n = thing.normal(local, face[pick])
            color, gloss, sun, bump = paint(thing, local, n, ray[pick] @ thing.frame.T, where[pick])
            albedo[pick], shine[pick], sunlit[pick] = color, gloss, sun
            normal[pick], flat[pick] = bump @ thing.frame, n @ thing.frame
        start = where + flat * 0.02
        sun = np.clip(normal @ SUN, 0, 1) * (flat @ SUN > 0) * sunlit
        bright = np.flatnonzero(sun > 0)
        if bright.size:
            softness = 0.012 * self.rng.normal(size=3)
            sun[bright] *= ~self.scene.blocked(start[bright], SUN + softness, 200.0)
        # Skylight: random rays over the half-space, open or not.
        gathered = np.zeros(len(t))
        rounds = 5 if fine else 1
        for _ in range(rounds):
            ball = self.rng.normal(size=where.shape)
            ball = flat + ball / np.linalg.norm(ball, axis=1, keepdims=True)
            ball /= np.maximum(np.linalg.norm(ball, axis=1, keepdims=True), 1e-6)
            opened = ~self.scene.blocked(start, ball, 9.0)
            gathered += np.where(opened, 0.56 + 0.40 * flat[:, 1], 0.13)
        gathered = gathered / rounds
        bounce = np.array([0.30, 0.24, 0.18]) * (0.6 - 0.4 * flat[:, 1])[:, None] * 0.55
        light = SUNLIGHT * sun[:, None] + SKYLIGHT * gathered[:, None] * 1.15 + bounce * (0.3 + gathered)[:, None]
        color = albedo * light
        gloss = np.flatnonzero(shine > 0)
        if gloss.size:
            wobble = 0.075 * np.stack(
                [fractal(where[gloss, 0] * 1.1 + k * 5, where[gloss, 1] * 1.3 + where[gloss, 2], 2) for k in range(3)],
                -1,
            )
            n = normal[gloss] + wobble
            cosine = np.einsum("ij,ij->i", n, -ray[gloss])
            bounced = ray[gloss] + 2 * cosine[:, None] * n
            fresnel = 0.06 + 0.94 * (1 - np.clip(cosine, 0, 1)) ** 5 + 0.17 * (shine[gloss] > 0.9)
            color[gloss] += self.sky_behind(bounced) * (fresnel * shine[gloss])[:, None]
        veil = 1 - np.exp(-t / 2600)
        return color + (HAZE - color) * veil[:, None]

    def look(self, origin: np.ndarray, ray: np.ndarray, which: np.ndarray, fine: bool = True) -> np.ndarray:
        """Colours of everything but the water along rays, N x 3; ``which`` are the numbers of the solids to try."""
        t, solid, face = self.scene.trace(origin, ray, which)
        color, depth = self.far(ray)
        hit = np.flatnonzero((solid >= 0) & (t * ray[:, 2] < depth + 2.5))
        if hit.size:
            color[hit] = self.shade(origin[hit], ray[hit], t[hit], solid[hit], face[hit], fine)
        return color

    def water(self, where: np.ndarray, ray: np.ndarray, distance: np.ndarray) -> np.ndarray:
        """Colours of the water, N x 3: mirroring waves over the green depth."""
        x, z = where[:, 0], where[:, 2]
        slope_x, slope_z = np.zeros(len(x)), np.zeros(len(x))
        pixel = distance * 1.2 / self.density
        calm = 0.55 + 0.9 * smooth(-0.25, 0.25, fractal(x / 26 + 2, z / 60, 3))
        size, height = 5.2, 0.050
        for octave in range(7):
            a = 0.5 + 1.9 * octave
            c, s = np.cos(a) / size, np.sin(a) / size
            _, gx, gz = noise_slopes(c * x - s * z + octave * 7.7, s * x + c * z + octave * 3.1)
            seen = smooth(0.30, 1.2, size / (pixel * distance / EYE[1] * 0.55 + 1e-3))
            slope_x += height * seen * (gx * c + gz * s) * size
            slope_z += height * seen * (gz * c - gx * s) * size
            size, height = size * 0.56, height * 0.80
        n = np.stack([-slope_x * calm * 0.42, np.ones_like(x), -slope_z * calm * 0.42], -1)
        # What is too fine to see still roughens the far water.
        n[:, 2] += self.rng.normal(0, 0.022, len(x)) * smooth(20, 90, distance)
        n /= np.linalg.norm(n, axis=1, keepdims=True)
        cosine = np.clip(-np.einsum("ij,ij->i", n, ray), 0.01, 1)
        bounced = ray + 2 * cosine[:, None] * n
        bounced[:, 1] = np.abs(bounced[:, 1]) + 1e-3
        fresnel = 0.02 + 0.98 * (1 - cosine) ** 5
        start = where + np.array([0, 0.01, 0])
        which = np.arange(len(self.scene.solids))
        # Only those solids are tried that a ray from this tile can meet.
        middle = start.mean(0)
        spread = np.linalg.norm(start - middle, axis=1).max()
        mean = bounced.mean(0) / np.linalg.norm(bounced.mean(0))
        wide = np.arccos(np.clip((bounced @ mean).min(), -1, 1))
        offset = self.scene.middles - middle
        away = np.linalg.norm(offset, axis=1)
        angle = np.arccos(np.clip(offset @ mean / np.maximum(away, 1e-6), -1, 1))
        ball = np.arcsin(np.clip((self.scene.bounds + spread) / np.maximum(away, 1e-6), 0, 1))
        which = which[angle < wide + ball + 0.02]
        mirrored = self.look(start, bounced, which, fine=False)
        deep = np.array([0.020, 0.075, 0.085]) * (1 + 0.5 * fractal(x / 15, z / 15, 3))[:, None]
        lit = deep + np.array([0.01, 0.06, 0.055]) * np.clip(0.5 + 6 * slope_z, 0, 1)[:, None]
        color = mix(lit, mirrored, fresnel)
        veil = 1 - np.exp(-distance / 3800)
        return color + (HAZE - color) * veil[:, None]
