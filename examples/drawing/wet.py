"""Colour laid flat: watercolour and a printed halftone."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from drawing.canvas import HEIGHT, WIDTH, XS, YS, blur, depth_inside, noise, saturated, smooth, strokes, warped
from drawing.ink import contours
from drawing.shapes import Scene


def watercolour(scene: Scene) -> np.ndarray:
    """Wet washes on rough white paper: glazes, dark edges, granulation, blooms, single strokes on top."""
    rng = np.random.default_rng(6)
    rough = 0.7 * noise(110, 3.2, octaves=2) + 0.5 * noise(111, 8, octaves=2)
    paper = np.array([0.988, 0.98, 0.955]) * (1 + 0.010 * rough)[..., None]
    vivid = np.clip(scene.colour + 0.45 * (scene.colour - scene.tone[..., None]), 0, 1)
    pigment = -np.log(np.clip(1 - 0.86 * (1 - vivid), 0.05, 1))  # optical density, by channel
    # First the large wet masses without edges, with much paper left in the lights.
    wet = np.clip(0.55 + 0.45 * noise(114, 170, octaves=3), 0.0, 1.3)
    density = blur(warped(pigment, 14 * noise(112, 60), 14 * noise(113, 60)), 10) * (0.34 * wet)[..., None]
    # Then glazes with edges: pigment gathers where a wash dries, and pools unevenly inside.
    for glaze, shift in enumerate((4.0, 2.0, 0.8)):
        dx, dy = shift * noise(120 + glaze, 34, octaves=3), shift * noise(130 + glaze, 34, octaves=3)
        labels = warped(scene.outline, dx, dy)
        tint = blur(warped(pigment, dx, dy), (2.0, 1.2, 0.5)[glaze])
        depth = blur(depth_inside(labels, 8), 0.5)
        lost = noise(140 + glaze, 80, octaves=2)  # where positive, the next wash is not touched: a line of white paper
        dry = smooth(0.4, 1.6, depth + 3 * smooth(0.7, 0.2, lost))
        rim = np.exp(-(((depth - 2.0) / 1.1) ** 2)) * smooth(-0.8, 0.8, noise(145 + glaze, 60))
        pool = np.clip(1 + 0.38 * noise(150 + glaze, 55, octaves=4), 0.15, 2)
        density += tint * ((0.24, 0.20, 0.18)[glaze] * dry * (pool + 1.1 * rim))[..., None]
    for size, length, share, limit in ((17.0, (40, 150), 0.26, 0.80), (8.0, (16, 70), 0.40, 0.52)):
        density += pigment * (share * _brush_strokes(scene, rng, size, length, limit) * (1 + 0.2 * rough))[..., None]
    density *= 1 + (0.20 * rough * smooth(0.05, 0.8, density.mean(axis=-1)))[..., None]  # grains settle in hollows
    for _ in range(18):  # blooms: drops of water push the pigment outwards and leave a jagged, dark ring
        x, y, r = rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), rng.uniform(18, 75)
        ragged = np.hypot(XS - x, YS - y) / r + 0.15 * noise(int(rng.integers(1 << 20)), 30, octaves=4)
        inside, ring = smooth(1.0, 0.5, ragged), np.exp(-(((ragged - 1.03) / (1.8 / r)) ** 2))
        density *= (1 - 0.40 * inside + 0.30 * ring)[..., None]
    border = np.minimum(np.minimum(XS, WIDTH - 1 - XS), np.minimum(YS, HEIGHT - 1 - YS)) + 8 * noise(
        161, 150, octaves=5
    )
    density *= (smooth(17, 19, border) * (1 + 0.5 * np.exp(-(((border - 21) / 1.8) ** 2))))[..., None]
    for _ in range(60):  # splashes
        x, y, r = rng.uniform(8, WIDTH - 8), rng.uniform(8, HEIGHT - 8), 0.6 + rng.exponential(0.9)
        drop = smooth(r + 0.6, r - 0.6, np.hypot(XS - x, YS - y))
        tint = pigment[int(y), int(np.clip(x + rng.normal(0, 60), 0, WIDTH - 1))]
        density += (0.45 * drop)[..., None] * tint
    return paper * np.exp(-density)


def _brush_strokes(
    scene: Scene, rng: np.random.Generator, size: float, length: tuple[float, float], limit: float
) -> np.ndarray:
    """Pigment of single strokes of a loaded brush where the scene is darker than the limit, each with a dry edge."""
    marks = Image.new("I", (WIDTH, HEIGHT), 0)
    draw = ImageDraw.Draw(marks)
    wanted = (blur(scene.tone, 2) + 0.08 * noise(165, 60, octaves=2) < limit) & (noise(166, 90, octaves=2) > -0.5)
    wanted &= scene.outline > 0  # skies and water stay wet
    bend = scene.angle + 0.3 * noise(167, 80, octaves=2)
    load = [0.0]
    gaps = np.full(wanted.shape, 0.95 * size)
    for points in strokes(bend, gaps, scene.outline, rng, length=length, wanted=wanted, tries=12_000):
        load.append(rng.uniform(0.35, 1.25))
        radius = 0.5 * size * (0.3 + 0.7 * np.sin(np.pi * np.linspace(0.05, 0.97, len(points))))
        for (x, y), r in zip(points, radius, strict=True):
            draw.ellipse((x - r, y - r, x + r, y + r), fill=len(load) - 1)
    stroke = warped(np.asarray(marks), 0.8 * noise(168, 9), 0.8 * noise(169, 9))
    rim = 0.7 + 1.0 * np.exp(-(((depth_inside(stroke, 4) - 1.5) / 1.0) ** 2))
    return blur(np.asarray(load)[stroke] * rim, 0.6)


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
    return np.rint(saturated(colour, 1.3) * 5) / 5
