"""The land behind the harbour: a height field, its woods, and its colours."""

from __future__ import annotations

import numpy as np

from harbour.noise import _TABLE, eroded, fractal, mix, noise_slopes, smooth
from harbour.world import ALONG, HAZE, INLAND, QUAY, QUAY_HEIGHT, SKYLIGHT, SUN, SUNLIGHT


def quay_coordinates(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Metres along the quay and metres inland of points."""
    x, z = x - QUAY[0], z - QUAY[2]
    return x * ALONG[0] + z * ALONG[2], x * INLAND[0] + z * INLAND[2]


def ground(x: np.ndarray, z: np.ndarray, octaves: int = 9) -> np.ndarray:
    """Height of the bare land in metres; below 0 there is sea."""
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
    """Height of spruces and round crowns above the ground in metres, and a number in [0, 1) of each point's tree."""
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
    """Height in metres with trees, how thick the forest stands (0 to 1), and the number of the tree."""
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
