"""Pictures made of lines and nothing else: a woodcut and a blueprint."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from drawing.canvas import HEIGHT, WIDTH, XS, YS, blur, noise, smooth, strokes
from drawing.ink import contours
from drawing.shapes import Scene


def woodcut(scene: Scene) -> np.ndarray:
    """A block of black from which light is cut along the form, printed on warm paper over two flat tints."""
    rng = np.random.default_rng(31)
    tone = blur(scene.tone, 1.5)
    cut = Image.new("L", (2 * WIDTH, 2 * HEIGHT), 0)
    draw = ImageDraw.Draw(cut)
    gap = np.full(tone.shape, 5.6)
    dark = tone < 0.24  # stays black
    for points in strokes(scene.angle, gap, scene.outline, rng, length=(60, 260), wanted=~dark, tries=45_000):
        light = tone[points[:, 1].astype(int), points[:, 0].astype(int)]
        along = np.linspace(0, 1, len(points))
        # A gouge enters and leaves the wood in a point, and goes deeper where it is to be lighter.
        radius = 2 * (0.5 + 3.4 * smooth(0.2, 0.95, light)) * np.clip(5 * np.minimum(along, 1 - along), 0.08, 1)
        for (x, y), r in zip(2 * points, radius, strict=True):
            draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
    white = np.asarray(cut.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS), np.float64) / 255
    white = np.maximum(white, smooth(0.86, 0.93, tone))
    ink = (1 - white) * (1 - contours(scene.outline, 310, 1.2)) + contours(scene.outline, 311, 2.6)
    ink = smooth(0.35, 0.65, blur(ink, 0.7))
    ink *= 1 - 0.55 * smooth(1.9, 2.6, noise(312, 5, octaves=2)) - 0.06 * smooth(0, 2, noise(313, 60, stretch=6.0))
    paper = np.array([0.95, 0.90, 0.79]) * (1 + 0.012 * noise(314, 3, octaves=2))[..., None]
    warm = (scene.base[..., 0] > scene.base[..., 2] + 0.18) & (tone > 0.3)
    cool = (scene.base[..., 2] > scene.base[..., 0] + 0.1) & (tone > 0.3)
    for where, tint in ((warm, (0.86, 0.50, 0.24)), (cool, (0.42, 0.58, 0.62))):
        cover = blur(where.astype(float), 1.2)[..., None]
        paper = paper * (1 - 0.85 * cover * (1 - np.asarray(tint)))
    return paper * (1 - ink[..., None]) + ink[..., None] * np.array([0.09, 0.08, 0.09])


def blueprint(scene: Scene) -> np.ndarray:
    """White lines on Prussian blue: outlines, hatching where it is dark, a grid, circles of construction."""
    paper = np.array([0.06, 0.23, 0.50]) * (1 + 0.05 * noise(320, 260) + 0.03 * noise(321, 3, octaves=2))[..., None]
    grid = np.maximum(_ruled(XS, 20, 0.7), _ruled(YS, 20, 0.7)) * 0.16
    grid = np.maximum(grid, np.maximum(_ruled(XS, 100, 1.0), _ruled(YS, 100, 1.0)) * 0.30)
    tone = blur(scene.tone, 2)
    hatched = np.zeros_like(tone)
    for limit, degrees, pitch in ((0.62, 45, 9.0), (0.42, 45, 4.5), (0.30, -45, 9.0), (0.18, -45, 4.5)):
        turn = np.deg2rad(degrees)
        lines = _ruled(XS * np.cos(turn) + YS * np.sin(turn), pitch, 0.8)
        hatched = np.maximum(hatched, lines * (blur((tone < limit).astype(float), 0.6) > 0.5))
    drawn = np.clip(contours(scene.outline, 322, 1.5), 0, 1)
    detail = np.clip(contours(scene.label, 323, 0.8), 0, 1)
    marks = Image.new("L", (WIDTH, HEIGHT), 0)
    draw = ImageDraw.Draw(marks)
    rng = np.random.default_rng(32)
    for _ in range(9):  # circles and axes of construction
        x, y, r = rng.uniform(80, WIDTH - 80), rng.uniform(80, HEIGHT - 80), rng.uniform(30, 120)
        draw.ellipse((x - r, y - r, x + r, y + r), outline=150)
        for start in range(0, int(2.6 * r), 14):
            draw.line((x - 1.3 * r + start, y, x - 1.3 * r + start + 9, y), fill=150)
            draw.line((x, y - 1.3 * r + start, x, y - 1.3 * r + start + 9), fill=150)
    frame = (np.minimum(np.minimum(XS, WIDTH - 1 - XS), np.minimum(YS, HEIGHT - 1 - YS)) // 2) == 7
    white = np.maximum.reduce([0.95 * drawn, 0.60 * detail, 0.52 * hatched, np.asarray(marks) / 255, grid, frame * 0.8])
    white = np.clip(white * (1 - 0.25 * smooth(0.6, 2, noise(324, 7, octaves=3))), 0, 1)[..., None]
    return paper * (1 - white) + white * np.array([0.90, 0.95, 1.0])


def _ruled(values: np.ndarray, pitch: float, width: float) -> np.ndarray:
    """Lines of a width where values are multiples of the pitch, 0 to 1."""
    away = np.abs((values + pitch / 2) % pitch - pitch / 2)
    return smooth(width / 2 + 0.5, width / 2 - 0.5, away)
