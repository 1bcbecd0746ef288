"""Noise in the plane and in space, and functions that mix colours."""

from __future__ import annotations

import numpy as np


def smooth(edge0: float, edge1: float, x: np.ndarray) -> np.ndarray:
    """0 at the first edge, 1 at the second, smooth between."""
    t = np.clip((x - edge0) / (edge1 - edge0), 0, 1)
    return t * t * (3 - 2 * t)


def mix(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Colours between a and b, N x 3, by a share for each point; 0 is a."""
    return a + (b - a) * np.asarray(share)[..., None]


_TABLE = np.random.default_rng(3).random(1 << 16)  # values in [0, 1) on a 256 x 256 lattice in the plane
_CUBE = np.random.default_rng(4).random(64**3)  # values in [0, 1) on a 64 x 64 x 64 lattice in space


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
