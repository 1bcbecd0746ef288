"""Pictures that stand in for photographs when a style is learnt and no photographs are given.

They are drawn on the spot: landscapes, streets, heaps of things and portraits of nobody. They need not look real.
What matters is that edges, shades, textures, blur and empty areas have the sizes and proportions that they have in
photographs. Heaps follow the dead leaves model, which is known for that (Lee, Mumford and Huang 2001; learning from
it: Baradad et al. 2021, arXiv 2106.05963).
"""

from __future__ import annotations

import colorsys
import math
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from impasto.threads import cpu_threads

Pixels = NDArray[np.uint8]
"""Height x width x 3, RGB in 0..255."""
Floats = NDArray[np.float32]
"""Numbers of which 0..1 are colours."""

WIDTH, HEIGHT = 384, 288  # pixels of every picture
_MAX_THREADS = 4  # that draw at a time; more would wait for the interpreter, since half of the work holds its lock


def draw_photographs(count: int, seed: int = 0) -> dict[str, Pixels]:
    """Draw pictures of four kinds in turn.

    Args:
        count: pictures to draw.
        seed: the same seed gives the same pictures; more of them begin with the same ones.

    Returns:
        HEIGHT x WIDTH x 3 bytes each, by name.
    """
    with ThreadPoolExecutor(min(_MAX_THREADS, cpu_threads())) as pool:
        return dict(pool.map(partial(_draw, seed), range(count)))


def _draw(seed: int, index: int) -> tuple[str, Pixels]:
    """Draw the picture of an index: its name and its pixels."""
    kinds = (_landscape, _heap, _street, _portrait)
    rng = np.random.default_rng([seed, index])
    kind = kinds[index % len(kinds)]
    picture = kind(rng) + rng.normal(0, rng.uniform(0.002, 0.015), (HEIGHT, WIDTH, 1)).astype(np.float32)
    graded = np.clip(picture, 0, 1) ** rng.uniform(0.75, 1.35)
    return f"{kind.__name__[1:]}-{index:03d}", (graded * 255).round().astype(np.uint8)


def noise(rng: np.random.Generator, cells: float, octaves: int = 4, roughness: float = 0.5) -> Floats:
    """Fractal noise of mean 0 and standard deviation of about 1, HEIGHT x WIDTH.

    Args:
        rng: source of the random numbers.
        cells: bumps of the coarsest octave that fit across.
        octaves: layers of noise; the bumps of each are half as large as those of the one before.
        roughness: amplitude of an octave relative to the coarser one.
    """
    total, scale = np.zeros((HEIGHT, WIDTH), np.float32), 1.0
    for octave in range(octaves):
        columns = max(2, round(cells * 2**octave))
        if columns > WIDTH:
            break
        small = rng.normal(0, 1, (max(2, columns * HEIGHT // WIDTH), columns)).astype(np.float32)
        total += scale * np.asarray(Image.fromarray(small).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
        scale *= roughness
    return total


def _colour(rng: np.random.Generator, hue: float | None = None, saturation: float = 0.8) -> Floats:
    """A random colour, 3 numbers: of a hue in 0..1 with little variation, or of any."""
    h = rng.random() if hue is None else hue + rng.normal(0, 0.03)
    return np.array(colorsys.hsv_to_rgb(h % 1, saturation * rng.random(), rng.uniform(0.15, 1)), np.float32)


def _mix(low: Floats, high: Floats, share: Floats) -> Floats:
    """The colours at a share of the way from ``low`` to ``high``; shares are cut to 0..1."""
    share = np.clip(share, 0, 1)[..., None]
    result: Floats = low + (high - low) * share
    return result


def _sky(rng: np.random.Generator) -> Floats:
    """Draw a sky from the zenith's colour to the horizon's, with clouds or without."""
    y = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None] * np.ones((1, WIDTH), np.float32)
    hue = rng.choice((0.58, 0.6, 0.55, 0.07, 0.95))
    top = np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0.2, 0.8), rng.uniform(0.4, 0.95)), np.float32)
    sky = _mix(top, top + (1 - top) * rng.uniform(0.3, 0.9), y * 1.6)
    if rng.random() < 0.7:
        cover = noise(rng, rng.uniform(1.5, 4), 6, 0.55) * 0.8 + rng.uniform(-0.8, 0.6)
        light = 0.75 + 0.2 * noise(rng, 4, 5)
        sky = _mix(sky, np.clip(light, 0.3, 1)[..., None] * np.ones(3, np.float32), cover)
    return sky


def _landscape(rng: np.random.Generator) -> Floats:
    """Draw ridges behind each other in haze, sometimes with water that mirrors them."""
    picture, sky = _sky(rng), _sky(rng)
    y = np.arange(HEIGHT, dtype=np.float32)[:, None]
    x = np.arange(WIDTH)
    haze = picture[-1, 0]
    horizon = rng.uniform(0.3, 0.6) * HEIGHT
    layers = int(rng.integers(2, 6))
    for layer in range(layers):
        near = (layer + 1) / layers
        line = noise(rng, rng.uniform(1, 4), 7, rng.uniform(0.35, 0.6))[0] * HEIGHT * 0.12 * rng.uniform(0.3, 1)
        top = horizon + near**1.5 * (HEIGHT - horizon) * 0.7 - HEIGHT * 0.12 + line[x]
        low, high = _colour(rng, rng.choice((0.25, 0.3, 0.09, 0.6)), 0.6) * 0.5, _colour(rng, 0.2, 0.5)
        texture = 0.5 + 0.3 * noise(rng, 8 + 40 * near * rng.random(), 5, 0.7) - (y - top) / HEIGHT * 0.3
        land = _mix(low, high, texture) * near + haze * (1 - near)
        below = (y > top)[..., None]
        picture = np.where(below, land, picture)
    if rng.random() < 0.35:
        level = int(HEIGHT * rng.uniform(0.6, 0.8))
        depth = HEIGHT - level
        mirror = picture[level - depth : level][::-1]
        ripple = (noise(rng, 20, 3)[:depth] * np.linspace(1, 8, depth)[:, None]).astype(int)
        rows = np.clip(np.arange(depth)[:, None] + ripple, 0, depth - 1)
        picture[level:] = 0.75 * mirror[rows, x[None]] + 0.1 * sky[level:]
    return picture.astype(np.float32)


def _heap(rng: np.random.Generator) -> Floats:
    """Draw dead leaves: things of all sizes over each other, each with its colour, texture and shading."""
    picture = np.ones((HEIGHT, WIDTH, 3), np.float32) * _colour(rng)
    hue = None if rng.random() < 0.5 else rng.random()
    textures = [noise(rng, cells, 4, rng.uniform(0.4, 0.9)) for cells in (3, 12, 40)]
    smallest = rng.uniform(4, 20)
    for _ in range(int(rng.integers(60, 220))):
        radius = min(smallest / math.sqrt(rng.random() + 1e-3), 130)
        left, top = int(rng.uniform(-20, WIDTH + 20) - 2 * radius), int(rng.uniform(-20, HEIGHT + 20) - 2 * radius)
        # Pixels outside the square that the thing and its shadow touch stay as they are and cost nothing.
        side = int(4 * radius)
        y0, y1, x0, x1 = max(0, top), min(HEIGHT, top + side), max(0, left), min(WIDTH, left + side)
        if y0 >= y1 or x0 >= x1:
            continue
        box, inside = np.s_[y0:y1, x0:x1], np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
        y, x = np.mgrid[box].astype(np.float32)
        shape = _shape(rng, side, radius)
        slope = rng.normal(0, 0.25, 2)
        shade = 1 + (slope[0] * (x - left - side / 2) + slope[1] * (y - top - side / 2)) / radius
        if rng.random() < 0.7:
            shade += rng.uniform(0, 0.35) * textures[rng.integers(3)][box]
        thing = np.clip(_colour(rng, hue) * shade[..., None], 0, 1)
        shadow, cover = (
            np.asarray(shape.filter(ImageFilter.GaussianBlur(blur)))[inside][..., None].astype(np.float32) / 255
            for blur in (2 + radius / 8, 0.7)
        )
        picture[box] = picture[box] * (1 - 0.4 * shadow) * (1 - cover) + thing * cover
    return picture


def _shape(rng: np.random.Generator, side: int, radius: float) -> Image.Image:
    """Draw the mask of a blob or a polygon in the middle of a square; side and radius in pixels."""
    mask, at = Image.new("L", (side, side)), side / 2
    corners = int(rng.integers(3, 7)) if rng.random() < 0.4 else 40
    angles = np.linspace(0, 2 * math.pi, corners, endpoint=False) + rng.uniform(0, 6)
    wobble = 1 + (0.25 * np.sin(angles * rng.integers(2, 5) + rng.uniform(0, 6)) if corners == 40 else 0)
    stretch, turn = rng.uniform(0.3, 1), rng.uniform(0, math.pi)
    u, v = radius * wobble * np.cos(angles), stretch * radius * wobble * np.sin(angles)
    points = np.stack([at + u * math.cos(turn) - v * math.sin(turn), at + u * math.sin(turn) + v * math.cos(turn)])
    ImageDraw.Draw(mask).polygon([tuple(point) for point in points.T], 255)
    return mask


def _street(rng: np.random.Generator) -> Floats:
    """Draw house fronts with windows side by side under a sky, and a road."""
    image = Image.fromarray((np.clip(_sky(rng), 0, 1) * 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)

    def tint(colour: Floats, light: float = 1.0) -> tuple[int, int, int]:
        r, g, b = (int(v) for v in np.clip(colour * light * 255, 0, 255))
        return r, g, b

    ground = HEIGHT * rng.uniform(0.7, 0.92)
    draw.rectangle((0, ground, WIDTH, HEIGHT), tint(_colour(rng, 0.1, 0.2), 0.8))
    x = -rng.uniform(0, 60)
    while x < WIDTH:
        width, top = rng.uniform(40, 130), ground * rng.uniform(0.08, 0.75)
        wall, light = _colour(rng, None, 0.5), rng.uniform(0.6, 1.1)
        draw.rectangle((x, top, x + width, ground), tint(wall, light))
        if rng.random() < 0.5:
            peak = top - rng.uniform(10, 40)
            draw.polygon([(x - 3, top), (x + width / 2, peak), (x + width + 3, top)], tint(_colour(rng, 0.03), 0.7))
        step, high = rng.uniform(12, 30), rng.uniform(16, 36)
        pane = tint(_colour(rng, 0.58, 0.4), 0.5)
        for wx in np.arange(x + step * 0.4, x + width - step * 0.6, step):
            for wy in np.arange(top + high * 0.4, ground - high, high):
                draw.rectangle((wx, wy, wx + step * 0.5, wy + high * 0.55), pane, tint(wall, 1.3))
        x += width + (rng.uniform(0, 40) if rng.random() < 0.2 else 0)
    for _ in range(int(rng.integers(0, 12))):  # people, posts and trees
        at, tall = rng.uniform(0, WIDTH), rng.uniform(15, 90)
        base = rng.uniform(ground, HEIGHT)
        draw.ellipse((at - tall / 6, base - tall, at + tall / 6, base), tint(_colour(rng), 0.7))
    picture = np.asarray(image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.2))), np.float32) / 255
    shade = 1 + 0.12 * noise(rng, 2, 6, 0.7) + rng.uniform(-0.3, 0.3) * np.linspace(-1, 1, WIDTH)
    return (picture * shade[..., None]).astype(np.float32)


def _portrait(rng: np.random.Generator) -> Floats:
    """Draw a few large round things, shaded, before a blurred background."""
    back = Image.fromarray((np.clip(_heap(rng) if rng.random() < 0.5 else _sky(rng), 0, 1) * 255).astype(np.uint8))
    blurred = back.filter(ImageFilter.GaussianBlur(rng.uniform(4, 14)))
    picture: Floats = np.asarray(blurred, np.float32) / np.float32(255)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    hue = rng.choice((0.06, 0.08, rng.random()))
    for _ in range(int(rng.integers(1, 5))):
        centre = np.array((rng.uniform(0.2, 0.8) * WIDTH, rng.uniform(0.3, 0.9) * HEIGHT))
        size = np.array((rng.uniform(0.12, 0.35) * WIDTH, rng.uniform(0.15, 0.45) * HEIGHT))
        u, v = (x - centre[0]) / size[0], (y - centre[1]) / size[1]
        r2 = u**2 + v**2
        z = np.sqrt(np.clip(1 - r2, 0, 1))
        light = 0.35 + 0.65 * np.clip(z * 0.7 - u * rng.uniform(-0.6, 0.6) - v * 0.4, 0, 1)
        skin = _colour(rng, hue, 0.6) * 0.5 + 0.4
        texture = np.float32(1) + rng.uniform(0.02, 0.25) * noise(rng, rng.uniform(5, 40), 5, 0.7)
        edge = np.clip((1 - np.sqrt(r2)) * min(size) / 1.5, 0, 1).astype(np.float32)
        lit = (skin * (light * texture)[..., None]).astype(np.float32)
        picture = _mix(picture, lit, edge)
        for _ in range(int(rng.integers(0, 6))):  # dark marks: eyes, buttons, leaves
            at = centre + size * rng.uniform(-0.5, 0.5, 2)
            spot = np.exp(-((((x - at[0]) / rng.uniform(3, 12)) ** 2 + ((y - at[1]) / rng.uniform(2, 8)) ** 2) ** 2))
            picture = (picture * (1 - rng.uniform(0.4, 0.95) * spot[..., None])).astype(np.float32)
    return picture
