"""The clear sky, and clouds as a volume of noise."""

from __future__ import annotations

import numpy as np

from harbour.noise import mix, noise3, smooth
from harbour.world import SUN


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
    fade = smooth(0.025, 0.075, v)  # clouds near the horizon vanish in haze
    cover = (1 - clear) * fade
    return light / np.maximum(1 - clear, 1e-3), cover


def air(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The clear sky: deep blue above, pale and a little warm at the horizon."""
    up = np.clip(v, 0, None) / np.sqrt(1 + u * u + v * v)
    color = mix(np.array([0.115, 0.27, 0.62]), np.array([0.50, 0.66, 0.90]), np.exp(-up * 5.5))
    return mix(color, np.array([1.02, 0.88, 0.74]), 0.62 * np.exp(-up * 15) * (0.8 + 0.5 * np.clip(u, -0.6, 0.6)))
