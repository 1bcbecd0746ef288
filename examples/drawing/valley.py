"""A scene: a village by a river under mountains, the sun low."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from drawing.canvas import HEIGHT, WIDTH, XS, YS, noise, smooth
from drawing.shapes import Colour, Points, Scene, cloud, ellipse, lobed, polygon, ribbon


def _sky(scene: Scene, sun: tuple[float, float]) -> None:
    """A sky in rings around a low sun."""
    dx, dy = XS - sun[0], YS - sun[1]
    away = np.hypot(dx, dy)
    around = np.arctan2(dy, dx) + np.pi / 2
    high = smooth(430, 0, YS)[..., None]
    near = np.exp(-((away / 210) ** 2))[..., None]
    middle = np.exp(-(((YS - 190) / 130) ** 2))[..., None]
    sky = (1 - high) * np.array([1.0, 0.80, 0.62]) + high * np.array([0.20, 0.46, 0.86])
    sky = sky * (1 - 0.6 * middle) + 0.6 * middle * np.array([0.62, 0.84, 0.90])
    sky = sky * (1 - near) + near * np.array([1.0, 0.86, 0.56])
    waves = 0.25 * noise(5, 260, octaves=2)
    for ring, radius in enumerate((2000, 300, 205, 130)):
        scene.add(
            away < radius + 14 * np.sin(7 * around + ring),
            sky * (1 - 0.03 * ring),
            0.76 + 0.07 * ring,
            around + waves,
            group=1,
        )
    scene.add(away < 68, (1.0, 0.80, 0.22), 1.0, around)
    scene.add(away < 46, (1.0, 0.93, 0.55), 1.0, around)


def _ridge(
    scene: Scene, points: Points, colours: Sequence[Colour], seed: int, steep: float, snow: Colour | None = None
) -> None:
    """A mountain range through valleys and summits in turn; the flanks that look left lie in the shade."""
    rng = np.random.default_rng(seed)
    p = np.asarray(points, float)
    line = np.interp(np.arange(WIDTH), p[:, 0], p[:, 1]) + 4 * noise(seed, 30, octaves=4)[HEIGHT // 2]
    mask = line[None, :] < YS
    down = YS - line[None, :]
    flank = np.zeros((HEIGHT, WIDTH), int)
    for x, y in p[1:-1]:  # from each summit and valley an edge runs down in a zigzag
        fall = np.maximum(YS - y, 0)
        zigzag = 2 * np.abs((fall / rng.uniform(44, 70)) % 1 - 0.5) - 0.5
        flank += x + rng.uniform(-0.25, 0.35) * fall + 26 * zigzag * smooth(0, 30, fall) + 3 * noise(seed + 1, 24) < XS
    shade = flank % 2 == 0
    bend = 0.2 * noise(seed + 2, 90, octaves=2)
    shadow, lit = (np.asarray(c, float) for c in colours)
    cap = mask & (down < 46 + 15 * noise(seed + 3, 34, octaves=4)) & (line[None, :] + 0.3 * down < 250)
    scene.add(mask & shade, shadow, 0.34 + 0.3 * smooth(0, 190, down), np.pi - steep + bend)
    scene.add(mask & ~shade, lit, 0.92 - 0.22 * smooth(0, 190, down), steep + bend)
    if snow is not None:
        scene.add(cap & shade, snow, 0.62, np.pi - steep + bend)
        scene.add(cap & ~shade, snow, 1.0, steep + bend)


def _house(scene: Scene, x: float, y: float, w: float, h: float, wall: Colour, roof: Colour) -> None:
    """A house seen over its corner: gable in the light, long side in the shade."""
    g, d = 0.45 * w, 0.6 * w  # gable's width to the right of the corner; depth
    rise = 0.62 * h
    scene.add(
        polygon([(x, y), (x + g, y), (x + g, y - h), (x + g / 2, y - h - rise), (x, y - h)]), wall, 0.98, np.pi / 2
    )
    scene.add(polygon([(x, y), (x - d, y - 4), (x - d, y - h - 2), (x, y - h)]), wall, 0.42, 0.05)
    top = (x + g / 2, y - h - rise)
    scene.add(polygon([(x - 4, y - h + 4), top, (top[0] - d, top[1] - 2), (x - d - 6, y - h + 2)]), roof, 0.72, 1.1)
    scene.add(
        polygon([(x + g / 2 - 4, top[1] - 3), (x + g / 2 + 3, top[1] - 3), (x + g + 6, y - h + 5), (x + g, y - h + 6)]),
        roof,
        0.95,
        0.9,
    )
    chimney = (top[0] - 0.6 * d, top[1] + 6)
    cx, cy = chimney
    scene.add(polygon([(cx, cy), (cx, cy - 20), (cx + 11, cy - 20), (cx + 11, cy + 2)]), (0.72, 0.36, 0.28), 0.6, 0.0)
    for i in range(2):
        wx, wy = x - d + 0.18 * d + 0.45 * d * i, y - 0.72 * h
        scene.add(
            polygon([(wx, wy), (wx + 0.2 * d, wy), (wx + 0.2 * d, wy + 0.3 * h), (wx, wy + 0.3 * h)]),
            (0.98, 0.85, 0.45),
            0.9,
            0.0,
        )
    scene.add(
        polygon([(x + 0.14 * w, y), (x + 0.14 * w, y - 0.5 * h), (x + 0.3 * w, y - 0.5 * h), (x + 0.3 * w, y)]),
        (0.30, 0.22, 0.30),
        0.4,
        1.57,
    )
    scene.add(ellipse(x + g / 2, y - 1.05 * h, 0.055 * w, 0.09 * h), (0.25, 0.28, 0.45), 0.4, 0.0)


def _tree(scene: Scene, rng: np.random.Generator, x: float, y: float, size: float, colour: Colour) -> None:
    """A round tree: trunk and seven clumps of leaves."""
    trunk = ribbon(
        [(x - 3, y), (x, y - 0.8 * size), (x + 0.2 * size, y - 1.3 * size)], [0.28 * size, 0.16 * size, 0.08 * size]
    )
    scene.add(trunk, (0.42, 0.28, 0.22), 0.35 + 0.5 * smooth(x - 0.1 * size, x + 0.12 * size, XS), 1.5)
    clumps = (
        (-0.6, -1.1, 0.5),
        (0.65, -1.15, 0.5),
        (-0.35, -1.7, 0.55),
        (0.4, -1.8, 0.52),
        (0.0, -1.35, 0.62),
        (-0.1, -2.1, 0.42),
        (0.5, -1.3, 0.36),
    )
    for dx, dy, r in clumps:
        cx, cy, radius = x + dx * size, y + dy * size, r * size
        tint = np.clip(np.asarray(colour) * rng.uniform(0.85, 1.2) + rng.normal(0, 0.025, 3), 0, 1)
        scene.ball(lobed(rng, cx, cy, radius, 0.9 * radius, 13), tint, (cx, cy), (1.15 * radius, 1.05 * radius))


def _cypress(scene: Scene, x: float, y: float, height: float) -> None:
    """A cypress in two tones that sways like a flame."""
    t = np.linspace(0, 1, 30)
    for k, (tint, light, sway) in enumerate((((0.13, 0.34, 0.25), 0.35, 0.0), ((0.30, 0.55, 0.28), 0.75, 0.09))):
        w = height * (0.15 - 0.06 * k) * np.sin(np.pi * t**0.75) * (1 + 0.13 * np.sin(21 * t + k))
        middle = x + sway * height * np.sin(np.pi * t) * 0.7 + 0.03 * height * np.sin(5 * t)
        line = y - height * t * (1 - 0.06 * k)
        mask = polygon([*zip(middle - w, line, strict=True), *zip((middle + w)[::-1], line[::-1], strict=True)])
        scene.add(mask, tint, light, np.pi / 2 + 0.5 * np.sin((YS - y) / 26) * np.sign(XS - x))


def _walker(scene: Scene, x: float, y: float, size: float, coat: Colour, *, parasol: bool) -> None:
    """A figure seen from behind, with a hat or under a parasol."""
    scene.add(
        polygon(
            [
                (x - 0.3 * size, y),
                (x - 0.13 * size, y - 0.55 * size),
                (x + 0.13 * size, y - 0.55 * size),
                (x + 0.34 * size, y),
            ]
        ),
        coat,
        0.35 + 0.6 * smooth(x - 0.25 * size, x + 0.3 * size, XS),
        1.45,
    )
    scene.add(
        ribbon(
            [(x - 0.04 * size, y - 0.55 * size), (x + 0.2 * size, y - 0.42 * size), (x + 0.22 * size, y - 0.6 * size)],
            [0.1 * size, 0.09 * size, 0.06 * size],
        ),
        coat,
        0.8,
        0.6,
    )
    scene.add(
        polygon(
            [
                (x - 0.15 * size, y - 0.5 * size),
                (x - 0.12 * size, y - 0.8 * size),
                (x + 0.12 * size, y - 0.8 * size),
                (x + 0.15 * size, y - 0.5 * size),
            ]
        ),
        coat,
        0.72,
        0.2,
    )
    scene.add(ellipse(x, y - 0.88 * size, 0.085 * size, 0.1 * size), (0.93, 0.72, 0.58), 0.8, 1.2)
    scene.add(ellipse(x, y - 0.93 * size, 0.17 * size, 0.05 * size, -0.1), (0.86, 0.66, 0.30), 0.85, 0.0)
    if parasol:
        top = (x + 0.26 * size, y - 1.25 * size)
        scene.add(ribbon([(x + 0.2 * size, y - 0.45 * size), top], [3, 3]), (0.30, 0.20, 0.18), 0.4, 1.5)
        for k in range(5):
            a, b = np.pi * (1 + k / 5), np.pi * (1 + (k + 1) / 5)
            arc = [
                (top[0] + 0.5 * size * math.cos(t), top[1] + 0.26 * size + 0.3 * size * math.sin(t))
                for t in np.linspace(a, b, 9)
            ]
            tint = (0.95, 0.42, 0.36) if k % 2 else (0.99, 0.90, 0.76)
            scene.add(polygon([(top[0], top[1] + 0.05 * size), *arc]), tint, 0.5 + 0.12 * k, (a + b) / 2)


def valley() -> Scene:
    """A village by a river under mountains, the sun low; two walkers."""
    rng = np.random.default_rng(7)
    x = np.arange(WIDTH, dtype=float)
    scene = Scene((0.6, 0.7, 0.9))
    _sky(scene, (655.0, 165.0))
    for cx, cy, size in ((150, 110, 78), (395, 70, 50), (845, 75, 56), (330, 190, 40), (815, 235, 44)):
        cloud(scene, rng, cx, cy, size)
    summits = [
        (-20, 330),
        (40, 292),
        (105, 325),
        (250, 150),
        (322, 262),
        (372, 215),
        (412, 265),
        (478, 178),
        (566, 300),
    ]
    summits += [(628, 252), (676, 296), (765, 215), (838, 292), (880, 268), (930, 300)]
    _ridge(scene, summits, [(0.46, 0.44, 0.70), (0.90, 0.68, 0.64)], 20, 1.05, (1.0, 0.98, 0.98))
    hills = [
        (-20, 385),
        (70, 350),
        (160, 392),
        (300, 345),
        (390, 376),
        (520, 338),
        (640, 380),
        (750, 352),
        (830, 378),
        (930, 350),
    ]
    _ridge(scene, hills, [(0.24, 0.48, 0.50), (0.48, 0.68, 0.46)], 30, 0.55)
    hill = 425 + 36 * np.sin(x / 150 + 3.6)
    for k in range(11):  # fields that run up the hill
        edge = hill + 16 * k * (1 + 0.3 * np.sin(x / 190 + k))
        tint = ((0.93, 0.78, 0.30), (0.52, 0.68, 0.26), (0.86, 0.62, 0.26), (0.36, 0.58, 0.30), (0.66, 0.50, 0.62))[
            k % 5
        ]
        light = 0.72 + 0.22 * np.sin(x / 130 + 0.8 * k)
        scene.add(
            edge[None, :] < YS,
            tint,
            light[None, :] * np.ones_like(YS),
            np.arctan(np.gradient(edge))[None, :] + (0.5 if k % 2 else -0.15),
        )
    for hx, hy, w, h, wall, roof in (
        (200, 452, 62, 36, (0.97, 0.90, 0.78), (0.74, 0.32, 0.24)),
        (300, 462, 70, 40, (0.98, 0.84, 0.60), (0.82, 0.40, 0.24)),
        (118, 474, 74, 44, (0.92, 0.88, 0.86), (0.52, 0.36, 0.44)),
        (392, 478, 66, 40, (0.96, 0.90, 0.84), (0.76, 0.30, 0.28)),
    ):
        _house(scene, hx, hy, w, h, wall, roof)
    scene.add(
        polygon([(238, 470), (238, 372), (272, 372), (272, 470)]), (0.97, 0.92, 0.82), 0.35 + 0.6 * (XS > 252), 1.57
    )
    scene.add(polygon([(232, 374), (255, 292), (278, 374)]), (0.36, 0.42, 0.62), 0.4 + 0.5 * (XS > 255), 1.3)
    scene.add(ellipse(257, 396, 7, 11), (0.22, 0.20, 0.34), 0.4, 1.57)
    _house(scene, 215, 512, 92, 52, (0.99, 0.93, 0.80), (0.86, 0.44, 0.26))
    t = np.linspace(0, 1, 60)
    centre = 560 + 150 * np.sin(4.6 * t + 0.2) * (0.35 + t)
    half = 12 + 150 * t**1.5
    line = 452 + 260 * t**1.15
    river = polygon([*zip(centre - half, line, strict=True), *zip((centre + half)[::-1], line[::-1], strict=True)])
    ripple = np.sin(YS / (2.5 + np.maximum(YS - 440, 0) / 40) + 2.2 * noise(41, 90, octaves=3, stretch=2.5))
    for low, tint, light in (
        (-9, (0.34, 0.60, 0.84), 0.72),
        (0.25, (0.62, 0.80, 0.92), 0.9),
        (0.86, (1.0, 0.90, 0.66), 1.0),
    ):
        scene.add(river & (ripple > low), tint, light, 0.12 * noise(42, 120, octaves=2), group=2)
    bank = polygon([(0, 560), (130, 552), (300, 585), (420, 650), (450, 700), (0, 700)])
    scene.add(bank, (0.44, 0.62, 0.24), 0.62 + 0.25 * np.sin(XS / 60), 1.2 + 0.4 * noise(43, 60, octaves=2))
    path = ribbon([(120, 720), (190, 640), (170, 590), (215, 545)], [120, 62, 36, 22])
    scene.add(path, (0.95, 0.80, 0.58), 0.9, 1.2)
    for cx, cy, height in ((60, 500, 165), (22, 520, 210), (470, 488, 110), (500, 494, 84)):
        _cypress(scene, cx, cy, height)
    for cx, cy, size, tint in (
        (800, 470, 42, (0.42, 0.62, 0.24)),
        (870, 486, 52, (0.62, 0.58, 0.20)),
        (730, 462, 30, (0.32, 0.54, 0.30)),
        (352, 545, 40, (0.86, 0.50, 0.20)),
        (300, 560, 30, (0.50, 0.62, 0.24)),
    ):
        _tree(scene, rng, cx, cy, size, tint)
    right = polygon([(900, 560), (800, 590), (740, 640), (720, 700), (900, 700)])
    scene.add(right, (0.40, 0.56, 0.26), 0.55 + 0.2 * noise(44, 70, octaves=2), 1.9 + 0.3 * noise(45, 60, octaves=2))
    _tree(scene, rng, 815, 690, 105, (0.80, 0.42, 0.16))
    boat = polygon([(548, 596), (668, 590), (644, 622), (572, 624)])
    scene.add(boat, (0.80, 0.26, 0.20), 0.55 + 0.4 * smooth(560, 660, XS), 0.05)
    scene.add(polygon([(556, 600), (660, 595), (650, 604), (566, 607)]), (0.52, 0.34, 0.24), 0.5, 0.0)
    scene.add(polygon([(606, 592), (606, 490), (662, 580)]), (0.99, 0.95, 0.86), 0.95, 1.2)
    scene.add(polygon([(601, 590), (601, 500), (566, 584)]), (0.96, 0.80, 0.52), 0.7, 1.9)
    _walker(scene, 205, 640, 92, (0.36, 0.34, 0.68), parasol=True)
    _walker(scene, 142, 650, 66, (0.82, 0.34, 0.34), parasol=False)
    for _ in range(70):  # flowers on the bank
        fx, fy = rng.uniform(0, 440), rng.uniform(590, 698)
        if bank[int(fy), int(fx)] and not path[int(fy), int(fx)]:
            tint = ((0.95, 0.30, 0.30), (0.99, 0.86, 0.30), (0.98, 0.96, 0.94), (0.62, 0.36, 0.72))[rng.integers(4)]
            scene.add(ellipse(fx, fy, rng.uniform(3, 6), rng.uniform(3, 5)), tint, 0.95, rng.uniform(0, 3))
    return scene
