"""Techniques that put a picture together from pieces: stained glass, mosaic."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from drawing.canvas import HEIGHT, WIDTH, XS, YS, blur, depth_inside, noise, saturated, smooth, strokes, warped
from drawing.ink import contours
from drawing.shapes import Scene


def _panes(scene: Scene, rng: np.random.Generator, size: float) -> np.ndarray:
    """Number of the glass pane of each pixel: the shapes, the large ones broken along and across their form."""
    count = int(WIDTH * HEIGHT / size**2)
    sites = rng.random((count, 2)) * (WIDTH, HEIGHT)
    nearest = np.full((HEIGHT, WIDTH), np.inf)
    owner = np.zeros((HEIGHT, WIDTH), int)
    bend_x, bend_y = XS + 6 * noise(90, 90, octaves=2), YS + 6 * noise(91, 90, octaves=2)
    for k, (x, y) in enumerate(sites):
        angle = scene.angle[int(y), int(x)]
        reach = int(3.2 * size)
        box = (slice(max(0, int(y) - reach), int(y) + reach), slice(max(0, int(x) - reach), int(x) + reach))
        dx, dy = bend_x[box] - x, bend_y[box] - y
        along, across = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
        distance = np.hypot(0.62 * along, 1.45 * across)
        closer = distance < nearest[box]
        nearest[box][closer] = distance[closer]
        owner[box][closer] = k
    return owner


def stained_glass(scene: Scene) -> np.ndarray:
    """Jewel-coloured panes lit from behind, streaked and seeded, between lead cames."""
    rng = np.random.default_rng(4)
    sizes = np.bincount(scene.label.ravel())
    enamel = sizes[scene.label] < 1300  # too small for a piece of glass: painted onto the pane beneath
    painted = enamel.copy()
    panes = scene.label * 10_000 + _panes(scene, rng, 52.0) * ~np.isin(scene.label, list(scene.whole))
    _, panes = np.unique(panes, return_inverse=True)
    panes = panes.reshape(painted.shape)
    # Paint and slivers join the nearest proper pane.
    for reach in (3, 5, 8, 12, 17, 24, 33):
        for turn in np.arange(0, 6.2, 0.79):
            area = np.bincount(panes.ravel())
            small = (area[panes] < 420) | painted
            there = tuple(
                warped(v, np.full(XS.shape, reach * np.cos(turn)), np.full(XS.shape, reach * np.sin(turn)))
                for v in (panes, painted)
            )
            proper = small & (area[there[0]] >= 420) & ~there[1]
            panes, painted = np.where(proper, there[0], panes), painted & ~proper
    count = panes.max() + 1
    area = np.maximum(np.bincount(panes.ravel(), minlength=count), 1)
    mean = (
        np.stack([np.bincount(panes.ravel(), scene.colour[..., c].ravel(), count) for c in range(3)], -1)
        / area[:, None]
    )
    glass = saturated(mean, 1.75, 0.01) ** 1.25
    glass = np.clip(glass * rng.uniform(0.72, 1.28, (count, 1)) + rng.normal(0, 0.035, (count, 3)), 0.02, 1)[panes]
    # Streaks run in another direction in each pane; seeds are little bubbles.
    turn = rng.integers(0, 4, count)[panes]
    streaks = np.choose(
        turn, [noise(92, 70, stretch=0.25), noise(93, 24, stretch=3.5), noise(94, 60), noise(95, 16, octaves=3)]
    )
    depth = depth_inside(panes, 22)
    glow = smooth(0, 22, depth)
    sun = np.exp(-(((XS - 655) / 420) ** 2) - ((YS - 165) / 330) ** 2)
    slope = rng.uniform(-1, 1, (count, 2))[panes]
    middle = np.stack([np.bincount(panes.ravel(), v.ravel(), count) / area for v in (XS, YS)], -1)[panes]
    tilt = (slope[..., 0] * (XS - middle[..., 0]) + slope[..., 1] * (YS - middle[..., 1])) / 60
    light = 0.62 + 0.42 * glow + 0.13 * streaks + 0.34 * sun + 0.35 * np.clip(tilt, -0.8, 0.8)
    lit = glass * light[..., None]
    own = saturated(scene.colour, 1.5, 0.01) * (0.75 + 0.35 * light)[..., None]
    cover = smooth(0.3, 0.7, blur(enamel.astype(float), 0.8))[..., None]
    lit = lit * (1 - cover) + cover * own
    lit = (
        lit
        * (1 - 0.85 * (contours(np.where(enamel, scene.label, 0), 89, 0.75) * (blur(enamel.astype(float), 2) > 0.02)))[
            ..., None
        ]
    )
    lit = lit + 0.30 * np.clip(light - 0.95, 0, 1)[..., None]  # where much light comes through, glass turns pale
    seeds = smooth(2.35, 2.8, noise(96, 5, octaves=1))
    lit = lit * (1 - 0.35 * seeds[..., None]) + 0.25 * np.roll(seeds, 1, axis=1)[..., None]
    lead = smooth(3.1, 2.0, blur(depth, 1.2) + 0.35 * noise(97, 40, octaves=2))
    height = blur(lead, 1.6)
    shine = np.clip(
        4.5 * (np.roll(height, 1, axis=0) - np.roll(height, -1, axis=0))
        + 2.5 * (np.roll(height, -1, 1) - np.roll(height, 1, 1)),
        -1,
        1,
    )
    came = (0.105 + 0.16 * np.clip(-shine, 0, 1) + 0.018 * noise(98, 4, octaves=2))[..., None] * np.array(
        [0.95, 1.0, 1.12]
    )
    return lit * (1 - lead[..., None]) + came * lead[..., None]


def mosaic(scene: Scene) -> np.ndarray:
    """Tesserae set in rows that flow around the shapes (andamento), of stone, glass and some gold, in pale grout."""
    rng = np.random.default_rng(5)
    depth = blur(depth_inside(scene.label, 30), 2.5)
    down, across = np.gradient(depth)
    # Rows run along the nearest outline; far from all of them along the form.
    near = smooth(28, 14, depth) * smooth(0.02, 0.2, np.hypot(down, across))
    outline = np.arctan2(down, across) + np.pi / 2
    double = near * np.exp(2j * outline) + (1 - near) * np.exp(2j * scene.angle)
    double = blur(double.real, 2) + 1j * blur(double.imag, 2)
    angle = 0.5 * np.angle(double)
    fine = np.bincount(scene.label.ravel())[scene.label] < 6000
    side = np.where(fine, 7.5, 12.0)
    scale = 3
    image = Image.new("RGB", (WIDTH * scale, HEIGHT * scale), (92, 84, 78))
    draw = ImageDraw.Draw(image)
    bump = Image.new("L", image.size, 0)
    relief = ImageDraw.Draw(bump)
    colour = saturated(blur(scene.colour, 1.2), 1.22, 0.01)
    for shrink, tries in ((1.0, 60_000), (0.7, 60_000), (0.5, 40_000)):
        taken = np.asarray(bump.resize((WIDTH, HEIGHT), Image.Resampling.BOX)) > 0
        free = ~(blur(taken.astype(float), 1.0) > 0.22 / shrink) if shrink < 1 else None
        rows = strokes(
            angle,
            0.98 * side * shrink,
            scene.label,
            rng,
            length=(60, 420) if free is None else (3, 60),
            wanted=free,
            step=1.5,
            tries=tries,
        )
        for row in rows:
            position = 0.0
            ends = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(row, axis=0).T))])
            while position < ends[-1] + 1:
                x, y = (np.interp(position, ends, row[:, k]) for k in (0, 1))
                i, j = int(np.clip(y, 0, HEIGHT - 1)), int(np.clip(x, 0, WIDTH - 1))
                s = side[i, j] * shrink
                long = s * rng.uniform(0.8, 1.25)
                turn = angle[i, j] + rng.normal(0, 0.05)
                half = np.array([[-long, -s], [long, -s], [long, s], [-long, s]]) / 2 * 0.86
                half += rng.normal(0, 0.045 * s, (4, 2))
                rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
                corners = [tuple(c) for c in ((half @ rotation + (x, y)) * scale)]
                tint = colour[i, j] * rng.uniform(0.84, 1.16) + rng.normal(0, 0.02, 3)
                if rng.random() < 0.03 and tint[0] > 0.6:
                    tint = np.array([0.95, 0.76, 0.30]) * rng.uniform(0.85, 1.15)
                draw.polygon(corners, fill=tuple(int(v) for v in np.clip(tint, 0.02, 1) * 255))
                relief.polygon(corners, fill=int(rng.uniform(150, 255)))
                position += long
    picture = np.asarray(image.resize((WIDTH, HEIGHT), Image.Resampling.BOX), dtype=float) / 255
    height = np.asarray(bump.resize((WIDTH, HEIGHT), Image.Resampling.BOX), dtype=float) / 255
    stone = smooth(0.05, 0.5, height)
    soft = blur(height, 1.0)
    shade = (
        np.roll(soft, -1, axis=0)
        - np.roll(soft, 1, axis=0)
        + 0.7 * (np.roll(soft, 1, axis=1) - np.roll(soft, -1, axis=1))
    )
    picture = picture * (1 + (0.05 * noise(99, 3, octaves=2) + 0.03 * noise(100, 30))[..., None])
    return picture * (1 + 0.42 * shade[..., None]) * (0.94 + 0.06 * stone[..., None])
