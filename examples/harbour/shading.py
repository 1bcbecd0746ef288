"""The colours of surfaces: walls with windows and doors, hulls, rocks, the quay."""

from __future__ import annotations

import numpy as np

from harbour.noise import _TABLE, fractal, mix, smooth
from harbour.solids import Solid
from harbour.world import SUN


def paint_house(
    solid: Solid, p: np.ndarray, n: np.ndarray, ray: np.ndarray, sun: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Boards, corner trim, windows set back into the wall: colour, share of mirroring, share of sun."""
    w, h, d = solid.info["size"]
    p = p - solid.info.get("shift", 0)
    front = np.abs(n[:, 2]) > np.abs(n[:, 0])
    across = np.where(front, p[:, 0], p[:, 2])
    wide = np.where(front, w, d)
    y = p[:, 1]
    seed = solid.info["seed"]
    upright = seed % 2 == 0
    board = (across if upright else y) / 0.19
    line = np.abs(board - np.floor(board) - 0.5)
    each = _TABLE[(np.floor(board).astype(np.int64) + seed * 31) & 65535]
    weather = fractal(across * 0.5 + seed, y * 0.35, 5) + 0.5 * fractal(across * 6, y * 0.9 + seed, 4)
    color = (
        solid.info["color"]
        * (1 + 0.16 * (each - 0.5) + 0.42 * weather)[:, None]
        * (1 - 0.45 * smooth(0.42, 0.5, line))[:, None]
    )
    color = mix(color, color * 0.55 + 0.02, smooth(1.0, 0.0, y) * (0.5 + weather))
    trim = np.array([0.80, 0.78, 0.72])
    if solid.info["color"].min() > 0.5:
        trim = np.array([0.30, 0.36, 0.40])
    corner = (across < 0.2) | (across > wide - 0.2)
    color = np.where(corner[:, None], trim, color)
    color = np.where((y < 0.55)[:, None], np.array([0.30, 0.28, 0.26]) * (1 + weather)[:, None], color)
    # Windows: a grid of openings, looked into along the ray.
    storeys = max(1, round(h / 2.75))
    columns = np.where(front, max(2, round(w / 2.35)), max(2, round(d / 3.0)))
    tall = h / storeys

    def opening(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        column, storey = np.floor(a / wide * columns), np.floor(b / tall)
        x = a - (column + 0.5) * wide / columns
        level = b - (storey + 0.56) * tall
        attic = (b > h) & (np.abs(a - wide / 2) < 2)  # one window up in the gable
        x = np.where(attic, a - wide / 2, x)
        level = np.where(attic, b - h - 1.15, level)
        door = (storey == 0) & (column == seed % 3) & front & ~attic
        half_x, half_y = (
            np.where(door, 0.55, np.where(attic, 0.4, 0.50)),
            np.where(door, 1.16, np.where(attic, 0.55, 0.72)),
        )
        level = np.where(door, b - 1.75, level)
        ok = ((storey < storeys) | attic) & (b > 0)
        return x, level, half_x, half_y, ok, door, column * 13 + storey * 7

    x, level, half_x, half_y, ok, door, _ = opening(across, y)
    frame = ok & (np.abs(x) < half_x + 0.16) & (np.abs(level) < half_y + 0.16)
    hole = ok & (np.abs(x) < half_x) & (np.abs(level) < half_y)
    color = np.where((frame & ~hole)[:, None], trim * (1 + 0.1 * weather)[:, None], color)
    sunlit = np.ones(len(p))
    sill_shadow = ok & (np.abs(x) < half_x + 0.16) & (level < -half_y - 0.16) & (level > -half_y - 0.34)
    sunlit[sill_shadow] = 0.25
    depth = 0.16
    facing = np.maximum(np.where(front, np.abs(ray[:, 2]), np.abs(ray[:, 0])), 0.15)
    ray_across = np.where(front, ray[:, 0], ray[:, 2])
    a, b = across + ray_across / facing * depth, y + ray[:, 1] / facing * depth
    x, level, half_x, half_y, ok, door, number = opening(a, b)
    inner = hole & (np.abs(x) < half_x) & (np.abs(level) < half_y)
    color = np.where((hole & ~inner)[:, None], trim * 0.7, color)
    lean = np.maximum(np.where(front, np.abs(sun[2]), np.abs(sun[0])), 0.25)
    sx, sl = x + np.where(front, sun[0], sun[2]) / lean * depth, level + sun[1] / lean * depth
    sunlit = np.where(inner & ((np.abs(sx) > half_x) | (sl > half_y)), 0.0, sunlit)
    bars = (
        (np.abs(x) < 0.045)
        | (np.abs(level - half_y * 0.3) < 0.04)
        | (np.abs(x) > half_x - 0.06)
        | (np.abs(level) > half_y - 0.06)
    )
    pane = inner & ~bars & ~door
    color = np.where((inner & bars & ~door)[:, None], trim, color)
    chance = _TABLE[(number.astype(np.int64) * 131 + seed * 17) & 65535]
    curtain = (np.abs(x) > half_x * (0.35 + 0.5 * chance)) & (chance > 0.35)
    room = np.where(curtain[:, None], np.array([0.30, 0.29, 0.26]), np.array([0.018, 0.02, 0.024]))
    color = np.where(pane[:, None], room, color)
    leaf = np.array([[0.10, 0.20, 0.16], [0.32, 0.08, 0.05], [0.25, 0.15, 0.08]])[seed % 3]
    color = np.where((inner & door)[:, None], leaf * (0.8 + 0.3 * (np.abs(level) < 0.6))[:, None], color)
    return np.clip(color, 0.008, 0.9), pane * 1.0, sunlit


def paint(
    solid: Solid, p: np.ndarray, n: np.ndarray, ray: np.ndarray, world: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The look of a solid at points of its frame: colour, mirroring, share of sun, bent normal."""
    count = len(p)
    kind, info = solid.material, solid.info
    shine, sunlit, bump = np.zeros(count), np.ones(count), n
    if kind == "house":
        color, shine, sunlit = paint_house(solid, p, n, ray, solid.frame @ SUN)
        return color, shine, sunlit, bump
    if kind == "roof":
        run, down = p[:, 2 - info["across"]], p[:, 1] * 1.45
        course = np.floor(down / 0.34)
        tile = run / 0.26 + 0.5 * (course % 2)
        each = _TABLE[(np.floor(tile).astype(np.int64) * 57 + course.astype(np.int64) * 311 + info["seed"]) & 65535]
        edge = smooth(0.16, 0.02, down / 0.34 - course)
        moss = fractal(run * 0.7 + info["seed"], down * 0.5, 5)
        color = info["color"] * (0.78 + 0.5 * each + 0.7 * moss)[:, None] * (1 - 0.45 * edge)[:, None]
        color = mix(color, np.array([0.17, 0.17, 0.07]), smooth(0.12, 0.45, moss) * 0.5)
        bump = n.copy()
        bump[:, 2 - info["across"]] += 0.28 * np.sin(tile * 2 * np.pi)
        shine = np.full(count, 0.05)
    elif kind == "stone":
        top = n[:, 1] > 0.6
        run = np.where(np.abs(n[:, 2]) > 0.5, p[:, 0], p[:, 2]) if not solid.round else np.arctan2(p[:, 2], p[:, 0]) * 5
        up = np.where(top, p[:, 2], p[:, 1])
        run = np.where(top, p[:, 0], run)
        course = np.floor(up / 0.46)
        block = run / 0.95 + 0.5 * (course % 2) + 0.3 * _TABLE[course.astype(np.int64) & 65535]
        each = _TABLE[(np.floor(block).astype(np.int64) * 91 + course.astype(np.int64) * 173) & 65535]
        joint = np.minimum(0.5 - np.abs(block - np.floor(block) - 0.5), (0.5 - np.abs(up / 0.46 - course - 0.5)) * 0.5)
        rough = fractal(run * 2.3, up * 2.3, 5)
        color = (
            np.array([0.36, 0.33, 0.30])
            * (0.72 + 0.5 * each + 0.8 * rough)[:, None]
            * (0.45 + 0.55 * smooth(0.0, 0.05, joint))[:, None]
        )
        wet = smooth(0.9, 0.3, world[:, 1] + 0.3 * rough)
        color = mix(color, np.array([0.035, 0.045, 0.025]), wet * 0.9)
    elif kind == "tower":
        band = np.floor(p[:, 1] / 5.0) % 2 == 1
        grime = fractal(np.arctan2(p[:, 2], p[:, 0]) * 9, p[:, 1] * 0.25, 5) + 0.4 * fractal(
            p[:, 0] * 3, p[:, 1] * 3, 4
        )
        color = (
            np.where(band[:, None], np.array([0.58, 0.055, 0.04]), np.array([0.86, 0.84, 0.79]))
            * (1 + 0.16 * grime)[:, None]
        )
        around = np.arctan2(p[:, 0], -p[:, 2])
        hole = (np.abs(around - 0.1) < 0.13) & (np.abs(np.mod(p[:, 1], 7.5) - 4.6) < 0.6)
        color = np.where(hole[:, None], 0.03, color)
        color = np.where(
            ((np.abs(around - 0.1) < 0.19) & (np.abs(np.mod(p[:, 1], 7.5) - 4.6) < 0.8) & ~hole)[:, None], 0.62, color
        )
    elif kind == "lantern":
        around = np.mod(np.arctan2(p[:, 2], p[:, 0]) / (2 * np.pi) * 10, 1)
        bars = (around < 0.08) | (np.abs(np.mod(p[:, 1], 1.1)) < 0.08)
        color = np.where(bars[:, None], 0.05, np.array([0.10, 0.11, 0.10]))
        core = np.exp(-(((p[:, 1] - 1.1) / 0.6) ** 2)) * np.clip(-ray[:, 2] * n[:, 2] - ray[:, 0] * n[:, 0], 0, 1) ** 6
        color = color + core[:, None] * np.array([0.8, 0.6, 0.3]) * ~bars[:, None]
        shine = np.where(bars, 0, 1.0)
    elif kind == "leaves":
        leaf = fractal(world[:, 0] * 2.6 + world[:, 1], world[:, 2] * 2.6 + world[:, 1] * 1.7, 4, 0.65)
        color = mix(
            np.array([0.07, 0.12, 0.03]),
            np.array([0.25, 0.27, 0.06]),
            np.clip(0.5 * info["tint"] + 0.9 * leaf + 0.15, 0, 1),
        )
        bump = n + 1.5 * np.stack(
            [fractal(world[:, 0] * 3 + k * 9, world[:, 1] * 3 + world[:, 2] * 3, 3) for k in range(3)], -1
        )
        sunlit = smooth(-0.45, 0.0, leaf)
    elif kind == "rock":
        rough = fractal(p[:, 0] * 1.6 + p[:, 1], p[:, 2] * 1.6 - p[:, 1] * 0.6, 6, 0.6)
        color = (
            mix(np.array([0.20, 0.19, 0.18]), np.array([0.40, 0.36, 0.31]), info["tint"]) * (1 + 1.1 * rough)[:, None]
        )
        color = mix(color, np.array([0.03, 0.035, 0.022]), smooth(1.0, 0.25, world[:, 1] + 0.5 * rough) * 0.92)
        bump = n + 0.55 * np.stack([fractal(p[:, 0] * 2 + k * 9, p[:, 1] * 2 + p[:, 2] * 2, 4) for k in range(3)], -1)
    elif kind == "hull":
        y = p[:, 1] + info["deck"]
        inside = n[:, 1] > 0.9
        plank = smooth(0.40, 0.5, np.abs(np.mod(p[:, 1] / 0.17, 1) - 0.5))
        color = info["color"] * (1 + 0.3 * fractal(p[:, 0] * 1.5, y * 5, 4))[:, None] * (1 - 0.35 * plank)[:, None]
        color = np.where((y > info["deck"] - 0.13)[:, None], np.array([0.66, 0.60, 0.48]), color)
        color = np.where((y < 0.16)[:, None], np.array([0.12, 0.03, 0.025]), color)
        scale = info["scale"]
        rim = 1 - np.sqrt((p[:, 0] / scale[0]) ** 2 + (p[:, 2] / scale[2]) ** 2)
        planks = 0.7 + 0.3 * (np.abs(np.mod(p[:, 2] / 0.16, 1) - 0.5) < 0.42)
        well = np.where(
            (rim < 0.09)[:, None], np.array([0.40, 0.22, 0.10]), np.array([0.20, 0.12, 0.06]) * planks[:, None]
        )
        color = np.where(inside[:, None], well, color)
        shine = np.where(inside, 0.0, 0.10)
    elif kind == "cabin":
        y = p[:, 1] - info["deck"]
        run = np.where(np.abs(n[:, 0]) > 0.5, p[:, 2], p[:, 0])
        pane = (np.abs(y - 0.88) < 0.24) & (np.abs(np.mod(run, 0.85) - 0.42) < 0.30) & (n[:, 1] < 0.5)
        color = np.where(pane[:, None], 0.02, info["color"])
        shine = pane * 1.0
    elif kind == "brick":
        course = np.floor(p[:, 1] / 0.12)
        run = (p[:, 0] + p[:, 2]) / 0.3 + 0.5 * (course % 2)
        joint = (np.abs(np.mod(run, 1) - 0.5) > 0.45) | (np.abs(p[:, 1] / 0.12 - course - 0.5) > 0.40)
        color = (
            np.where(joint[:, None], 0.35, info["color"]) * (1 + 0.5 * fractal(p[:, 0] * 4, p[:, 1] * 4, 4))[:, None]
        )
    else:
        grain = fractal(p[:, 0] * 2 + p[:, 2] * 9, p[:, 1] * 2, 4)
        color = info["color"] * (1 + 0.3 * grain)[:, None]
    bump = bump / np.maximum(np.linalg.norm(bump, axis=1, keepdims=True), 1e-9)
    return np.clip(color, 0.006, 0.95), shine, sunlit, bump
