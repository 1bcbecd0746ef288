"""Shapes and the scenes that are put together from them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from drawing.canvas import HEIGHT, WIDTH, XS, YS

Colour = Sequence[float]
Points = Sequence[tuple[float, float]]
LIGHT = np.array([0.55, -0.62, 0.56])  # towards the light: right, up (y grows downwards), towards the eye


class Scene:
    """A picture as planes: colour, light (how strongly lit, 0 to 1), the direction that form runs in, the shape.

    Later shapes cover earlier ones. ``outline`` numbers the shapes, too, but those that belong together share one
    number: nobody draws a line around a ripple. ``whole`` are the shapes that shall not be broken into pieces.
    """

    def __init__(self, colour: Colour) -> None:
        self.base = np.tile(np.asarray(colour, float), (HEIGHT, WIDTH, 1))
        self.light = np.full((HEIGHT, WIDTH), 0.8)
        self.angle = np.zeros((HEIGHT, WIDTH))
        self.label = np.zeros((HEIGHT, WIDTH), int)
        self.outline = np.zeros((HEIGHT, WIDTH), int)
        self.whole: set[int] = set()
        self.count = 0

    def add(
        self,
        mask: np.ndarray,
        colour: Colour | np.ndarray,
        light: float | np.ndarray = 0.8,
        angle: float | np.ndarray = 0.0,
        *,
        group: int | None = None,
        whole: bool = False,
    ) -> None:
        """Cover a mask with a new shape."""
        self.count += 1
        self.outline[mask] = self.count if group is None else -group
        if whole:
            self.whole.add(self.count)
        self.base[mask] = np.broadcast_to(np.asarray(colour, float), self.base.shape)[mask]
        self.light[mask] = np.clip(np.broadcast_to(light, mask.shape)[mask], 0, 1)
        self.angle[mask] = np.broadcast_to(angle, mask.shape)[mask]
        self.label[mask] = self.count

    def ball(self, mask: np.ndarray, colour: Colour, centre: tuple[float, float], radii: tuple[float, float]) -> None:
        """A shape shaded as a ball, its form running around the side that is turned away from the light."""
        x, y = (XS - centre[0]) / radii[0], (YS - centre[1]) / radii[1]
        z = np.sqrt(np.clip(1 - x * x - y * y, 0, 1))
        lit = 0.22 + 0.85 * np.clip(LIGHT[0] * x + LIGHT[1] * y + LIGHT[2] * z, -0.1, 1)
        self.add(mask, colour, lit, np.arctan2(y - 0.9, x + 0.9) + np.pi / 2)

    @property
    def colour(self) -> np.ndarray:
        """Lit colour, RGB in [0, 1]: shadows turn bluish, lights warm."""
        shade = self.light[..., None]
        cool, warm = np.array([0.30, 0.33, 0.52]), np.array([1.12, 1.08, 0.98])
        return np.clip(self.base * (cool + (warm - cool) * shade), 0, 1)

    @property
    def tone(self) -> np.ndarray:
        """Luminance in [0, 1]."""
        return self.colour @ np.array([0.30, 0.59, 0.11])


def polygon(points: Points) -> np.ndarray:
    """Mask of a polygon."""
    image = Image.new("1", (WIDTH, HEIGHT))
    ImageDraw.Draw(image).polygon([(float(x), float(y)) for x, y in points], fill=1)
    return np.asarray(image)


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> np.ndarray:
    """Mask of a turned ellipse."""
    dx, dy = XS - x, YS - y
    u, v = dx * math.cos(turn) + dy * math.sin(turn), dy * math.cos(turn) - dx * math.sin(turn)
    return (u / rx) ** 2 + (v / ry) ** 2 < 1


def curve(points: Points, count: int = 24) -> list[tuple[float, float]]:
    """A smooth closed curve through points (Catmull and Rom)."""
    p = np.asarray(points, float)
    t = np.linspace(0, 1, count, endpoint=False)[:, None]
    found = []
    for i in range(len(p)):
        a, b, c, d = p[i - 1], p[i], p[(i + 1) % len(p)], p[(i + 2) % len(p)]
        found.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return [(x, y) for x, y in np.concatenate(found)]


def lobed(rng: np.random.Generator, x: float, y: float, rx: float, ry: float, bumps: int) -> np.ndarray:
    """Mask of a tree's crown or a cloud: an ellipse with a bumpy outline."""
    turn = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    phase = rng.uniform(0, 6.28, 3)
    r = 1 + 0.10 * np.abs(np.sin(bumps * turn / 2 + phase[0])) + 0.07 * np.sin(3 * turn + phase[1])
    return polygon(list(zip(x + rx * r * np.cos(turn), y + ry * r * np.sin(turn), strict=True)))


def ribbon(points: Points, widths: Sequence[float]) -> np.ndarray:
    """Mask of a band along a path whose width changes."""
    p = np.asarray(points, float)
    t = np.linspace(0, len(p) - 1, 60)
    x, y, w = (np.interp(t, range(len(p)), v) for v in (p[:, 0], p[:, 1], np.asarray(widths, float)))
    dx, dy = np.gradient(x), np.gradient(y)
    n = np.hypot(dx, dy) + 1e-9
    left = list(zip(x - dy / n * w / 2, y + dx / n * w / 2, strict=True))
    right = list(zip(x + dy / n * w / 2, y - dx / n * w / 2, strict=True))
    return polygon([*left, *right[::-1]])


# ------------------------------------------------------------------------------- what several scenes contain


def cloud(scene: Scene, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    """A cloud of five heaps."""
    for dx, dy, r in ((-1.1, 0.15, 0.55), (1.2, 0.2, 0.5), (-0.45, -0.2, 0.75), (0.5, -0.12, 0.7), (0.05, 0.25, 0.8)):
        cx, cy = x + dx * size, y + dy * size
        mask = lobed(rng, cx, cy, 1.15 * r * size, 0.72 * r * size, 11)
        scene.ball(mask, (0.99, 0.95, 0.93), (cx, cy + 0.1 * size), (1.5 * r * size, 1.1 * r * size))
        scene.light[mask] = 0.45 + 0.55 * scene.light[mask]


def flower(
    scene: Scene, rng: np.random.Generator, x: float, y: float, size: float, petal: Colour, heart: Colour, count: int
) -> None:
    """A flower from the front: two rings of petals around a heart."""
    for ring, (far, long) in enumerate(((0.66, 0.40), (0.48, 0.32))):
        start = rng.uniform(0, 1)
        for k in range(count):
            turn = 2 * np.pi * (k + start) / count + rng.normal(0, 0.06)
            cx, cy = x + far * size * math.cos(turn), y + far * size * math.sin(turn)
            tint = np.clip(np.asarray(petal) * (rng.uniform(0.94, 1.10) - 0.24 * (k % 2)) + 0.04 * ring, 0, 1)
            facing = 0.68 + 0.28 * (math.cos(turn) * LIGHT[0] + math.sin(turn) * LIGHT[1])
            scene.add(ellipse(cx, cy, long * size, 1.75 / count * size, turn), tint, facing, turn)
    scene.ball(ellipse(x, y, 0.33 * size, 0.31 * size), heart, (x, y), (0.4 * size, 0.4 * size))
    scene.add(ellipse(x + 0.04 * size, y - 0.05 * size, 0.16 * size, 0.15 * size), np.asarray(heart) * 1.35, 0.9, 0.8)


def leaf(scene: Scene, x: float, y: float, size: float, turn: float, colour: Colour) -> None:
    """A leaf, folded along its rib."""
    dx, dy = XS - x, YS - y
    u, v = dx * math.cos(turn) + dy * math.sin(turn), dy * math.cos(turn) - dx * math.sin(turn)
    inside = (np.abs(v) < 0.3 * size * np.sqrt(np.clip(1 - (u / size) ** 2, 0, 1)) * (1 - 0.45 * u / size)) & (
        np.abs(u) < size
    )
    scene.add(inside & (v > 0), colour, 0.45, turn + 0.5)
    scene.add(inside & (v <= 0), colour, 0.9, turn - 0.5)
