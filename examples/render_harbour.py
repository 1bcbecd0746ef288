"""Render ``harbour.jpg``: a small harbour town under mountains, a lighthouse, late afternoon. No photograph in it.

    python examples/render_harbour.py [OUTPUT] [--size 1280]

A little ray tracer in plain numpy. What stands in the harbour is made of convex solids (half-spaces, ellipsoids,
cones), hit exactly; the land behind is a height field, the sky a volume of noise, both computed once as a
panorama which the camera and the mirroring water look up. Sunlight is shadowed, skylight is gathered by random
rays, water reflects by Fresnel's law through waves. Lengths are metres: x to the right, y up, z away from the camera.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

ASPECT = 1.5
HALF = 0.52  # half the picture's width, as a slope: the lens
HORIZON = 0.60  # share of the height above the horizon
EYE = np.array([0.0, 5.2, 0.0])
SUN = np.array([0.80, 0.40, -0.34]) / np.linalg.norm([0.80, 0.40, -0.34])
SUNLIGHT = np.array([1.0, 0.78, 0.52]) * 3.3
SKYLIGHT = np.array([0.40, 0.57, 0.90]) * 0.72
HAZE = np.array([0.60, 0.70, 0.86])
PAN_U, PAN_LOW, PAN_HIGH = 0.72, -0.03, 0.60  # what the panorama covers, as slopes

# The quay's edge: where it begins, along it, and from the water inland.
QUAY = np.array([-25.0, 0.0, 34.0])
ALONG = np.array([0.5, 0.0, np.sqrt(0.75)])
INLAND = np.array([-np.sqrt(0.75), 0.0, 0.5])
QUAY_HEIGHT = 1.6


# --------------------------------------------------------------------------------------------------- noise


def smooth(edge0: float, edge1: float, x: np.ndarray) -> np.ndarray:
    """0 at the first edge, 1 at the second, smooth between."""
    t = np.clip((x - edge0) / (edge1 - edge0), 0, 1)
    return t * t * (3 - 2 * t)


def mix(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """From colour a to colour b by a share per point."""
    return a + (b - a) * np.asarray(share)[..., None]


_TABLE = np.random.default_rng(3).random(1 << 16)
_CUBE = np.random.default_rng(4).random(64**3)


def noise_slopes(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Smooth noise in [-1, 1] and its two slopes."""
    xf, yf = np.floor(x), np.floor(y)
    u, v = x - xf, y - yf
    xi, yi = xf.astype(np.int64) & 255, yf.astype(np.int64) & 255
    x1, y1 = (xi + 1) & 255, (yi + 1) & 255
    a, b, c, d = _TABLE[yi * 256 + xi], _TABLE[yi * 256 + x1], _TABLE[y1 * 256 + xi], _TABLE[y1 * 256 + x1]
    du, dv = 30 * u * u * (u * (u - 2) + 1), 30 * v * v * (v * (v - 2) + 1)
    u, v = u * u * u * (u * (u * 6 - 15) + 10), v * v * v * (v * (v * 6 - 15) + 10)
    k1, k2, k3 = b - a, c - a, a - b - c + d
    return 2 * (a + k1 * u + k2 * v + k3 * u * v) - 1, 2 * du * (k1 + k3 * v), 2 * dv * (k2 + k3 * u)


def fractal(x: np.ndarray, y: np.ndarray, octaves: int = 5, gain: float = 0.5) -> np.ndarray:
    """Fractal noise around 0; the lattice turns at each octave so that it does not show."""
    total, weight = 0.0, 0.5
    for octave in range(octaves):
        total = total + weight * noise_slopes(x + 19.7 * octave, y + 7.3 * octave)[0]
        x, y, weight = 1.62 * x - 1.22 * y, 1.22 * x + 1.62 * y, weight * gain
    return total


def eroded(x: np.ndarray, y: np.ndarray, octaves: int) -> np.ndarray:
    """Fractal noise whose fine octaves fade where the coarse ones are steep: ridges and smooth valleys."""
    total, weight, gx, gy = 0.0, 0.5, 0.0, 0.0
    for _ in range(octaves):
        value, sx, sy = noise_slopes(x, y)
        gx, gy = gx + sx * 0.55, gy + sy * 0.55
        total = total + weight * value / (1 + gx * gx + gy * gy)
        x, y, weight = 1.6 * x - 1.2 * y + 3.1, 1.2 * x + 1.6 * y + 5.7, weight * 0.49
    return total


def noise3(p: np.ndarray) -> np.ndarray:
    """Smooth noise in [0, 1] in space, on a 64 x 64 x 64 lattice that repeats."""
    cell = np.floor(p)
    f = (p - cell).astype(np.float32)
    f = f * f * (3 - 2 * f)
    i = cell.astype(np.int32)
    x0, y0, z0 = (i[..., k] & 63 for k in range(3))
    x1, y1, z1 = (x0 + 1) & 63, ((y0 + 1) & 63) * 64, ((z0 + 1) & 63) * 4096
    y0, z0 = y0 * 64, z0 * 4096
    u, v, w = f[..., 0], f[..., 1], f[..., 2]
    t = _CUBE
    low = (t[z0 + y0 + x0] * (1 - u) + t[z0 + y0 + x1] * u) * (1 - v) + (
        t[z0 + y1 + x0] * (1 - u) + t[z0 + y1 + x1] * u
    ) * v
    high = (t[z1 + y0 + x0] * (1 - u) + t[z1 + y0 + x1] * u) * (1 - v) + (
        t[z1 + y1 + x0] * (1 - u) + t[z1 + y1 + x1] * u
    ) * v
    return low * (1 - w) + high * w


# --------------------------------------------------------------------------------------------- land and sky


def quay_coordinates(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Along the quay and inland."""
    x, z = x - QUAY[0], z - QUAY[2]
    return x * ALONG[0] + z * ALONG[2], x * INLAND[0] + z * INLAND[2]


def ground(x: np.ndarray, z: np.ndarray, octaves: int = 9) -> np.ndarray:
    """Height of the bare land; under 0 it is sea."""
    s, q = quay_coordinates(x, z)
    rise = 11 * smooth(14, 62, q) + 62 * smooth(45, 420, q)
    cape = smooth(205, 118, s + 9 * fractal(s / 40, q / 40, 3)) * smooth(6, 12, q)
    hill = (QUAY_HEIGHT + rise + 9 * fractal(x / 90, z / 90, 4) * smooth(40, 120, q) + 12) * cape - 12
    far = smooth(1500, 3600, z + 260 * fractal(x / 600, z / 600, 3))
    peaks = 0.62 + 0.50 * np.exp(-(((x / z + 0.17) / 0.20) ** 2)) - 0.18 * np.exp(-(((x / z - 0.30) / 0.16) ** 2))
    crag = sum(
        k * (1 - np.abs(noise_slopes(x / w + 3, z / w + y0)[0]))
        for w, k, y0 in ((520, 150, 0), (240, 80, 7), (105, 40, 4), (48, 15, 9))
    )
    range_ = (
        far
        * (
            200
            + crag * smooth(2300, 3600, z)
            + 2050 * eroded(x / 2300 + 4.4, z / 2300 + 2.2, octaves)
            + 560 * smooth(2500, 5200, z)
        )
        * peaks
    )
    middle = (
        smooth(700, 1150, z + 1.1 * x) * smooth(1900, 1300, z) * smooth(60, 420, x + 130 * fractal(x / 300, z / 300, 4))
    )
    spit = middle * (70 + 110 * eroded(x / 420, z / 420, min(octaves, 6))) - 8
    return np.maximum(np.maximum(hill, range_ - 25), spit)


def woods(x: np.ndarray, z: np.ndarray, height: np.ndarray) -> np.ndarray:
    """How thick the forest stands, 0 to 1."""
    _, q = quay_coordinates(x, z)
    share = smooth(-0.22, 0.10, fractal(x / 130, z / 130, 4)) * smooth(50, 75, q)
    return np.where(
        z > 700, smooth(440, 270, height + 520 * fractal(x / 330 + height / 160, z / 330, 7, 0.62)), share
    ) * (height > 3)


def trees(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Height of spruces and round crowns over the ground, and a number of the tree one is in."""
    spacing = 5.2
    xi, zi = np.floor(x / spacing), np.floor(z / spacing)
    best, number = np.zeros(x.shape), np.zeros(x.shape)
    for di in (-1, 0, 1):
        for dj in (-1, 0, 1):
            cx, cz = xi + di, zi + dj
            a = _TABLE[(cx.astype(np.int64) & 255) * 256 + (cz.astype(np.int64) & 255)]
            b = _TABLE[(cz.astype(np.int64) & 255) * 256 + (cx.astype(np.int64) + 97 & 255)]
            r = np.hypot(x - (cx + 0.15 + 0.7 * a) * spacing, z - (cz + 0.15 + 0.7 * b) * spacing)
            tall = 5.5 + 6.5 * a * b + 3 * b
            crown = np.where(
                a > 0.45,
                tall * 1.25 * (1 - r / (2.3 + 1.3 * b)),
                tall * 0.85 * np.sqrt(np.clip(1 - (r / (3.0 + b)) ** 2, 0, 1)),
            )
            number = np.where(crown > best, a, number)
            best = np.maximum(best, crown)
    return best, number


def land(x: np.ndarray, z: np.ndarray, octaves: int = 9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Height with its trees, how wooded, and the tree's number."""
    height = ground(x, z, octaves)
    forest = np.zeros(x.shape)
    number = np.zeros(x.shape)
    near = (z < 2600) & (height > 2)
    forest[height > 2] = woods(x[height > 2], z[height > 2], height[height > 2])
    crown, which = trees(x[near], z[near])
    tall = crown * smooth(0.35, 0.6, forest[near] + 0.3 * which)
    height[near] += tall + 0.55 * tall * fractal(x[near] * 1.3, z[near] * 1.3, 4, 0.7) * smooth(900, 500, z[near])
    number[near] = which
    return height, forest, number


def clouds(u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Light and cover of cumulus clouds: a march through a layer of noise, each step lit through what is above."""
    direction = np.stack([u, v, np.ones_like(u)], -1)
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    base, top = 1150.0, 2150.0

    def density(p: np.ndarray, octaves: int) -> np.ndarray:
        level = (p[..., 1] - base) / (top - base)
        q = p * np.array([1, 1.25, 1]) / 780 + np.array([3.3, 0.4, 7.9])
        shape, weight = 0.0, 0.5
        for octave in range(octaves):
            shape = shape + weight * noise3(q + 11.3 * octave)
            q, weight = q * 2.13, weight * 0.5
        wide = noise3(p * np.array([1, 0, 1]) / 3600 + np.array([5.2, 3.5, 1.9]))
        cover = 0.300 + 0.42 * (1 - wide)
        body = shape - cover - 0.28 * smooth(0.15, 1.05, level) - 0.25 * smooth(0.10, 0, level)
        return np.clip(body * 6.5, 0, 1) * (level > 0) * (level < 1)

    light, clear = np.zeros(u.shape), np.ones(u.shape)
    climb = np.maximum(direction[..., 1], 0.035)
    steps = 44
    jitter = np.random.default_rng(8).random(u.shape)
    length = np.minimum((top - base) / climb, 9000) / steps
    for k in range(steps):
        distance = base / climb + (k + 0.3 + 0.4 * jitter) * length
        p = distance[..., None] * direction
        live = np.flatnonzero((clear > 0.02).ravel() & (direction[..., 1] > 0.03).ravel())
        if live.size == 0:
            break
        p = p.reshape(-1, 3)[live]
        thick = density(p, 6)
        some = thick > 0.003
        glow = np.zeros(live.size)
        if some.any():
            above = sum(
                density(p[some] + SUN * reach, 3) * share for reach, share in ((70, 90), (190, 150), (420, 240))
            )
            level = np.clip((p[some, 1] - base) / (top - base), 0, 1)
            glow[some] = 0.95 * np.exp(-above * 0.0105) + 0.10 + 0.22 * level
        passed = np.exp(-thick * length.ravel()[live] * 0.011)
        light.ravel()[live] += clear.ravel()[live] * (1 - passed) * glow
        clear.ravel()[live] *= passed
    fade = smooth(0.025, 0.075, v)  # far ones drown in haze
    cover = (1 - clear) * fade
    return light / np.maximum(1 - clear, 1e-3), cover


def air(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The clear sky: deep blue above, pale and a little warm at the horizon."""
    up = np.clip(v, 0, None) / np.sqrt(1 + u * u + v * v)
    color = mix(np.array([0.115, 0.27, 0.62]), np.array([0.50, 0.66, 0.90]), np.exp(-up * 5.5))
    return mix(color, np.array([1.02, 0.88, 0.74]), 0.62 * np.exp(-up * 15) * (0.8 + 0.5 * np.clip(u, -0.6, 0.6)))


def panorama(density: float) -> tuple[np.ndarray, np.ndarray]:
    """Sky and land as seen from the eye over slopes (u, v): colours, and the depth z where the land is hit."""
    us = np.arange(-PAN_U, PAN_U, 1 / density)
    vs = np.arange(PAN_HIGH, PAN_LOW, -1 / density)
    u, v = np.meshgrid(us, vs)
    color = air(u, v)
    # Clouds are soft: a third of the size will do.
    coarse = np.meshgrid(us[::3], vs[::3])
    shapes = []
    for layer in clouds(*coarse):
        for axis in (0, 1):  # a touch softer, against the grain of the march
            layer = (np.roll(layer, 1, axis) + 2 * layer + np.roll(layer, -1, axis)) / 4
        shape = Image.fromarray(layer.astype(np.float32)).resize((us.size, vs.size), Image.Resampling.BICUBIC)
        shapes.append(np.clip(np.asarray(shape, float), 0, 1.6))
    wisps = smooth(0.0, 0.55, fractal(u / (v + 0.12) * 1.1 + 9, 2.6 / (v + 0.12), 6, 0.55) + 0.02) * smooth(
        0.05, 0.2, v
    )
    color = mix(color, np.array([0.95, 0.95, 0.98]), 0.30 * wisps)
    lit = mix(np.array([0.34, 0.42, 0.56]), np.array([1.62, 1.42, 1.17]), np.clip(shapes[0] - 0.12, 0, 1.1))
    lit = mix(lit, np.array([0.80, 0.80, 0.86]), 0.5 * np.exp(-np.clip(v, 0, None) * 9))
    color = mix(color, lit, np.clip(shapes[1], 0, 1))
    # The land: along each column the highest slope so far, as a function of depth.
    zs = np.concatenate([np.geomspace(45, 420, 700), np.geomspace(421, 9500, 900)])
    depth = np.full(u.shape, np.inf)
    rising = vs[::-1]
    for first in range(0, us.size, 256):
        block = us[first : first + 256]
        z = np.broadcast_to(zs, (block.size, zs.size)).copy()
        height = land(block[:, None] * z, z, 8)[0]
        slope = (height - EYE[1]) / z
        crest = np.maximum.accumulate(slope, 1)
        for k in range(block.size):
            at = np.searchsorted(crest[k], rising)
            hit = at < zs.size
            before, after = np.clip(at - 1, 0, None), np.minimum(at, zs.size - 1)
            s0, s1 = slope[k, before], slope[k, after]
            share = np.clip((rising - s0) / np.maximum(s1 - s0, 1e-9), 0, 1)
            found = np.where(hit, zs[before] + share * (zs[after] - zs[before]), np.inf)
            depth[:, first + k] = found[::-1]
    hit = np.isfinite(depth) & (EYE[1] + v * depth > -1)
    depth[~hit] = np.inf
    # Shadows of mountains on mountains, on a coarser grid.
    dark = np.zeros(u[::3, ::3].shape)
    seen = hit[::3, ::3]
    z = depth[::3, ::3][seen]
    x, y, blocked = u[::3, ::3][seen] * z, EYE[1] + v[::3, ::3][seen] * z, np.zeros(z.size)
    for reach in np.geomspace(0.02, 0.5, 14):
        far = reach * z + 8
        above = ground(x + SUN[0] * far, z + SUN[2] * far, 6) + 4 - (y + SUN[1] * far)
        blocked = np.maximum(blocked, smooth(-0.015, 0.05, above / far))
    dark[seen] = blocked
    shadow = np.asarray(Image.fromarray(dark.astype(np.float32)).resize((us.size, vs.size), Image.Resampling.BILINEAR))
    for rows in np.array_split(np.arange(vs.size), 24):  # in strips, to spare memory
        some = hit[rows]
        z = depth[rows][some]
        y, sunlit = EYE[1] + v[rows][some] * z, 1 - np.clip(shadow[rows][some], 0, 1)
        strip = color[rows]
        strip[some] = land_color(u[rows][some] * z, z, y, sunlit, density)
        color[rows] = strip
    return color, depth


def land_color(x: np.ndarray, z: np.ndarray, y: np.ndarray, sunlit: np.ndarray, density: float) -> np.ndarray:
    """Forest, meadow, rock and snow in their light, seen through the air."""
    eps = np.maximum(z * 0.8 / density, 0.3)
    height, forest, number = land(x, z)
    slope_x = (land(x + eps, z)[0] - height) / eps
    slope_z = (land(x, z + eps)[0] - height) / eps
    normal = np.stack([-slope_x, np.ones_like(x), -slope_z], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    bare = ground(x, z, 6)
    rough = fractal(x / 19, z / 19, 5)
    patch = fractal(x / 240 + y / 90, z / 240, 5)
    meadow = mix(np.array([0.085, 0.12, 0.035]), np.array([0.20, 0.18, 0.07]), np.clip(0.5 + patch + 0.5 * rough, 0, 1))
    stone = mix(
        np.array([0.12, 0.115, 0.12]),
        np.array([0.31, 0.28, 0.25]),
        np.clip(0.5 + fractal(x / 120, y / 34, 5) + 0.6 * rough, 0, 1),
    )
    steep = smooth(0.88, 0.70, normal[:, 1] + 0.10 * rough) * smooth(60, 320, bare) + smooth(700, 1000, y + 300 * patch)
    albedo = mix(meadow, stone, np.clip(steep, 0, 1))
    crowns = mix(np.array([0.035, 0.075, 0.030]), np.array([0.085, 0.12, 0.035]), number)
    crowns = mix(crowns, np.array([0.07, 0.11, 0.04]), (z > 2600).astype(float)) * (1 + 0.9 * rough)[:, None]
    leafy = np.where(
        z < 2600,
        (height - bare > 0.6).astype(float),
        smooth(0.35, 0.75, forest + 1.1 * fractal(x / 42, z / 42, 4, 0.6)) * smooth(0.55, 0.75, normal[:, 1]),
    )
    albedo = mix(albedo, np.clip(crowns, 0.01, 1), leafy)
    snow = smooth(760, 1010, y + 330 * patch + 120 * rough) * smooth(0.52, 0.74, normal[:, 1])
    albedo = mix(albedo, np.array([0.88, 0.90, 0.94]), snow)
    sun = np.clip(normal @ SUN, 0, 1) * sunlit
    sky = 0.45 + 0.55 * normal[:, 1]
    deep = np.where(leafy > 0.5, np.where(z < 2600, 0.35 + 0.65 * smooth(0, 11, height - bare), 1), 1)
    color = albedo * (SUNLIGHT * (sun * deep)[:, None] + SKYLIGHT * (sky * deep)[:, None])
    veil = 1 - np.exp(-z / 6800 * np.exp(-np.clip(y, 0, None) / 2600))
    glow = mix(HAZE * 0.96, np.array([0.86, 0.80, 0.78]), np.clip(0.3 + x / z, 0, 1) * 0.5)
    return color + (glow - color) * veil[:, None]


# --------------------------------------------------------------------------------------------------- solids


@dataclass
class Solid:
    """What lies inside all of some planes and, if given, a round shape; in a frame of its own."""

    center: np.ndarray
    frame: np.ndarray  # rows: the local axes
    planes: np.ndarray  # rows: normal, offset; inside is normal . p <= offset
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
        """Collect the balls."""
        self.middles = np.array([s.middle for s in self.solids])
        self.bounds = np.array([s.bound for s in self.solids])

    def trace(
        self, origin: np.ndarray, ray: np.ndarray, which: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Nearest hits: distance, the solid's number (-1: none), the face."""
        best = np.full(len(origin), np.inf)
        solid, side = np.full(len(origin), -1), np.full(len(origin), -1)
        for number in which:
            # Only rays which pass the ball.
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
        """Whether anything is met within reach; rays may share one direction."""
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


def vec(*values: float) -> np.ndarray:
    """A vector."""
    return np.array(values, float)


def yaw(degrees: float) -> np.ndarray:
    """A frame turned round the vertical."""
    a = np.radians(degrees)
    return np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])


TOWN = np.stack([ALONG, np.array([0.0, 1, 0]), INLAND])
WALLS = np.array(
    [
        [0.50, 0.075, 0.045],  # Falun red
        [0.66, 0.39, 0.12],  # ochre
        [0.76, 0.72, 0.64],  # white
        [0.10, 0.24, 0.37],  # blue
        [0.72, 0.52, 0.22],  # straw
        [0.15, 0.26, 0.16],  # green
        [0.62, 0.21, 0.09],  # rust
        [0.60, 0.62, 0.60],  # grey
    ]
)
ROOFS = np.array([[0.34, 0.12, 0.07], [0.10, 0.105, 0.12], [0.42, 0.17, 0.09], [0.16, 0.13, 0.12]])


def add_house(
    scene: Scene, at: np.ndarray, size: tuple, wall: np.ndarray, roof: np.ndarray, gable_front: bool, seed: int
) -> None:
    """A wooden house: walls up under the gable, two roof slabs, a chimney."""
    w, h, d = size
    span = w if gable_front else d
    pitch = 0.95 if gable_front else 0.75
    across = 0 if gable_front else 2
    rise = span / 2 * pitch
    unit = np.hypot(1, pitch)
    slopes = []
    for sign in (-1, 1):
        normal = np.zeros(3)
        normal[across], normal[1] = sign * pitch / unit, 1 / unit
        peak = np.zeros(3)
        peak[across], peak[1] = span / 2, h + rise
        slopes.append((normal, normal @ peak))
    walls = [[-1, 0, 0, 0], [1, 0, 0, w], [0, 0, -1, 0], [0, 0, 1, d], [0, -1, 0, 6]] + [[*n, k] for n, k in slopes]
    middle, reach = (w / 2, (h + rise) / 2 - 1, d / 2), np.linalg.norm([w, h + rise + 4, d]) / 2
    scene.add(at, TOWN, walls, "house", reach, middle, size=size, color=wall, seed=seed)
    for (normal, k), sign in zip(slopes, (-1, 1), strict=True):
        along = 2 - across
        length = d if gable_front else w
        inner, outer, fore, back = np.zeros(4), np.zeros(4), np.zeros(4), np.zeros(4)
        inner[across], inner[3] = -sign, -sign * span / 2
        outer[across], outer[3] = sign, span + 0.5 if sign > 0 else 0.5
        fore[along], fore[3] = -1, 0.45
        back[along], back[3] = 1, length + 0.45
        slab = [[*normal, k + 0.22], [*-normal, -k], inner, outer, fore, back]
        scene.add(at, TOWN, slab, "roof", reach + 1, middle, color=roof, across=across, seed=seed)
    x, z = (w * 0.30, d * 0.55) if gable_front else (w * 0.7, d * 0.42)
    scene.box(
        at, TOWN, (x - 0.4, h, z - 0.4), (x + 0.4, h + rise + 0.9, z + 0.4), "brick", color=np.array([0.36, 0.16, 0.11])
    )


def add_tree(scene: Scene, at: np.ndarray, tall: float, rng: np.random.Generator, fine: bool = False) -> None:
    """A trunk and a crown of many small clumps."""
    scene.add(
        at,
        np.eye(3),
        [[0, 1, 0, tall * 0.6], [0, -1, 0, 1]],
        "wood",
        tall,
        round_=("cone", np.array([0.22, 0.02])),
        color=np.array([0.12, 0.09, 0.06]),
    )
    for _ in range(320 if fine else 80):
        offset = rng.normal(0, 1, 3)
        offset *= rng.uniform(0.45, 1.1) / np.linalg.norm(offset)
        center = at + np.array([0, tall * 0.64, 0]) + offset * np.array([0.31, 0.30, 0.31]) * tall
        radius = tall * rng.uniform(0.026, 0.052) * (1 if fine else 1.5)
        scene.add(
            center,
            np.eye(3),
            [],
            "leaves",
            radius * 1.1,
            round_=("ellipsoid", radius * np.array([1.1, 0.8, 1.1])),
            tint=rng.uniform(0, 1),
        )


def add_boat(scene: Scene, at: tuple, turn: float, length: float, hull: tuple, mast: float, cabin: bool) -> None:
    """A double-ended wooden boat."""
    at, frame, half = np.array([at[0], 0.0, at[1]]), yaw(turn), length / 2
    deck = 0.085 * length + 0.28
    size = np.array([half, deck + 0.5, length * 0.17])
    color = np.array(hull)
    scene.add(
        at + vec(0, deck, 0),
        frame,
        [[0, 1, 0, 0.0]],
        "hull",
        half,
        round_=("ellipsoid", size),
        color=color,
        deck=deck,
        scale=size,
    )
    for end in (-1, 1):  # the rising stems
        scene.box(
            at,
            frame,
            (end * half * 0.95 - 0.1, deck - 0.3, -0.045),
            (end * half * 0.95 + 0.1, deck + 0.14, 0.045),
            "wood",
            color=np.array([0.30, 0.17, 0.08]),
        )
    if cabin:
        low, high = (-half * 0.5, deck, -size[2] * 0.55), (half * 0.05, deck + 1.35, size[2] * 0.55)
        scene.box(at, frame, low, high, "cabin", color=np.array([0.82, 0.80, 0.74]), deck=deck)
        scene.box(
            at,
            frame,
            (low[0] - 0.2, high[1], low[2] - 0.15),
            (high[0] + 0.25, high[1] + 0.1, high[2] + 0.15),
            "wood",
            color=np.array([0.30, 0.17, 0.08]),
        )
    else:  # thwarts
        for place in (-0.4, 0.0, 0.4):
            scene.box(
                at,
                frame,
                (place * half - 0.14, deck, -size[2] * 0.85),
                (place * half + 0.14, deck + 0.06, size[2] * 0.85),
                "wood",
                color=np.array([0.50, 0.33, 0.17]),
            )
    if mast:
        wood = np.array([0.55, 0.38, 0.20])
        scene.add(
            at + vec(0, deck, 0),
            frame,
            [[0, 1, 0, mast], [0, -1, 0, 0]],
            "wood",
            mast,
            (0, 0, 0),
            ("cone", np.array([0.11, 0.006])),
            color=wood,
        )
        for y, thick, color in ((deck + 1.75, 0.06, wood), (deck + 1.92, 0.11, np.array([0.62, 0.54, 0.42]))):
            scene.box(at, frame, (-half * 0.75, y - thick, -thick), (0, y + thick, thick), "wood", color=color)


def add_rock(scene: Scene, at: np.ndarray, size: float, rng: np.random.Generator) -> None:
    """A boulder: a ball with a dozen cuts."""
    normals = rng.normal(size=(16, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    planes = np.concatenate([normals, size * rng.uniform(0.62, 0.95, (16, 1))], 1)
    scene.add(
        at,
        yaw(rng.uniform(0, 360)),
        planes,
        "rock",
        size,
        round_=("ellipsoid", size * np.array([1.0, 0.8, 1.0])),
        tint=rng.uniform(),
    )


def add_lighthouse(scene: Scene, at: np.ndarray) -> None:
    """A white tower with red bands, a gallery and a glass lantern."""
    eye, up, down = np.eye(3), [0, 1, 0], [0, -1, 0]

    def turned(y: float, tall: float, radius: float, taper: float, material: str, **info: object) -> None:
        planes = [[*up, tall], [*down, 0]]
        scene.add(
            at + vec(0, y, 0),
            eye,
            planes,
            material,
            np.hypot(tall, radius),
            (0, tall / 2, 0),
            ("cone", np.array([radius, taper])),
            **info,
        )

    dark = np.array([0.06, 0.07, 0.08])
    turned(-2, 3.4, 5.6, 0.1, "stone")
    turned(1.4, 25, 3.5, 0.052, "tower")
    turned(26.0, 0.5, 2.9, -0.5, "wood", color=np.array([0.70, 0.68, 0.64]))
    turned(26.5, 0.12, 3.1, 0, "wood", color=dark)
    turned(27.5, 0.08, 3.0, 0, "rail", color=dark)
    for k in range(14):
        a = 2 * np.pi * k / 14
        spot = at + vec(3.0 * np.cos(a), 26.5, 3.0 * np.sin(a))
        scene.box(spot, eye, (-0.05, 0, -0.05), (0.05, 1.05, 0.05), "wood", color=dark)
    turned(26.6, 0.9, 1.75, 0, "wood", color=np.array([0.52, 0.07, 0.05]))
    turned(27.5, 2.3, 1.55, 0, "lantern")
    turned(29.8, 0.25, 1.95, 0, "wood", color=np.array([0.45, 0.06, 0.05]))
    scene.add(
        at + vec(0, 30.0, 0),
        eye,
        [[*down, 0]],
        "wood",
        2,
        round_=("ellipsoid", np.array([1.75, 1.5, 1.75])),
        color=np.array([0.52, 0.07, 0.05]),
    )
    turned(31.3, 1.5, 0.1, 0.02, "wood", color=dark)
    scene.box(
        at,
        yaw(18),
        (4.5, 0.5, -2),
        (11.5, 4.4, 3.4),
        "house",
        size=(7, 3.9, 5.4),
        color=WALLS[2],
        seed=4,
        shift=np.array([4.5, 0.5, -2]),
    )
    scene.box(at, yaw(18), (4.1, 4.4, -2.4), (11.9, 4.75, 3.8), "wood", color=ROOFS[0])


def build() -> Scene:
    """The harbour."""
    rng = np.random.default_rng(12)
    scene = Scene()
    scene.box(QUAY, TOWN, (-60, -4, 0), (112, QUAY_HEIGHT, 16), "stone")
    scene.box(QUAY, TOWN, (-60, QUAY_HEIGHT, 0.0), (112, QUAY_HEIGHT + 0.22, 0.45), "stone")
    last = -1
    for row, (inland, first, end) in enumerate(((7.5, -22.0, 101.0), (25.0, -12.0, 104.0), (43.0, 2.0, 112.0))):
        s, house = first, 0
        while s < end:
            w = rng.uniform(6.6, 9.6)
            h = rng.choice([5.8, 8.2, 8.8, 6.6]) if row == 0 else rng.choice([4.6, 6.0, 6.6])
            d = rng.uniform(8, 10)
            pick = int(rng.choice([k for k in range(len(WALLS)) if k != last]))
            if row == 0:  # the waterfront, by hand
                pick = (3, 2, 1, 3, 2, 1, 0, 5, 2, 6, 1, 3, 0, 2, 5, 6)[house % 16]
            house += 1
            last = pick
            q = inland + rng.uniform(0, 1.5) * (row + 0.3)
            spot = QUAY + ALONG * s + INLAND * q
            far = spot + ALONG * w / 2 + INLAND * d / 2
            base = QUAY_HEIGHT if row == 0 else float(ground(far[:1], far[2:], 6)[0])
            spot = spot + np.array([0, base, 0])
            tint = WALLS[pick] * rng.uniform(0.85, 1.1)
            add_house(
                scene, spot, (w, h, d), tint, ROOFS[rng.integers(4)], bool(rng.random() < 0.62), int(rng.integers(1000))
            )
            s += w + (rng.uniform(0.0, 0.5) if row == 0 and rng.random() < 0.8 else rng.uniform(2.0, 4.5 + 4 * row))
    for _ in range(17):
        spot = QUAY + ALONG * rng.uniform(-5, 110) + INLAND * rng.choice([21.0, 38.5, 57.0])
        spot[1] = max(float(ground(spot[:1], spot[2:], 6)[0]), QUAY_HEIGHT) - 0.3
        add_tree(scene, spot, rng.uniform(6.5, 10.5), rng)
    for s, q in ((1.5, 4.2), (31.5, 4.0), (67.0, 4.5)):
        add_tree(scene, QUAY + ALONG * s + INLAND * q + np.array([0, QUAY_HEIGHT, 0]), rng.uniform(5, 6), rng, True)
    for k in range(16):  # bollards and lamps
        spot = QUAY + ALONG * (k * 7.0 - 4) + INLAND * 1.0 + np.array([0, QUAY_HEIGHT, 0])
        iron = np.array([0.05, 0.055, 0.06])
        scene.add(
            spot,
            np.eye(3),
            [[0, 1, 0, 0.75], [0, -1, 0, 0]],
            "wood",
            0.9,
            round_=("cone", np.array([0.2, 0.0])),
            color=iron,
        )
        if k % 2:
            scene.add(
                spot + INLAND,
                np.eye(3),
                [[0, 1, 0, 4.4], [0, -1, 0, 0]],
                "wood",
                4.5,
                round_=("cone", np.array([0.07, 0.0])),
                color=iron,
            )
            scene.add(
                spot + INLAND + vec(0, 4.6, 0),
                np.eye(3),
                [],
                "wood",
                0.4,
                round_=("ellipsoid", np.array([0.24, 0.32, 0.24])),
                color=np.array([0.85, 0.82, 0.72]),
            )
    for _ in range(18):  # people on the quay
        spot = QUAY + ALONG * rng.uniform(-4, 100) + INLAND * rng.uniform(1.8, 5.5) + np.array([0, QUAY_HEIGHT, 0])
        coat = np.array(
            [[0.5, 0.08, 0.06], [0.07, 0.09, 0.16], [0.62, 0.55, 0.42], [0.08, 0.20, 0.22], [0.75, 0.55, 0.10]]
        )[rng.integers(5)]
        scene.add(
            spot + vec(0, 1.14, 0),
            np.eye(3),
            [[0, -1, 0, 0.3]],
            "wood",
            0.6,
            round_=("ellipsoid", np.array([0.23, 0.38, 0.17])),
            color=coat,
        )
        stride = rng.uniform(0.05, 0.16)
        for side in (-stride, stride):
            scene.add(
                spot + vec(side, 0.42, 0),
                np.eye(3),
                [],
                "wood",
                0.6,
                round_=("ellipsoid", np.array([0.085, 0.50, 0.09])),
                color=np.array([0.04, 0.05, 0.09]),
            )
        scene.add(
            spot + vec(0, 1.63, 0),
            np.eye(3),
            [],
            "wood",
            0.2,
            round_=("ellipsoid", np.array([0.10, 0.13, 0.10])),
            color=np.array([0.50, 0.32, 0.22]),
        )
    red, white, blue, green, tar = (
        (0.50, 0.06, 0.04),
        (0.82, 0.80, 0.74),
        (0.05, 0.16, 0.34),
        (0.06, 0.24, 0.18),
        (0.20, 0.11, 0.05),
    )
    boats = (
        ((4.6, 27.5), 20, 5.2, red, 0, False),
        ((-10.8, 47.0), 55, 8.5, white, 9.0, True),
        ((-3.2, 63.0), 62, 8.0, blue, 8.5, True),
        ((4.5, 76.0), 58, 9.5, green, 10.5, True),
        ((14.0, 71.0), 12, 7.0, tar, 8.0, False),
        ((11.8, 90.0), 60, 8.0, red, 9.0, True),
        ((19.0, 101.0), 60, 8.0, white, 9.0, True),
        ((27.0, 88.0), -20, 6.5, blue, 7.5, True),
        ((-14.5, 36.5), 50, 4.6, green, 0, False),
    )
    for boat in boats:
        add_boat(scene, *boat)
    light = np.array([38.5, 1.6, 106.0])
    add_lighthouse(scene, light)
    for k in range(120):
        along = rng.uniform(-9, 50)
        big = rng.uniform(0.9, 2.7)
        side = rng.normal(0, 2.6)
        spot = light + np.array([along, 0, along * 0.10 + side])
        spot[1] = 1.3 - 0.26 * abs(side) - 0.5 * big + rng.uniform(-0.2, 0.6) - 0.2 * max(0, -along - 4)
        add_rock(scene, spot, big * 1.15, rng)
        if k % 5 == 0:  # some in front of the tower's foot
            add_rock(
                scene, light + np.array([rng.uniform(-9, 9), -1.5, -rng.uniform(4.5, 7)]), rng.uniform(0.9, 1.8), rng
            )
    scene.freeze()
    return scene


# -------------------------------------------------------------------------------------------------- shading


def paint_house(
    solid: Solid, p: np.ndarray, n: np.ndarray, ray: np.ndarray, sun: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boards, corner trim, windows set back into the wall: colour, share of mirroring, share of sun."""
    w, h, d = solid.info["size"]
    p = p - solid.info.get("shift", 0)
    front = np.abs(n[:, 2]) > np.abs(n[:, 0])
    across = np.where(front, p[:, 0], p[:, 2])
    wide = np.where(front, w, d)
    y = p[:, 1]
    seed = solid.info["seed"]
    upright = seed % 2 == 0
    board = (across if upright else y) / 0.19
    line = np.abs(board - np.floor(board) - 0.5)
    each = _TABLE[(np.floor(board).astype(np.int64) + seed * 31) & 65535]
    weather = fractal(across * 0.5 + seed, y * 0.35, 5) + 0.5 * fractal(across * 6, y * 0.9 + seed, 4)
    color = (
        solid.info["color"]
        * (1 + 0.16 * (each - 0.5) + 0.42 * weather)[:, None]
        * (1 - 0.45 * smooth(0.42, 0.5, line))[:, None]
    )
    color = mix(color, color * 0.55 + 0.02, smooth(1.0, 0.0, y) * (0.5 + weather))
    trim = np.array([0.80, 0.78, 0.72])
    if solid.info["color"].min() > 0.5:
        trim = np.array([0.30, 0.36, 0.40])
    corner = (across < 0.2) | (across > wide - 0.2)
    color = np.where(corner[:, None], trim, color)
    color = np.where((y < 0.55)[:, None], np.array([0.30, 0.28, 0.26]) * (1 + weather)[:, None], color)
    # Windows: a grid of openings, looked into along the ray.
    storeys = max(1, round(h / 2.75))
    columns = np.where(front, max(2, round(w / 2.35)), max(2, round(d / 3.0)))
    tall = h / storeys

    def opening(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        column, storey = np.floor(a / wide * columns), np.floor(b / tall)
        x = a - (column + 0.5) * wide / columns
        level = b - (storey + 0.56) * tall
        attic = (b > h) & (np.abs(a - wide / 2) < 2)  # one window up in the gable
        x = np.where(attic, a - wide / 2, x)
        level = np.where(attic, b - h - 1.15, level)
        door = (storey == 0) & (column == seed % 3) & front & ~attic
        half_x, half_y = (
            np.where(door, 0.55, np.where(attic, 0.4, 0.50)),
            np.where(door, 1.16, np.where(attic, 0.55, 0.72)),
        )
        level = np.where(door, b - 1.75, level)
        ok = ((storey < storeys) | attic) & (b > 0)
        return x, level, half_x, half_y, ok, door, column * 13 + storey * 7

    x, level, half_x, half_y, ok, door, _ = opening(across, y)
    frame = ok & (np.abs(x) < half_x + 0.16) & (np.abs(level) < half_y + 0.16)
    hole = ok & (np.abs(x) < half_x) & (np.abs(level) < half_y)
    color = np.where((frame & ~hole)[:, None], trim * (1 + 0.1 * weather)[:, None], color)
    sunlit = np.ones(len(p))
    sill_shadow = ok & (np.abs(x) < half_x + 0.16) & (level < -half_y - 0.16) & (level > -half_y - 0.34)
    sunlit[sill_shadow] = 0.25
    depth = 0.16
    facing = np.maximum(np.where(front, np.abs(ray[:, 2]), np.abs(ray[:, 0])), 0.15)
    ray_across = np.where(front, ray[:, 0], ray[:, 2])
    a, b = across + ray_across / facing * depth, y + ray[:, 1] / facing * depth
    x, level, half_x, half_y, ok, door, number = opening(a, b)
    inner = hole & (np.abs(x) < half_x) & (np.abs(level) < half_y)
    color = np.where((hole & ~inner)[:, None], trim * 0.7, color)
    lean = np.maximum(np.where(front, np.abs(sun[2]), np.abs(sun[0])), 0.25)
    sx, sl = x + np.where(front, sun[0], sun[2]) / lean * depth, level + sun[1] / lean * depth
    sunlit = np.where(inner & ((np.abs(sx) > half_x) | (sl > half_y)), 0.0, sunlit)
    bars = (
        (np.abs(x) < 0.045)
        | (np.abs(level - half_y * 0.3) < 0.04)
        | (np.abs(x) > half_x - 0.06)
        | (np.abs(level) > half_y - 0.06)
    )
    pane = inner & ~bars & ~door
    color = np.where((inner & bars & ~door)[:, None], trim, color)
    chance = _TABLE[(number.astype(np.int64) * 131 + seed * 17) & 65535]
    curtain = (np.abs(x) > half_x * (0.35 + 0.5 * chance)) & (chance > 0.35)
    room = np.where(curtain[:, None], np.array([0.30, 0.29, 0.26]), np.array([0.018, 0.02, 0.024]))
    color = np.where(pane[:, None], room, color)
    leaf = np.array([[0.10, 0.20, 0.16], [0.32, 0.08, 0.05], [0.25, 0.15, 0.08]])[seed % 3]
    color = np.where((inner & door)[:, None], leaf * (0.8 + 0.3 * (np.abs(level) < 0.6))[:, None], color)
    return np.clip(color, 0.008, 0.9), pane * 1.0, sunlit


def paint(
    solid: Solid, p: np.ndarray, n: np.ndarray, ray: np.ndarray, world: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The look of a solid at points of its frame: colour, mirroring, share of sun, bent normal."""
    count = len(p)
    kind, info = solid.material, solid.info
    shine, sunlit, bump = np.zeros(count), np.ones(count), n
    if kind == "house":
        color, shine, sunlit = paint_house(solid, p, n, ray, solid.frame @ SUN)
        return color, shine, sunlit, bump
    if kind == "roof":
        run, down = p[:, 2 - info["across"]], p[:, 1] * 1.45
        course = np.floor(down / 0.34)
        tile = run / 0.26 + 0.5 * (course % 2)
        each = _TABLE[(np.floor(tile).astype(np.int64) * 57 + course.astype(np.int64) * 311 + info["seed"]) & 65535]
        edge = smooth(0.16, 0.02, down / 0.34 - course)
        moss = fractal(run * 0.7 + info["seed"], down * 0.5, 5)
        color = info["color"] * (0.78 + 0.5 * each + 0.7 * moss)[:, None] * (1 - 0.45 * edge)[:, None]
        color = mix(color, np.array([0.17, 0.17, 0.07]), smooth(0.12, 0.45, moss) * 0.5)
        bump = n.copy()
        bump[:, 2 - info["across"]] += 0.28 * np.sin(tile * 2 * np.pi)
        shine = np.full(count, 0.05)
    elif kind == "stone":
        top = n[:, 1] > 0.6
        run = np.where(np.abs(n[:, 2]) > 0.5, p[:, 0], p[:, 2]) if not solid.round else np.arctan2(p[:, 2], p[:, 0]) * 5
        up = np.where(top, p[:, 2], p[:, 1])
        run = np.where(top, p[:, 0], run)
        course = np.floor(up / 0.46)
        block = run / 0.95 + 0.5 * (course % 2) + 0.3 * _TABLE[course.astype(np.int64) & 65535]
        each = _TABLE[(np.floor(block).astype(np.int64) * 91 + course.astype(np.int64) * 173) & 65535]
        joint = np.minimum(0.5 - np.abs(block - np.floor(block) - 0.5), (0.5 - np.abs(up / 0.46 - course - 0.5)) * 0.5)
        rough = fractal(run * 2.3, up * 2.3, 5)
        color = (
            np.array([0.36, 0.33, 0.30])
            * (0.72 + 0.5 * each + 0.8 * rough)[:, None]
            * (0.45 + 0.55 * smooth(0.0, 0.05, joint))[:, None]
        )
        wet = smooth(0.9, 0.3, world[:, 1] + 0.3 * rough)
        color = mix(color, np.array([0.035, 0.045, 0.025]), wet * 0.9)
    elif kind == "tower":
        band = np.floor(p[:, 1] / 5.0) % 2 == 1
        grime = fractal(np.arctan2(p[:, 2], p[:, 0]) * 9, p[:, 1] * 0.25, 5) + 0.4 * fractal(
            p[:, 0] * 3, p[:, 1] * 3, 4
        )
        color = (
            np.where(band[:, None], np.array([0.58, 0.055, 0.04]), np.array([0.86, 0.84, 0.79]))
            * (1 + 0.16 * grime)[:, None]
        )
        around = np.arctan2(p[:, 0], -p[:, 2])
        hole = (np.abs(around - 0.1) < 0.13) & (np.abs(np.mod(p[:, 1], 7.5) - 4.6) < 0.6)
        color = np.where(hole[:, None], 0.03, color)
        color = np.where(
            ((np.abs(around - 0.1) < 0.19) & (np.abs(np.mod(p[:, 1], 7.5) - 4.6) < 0.8) & ~hole)[:, None], 0.62, color
        )
    elif kind == "lantern":
        around = np.mod(np.arctan2(p[:, 2], p[:, 0]) / (2 * np.pi) * 10, 1)
        bars = (around < 0.08) | (np.abs(np.mod(p[:, 1], 1.1)) < 0.08)
        color = np.where(bars[:, None], 0.05, np.array([0.10, 0.11, 0.10]))
        core = np.exp(-(((p[:, 1] - 1.1) / 0.6) ** 2)) * np.clip(-ray[:, 2] * n[:, 2] - ray[:, 0] * n[:, 0], 0, 1) ** 6
        color = color + core[:, None] * np.array([0.8, 0.6, 0.3]) * ~bars[:, None]
        shine = np.where(bars, 0, 1.0)
    elif kind == "leaves":
        leaf = fractal(world[:, 0] * 2.6 + world[:, 1], world[:, 2] * 2.6 + world[:, 1] * 1.7, 4, 0.65)
        color = mix(
            np.array([0.07, 0.12, 0.03]),
            np.array([0.25, 0.27, 0.06]),
            np.clip(0.5 * info["tint"] + 0.9 * leaf + 0.15, 0, 1),
        )
        bump = n + 1.5 * np.stack(
            [fractal(world[:, 0] * 3 + k * 9, world[:, 1] * 3 + world[:, 2] * 3, 3) for k in range(3)], -1
        )
        sunlit = smooth(-0.45, 0.0, leaf)
    elif kind == "rock":
        rough = fractal(p[:, 0] * 1.6 + p[:, 1], p[:, 2] * 1.6 - p[:, 1] * 0.6, 6, 0.6)
        color = (
            mix(np.array([0.20, 0.19, 0.18]), np.array([0.40, 0.36, 0.31]), info["tint"]) * (1 + 1.1 * rough)[:, None]
        )
        color = mix(color, np.array([0.03, 0.035, 0.022]), smooth(1.0, 0.25, world[:, 1] + 0.5 * rough) * 0.92)
        bump = n + 0.55 * np.stack([fractal(p[:, 0] * 2 + k * 9, p[:, 1] * 2 + p[:, 2] * 2, 4) for k in range(3)], -1)
    elif kind == "hull":
        y = p[:, 1] + info["deck"]
        inside = n[:, 1] > 0.9
        plank = smooth(0.40, 0.5, np.abs(np.mod(p[:, 1] / 0.17, 1) - 0.5))
        color = info["color"] * (1 + 0.3 * fractal(p[:, 0] * 1.5, y * 5, 4))[:, None] * (1 - 0.35 * plank)[:, None]
        color = np.where((y > info["deck"] - 0.13)[:, None], np.array([0.66, 0.60, 0.48]), color)
        color = np.where((y < 0.16)[:, None], np.array([0.12, 0.03, 0.025]), color)
        scale = info["scale"]
        rim = 1 - np.sqrt((p[:, 0] / scale[0]) ** 2 + (p[:, 2] / scale[2]) ** 2)
        planks = 0.7 + 0.3 * (np.abs(np.mod(p[:, 2] / 0.16, 1) - 0.5) < 0.42)
        well = np.where(
            (rim < 0.09)[:, None], np.array([0.40, 0.22, 0.10]), np.array([0.20, 0.12, 0.06]) * planks[:, None]
        )
        color = np.where(inside[:, None], well, color)
        shine = np.where(inside, 0.0, 0.10)
    elif kind == "cabin":
        y = p[:, 1] - info["deck"]
        run = np.where(np.abs(n[:, 0]) > 0.5, p[:, 2], p[:, 0])
        pane = (np.abs(y - 0.88) < 0.24) & (np.abs(np.mod(run, 0.85) - 0.42) < 0.30) & (n[:, 1] < 0.5)
        color = np.where(pane[:, None], 0.02, info["color"])
        shine = pane * 1.0
    elif kind == "brick":
        course = np.floor(p[:, 1] / 0.12)
        run = (p[:, 0] + p[:, 2]) / 0.3 + 0.5 * (course % 2)
        joint = (np.abs(np.mod(run, 1) - 0.5) > 0.45) | (np.abs(p[:, 1] / 0.12 - course - 0.5) > 0.40)
        color = (
            np.where(joint[:, None], 0.35, info["color"]) * (1 + 0.5 * fractal(p[:, 0] * 4, p[:, 1] * 4, 4))[:, None]
        )
    else:
        grain = fractal(p[:, 0] * 2 + p[:, 2] * 9, p[:, 1] * 2, 4)
        color = info["color"] * (1 + 0.3 * grain)[:, None]
    bump = bump / np.maximum(np.linalg.norm(bump, axis=1, keepdims=True), 1e-9)
    return np.clip(color, 0.006, 0.95), shine, sunlit, bump


class Camera:
    """What turns rays into colours."""

    def __init__(self, scene: Scene, density: float) -> None:
        self.scene, self.density = scene, density
        self.view, self.depth = panorama(density)
        self.rng = np.random.default_rng(6)

    def far(self, ray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sky or land in a direction, and the land's depth."""
        forward = np.maximum(ray[:, 2], 0.05)
        u, v = ray[:, 0] / forward, ray[:, 1] / forward
        rows, columns = self.depth.shape
        y = np.clip(np.round((PAN_HIGH - v) * self.density), 0, rows - 1).astype(int)
        x = np.clip(np.round((u + PAN_U) * self.density), 0, columns - 1).astype(int)
        color = self.view[y, x]
        high = smooth(PAN_HIGH * 0.7, PAN_HIGH, v)
        return mix(color, air(u, v), high), self.depth[y, x]

    def sky_behind(self, ray: np.ndarray) -> np.ndarray:
        """A plain sky for what mirrors backwards: panes, paint."""
        up = np.clip(ray[:, 1], 0, 1)
        color = mix(np.array([0.95, 0.88, 0.76]), np.array([0.20, 0.38, 0.72]), smooth(0, 0.55, up))
        soft = smooth(-0.1, 0.25, fractal(ray[:, 0] * 3 / (up + 0.2), ray[:, 2] * 3 / (up + 0.2), 5))
        color = mix(color, np.array([1.2, 1.12, 1.0]), 0.6 * soft)
        return mix(color, np.array([0.10, 0.14, 0.16]), smooth(0.06, -0.02, ray[:, 1]))

    def shade(
        self, origin: np.ndarray, ray: np.ndarray, t: np.ndarray, solid: np.ndarray, face: np.ndarray, fine: bool
    ) -> np.ndarray:
        """Colours where solids were hit."""
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
        """Everything but the water along rays."""
        t, solid, face = self.scene.trace(origin, ray, which)
        color, depth = self.far(ray)
        hit = np.flatnonzero((solid >= 0) & (t * ray[:, 2] < depth + 2.5))
        if hit.size:
            color[hit] = self.shade(origin[hit], ray[hit], t[hit], solid[hit], face[hit], fine)
        return color

    def water(self, where: np.ndarray, ray: np.ndarray, distance: np.ndarray) -> np.ndarray:
        """Waves which mirror, and the green depth."""
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
        # Of the solids, those a ray from this tile can meet.
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


def expose(width: int) -> np.ndarray:
    """Trace the picture in tiles at twice its size; linear light."""
    scene = build()
    full = 2 * width
    density = full / (2 * HALF)
    camera = Camera(scene, density)
    height = 2 * round(width / ASPECT)
    picture = np.zeros((height, full, 3), np.float32)
    tile = 96
    # Where each solid's ball lies in the picture.
    z = np.maximum(scene.middles[:, 2], 0.5)
    u, v = scene.middles[:, 0] / z, (scene.middles[:, 1] - EYE[1]) / z
    r = scene.bounds / np.maximum(z - scene.bounds, 0.5) * 1.15
    top = HORIZON * height / density
    for y0 in range(0, height, tile):
        for x0 in range(0, full, tile):
            ys, xs = np.mgrid[y0 : min(y0 + tile, height), x0 : min(x0 + tile, full)]
            a, b = ((xs + 0.5) / density - HALF).ravel(), (top - (ys + 0.5) / density).ravel()
            ray = np.stack([a, b, np.ones_like(a)], -1)
            ray /= np.linalg.norm(ray, axis=1, keepdims=True)
            origin = np.broadcast_to(EYE, ray.shape)
            inside = (
                (u + r > a.min())
                & (u - r < a.max())
                & (v + r > b.min())
                & (v - r < b.max())
                & (scene.middles[:, 2] > -scene.bounds)
            )
            t, solid, face = scene.trace(origin, ray, np.flatnonzero(inside))
            color, depth = camera.far(ray)
            sea = np.where(ray[:, 1] < -2e-4, -EYE[1] / np.minimum(ray[:, 1], -2e-4), np.inf)
            shore = depth / ray[:, 2]
            wet = np.flatnonzero((sea < t) & (sea < shore + 1))
            dry = np.flatnonzero((solid >= 0) & (t < sea) & (t < shore + 2.5))
            if dry.size:
                color[dry] = camera.shade(origin[dry], ray[dry], t[dry], solid[dry], face[dry], True)
            if wet.size:
                color[wet] = camera.water(origin[wet] + ray[wet] * sea[wet, None], ray[wet], sea[wet])
            picture[y0 : y0 + tile, x0 : x0 + tile] = color.reshape(*ys.shape, 3)
    return picture


def develop(picture: np.ndarray, width: int) -> Image.Image:
    """From light to a photograph: shrink, bloom, vignette, film curve, grain."""
    height = picture.shape[0] // 2
    light = np.minimum(picture, 6.0).reshape(height, 2, width, 2, 3).mean((1, 3))
    bright = Image.fromarray((np.clip(light / 4 - 0.22, 0, 1) * 255).astype(np.uint8))
    glow = np.asarray(bright.filter(ImageFilter.GaussianBlur(width / 90)), float) / 255 * 4
    light = light + 0.16 * glow
    y, x = np.mgrid[:height, :width]
    corner = ((x / width - 0.5) ** 2 + ((y / height - 0.5) / 1.2) ** 2) * 2
    light = light * (1 - 0.34 * corner**1.3)[..., None] * np.array([1.03, 1.0, 0.965]) * 0.54
    film = (light * (2.51 * light + 0.03)) / (light * (2.43 * light + 0.59) + 0.14)
    tone = np.clip(film, 0, 1) ** (1 / 2.2)
    gray = tone.mean(-1, keepdims=True)
    tone = gray + (tone - gray) * 1.16
    tone = np.clip(tone, 0, 1)
    tone = mix(tone, tone * tone * (3 - 2 * tone), np.full(tone.shape[:2], 0.35))
    grain = np.random.default_rng(9).normal(0, 1, (height, width, 1))
    tone = tone + 0.007 * grain * (1.2 - gray)
    return Image.fromarray((np.clip(tone, 0, 1) * 255).round().astype(np.uint8))


def main() -> None:
    """Parse the command line, render, save."""
    parser = argparse.ArgumentParser(description="Render the example photograph.")
    parser.add_argument("output", nargs="?", type=Path, default=Path(__file__).with_name("harbour.jpg"))
    parser.add_argument("--size", type=int, default=1280, help="width in pixels")
    arguments = parser.parse_args()
    picture = develop(expose(arguments.size), arguments.size)
    options = {"quality": 87, "optimize": True} if arguments.output.suffix.lower() in (".jpg", ".jpeg") else {}
    picture.save(arguments.output, **options)
    print(arguments.output)


if __name__ == "__main__":
    main()
