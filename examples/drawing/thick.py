"""Pictures of thick paint and wax: oil impasto and crayon."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from drawing.canvas import HEIGHT, WIDTH, blur, noise, saturated, smooth, strokes
from drawing.ink import contours
from drawing.shapes import Scene


def oil_impasto(scene: Scene) -> np.ndarray:
    """Short loaded strokes along the form, large ones first, lit from the side so that their ridges show."""
    rng = np.random.default_rng(61)
    vivid = saturated(scene.colour, 1.25)
    colours = Image.fromarray((blur(vivid, 3) * 255).astype(np.uint8))
    heights = Image.new("I", (WIDTH, HEIGHT), 0)
    paint, relief = ImageDraw.Draw(colours), ImageDraw.Draw(heights)
    bend = scene.angle + 0.35 * noise(610, 140, octaves=2)
    edges = np.add(*(np.abs(slope) for slope in np.gradient(blur(scene.tone, 1))))
    detail = blur(edges, 4)
    for size, length, tries, least in (
        (26.0, (60, 130), 9_000, -1.0), (15.0, (36, 90), 22_000, 0.004), (9.0, (22, 54), 40_000, 0.012),
    ):  # fmt: skip
        gap = np.full((HEIGHT, WIDTH), 0.62 * size)
        for points in strokes(bend, gap, scene.outline, rng, length=length, wanted=detail > least, tries=tries):
            x, y = points[len(points) // 2].astype(int)
            tint = vivid[y, x] * rng.uniform(0.84, 1.16) + rng.normal(0, 0.035, 3)
            along = (points[-1] - points[0]) / max(1.0, float(np.hypot(*(points[-1] - points[0]))))
            across = size * np.array([-along[1], along[0]])
            for bristle in np.linspace(-0.5, 0.5, int(size * 0.8)):
                streak = np.clip(tint * (1 + 0.10 * rng.normal()), 0, 1)
                height = int(900 + 2160 * bristle**2 + 420 * rng.random())  # paint is pushed to a stroke's sides
                line = [tuple(point + across * bristle) for point in points[rng.integers(0, 3) :]]
                if len(line) > 1:
                    paint.line(line, fill=tuple(int(255 * v) for v in streak), width=2)
                    relief.line(line, fill=height, width=2)
    height = blur(np.asarray(heights, np.float64) / 900, 0.9)
    slope = np.gradient(height)
    lit = np.clip(1 + 0.74 * slope[0] - 0.55 * slope[1], 0.55, 1.6)
    painted = np.asarray(colours, np.float64) / 255
    gloss = smooth(1.28, 1.55, lit)[..., None]
    return np.clip(painted * lit[..., None], 0, 1) * (1 - 0.5 * gloss) + 0.5 * gloss


def crayon(scene: Scene) -> np.ndarray:
    """Wax crayons in a child's hand: scribbles to and fro in strong colours on rough paper, thick outlines."""
    rng = np.random.default_rng(62)
    tooth = noise(620, 3.0, octaves=2) + 0.5 * noise(621, 7, octaves=2)
    page = np.array([0.985, 0.975, 0.95]) * (1 + 0.008 * tooth)[..., None]
    box = np.array([
        (0.90, 0.16, 0.16), (0.97, 0.52, 0.12), (0.99, 0.84, 0.16), (0.30, 0.68, 0.24), (0.10, 0.44, 0.28),
        (0.16, 0.52, 0.86), (0.12, 0.20, 0.60), (0.52, 0.22, 0.62), (0.96, 0.56, 0.68), (0.46, 0.27, 0.14),
        (0.98, 0.80, 0.66), (0.16, 0.15, 0.16),
    ])  # fmt: skip
    strong = saturated(scene.base, 1.5)
    nearest = ((strong[:, :, None] - box) ** 2).sum(axis=-1).argmin(axis=-1)
    density = np.ones_like(page)
    for crayon_number, colour in enumerate(box):
        here = nearest == crayon_number
        if here.sum() < 200:
            continue
        wax = Image.new("L", (WIDTH, HEIGHT), 0)
        draw = ImageDraw.Draw(wax)
        turn = np.deg2rad(rng.uniform(20, 70))
        c, s = np.cos(turn), np.sin(turn)
        position = -WIDTH
        while position < 2 * WIDTH:
            reach = [(t * c - position * s, t * s + position * c) for t in np.linspace(-WIDTH, 2 * WIDTH, 90)]
            wobble = rng.normal(0, 1.6, (90, 2))
            draw.line(
                [(x + a, y + b) for (x, y), (a, b) in zip(reach, wobble, strict=True)],
                fill=255,
                width=int(rng.integers(5, 8)),
            )
            position += rng.uniform(5.5, 11)
        covered = np.asarray(wax, np.float64) / 255
        ragged = blur(here.astype(float), 2.2) + 0.10 * noise(630 + crayon_number, 26, octaves=3)
        covered = blur(covered, 0.8) * smooth(0.42, 0.55, ragged)
        firm = 0.35 + 0.55 * (1 - scene.light)
        bite = smooth(-0.6, 0.9, tooth + 1.6 * firm + 0.5 * noise(650 + crayon_number, 60))
        density *= 1 - (covered * (0.25 + 0.75 * bite))[..., None] * (1 - colour)
    line = np.clip(contours(scene.outline, 622, 2.6), 0, 1) * smooth(-1.1, 0.3, tooth + 0.4)
    return page * density * (1 - 0.86 * line[..., None]) + 0.86 * line[..., None] * np.array([0.14, 0.12, 0.16])
