"""Render ``harbour.jpg``: a fishing town at the foot of mountains, in late light. Numpy only, no photograph in it.

    python examples/render_harbour.py [OUTPUT] [--size 1280]

The scene is a stack of layers from far to near, each with its own light and haze: sky and clouds (fractal
noise), three mountain ridges (noise height fields, lit by their slope), a town of gabled houses with windows,
a lighthouse, a quay; the water mirrors all of it through waves. At the end the lens: bloom, vignette, grain.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

ASPECT = 1.5
HORIZON = 0.62  # share of the picture's height, from the top
SUN = np.array([0.80, 0.30])  # x, y as shares of width and height
WARM, HAZE = np.array([1.0, 0.80, 0.55]), np.array([0.74, 0.78, 0.86])


def value_noise(x: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """Smooth noise in [0, 1] on a lattice of whole numbers."""
    table = np.random.default_rng(seed).random((256, 256))
    table = np.pad(table, (0, 1), mode="wrap")  # without a seam where the lattice begins anew
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    u, v = x - x0, y - y0
    u, v = u * u * u * (u * (6 * u - 15) + 10), v * v * v * (v * (6 * v - 15) + 10)
    x0, y0 = x0 % 256, y0 % 256
    top = table[y0, x0] * (1 - u) + table[y0, x0 + 1] * u
    bottom = table[y0 + 1, x0] * (1 - u) + table[y0 + 1, x0 + 1] * u
    return top * (1 - v) + bottom * v


def fractal(x: np.ndarray, y: np.ndarray, seed: int, octaves: int = 6, gain: float = 0.5) -> np.ndarray:
    """Fractal noise around 0."""
    total, weight = np.zeros(np.broadcast(x, y).shape), 1.0
    for octave in range(octaves):
        # Turned a little at each octave, so that the lattice does not show.
        c, s = np.cos(0.6 * octave), np.sin(0.6 * octave)
        total += weight * (value_noise(c * x - s * y + 17 * octave, s * x + c * y + 31 * octave, seed + octave) - 0.5)
        x, y, weight = 2.03 * x, 2.03 * y, weight * gain
    return total


def mix(a: np.ndarray, b: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """From a to b; a share per pixel gets a colour axis."""
    share = np.asarray(share, float)
    share = share[..., None] if share.ndim == 2 else share
    return a * (1 - share) + b * share


def step(edge: float | np.ndarray, x: np.ndarray, width: float) -> np.ndarray:
    """0 below the edge, 1 above it, smooth over a width: anti-aliasing."""
    t = np.clip((x - edge) / width + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def sky(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Blue above, warm at the horizon; cumulus and cirrus lit from the sun's side."""
    height = np.clip(y / HORIZON, 0, 1)
    color = mix(np.array([0.16, 0.34, 0.66]), np.array([0.62, 0.76, 0.90]), height**1.3)
    color = mix(color, np.array([1.0, 0.86, 0.66]), np.clip(height - 0.55, 0, 1) ** 1.5 * 1.9)
    far = np.hypot((x - SUN[0] * ASPECT), (y - SUN[1]) * 1.1)
    color = color + 0.55 * np.exp(-far * 3.0)[..., None] * np.array([1.0, 0.85, 0.6])
    perspective = 1 / (1.16 - height)  # clouds crowd together towards the horizon
    u, v = (x - ASPECT / 2) * perspective * 1.7, perspective * 2.6

    def density(du: float, dv: float) -> np.ndarray:
        warp = fractal(u * 1.1 + 3, v * 1.1, 50, 4)
        return fractal(u + du + 0.9 * warp, v + dv + 0.7 * warp, 7, 7, 0.55) + 0.02

    here = density(0, 0)
    cover = np.clip(here * 4.5, 0, 1) * np.clip(1.15 - 0.35 * height, 0, 1)
    lit = np.clip(0.62 + 3.2 * (here - density(0.16, -0.10)), 0, 1.25)
    cloud = mix(np.array([0.52, 0.54, 0.63]), np.array([1.08, 0.98, 0.88]), np.clip(lit, 0, 1))
    return mix(color, cloud, cover * 0.92)


def mountains(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Three ridges; each one's slope decides light and shade, its distance the haze."""
    ridges = (
        (0.300, 0.34, 2.3, 11, 0.62, np.array([0.50, 0.52, 0.60])),
        (0.415, 0.24, 3.1, 23, 0.36, np.array([0.36, 0.42, 0.36])),
        (0.510, 0.15, 4.6, 37, 0.14, np.array([0.26, 0.36, 0.20])),
    )
    pixel = 1 / picture.shape[0]
    for base, tall, wide, seed, haze, color in ridges:
        crest = base - tall * (
            1.15 * fractal(x[:1] * wide, x[:1] * 0 + seed, seed, 8, 0.48) + 0.10 * np.sin(x[:1] * 3.1 + seed)
        )
        depth = y - crest
        inside = step(0.0, depth, 1.6 * pixel)
        u, v = x * wide * 3.2, y * wide * 5.2
        east, west = (np.abs(fractal(u + du, v, seed + 60, 7, 0.55)) for du in (0.05, -0.05))
        slope = (east - west) * 6.0
        light = np.clip(0.56 + slope * 1.15, 0.08, 1.5)
        tone = color * (0.85 + 0.5 * fractal(u * 2.3, v * 2.3, seed + 90, 5)[..., None])
        if seed == 11:  # snow on what is high and not too steep
            snow = np.clip((0.13 - depth) * 9 + 1.2 * fractal(u, v, 71, 5), 0, 1)
            tone = mix(tone, np.array([0.95, 0.96, 1.0]), snow)
        else:  # woods: dark crowns in clumps
            woods = np.clip(1.6 * fractal(u * 1.5, v * 1.5, seed + 5, 5) + 0.45, 0, 1)
            crowns = 0.5 + fractal(u * 11, v * 11, seed + 8, 3)
            tone = mix(tone, np.array([0.10, 0.19, 0.09]) * (0.5 + 1.1 * crowns[..., None]), woods * 0.85)
        shaded = tone * (light[..., None] * WARM * 1.12 + np.array([0.10, 0.13, 0.20]))
        mist = np.clip(haze + 0.45 * np.clip(depth / max(HORIZON - base, 1e-3), 0, 1) * haze, 0, 0.9)
        shaded = mix(shaded, mix(HAZE, np.array([1.0, 0.88, 0.72]), np.exp(-((x - SUN[0] * ASPECT) ** 2) * 2.2)), mist)
        picture = mix(picture, shaded, inside)
    return picture


def house(picture: np.ndarray, x: np.ndarray, y: np.ndarray, spec: tuple, rng: np.random.Generator) -> np.ndarray:
    """A gabled house front with its side in shade, plaster, shutters and windows that mirror the sky."""
    left, width, ground, tall, wall, roof = spec
    pixel = 1 / picture.shape[0]
    gable = width * rng.uniform(0.30, 0.46)
    eaves, depth = ground - tall, width * rng.uniform(0.35, 0.6)
    u, v = (x - left) / width, (y - eaves) / tall
    grain = fractal(x * 90, y * 90, int(left * 977) % 200, 4)
    stain = fractal(x * 22, y * 9, int(left * 577) % 200, 4)
    # The side wall, turned away from the sun, and the roof's slope over it.
    side = (
        step(left - depth, x, pixel)
        * step(-left, -x, pixel)
        * step(eaves + gable * 0.05, y, pixel)
        * step(-ground, -y, pixel)
    )
    picture = mix(picture, wall * 0.42 * (1 + 0.4 * grain[..., None]) * np.array([0.85, 0.92, 1.1]), side)
    over = eaves - gable * np.clip((x - left + depth) / depth, 0, 1) * 0 - 0.0
    lean = (x - left) / depth  # -1 .. 0 along the side
    top = eaves - gable * (1 - np.abs(np.clip(lean + 0.0, -1, 0) * 0)) * 0.95
    slope = step(left - depth - width * 0.03, x, pixel) * step(-(left + width / 2), -x, pixel)
    ramp = eaves - gable * np.clip((x - left) / (width / 2), 0, 1)
    roofing = (
        slope
        * step(np.where(x < left, top, eaves - gable), y, pixel)
        * step(-np.where(x < left, over + 0.004, ramp), -y, pixel)
    )
    tiles = 0.82 + 0.18 * np.sign(np.sin(y * 900)) * np.sin(x * 700 + np.floor(y * 900 / np.pi) * 1.6) + 0.7 * grain
    picture = mix(picture, roof * 0.62 * tiles[..., None], roofing)
    # The front, with the gable's triangle.
    front = step(0, u, pixel / width) * step(-1, -u, pixel / width) * step(-ground, -y, pixel)
    front = front * step(eaves - gable * (1 - np.abs(2 * u - 1)), y, 1.5 * pixel)
    plaster = wall * (1.0 + 0.32 * grain + 0.40 * stain - 0.18 * np.clip(v - 0.75, 0, 1) * 4)[..., None] * WARM * 1.12
    plaster = (
        plaster * (1 - 0.38 * np.exp(-np.abs(y - (eaves - gable * (1 - np.abs(2 * u - 1)))) / (0.05 * tall)))[..., None]
    )
    picture = mix(picture, plaster, front)
    edge = np.abs(y - (eaves - gable * (1 - np.abs(2 * u - 1)))) < 0.014 * tall + pixel
    picture = mix(picture, roof * 0.8, (edge & (u > -0.06) & (u < 1.06)).astype(float))
    columns, rows = max(2, round(width / 0.045)), max(2, round(tall / 0.062))
    shutter = rng.choice(np.array([[0.13, 0.30, 0.24], [0.22, 0.34, 0.48], [0.42, 0.18, 0.13], [0.85, 0.82, 0.74]]))
    for row in range(rows):
        for column in range(columns):
            cx, cy = (column + 0.5) / columns, (row + 0.52) / rows
            w, h = 0.22 / columns * 1.25, 0.31 / rows
            a, b = (u - cx) / w, (v - cy) / h
            if row == rows - 1 and column == columns // 2:  # the door
                b = (v - cy - 0.1 / rows) / (h * 1.35)
            frame = (np.abs(a) < 1.12) & (np.abs(b) < 1.1)
            pane = (np.abs(a) < 0.92) & (np.abs(b) < 0.94)
            bars = (np.abs(a) < 0.08) | (np.abs(b - 0.1) < 0.06)
            flap = (np.abs(np.abs(a) - 1.62) < 0.44) & (np.abs(b) < 1.06)
            picture = mix(picture, np.array([0.93, 0.90, 0.84]) * 0.95, frame.astype(float))
            shine = np.clip(0.22 + 0.5 * rng.random() * (1 - v) + 0.25 * a * rng.choice([-1, 1]), 0.05, 0.8)
            glass = mix(np.array([0.06, 0.08, 0.11]), np.array([0.72, 0.80, 0.92]), np.where(pane, shine, 0))
            if rng.random() < 0.12:
                glass = glass * 0.4 + np.array([1.0, 0.72, 0.36]) * 0.8
            picture = mix(picture, glass, pane.astype(float))
            picture = mix(picture, np.array([0.90, 0.87, 0.80]), (pane & bars).astype(float) * 0.8)
            slats = 0.8 + 0.25 * np.sin(v * 420 / rows * 6)
            picture = mix(picture, shutter * slats[..., None] * (1 if rng.random() < 0.9 else 0.7), flap.astype(float))
            sill = (np.abs(a) < 1.3) & (np.abs(b - 1.2) < 0.09)
            picture = mix(picture, plaster * 0.45, sill.astype(float))
    if rng.random() < 0.7:  # chimney
        c = left + width * rng.uniform(0.62, 0.75)
        stack = (np.abs(x - c) < 0.006) & (y > eaves - gable * 0.95) & (y < eaves - gable * 0.3) & (u > 0)
        picture = mix(picture, np.array([0.45, 0.25, 0.2]) * (1 + 0.8 * grain[..., None]), stack * (1 - front))
    return picture


def lighthouse(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A white tower with red bands, round by its shading."""
    center, ground, top = 1.24, HORIZON + 0.012, 0.235
    pixel = 1 / picture.shape[0]
    share = np.clip((y - top) / (ground - top), 0, 1)
    radius = 0.021 + 0.016 * share
    across = (x - center) / radius
    body = step(-1, -np.abs(across), 2 * pixel / 0.03) * step(top, y, pixel) * step(-ground, -y, pixel)
    around = np.clip(0.30 + 0.85 * np.clip(across * 0.75 + 0.62 * np.sqrt(np.clip(1 - across**2, 0, 1)), 0, 1), 0, 1.2)
    band = (np.floor(share * 5) % 2 == 1) & (share < 0.999)
    paint = np.where(band[..., None], np.array([0.72, 0.11, 0.09]), np.array([0.96, 0.94, 0.90]))
    rough = 1 + 0.22 * fractal(x * 60, y * 40, 140, 5) + 0.18 * fractal(x * 14, y * 70, 141, 3)
    picture = mix(
        picture, paint * (around * rough)[..., None] * WARM * 1.12 + paint * np.array([0.03, 0.05, 0.09]), body
    )
    for height, half, tall, color in ((top - 0.004, 0.031, 0.009, 0.20), (top - 0.048, 0.027, 0.006, 0.18)):
        rail = (np.abs(x - center) < half) & (np.abs(y - height) < tall / 2)
        picture = mix(picture, np.full(3, color), rail.astype(float))
    room = (np.abs(x - center) < 0.0165) & (y < top - 0.006) & (y > top - 0.046)
    lamp = np.exp(-(((x - center) / 0.008) ** 2) - ((y - top + 0.026) / 0.012) ** 2)
    glass = mix(np.array([0.30, 0.38, 0.46]), np.array([1.6, 1.3, 0.8]), np.clip(lamp, 0, 1))
    picture = mix(picture, glass, room.astype(float))
    struts = room & (np.abs(np.mod(x - center, 0.011) - 0.0055) < 0.001)
    picture = mix(picture, np.full(3, 0.1), struts.astype(float))
    dome = ((x - center) / 0.022) ** 2 + ((y - top + 0.046) / 0.026) ** 2 < 1
    picture = mix(picture, np.array([0.60, 0.10, 0.08]) * around[..., None], (dome & (y < top - 0.046)).astype(float))
    for row in (0.2, 0.52, 0.84):
        window = (np.abs(across + 0.15) < 0.2) & (np.abs(share - row) < 0.025)
        picture = mix(picture, np.array([0.08, 0.10, 0.14]), window.astype(float))
    return picture


def town(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Two rows of houses, trees between them, the quay and its rocks, and the lighthouse on its mole."""
    rng = np.random.default_rng(5)
    walls = np.array(
        [
            [0.86, 0.55, 0.24],
            [0.80, 0.30, 0.22],
            [0.90, 0.80, 0.58],
            [0.42, 0.56, 0.66],
            [0.88, 0.70, 0.60],
            [0.62, 0.66, 0.42],
            [0.93, 0.90, 0.84],
        ]
    )
    roofs = np.array([[0.62, 0.27, 0.17], [0.52, 0.25, 0.18], [0.33, 0.32, 0.36]])
    quay = HORIZON + 0.004
    at, last = 0.02, -1
    for row, (lift, scale) in enumerate(((0.070, 0.8), (0.0, 1.0))):
        at = 0.0 if row else 0.06
        while at < (0.93 if row else 0.80):
            width = rng.uniform(0.085, 0.135) * scale
            pick = int(rng.choice([i for i in range(len(walls)) if i != last]))
            last = pick
            spec = (
                at,
                width,
                quay - lift,
                rng.uniform(0.12, 0.205) * scale,
                walls[pick] * (0.9 if row else 0.72),
                roofs[rng.integers(3)],
            )
            picture = house(picture, x, y, spec, rng)
            at += width * rng.uniform(0.98, 1.12)
        if not row:
            for _ in range(26):  # trees behind the front row
                cx, cy, r = rng.uniform(0, 1.02), quay - rng.uniform(0.05, 0.10), rng.uniform(0.022, 0.046)
                edge = np.hypot((x - cx) / r, (y - cy) / (r * 1.15)) + 0.9 * fractal(
                    x * 42, y * 42, int(cx * 800) % 199, 5
                )
                light = (
                    0.45
                    + 0.5 * (x - cx) / r
                    - 0.55 * (y - cy) / r
                    + 2.2 * fractal(x * 85, y * 85, int(cx * 613) % 199, 4)
                )
                leaves = np.array([0.20, 0.30, 0.09]) * (0.35 + np.clip(light, 0, 1.6))[..., None] * WARM
                picture = mix(picture, leaves, step(-1, -edge, 0.08))
    wall = (
        step(quay, y, 0.002)
        * step(-(HORIZON + 0.042), -y, 0.002)
        * step(-(0.98 + 0.06 * fractal(y * 40, y * 0, 91, 3)), -x, 0.004)
    )
    row = np.floor((y - quay) / 0.0095)
    joint = np.minimum(np.abs(np.mod(y - quay, 0.0095) - 0.004), np.abs(np.mod(x + 0.013 * row, 0.026) - 0.012) * 0.6)
    stone = (
        0.38
        + 0.14 * np.sin(np.floor((x + 0.013 * row) / 0.026) * 12.9 + row * 78.2)
        + 0.5 * fractal(x * 60, y * 60, 92, 5)
    )
    stone = stone * (0.45 + 0.55 * step(0.0007, joint, 0.001)) * (1.05 - 9 * (y - quay))
    picture = mix(picture, stone[..., None] * np.array([1.05, 0.92, 0.76]), wall)
    mole = HORIZON + 0.008 - 0.030 * np.exp(-(((x - 1.24) / 0.17) ** 4)) + 0.030 * fractal(x * 9, x * 0, 93, 6)
    rocks = step(mole, y, 0.002) * step(-(HORIZON + 0.040), -y, 0.004) * step(1.02, x, 0.03)
    facet = (
        np.abs(fractal(x * 26, y * 34, 95, 5)) * 2.6
        + 0.16
        + 0.8 * (fractal(x * 26 + 0.06, y * 34, 95, 5) - fractal(x * 26, y * 34, 95, 5)) * 5
    )
    picture = mix(picture, np.clip(facet, 0.05, 1.1)[..., None] * np.array([0.62, 0.53, 0.45]), rocks)
    return lighthouse(picture, x, y)


def boat(
    picture: np.ndarray, x: np.ndarray, y: np.ndarray, cx: float, cy: float, size: float, hull: np.ndarray
) -> np.ndarray:
    """A sailing dinghy at its mooring: hull, cabin, mast, furled sail and stays."""
    u, v = (x - cx) / size, (y - cy) / size
    pixel = 1 / picture.shape[0] / size
    sheer = -0.16 - 0.10 * u**2 - 0.10 * np.clip(u, 0, 1)
    bottom = 0.10 * np.sqrt(np.clip(1 - (u / 1.02) ** 2, 0, 1))
    inside = step(sheer, v, pixel) * step(-bottom, -v, pixel) * (np.abs(u) < 1)
    light = np.clip(0.75 + 0.5 * u - 1.4 * (v - sheer), 0.25, 1.2)
    paint = np.where((v > 0.03)[..., None], np.array([0.45, 0.10, 0.08]), hull)
    picture = mix(picture, paint * light[..., None] * WARM * 1.1, inside)
    picture = mix(picture, np.array([0.95, 0.92, 0.85]), (np.abs(v - sheer - 0.015) < 0.018) * (np.abs(u) < 1))
    cabin = (np.abs(u + 0.15) < 0.32) & (v < sheer) & (v > -0.34 + 0.05 * u)
    picture = mix(picture, np.array([0.92, 0.89, 0.82]) * (0.9 + 0.3 * u)[..., None], cabin.astype(float))
    picture = mix(
        picture,
        np.array([0.07, 0.09, 0.12]),
        ((np.abs(np.abs(u + 0.15) - 0.15) < 0.08) & (np.abs(v + 0.26) < 0.035)).astype(float),
    )
    mast = (np.abs(u - 0.18) < 0.018) & (v < -0.15) & (v > -2.1)
    boom = (np.abs(v + 0.50 - 0.05 * u) < 0.035) & (u > -0.85) & (u < 0.18)
    picture = mix(picture, np.array([0.52, 0.36, 0.22]), mast.astype(float))
    picture = mix(picture, np.array([0.90, 0.87, 0.78]) * (0.8 + 0.4 * np.sin(u * 30))[..., None], boom.astype(float))
    for foot in (-0.98, 0.98):
        line = np.abs(u - 0.18 - (foot - 0.18) * (v + 2.1) / 1.9) < 0.008
        picture = mix(picture, np.full(3, 0.25), (line & (v > -2.1) & (v < -0.2)).astype(float) * 0.6)
    return picture


def water(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Everything above the waterline again, mirrored through waves, greener and darker towards the viewer."""
    height, width = y.shape
    line = HORIZON + 0.040
    near = np.clip((y - line) / (1 - line), 1e-4, 1)
    distance = 1 / (near + 0.045)
    u, v = (x - ASPECT / 2) * distance * 2.2, distance * 5.5
    wave = lambda s, f: fractal(u * f, v * f * 1.9, s, 5, 0.55)  # noqa: E731
    tilt_y, tilt_x = wave(201, 1.6) + 0.5 * wave(203, 6.0), wave(202, 1.4)
    bend = 0.10 * np.sqrt(near) + 0.004
    rows = np.clip((line - (y - line) * 0.92 + tilt_y * bend) * height, 0, line * height - 1).astype(int)
    columns = np.clip((x + tilt_x * bend * 0.6) * height, 0, width - 1).astype(int)
    mirrored = picture[rows, columns]
    fresnel = np.clip(0.30 + 0.58 * (1 - near) ** 1.5 + 0.9 * tilt_y * near, 0.10, 0.95)
    deep = mix(np.array([0.10, 0.27, 0.33]), np.array([0.03, 0.12, 0.17]), near)
    color = mix(deep * (1 + 0.7 * tilt_x[..., None]), mirrored * np.array([0.92, 0.97, 1.0]), fresnel)
    glitter = np.clip(wave(204, 9.0) * 2.6 + 1.2 * tilt_y - 0.62, 0, 1) * np.exp(
        -(((x - SUN[0] * ASPECT) / (0.10 + 0.34 * near)) ** 2)
    )
    color = color + 2.2 * glitter[..., None] * np.array([1.0, 0.85, 0.6])
    return mix(picture, color, step(line, y, 2 / height))


def lens(picture: np.ndarray) -> np.ndarray:
    """Bloom, vignette, a film-like curve and grain."""
    height, width = picture.shape[:2]
    bright = Image.fromarray((np.clip(picture - 0.75, 0, 1) * 255).astype(np.uint8))
    glow = np.asarray(bright.filter(ImageFilter.GaussianBlur(height / 45)), float) / 255
    picture = np.clip(picture, 0, None) + 0.7 * glow
    y, x = np.mgrid[:height, :width]
    picture = picture * (1 - 0.30 * (((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) * 2) ** 1.2)[..., None]
    picture = picture * 0.96
    picture = np.clip(picture * (2.51 * picture + 0.03) / (picture * (2.43 * picture + 0.59) + 0.14), 0, 1) ** (
        1 / 1.12
    )
    grain = np.random.default_rng(9).normal(0, 0.012, (height, width, 1))
    return np.clip(picture + grain, 0, 1)


def render(width: int) -> Image.Image:
    """The picture at a width, drawn at twice the size and shrunk for smooth edges."""
    full = 2 * width
    height = round(full / ASPECT)
    y, x = np.mgrid[:height, :full].astype(float)
    x, y = (x + 0.5) / height, (y + 0.5) / height
    picture = town(mountains(sky(x, y), x, y), x, y)
    for cx, cy, size, hull in (
        (0.30, 0.672, 0.055, [0.90, 0.88, 0.82]),
        (0.60, 0.676, 0.062, [0.16, 0.30, 0.50]),
        (0.84, 0.668, 0.045, [0.66, 0.16, 0.12]),
    ):
        picture = boat(picture, x, y, cx, cy - 0.025, size, np.array(hull))
    picture = lens(water(picture, x, y))
    return Image.fromarray((picture * 255).round().astype(np.uint8)).resize(
        (width, round(width / ASPECT)), Image.Resampling.LANCZOS
    )


def main() -> None:
    """Parse the command line, render, save."""
    parser = argparse.ArgumentParser(description="Render the example photograph.")
    parser.add_argument("output", nargs="?", type=Path, default=Path(__file__).with_name("harbour.jpg"))
    parser.add_argument("--size", type=int, default=1280, help="width in pixels")
    arguments = parser.parse_args()
    render(arguments.size).save(arguments.output, quality=90, subsampling=0)
    print(arguments.output)


if __name__ == "__main__":
    main()
