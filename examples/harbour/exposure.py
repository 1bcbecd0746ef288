"""A picture of the harbour: rays for every pixel, then lens, tone and grain."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from harbour.camera import Camera
from harbour.noise import mix
from harbour.town import build
from harbour.world import ASPECT, EYE, HALF, HORIZON


def expose(width: int) -> np.ndarray:
    """Trace the picture in tiles at twice its size: H x W x 3, linear light."""
    scene = build()
    full = 2 * width
    density = full / (2 * HALF)
    camera = Camera(scene, density)
    height = 2 * round(width / ASPECT)
    picture = np.zeros((height, full, 3), np.float32)
    tile = 96
    # Place and radius in the picture, as slopes, of the ball around each solid.
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
