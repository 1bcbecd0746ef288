"""Colour laid flat: watercolour and a printed halftone."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from drawing.canvas import HEIGHT, WIDTH, XS, YS, blur, depth_inside, noise, smooth, strokes, warped
from drawing.ink import contours
from drawing.shapes import Scene


def watercolour(scene: Scene) -> np.ndarray:
    """Wet washes on rough white paper: glazes, dark edges, granulation, blooms."""
    rng = np.random.default_rng(6)
    rough = 0.7 * noise(110, 3.2, octaves=2) + 0.5 * noise(111, 8, octaves=2)
    paper = np.array([0.985, 0.975, 0.945]) * (1 + 0.012 * rough)[..., None]
    colour = 1 - 0.80 * (1 - np.clip(scene.colour + 0.25 * (scene.colour - scene.tone[..., None]), 0, 1))
    density = np.zeros_like(colour)  # of pigment, per channel
    # First the large wet masses without edges, then glazes with edges, then the small dark touches.
    flood = blur(warped(colour, 14 * noise(112, 60), 14 * noise(113, 60)), 11)
    density += -np.log(np.clip(flood, 0.05, 1)) * (0.24 + 0.10 * noise(114, 120)[..., None])
    for glaze, shift in enumerate((4.0, 2.2, 0.9)):
        dx, dy = shift * noise(120 + glaze, 34, octaves=3), shift * noise(130 + glaze, 34, octaves=3)
        labels, tint = warped(scene.outline, dx, dy), blur(warped(colour, dx, dy), 2.2 - 0.8 * glaze)
        depth = depth_inside(labels, 12)
        # Some white is left between washes, but most of them touch.
        gap = smooth(0.2, 1.6, depth + 1.4 * np.abs(noise(140 + glaze, 70, octaves=2)) + 0.8)
        rim = np.exp(-(((depth - 2.4) / 1.5) ** 2))  # pigment gathers at a drying edge
        pool = 1 + 0.30 * noise(150 + glaze, 55, octaves=4)
        strength = (0.26, 0.24, 0.22)[glaze] * gap * np.clip(pool + 0.75 * rim, 0.1, 2.4)
        density += -np.log(np.clip(tint, 0.04, 1)) * strength[..., None]
    # Single strokes of a full brush on the dry sheet, each with its own edge.
    for width, length, share, limit in ((15.0, (40, 130), 0.30, 0.86), (7.0, (16, 60), 0.42, 0.55)):
        marks = Image.new("I", (WIDTH, HEIGHT), 0)
        draw = ImageDraw.Draw(marks)
        wanted = (blur(scene.tone, 2) + 0.08 * noise(165, 60, octaves=2) < limit) & (noise(166, 90, octaves=2) > -0.7)
        bend = scene.angle + 0.3 * noise(167, 80, octaves=2)
        found = strokes(
            bend, np.full(XS.shape, 0.9 * width), scene.outline, rng, length=length, wanted=wanted, tries=12_000
        )
        load = [0.0]
        for points in found:
            load.append(rng.uniform(0.4, 1.2))
            size = width * (0.35 + 0.65 * np.sin(np.pi * np.linspace(0.06, 0.96, len(points))))
            for (x, y), r in zip(points, size / 2, strict=True):
                draw.ellipse((x - r, y - r, x + r, y + r), fill=len(load) - 1)
        stroke = warped(np.asarray(marks), 0.8 * noise(168, 9), 0.8 * noise(169, 9))
        depth = depth_inside(stroke, 4)
        rim = 0.75 + 0.9 * np.exp(-(((depth - 1.5) / 1.1) ** 2))
        laid = blur(np.asarray(load)[stroke] * rim, 0.6) * share * (1 + 0.2 * rough)
        density += -np.log(np.clip(blur(colour, 0.8), 0.04, 1)) * np.clip(laid, 0, 2)[..., None]
    density *= 1 + (0.16 * rough * smooth(0.05, 0.9, density.mean(axis=-1)))[..., None]  # grains settle in hollows
    # Blooms: drops of water push the pigment outwards and leave a jagged, dark ring.
    for _ in range(16):
        x, y, r = rng.uniform(0, 900), rng.uniform(0, 700), rng.uniform(18, 70)
        ragged = np.hypot(XS - x, YS - y) / r + 0.16 * noise(int(rng.integers(1 << 20)), 26, octaves=4)
        inside, ring = smooth(1.0, 0.55, ragged), np.exp(-(((ragged - 1.04) / 0.07) ** 2))
        density *= (1 - 0.42 * inside + 0.34 * ring)[..., None]
    border = np.minimum(np.minimum(XS, 899 - XS), np.minimum(YS, 699 - YS)) + 9 * noise(161, 150, octaves=5)
    density *= smooth(13, 17, border)[..., None]
    density *= (1 + 0.5 * np.exp(-(((border - 19) / 2.5) ** 2)))[..., None]
    for _ in range(90):  # splashes
        x, y, r = rng.uniform(20, 880), rng.uniform(20, 680), 0.8 + rng.exponential(1.3)
        drop = smooth(1.15, 0.85, np.hypot(XS - x, YS - y) / r)
        tint = colour[int(y), int(np.clip(x + rng.normal(0, 60), 0, 899))]
        density += drop[..., None] * -np.log(np.clip(tint, 0.1, 1)) * 0.5
    return paper * np.exp(-np.clip(density, 0, 3.2))


def _screen(amount: np.ndarray, pitch: float, degrees: float, offset: tuple[float, float]) -> np.ndarray:
    """Dots of one ink whose size follows the amount (0 to 1)."""
    turn = np.deg2rad(degrees)
    x, y = XS + offset[0], YS + offset[1]
    u = (x * np.cos(turn) + y * np.sin(turn)) / pitch
    v = (y * np.cos(turn) - x * np.sin(turn)) / pitch
    # Distance to the dot's middle as a rank in (0, 1): the share of ink is the share of the paper.
    shape = 0.5 - 0.25 * (np.cos(2 * np.pi * u) + np.cos(2 * np.pi * v))
    soft = 1.1 / pitch
    return smooth(-soft, soft, amount - (0.08 + 0.84 * shape))


def halftone(scene: Scene) -> np.ndarray:
    """A comic page: flat tints and coarse dots of cyan, magenta, yellow and black, printed slightly out of register."""
    colour = blur(scene.colour, 0.8)
    paper = (
        np.array([0.975, 0.945, 0.875]) * (1 + 0.012 * noise(170, 4, octaves=2) + 0.012 * noise(171, 200))[..., None]
    )
    black = smooth(0.30, 0.05, scene.tone)
    cyan, magenta, yellow = np.moveaxis(1 - _posterised(colour), -1, 0)
    sizes = np.bincount(scene.label.ravel())[scene.label]
    page = paper
    inks = (
        (yellow, (0.99, 0.86, 0.12), 0.0, (2.2, -1.4)),
        (magenta, (0.91, 0.16, 0.42), 75.0, (-2.4, 1.2)),
        (cyan, (0.05, 0.58, 0.78), 15.0, (1.2, 2.6)),
    )
    for number, (amount, ink, degrees, offset) in enumerate(inks):
        moved = warped(amount, np.full(XS.shape, offset[0]), np.full(XS.shape, offset[1]))
        size = warped(sizes, np.full(XS.shape, offset[0]), np.full(XS.shape, offset[1]))
        # Three rulings: fine dots in small shapes, coarse ones in large.
        fine, middle, coarse = (_screen(moved, pitch, degrees, offset) for pitch in (6.0, 9.0, 14.0))
        dots = np.where(size < 9_000, fine, np.where(size < 34_000, middle, coarse))
        solid = smooth(0.80, 0.86, moved)
        blank = smooth(0.10, 0.06, moved)
        cover = np.maximum(dots, solid) * (1 - blank)
        cover = cover * (0.95 - 0.07 * smooth(0.6, 2.2, noise(180 + number, 5, octaves=3)))  # ink that did not take
        page = page * (1 - cover[..., None] * (1 - np.asarray(ink)))
    key = np.maximum(contours(scene.outline, 190, 1.25), _screen(0.85 * black, 7.0, 45.0, (0, 0)) * (black > 0.1))
    key *= 0.97 - 0.1 * smooth(1.0, 2.5, noise(193, 4, octaves=2))
    return page * (1 - key[..., None]) + key[..., None] * np.array([0.09, 0.08, 0.13])


def _posterised(colour: np.ndarray) -> np.ndarray:
    """Fewer, stronger colours: each channel in six steps."""
    grey = colour.mean(axis=-1, keepdims=True)
    strong = np.clip(grey + 1.3 * (colour - grey), 0, 1)
    return np.rint(strong * 5) / 5
