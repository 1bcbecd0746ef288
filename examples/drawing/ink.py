"""Dry techniques on paper: pen and ink, charcoal."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw

from drawing.canvas import HEIGHT, WIDTH, blur, depth_inside, noise, smooth, strokes, warped
from drawing.shapes import Scene

FINE = 3  # factor by which lines are drawn larger and then shrunk


def lines(curves: Iterable[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """How much of each pixel is covered by curves, each with its width along the way in pixels."""
    image = Image.new("L", (WIDTH * FINE, HEIGHT * FINE))
    draw = ImageDraw.Draw(image)
    for points, widths in curves:
        p, w = points * FINE, np.maximum(widths * FINE, 1.0)
        for (x0, y0), (x1, y1), width in zip(p[:-1], p[1:], w, strict=False):
            draw.line((x0, y0, x1, y1), fill=255, width=max(1, round(width)))
            r = width / 2
            if r > 1:
                draw.ellipse((x1 - r, y1 - r, x1 + r, y1 + r), fill=255)
    small = image.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64) / 255


def contours(labels: np.ndarray, seed: int, width: float) -> np.ndarray:
    """Outlines of the shapes, drawn by an unsteady hand with changing pressure."""
    shaken = warped(labels, 1.3 * noise(seed, 30, octaves=2), 1.3 * noise(seed + 1, 30, octaves=2))
    near = blur((depth_inside(shaken, 2) < 1.0).astype(float), 1.0)
    pressure = width * np.clip(1 + 0.4 * noise(seed + 2, 45, octaves=2), 0.62, 2.2)
    return smooth(0.34, 0.5, near * pressure)


def pen_and_ink(scene: Scene) -> np.ndarray:
    """Hatching that follows form, crossed where it is dark, on warm paper, with some sepia wash."""
    rng = np.random.default_rng(1)
    tone = smooth(-0.05, 1.06, blur(scene.tone, 1.0))
    grain = noise(50, 3, octaves=2)
    ink = contours(scene.outline, 51, 1.15)
    # One direction for the mid tones, a second across it, a third for the deepest shadows.
    apart = depth_inside(scene.outline, 4) > 1  # a thin light beside each outline keeps shapes apart
    layers = ((0.0, 0.86, 3.2), (1.05, 0.55, 3.1), (-0.75, 0.36, 3.0), (1.9, 0.2, 2.8))
    for turn, below, gap in layers:
        angle = scene.angle + turn + 0.08 * noise(60 + int(10 * turn), 120, octaves=2)
        spacing = gap * (0.75 + 1.0 * smooth(0.1, 0.85, tone))
        hatch = []
        wanted = (tone < below + 0.03 * grain) & apart
        for points in strokes(angle, spacing, scene.label, rng, length=(14, 70), wanted=wanted, tries=90_000):
            t = np.linspace(0, 1, len(points))
            dark = np.clip(below - tone[points[:, 1].astype(int), points[:, 0].astype(int)], 0, 0.5)
            width = (0.55 + 2.6 * dark) * np.sin(np.pi * (0.08 + 0.86 * t)) ** 0.6 * rng.uniform(0.8, 1.25)
            points = points + np.cumsum(rng.normal(0, 0.10, points.shape), axis=0)
            hatch.append((points, width))
        ink = 1 - (1 - ink) * (1 - lines(hatch))
    ink *= 1 - 0.16 * smooth(0.4, 1.6, grain)  # the paper's tooth breaks the line
    fibre = 0.6 * noise(70, 4, octaves=2) + 0.5 * noise(71, 160, octaves=3)
    paper = np.array([0.965, 0.915, 0.80]) * (1 + 0.018 * fibre[..., None])
    wash = smooth(0.62, 0.1, blur(tone, 3) + 0.05 * noise(72, 40))[..., None]
    paper = paper * (1 - wash * np.array([0.16, 0.26, 0.36]))
    return paper * (1 - ink[..., None]) + ink[..., None] * np.array([0.11, 0.075, 0.07])


def charcoal(scene: Scene) -> np.ndarray:
    """Smudged masses, grained strokes, rich blacks and white chalk on toned paper."""
    rng = np.random.default_rng(2)
    tone = smooth(0.06, 0.96, scene.tone) ** 0.95
    tooth = noise(80, 1.7, octaves=1) + 0.5 * noise(81, 5, octaves=2, stretch=1.5)
    smudge = blur(warped(tone, 8 * noise(82, 40, octaves=2), 8 * noise(83, 40, octaves=2)), 6)
    mass = 0.76 * smooth(0.84, 0.02, smudge + 0.06 * noise(84, 90, octaves=4))
    dark = mass * (0.88 + 0.12 * smooth(-1.2, 1.2, tooth))

    def drag(
        below: float, gap: float, width: tuple[float, float], length: tuple[float, float], turn: float
    ) -> np.ndarray:
        """Strokes where the tone is below a threshold; their strength is what the tooth takes from them."""
        angle = scene.angle + turn + 0.25 * noise(85, 140, octaves=2)
        ragged = blur(tone, 2) + 0.05 * noise(90, 40)
        found = strokes(
            angle, np.full(tone.shape, gap), scene.label, rng, length=length, wanted=ragged < below, tries=25_000
        )
        press = []
        for points in found:
            t = np.linspace(0, 1, len(points))
            press.append((points + rng.normal(0, 0.8, 2), rng.uniform(*width) * (0.6 + 0.4 * np.sin(np.pi * t))))
        return blur(lines(press), 0.8)

    for below, gap, width, length, turn, strength in (
        (0.74, 10.0, (6, 13), (60, 220), 0.0, 0.45),
        (0.50, 6.0, (3, 8), (40, 160), 0.35, 0.72),
        (0.30, 4.0, (3, 6), (30, 120), -0.2, 0.97),
    ):
        stroke = drag(below, gap, width, length, turn)
        taken = smooth(-0.9, 0.55, tooth + 3.2 * (stroke - 0.75))
        dark = 1 - (1 - dark) * (1 - strength * stroke * taken)
    edge = contours(scene.outline, 86, 1.0)
    edge = np.maximum(edge, 0.8 * blur(edge, 1.6))
    dark = 1 - (1 - dark) * (1 - 0.95 * edge * smooth(-1.3, 0.4, tooth + 1.0))
    # Drawn with a kneaded rubber and white chalk, the lights come last.
    light = smooth(0.68, 0.98, tone + 0.05 * noise(87, 30))
    chalk_lines = []
    bright = strokes(
        scene.angle + 0.15,
        np.full(tone.shape, 7.0),
        scene.label,
        rng,
        length=(30, 150),
        wanted=tone + 0.05 * noise(91, 50) > 0.78,
    )
    for points in bright:
        chalk_lines.append((points, np.full(len(points), rng.uniform(3, 7))))
    chalk = np.clip(0.35 * light + 0.75 * blur(lines(chalk_lines), 0.8), 0, 1) * smooth(-0.9, 0.9, tooth + 0.35)
    paper = np.array([0.735, 0.665, 0.575]) * (1 + 0.03 * noise(88, 5, octaves=2) + 0.03 * noise(89, 220))[..., None]
    chalk *= 1 - 0.8 * dark
    page = paper * (1 - chalk[..., None]) + chalk[..., None] * np.array([0.97, 0.95, 0.90])
    return page * (1 - dark[..., None]) + dark[..., None] * np.array([0.085, 0.08, 0.085])
