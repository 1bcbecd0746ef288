"""What stands in the harbour, one function each: houses, trees, boats, rocks, the lighthouse."""

from __future__ import annotations

import numpy as np

from harbour.solids import Scene
from harbour.world import ALONG, INLAND


def vec(*values: float) -> np.ndarray:
    """Numbers as a vector of floats."""
    return np.array(values, float)


def yaw(degrees: float) -> np.ndarray:
    """A frame turned about the vertical by an angle in degrees; its rows are the axes."""
    a = np.radians(degrees)
    return np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])


TOWN = np.stack([ALONG, np.array([0.0, 1, 0]), INLAND])
WALLS = np.array(
    [
        [0.50, 0.075, 0.045],  # Falun red
        [0.66, 0.39, 0.12],  # ochre
        [0.76, 0.72, 0.64],  # white
        [0.10, 0.24, 0.37],  # blue
        [0.72, 0.52, 0.22],  # straw
        [0.15, 0.26, 0.16],  # green
        [0.62, 0.21, 0.09],  # rust
        [0.60, 0.62, 0.60],  # grey
    ]
)
ROOFS = np.array([[0.34, 0.12, 0.07], [0.10, 0.105, 0.12], [0.42, 0.17, 0.09], [0.16, 0.13, 0.12]])


def add_house(
    scene: Scene, at: np.ndarray, size: tuple, wall: np.ndarray, roof: np.ndarray, gable_front: bool, seed: int
) -> None:
    """A wooden house: walls up under the gable, two roof slabs, a chimney."""
    w, h, d = size
    span = w if gable_front else d
    pitch = 0.95 if gable_front else 0.75
    across = 0 if gable_front else 2
    rise = span / 2 * pitch
    unit = np.hypot(1, pitch)
    slopes = []
    for sign in (-1, 1):
        normal = np.zeros(3)
        normal[across], normal[1] = sign * pitch / unit, 1 / unit
        peak = np.zeros(3)
        peak[across], peak[1] = span / 2, h + rise
        slopes.append((normal, normal @ peak))
    walls = [[-1, 0, 0, 0], [1, 0, 0, w], [0, 0, -1, 0], [0, 0, 1, d], [0, -1, 0, 6]] + [[*n, k] for n, k in slopes]
    middle, reach = (w / 2, (h + rise) / 2 - 1, d / 2), np.linalg.norm([w, h + rise + 4, d]) / 2
    scene.add(at, TOWN, walls, "house", reach, middle, size=size, color=wall, seed=seed)
    for (normal, k), sign in zip(slopes, (-1, 1), strict=True):
        along = 2 - across
        length = d if gable_front else w
        inner, outer, fore, back = np.zeros(4), np.zeros(4), np.zeros(4), np.zeros(4)
        inner[across], inner[3] = -sign, -sign * span / 2
        outer[across], outer[3] = sign, span + 0.5 if sign > 0 else 0.5
        fore[along], fore[3] = -1, 0.45
        back[along], back[3] = 1, length + 0.45
        slab = [[*normal, k + 0.22], [*-normal, -k], inner, outer, fore, back]
        scene.add(at, TOWN, slab, "roof", reach + 1, middle, color=roof, across=across, seed=seed)
    x, z = (w * 0.30, d * 0.55) if gable_front else (w * 0.7, d * 0.42)
    scene.box(
        at, TOWN, (x - 0.4, h, z - 0.4), (x + 0.4, h + rise + 0.9, z + 0.4), "brick", color=np.array([0.36, 0.16, 0.11])
    )


def add_tree(scene: Scene, at: np.ndarray, tall: float, rng: np.random.Generator, fine: bool = False) -> None:
    """A trunk and a crown of many small clumps."""
    scene.add(
        at,
        np.eye(3),
        [[0, 1, 0, tall * 0.6], [0, -1, 0, 1]],
        "wood",
        tall,
        round_=("cone", np.array([0.22, 0.02])),
        color=np.array([0.12, 0.09, 0.06]),
    )
    for _ in range(320 if fine else 80):
        offset = rng.normal(0, 1, 3)
        offset *= rng.uniform(0.45, 1.1) / np.linalg.norm(offset)
        center = at + np.array([0, tall * 0.64, 0]) + offset * np.array([0.31, 0.30, 0.31]) * tall
        radius = tall * rng.uniform(0.026, 0.052) * (1 if fine else 1.5)
        scene.add(
            center,
            np.eye(3),
            [],
            "leaves",
            radius * 1.1,
            round_=("ellipsoid", radius * np.array([1.1, 0.8, 1.1])),
            tint=rng.uniform(0, 1),
        )


def add_boat(scene: Scene, at: tuple, turn: float, length: float, hull: tuple, mast: float, cabin: bool) -> None:
    """A double-ended wooden boat."""
    at, frame, half = np.array([at[0], 0.0, at[1]]), yaw(turn), length / 2
    deck = 0.085 * length + 0.28
    size = np.array([half, deck + 0.5, length * 0.17])
    color = np.array(hull)
    scene.add(
        at + vec(0, deck, 0),
        frame,
        [[0, 1, 0, 0.0]],
        "hull",
        half,
        round_=("ellipsoid", size),
        color=color,
        deck=deck,
        scale=size,
    )
    for end in (-1, 1):  # the rising stems
        scene.box(
            at,
            frame,
            (end * half * 0.95 - 0.1, deck - 0.3, -0.045),
            (end * half * 0.95 + 0.1, deck + 0.14, 0.045),
            "wood",
            color=np.array([0.30, 0.17, 0.08]),
        )
    if cabin:
        low, high = (-half * 0.5, deck, -size[2] * 0.55), (half * 0.05, deck + 1.35, size[2] * 0.55)
        scene.box(at, frame, low, high, "cabin", color=np.array([0.82, 0.80, 0.74]), deck=deck)
        scene.box(
            at,
            frame,
            (low[0] - 0.2, high[1], low[2] - 0.15),
            (high[0] + 0.25, high[1] + 0.1, high[2] + 0.15),
            "wood",
            color=np.array([0.30, 0.17, 0.08]),
        )
    else:  # thwarts
        for place in (-0.4, 0.0, 0.4):
            scene.box(
                at,
                frame,
                (place * half - 0.14, deck, -size[2] * 0.85),
                (place * half + 0.14, deck + 0.06, size[2] * 0.85),
                "wood",
                color=np.array([0.50, 0.33, 0.17]),
            )
    if mast:
        wood = np.array([0.55, 0.38, 0.20])
        scene.add(
            at + vec(0, deck, 0),
            frame,
            [[0, 1, 0, mast], [0, -1, 0, 0]],
            "wood",
            mast,
            (0, 0, 0),
            ("cone", np.array([0.11, 0.006])),
            color=wood,
        )
        for y, thick, color in ((deck + 1.75, 0.06, wood), (deck + 1.92, 0.11, np.array([0.62, 0.54, 0.42]))):
            scene.box(at, frame, (-half * 0.75, y - thick, -thick), (0, y + thick, thick), "wood", color=color)


def add_rock(scene: Scene, at: np.ndarray, size: float, rng: np.random.Generator) -> None:
    """A boulder: a ball with a dozen cuts."""
    normals = rng.normal(size=(16, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    planes = np.concatenate([normals, size * rng.uniform(0.62, 0.95, (16, 1))], 1)
    scene.add(
        at,
        yaw(rng.uniform(0, 360)),
        planes,
        "rock",
        size,
        round_=("ellipsoid", size * np.array([1.0, 0.8, 1.0])),
        tint=rng.uniform(),
    )


def add_lighthouse(scene: Scene, at: np.ndarray) -> None:
    """A white tower with red bands, a gallery and a glass lantern."""
    eye, up, down = np.eye(3), [0, 1, 0], [0, -1, 0]

    def turned(y: float, tall: float, radius: float, taper: float, material: str, **info: object) -> None:
        planes = [[*up, tall], [*down, 0]]
        scene.add(
            at + vec(0, y, 0),
            eye,
            planes,
            material,
            np.hypot(tall, radius),
            (0, tall / 2, 0),
            ("cone", np.array([radius, taper])),
            **info,
        )

    dark = np.array([0.06, 0.07, 0.08])
    turned(-2, 3.4, 5.6, 0.1, "stone")
    turned(1.4, 25, 3.5, 0.052, "tower")
    turned(26.0, 0.5, 2.9, -0.5, "wood", color=np.array([0.70, 0.68, 0.64]))
    turned(26.5, 0.12, 3.1, 0, "wood", color=dark)
    turned(27.5, 0.08, 3.0, 0, "rail", color=dark)
    for k in range(14):
        a = 2 * np.pi * k / 14
        spot = at + vec(3.0 * np.cos(a), 26.5, 3.0 * np.sin(a))
        scene.box(spot, eye, (-0.05, 0, -0.05), (0.05, 1.05, 0.05), "wood", color=dark)
    turned(26.6, 0.9, 1.75, 0, "wood", color=np.array([0.52, 0.07, 0.05]))
    turned(27.5, 2.3, 1.55, 0, "lantern")
    turned(29.8, 0.25, 1.95, 0, "wood", color=np.array([0.45, 0.06, 0.05]))
    scene.add(
        at + vec(0, 30.0, 0),
        eye,
        [[*down, 0]],
        "wood",
        2,
        round_=("ellipsoid", np.array([1.75, 1.5, 1.75])),
        color=np.array([0.52, 0.07, 0.05]),
    )
    turned(31.3, 1.5, 0.1, 0.02, "wood", color=dark)
    scene.box(
        at,
        yaw(18),
        (4.5, 0.5, -2),
        (11.5, 4.4, 3.4),
        "house",
        size=(7, 3.9, 5.4),
        color=WALLS[2],
        seed=4,
        shift=np.array([4.5, 0.5, -2]),
    )
    scene.box(at, yaw(18), (4.1, 4.4, -2.4), (11.9, 4.75, 3.8), "wood", color=ROOFS[0])
